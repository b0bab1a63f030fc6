"""The userinfo endpoint (reference, 1.12; OpenID Connect Core 1.0, 5.3; RFC 6750)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from flows import ISSUER, Citizen, Site
from werkzeug.test import TestResponse

from glc.clock import ManualClock

Tokens = Callable[..., dict[str, Any]]
Userinfo = Callable[[str], TestResponse]

PATH = "/idp/oidc/user_info"
EXPIRED = "Token expired or user disconnected"


def _refused(answer: TestResponse, error: str, description: str) -> None:
    """401, with the same words in the header and in the JSON body."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f'Bearer error="{error}", error_description="{description}"'
    assert answer.json == {"error": error, "error_description": description}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("header", "description"),
    [
        (None, "Bearer authentication is mandatory"),
        ("", "Bearer authentication is mandatory"),
        ("Bearer", "Invalid Bearer authentication"),
        ("Bearer ", "Invalid Bearer authentication"),
        ("bearer 0d8b", "Invalid Bearer authentication"),
        ("Bearer one two", "Invalid Bearer authentication"),
        ("Basic 0d8b", "Invalid Bearer authentication"),
    ],
)
def test_a_missing_or_malformed_header_is_an_invalid_request(
    server: FlaskClient, header: str | None, description: str
) -> None:
    """Checklist 42: the word Bearer is case-sensitive."""
    headers = {} if header is None else {"Authorization": header}
    _refused(server.get(PATH, headers=headers), "invalid_request", description)


def test_a_token_is_taken_from_the_header_alone(site: Site, get_tokens: Tokens, server: FlaskClient) -> None:
    """Reference, 1.12: no query, no body."""
    token = get_tokens(site)["access_token"]
    for answer in (
        server.get(PATH, query_string={"access_token": token}),
        server.post(PATH, data={"access_token": token}),
    ):
        _refused(answer, "invalid_request", "Bearer authentication is mandatory")


@pytest.mark.parametrize("token", ["unknown", "00000000-0000-4000-8000-000000000000", "\xff\xfe", "x" * 5000])
def test_an_unknown_token_is_invalid(userinfo: Userinfo, token: str) -> None:
    """Checklist 42."""
    _refused(userinfo(token), "invalid_token", "Token unknown")


def test_an_expired_token_is_invalid(
    register: Callable[..., Site], get_tokens: Tokens, userinfo: Userinfo, clock: ManualClock
) -> None:
    """Checklist 42."""
    token = get_tokens(register(access_token_lifetime_in=60))["access_token"]
    clock.advance(minutes=2)
    _refused(userinfo(token), "invalid_token", EXPIRED)


def test_a_token_dies_with_the_session(site: Site, get_tokens: Tokens, userinfo: Userinfo, citizen: Citizen) -> None:
    """Checklist 42; reference, 5 (point 12)."""
    token = get_tokens(site)["access_token"]
    assert userinfo(token).status_code == 200
    citizen.get("/idp/oidc/logout")
    _refused(userinfo(token), "invalid_token", EXPIRED)


def test_a_token_outlives_neither_its_own_time_nor_the_session_that_ends_by_itself(
    register: Callable[..., Site], get_tokens: Tokens, userinfo: Userinfo, clock: ManualClock
) -> None:
    """Reference, 1.9: tied to the session even where the client's token would live longer."""
    token = get_tokens(register(access_token_lifetime_in=1_000_000))["access_token"]
    clock.advance(seconds=28_799)
    assert userinfo(token).status_code == 200
    clock.advance(seconds=1)
    _refused(userinfo(token), "invalid_token", EXPIRED)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
def test_any_method_and_both_forms_of_the_address_answer(
    site: Site, get_tokens: Tokens, server: FlaskClient, method: str, path: str
) -> None:
    """Reference, 1.1: any method, no redirect."""
    headers = {"Authorization": f"Bearer {get_tokens(site)['access_token']}"}
    answer = server.open(path, method=method, headers=headers)
    assert answer.status_code == 200
    assert answer.json["iss"] == ISSUER


def test_the_answer_is_ascii_json_that_any_script_may_read_and_nobody_keeps(
    site: Site, get_tokens: Tokens, userinfo: Userinfo
) -> None:
    """Reference, 1.12 and 5 (point 6)."""
    answer = userinfo(get_tokens(site)["access_token"])
    assert rb"Dupr\u00e9" in answer.data
    assert answer.mimetype == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_preflight_allows_get_with_an_authorization_header_from_anywhere(server: FlaskClient) -> None:
    """Checklist 45."""
    answer = server.options(PATH, headers={"Origin": "https://any.example", "Access-Control-Request-Method": "GET"})
    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET"
    assert answer.headers["Access-Control-Allow-Headers"] == "x-requested-with,authorization"
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
