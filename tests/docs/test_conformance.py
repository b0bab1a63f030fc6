"""The page on certification says what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conformance_plan import plan
from module_index import MODULES, index, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("module", MODULES)
def test_each_module_of_the_suite_has_a_test_that_asserts_the_same(module: str) -> None:
    """Issue, « Proof », part 2 of the requirements."""
    assert module in index()


def test_each_requirement_has_a_test_named_after_it() -> None:
    """Part 3 of the requirements: the sixty most often missed."""
    folders = ("conformance", "client_authentication", "registration", "logout/standard")
    files = [file for folder in folders for file in (DOCS.parent / "tests" / folder).glob("test_*.py")]
    names = [name for file in files for name in re.findall(r"def test_([0-9_and]+)_", file.read_text("utf-8"))]
    assert {int(number) for name in names for number in re.findall(r"\d+", name)} == set(range(1, 61))


def test_no_test_names_a_module_that_there_is_not() -> None:
    """A misspelt name would prove nothing."""
    assert set(index()) <= set(MODULES)


def test_the_table_is_up_to_date() -> None:
    """`python tests/module_index.py`, between the two marks of docs/conformance.md."""
    page = (DOCS / "conformance.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("<!-- modules -->\n")
    assert rest.partition("<!-- /modules -->")[0].strip() == table().strip()


def test_the_plan_is_up_to_date() -> None:
    """`python tests/conformance_plan.py > docs/conformance-plan.json`; its steps are taken in
    browser/test_conformance_plan.py."""
    assert json.loads((DOCS / "conformance-plan.json").read_text(encoding="utf-8")) == plan()


def test_the_plan_names_modules_that_there_are() -> None:
    """Steps for a misspelt module would never be taken."""
    assert set(plan()["override"]) <= set(MODULES)


def test_the_page_on_specifications_names_tests_that_there_are() -> None:
    """docs/specifications.md."""
    page = (DOCS / "specifications.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b([a-z_]+/(?:test_[a-z_]+\.py)?)(?=[,| ])", page.partition("## Left out")[0]))
    tests = DOCS.parent / "tests"
    assert len(named) > 10
    assert [each for each in sorted(named) if not (tests / each).exists()] == []
