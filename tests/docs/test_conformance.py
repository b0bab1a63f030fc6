"""The page on certification says what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flows import Citizen, Site
from module_index import MODULES, index, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The provider that the suite meets."""
    return make_app(dialect="standard")


@pytest.mark.parametrize("module", MODULES)
def test_each_module_of_the_suite_has_a_test_that_asserts_the_same(module: str) -> None:
    """Issue, « Proof », part 2 of the requirements."""
    assert module in index()


def test_no_test_names_a_module_that_there_is_not() -> None:
    """A misspelt name would prove nothing."""
    assert set(index()) <= set(MODULES)


def test_the_table_is_up_to_date() -> None:
    """`python tests/module_index.py`, between the two marks of docs/conformance.md."""
    page = (DOCS / "conformance.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("<!-- modules -->\n")
    assert rest.partition("<!-- /modules -->")[0].strip() == table().strip()


def test_the_browser_steps_of_the_plan_find_their_elements(app: Flask, site: Site, citizen: Citizen) -> None:
    """docs/conformance-plan.json: the ids it fills in and clicks are those of our pages."""
    plan = json.loads((DOCS / "conformance-plan.json").read_text(encoding="utf-8"))
    steps = [step for each in plan["browser"] for task in each["tasks"] for step in task["commands"]]
    named = {step[2] for step in steps if step[1] == "id"} - {"submission_complete"}
    login = citizen.get(site.request())
    consent = citizen.log_in(login)
    logout = citizen.get("/idp/oidc/logout")
    shown = {
        element["id"]
        for page in (login, consent, logout)
        for element in BeautifulSoup(page.text, "html.parser").find_all(id=True)
    }
    assert named <= shown
    assert {"username", "password", "login-submit", "accept"} <= named


def test_the_page_on_specifications_names_tests_that_there_are() -> None:
    """docs/specifications.md."""
    page = (DOCS / "specifications.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b([a-z_]+/(?:test_[a-z_]+\.py)?)(?=[,| ])", page.partition("## Left out")[0]))
    tests = DOCS.parent / "tests"
    assert len(named) > 10
    assert [each for each in sorted(named) if not (tests / each).exists()] == []
