"""The revocation endpoint, as the real service answers it (reference, 1.9; RFC 7009)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flows import Site
from werkzeug.test import TestResponse

Tokens = Callable[..., dict[str, Any]]
Userinfo = Callable[[str], TestResponse]


@pytest.fixture
def site(register: Callable[..., Site]) -> Site:
    """A site that uses refresh tokens."""
    return register(refresh_tokens=True)


def _revoke(server: FlaskClient, site: Site, **form: str) -> TestResponse:
    return server.post("/idp/oidc/revoke", data=form, headers=site.basic)


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}])
def test_a_revoked_access_token_is_dead_and_its_refresh_token_is_not(
    site: Site, get_tokens: Tokens, server: FlaskClient, userinfo: Userinfo, hint: dict[str, str]
) -> None:
    """Checklist 50."""
    tokens = get_tokens(site)
    answer = _revoke(server, site, token=tokens["access_token"], **hint)
    assert answer.status_code == 200
    assert set(answer.json) == {"err", "msg"}
    assert answer.json["err"] == 0
    assert userinfo(tokens["access_token"]).status_code == 401
    assert site.refresh(server, tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "refresh_token"}])
def test_a_revoked_refresh_token_takes_its_access_token_along(
    site: Site, get_tokens: Tokens, server: FlaskClient, userinfo: Userinfo, hint: dict[str, str]
) -> None:
    """Checklist 50; RFC 7009, 2.1: tokens based on the same grant."""
    tokens = get_tokens(site)
    answer = _revoke(server, site, token=tokens["refresh_token"], **hint)
    assert (answer.status_code, answer.json["err"]) == (200, 0)
    assert userinfo(tokens["access_token"]).status_code == 401
    assert site.refresh(server, tokens["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    ("form", "description"),
    [
        ({}, 'Missing parameter "token"'),
        ({"token": ""}, 'Missing parameter "token"'),
        ({"token": "unknown"}, "Token is unknown"),
        ({"token": "x", "token_type_hint": "id_token"}, 'token_type_hint must be "access_token" or "refresh_token"'),
    ],
)
def test_what_cannot_be_revoked_is_refused_with_a_null_error(
    site: Site, server: FlaskClient, form: dict[str, str], description: str
) -> None:
    """Checklist 50: missing field, bad type, unknown token."""
    answer = _revoke(server, site, **form)
    assert answer.status_code == 400
    assert answer.json == {"error": None, "error_description": description, "client_id": site.client_id}


def test_a_wrong_client_revokes_nothing(
    site: Site, get_tokens: Tokens, server: FlaskClient, userinfo: Userinfo, register: Callable[..., Site]
) -> None:
    """Checklist 50: bad client."""
    token = get_tokens(site)["access_token"]
    assert (
        _revoke(server, Site(site.client_id, "wrong"), token=token).json["error_description"] == "Wrong client secret"
    )
    assert _revoke(server, Site("nobody", "x"), token=token).status_code == 400
    assert _revoke(server, register(), token=token).json["error_description"] == "Token is unknown"
    assert server.post("/idp/oidc/revoke", data={"token": token}).status_code == 400
    assert userinfo(token).status_code == 200


def test_a_token_is_revoked_once(site: Site, get_tokens: Tokens, server: FlaskClient) -> None:
    """Checklist 50: afterwards it is unknown."""
    token = get_tokens(site)["access_token"]
    assert [_revoke(server, site, token=token).status_code for _ in range(2)] == [200, 400]


def test_there_was_no_revocation_in_2018(make_app: Callable[..., Flask]) -> None:
    """Reference, 1.1: absent in A2-2018."""
    assert make_app(dialect="grandlyonconnect-2018").test_client().post("/idp/oidc/revoke").status_code == 404
