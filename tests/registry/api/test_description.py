"""The interface describes itself (OpenAPI 3.1)."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from partner_registry.agreements.acts import BILLED, CORRECTABLE
from partner_registry.agreements.status import AMENDABLE
from partner_registry.api import BASE
from partner_registry.clients.registration import ClientRegistration
from partner_registry.data_protection.processings import EDITABLE


@pytest.fixture
def description(app: Flask) -> Any:
    """As it is served, to anybody."""
    answer = app.test_client().get(f"{BASE}/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return answer.json


def operations(description: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every operation, with its method."""
    return [(method, each) for path in description["paths"].values() for method, each in path.items()]


def headers(operation: dict[str, Any]) -> dict[str, bool]:
    """The headers an operation takes, and whether it must be given them."""
    return {each["name"]: each["required"] for each in operation["parameters"] if each["in"] == "header"}


def test_the_description_is_valid(description: Any) -> None:
    """OpenAPI Specification 3.1."""
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_every_operation_has_a_name_of_its_own_and_says_what_it_refuses(description: Any) -> None:
    """Issue 3, point 8: every refusal is a documented problem."""
    every = operations(description)
    names = [each["operationId"] for _, each in every]
    assert len(names) == len(set(names)) > 90
    for _, each in every:
        refusals = [answer for status, answer in each["responses"].items() if status[0] == "4"]
        assert refusals
        for refusal in refusals:
            content = description["components"]["responses"][refusal["$ref"].rpartition("/")[2]]["content"]
            assert list(content) == ["application/problem+json"]


def test_what_changes_something_there_takes_if_match_and_what_makes_something_takes_a_key(description: Any) -> None:
    """Optimistic locking and idempotency keys."""
    for method, each in operations(description):
        taken = headers(each)
        if method == "get":
            assert not taken.keys() & {"If-Match", "Idempotency-Key"}
        elif "201" in each["responses"]:
            assert taken == {"Idempotency-Key": False}
        else:
            assert taken == {"If-Match": True}
            assert {"412", "428"} <= each["responses"].keys()


def test_only_the_description_and_its_problems_are_for_everybody(description: Any) -> None:
    """Everything else takes a token."""
    assert description["security"] == [{"token": []}]
    free = {each["operationId"] for _, each in operations(description) if each.get("security") == []}
    assert free == {"get_openapi_json", "get_problems_problem"}


def test_no_schema_of_what_is_told_holds_what_is_sealed(description: Any) -> None:
    """Responses never hold sealed secrets, nor documents by the way."""
    properties = {
        name for schema in description["components"]["schemas"].values() for name in schema.get("properties", ())
    }
    assert not properties & {"sealed", "sealed_secret", "sealed_body", "digest_of_token"}


def test_the_description_says_where_the_interface_is(make_app: Callable[..., Flask]) -> None:
    """Mounted under a path, it is there."""
    under = make_app(issuer="http://localhost:8040/essai/").test_client()
    described = under.get(f"{BASE}/openapi.json", base_url="http://localhost:8040/essai").json
    assert described["servers"] == [{"url": f"/essai{BASE}"}]


def test_starting_the_program_does_not_load_what_only_the_interface_needs(prepared_database: Path) -> None:
    """Cold start: schemas are imported at the first request."""
    code = (
        "import sys; from glc.app import create_app; from glc.settings import Settings;"
        f"create_app(Settings(database_url='sqlite:///{prepared_database}')); sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_all_that_the_rules_let_change_can_be_sent(description: Any) -> None:
    """Issue 3: everything can be done by REST too; a field that a rule gains is missed here."""
    sent = {name: set(each.get("properties", ())) for name, each in description["components"]["schemas"].items()}
    assert sent["ProcessingChanges"] == EDITABLE | {"purposes", "processors"}
    assert sent["ConfigurationChanges"] == {spec.name for spec in dataclasses.fields(ClientRegistration)}
    assert sent["Corrected"] == {*CORRECTABLE, *BILLED, "reason"}
    assert sent["AmendedTerms"] == set(AMENDABLE)
