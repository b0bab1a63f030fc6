"""Refresh tokens rotate (reference, 1.13; RFC 6749, section 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from flows import Citizen, Site
from werkzeug.test import TestResponse

from glc.clock import ManualClock

Tokens = Callable[..., dict[str, Any]]
Userinfo = Callable[[str], TestResponse]

UNKNOWN = "Refresh token is unknown or has expired."


@pytest.fixture
def site(register: Callable[..., Site]) -> Site:
    """A site that uses refresh tokens."""
    return register(refresh_tokens=True)


def _refused(answer: TestResponse, site: Site, description: str) -> None:
    """Refresh errors have a null code (reference, 1.9)."""
    assert answer.status_code == 400
    assert answer.json == {"error": None, "error_description": description, "client_id": site.client_id}


def test_only_a_site_that_uses_refresh_tokens_is_given_one(
    site: Site, register: Callable[..., Site], get_tokens: Tokens
) -> None:
    """Checklist 48."""
    assert "refresh_token" in get_tokens(site)
    assert "refresh_token" not in get_tokens(register())


def test_a_refresh_gives_a_new_pair_without_id_token_and_ends_the_access_token(
    site: Site, get_tokens: Tokens, server: FlaskClient, userinfo: Userinfo
) -> None:
    """Checklist 48; reference, 1.13."""
    first = get_tokens(site)
    answer = site.refresh(server, first["refresh_token"])
    second = answer.json
    assert set(second) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert userinfo(first["access_token"]).status_code == 401
    assert userinfo(second["access_token"]).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(1, 200), (599, 200), (600, 400)])
def test_a_used_refresh_token_still_answers_for_ten_minutes(
    site: Site, get_tokens: Tokens, server: FlaskClient, clock: ManualClock, seconds: int, status: int
) -> None:
    """Checklist 48: for whoever lost the answer."""
    used = get_tokens(site)["refresh_token"]
    newest = site.refresh(server, used).json["refresh_token"]
    clock.advance(seconds=seconds)
    assert site.refresh(server, used).status_code == status
    assert site.refresh(server, newest).status_code == 200


def test_using_it_again_does_not_prolong_the_ten_minutes(
    site: Site, get_tokens: Tokens, server: FlaskClient, clock: ManualClock
) -> None:
    """Checklist 48: the old one is valid at most ten minutes."""
    used = get_tokens(site)["refresh_token"]
    site.refresh(server, used)
    clock.advance(minutes=9)
    assert site.refresh(server, used).status_code == 200
    clock.advance(minutes=1)
    _refused(site.refresh(server, used), site, UNKNOWN)


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 400)])
def test_an_unused_refresh_token_lives_thirty_days(
    site: Site, get_tokens: Tokens, server: FlaskClient, clock: ManualClock, seconds: int, status: int
) -> None:
    """Checklist 48; reference, 1.13."""
    token = get_tokens(site)["refresh_token"]
    clock.advance(days=30, seconds=seconds)
    assert site.refresh(server, token).status_code == status


def test_the_refreshed_access_token_works_after_the_browser_session_ended(
    site: Site, get_tokens: Tokens, server: FlaskClient, userinfo: Userinfo, citizen: Citizen, clock: ManualClock
) -> None:
    """Checklist 49."""
    first = get_tokens(site)
    citizen.get("/idp/oidc/logout")
    clock.advance(days=2)
    assert userinfo(first["access_token"]).status_code == 401
    second = site.refresh(server, first["refresh_token"]).json
    assert userinfo(second["access_token"]).json["given_name"] == "Camille"


@pytest.mark.parametrize("token", ["unknown", "é", "x" * 5000])
def test_an_unknown_refresh_token_is_refused(site: Site, server: FlaskClient, token: str) -> None:
    """Checklist 48."""
    _refused(site.refresh(server, token), site, UNKNOWN)


def test_a_missing_refresh_token_is_named(site: Site, server: FlaskClient) -> None:
    """Checklist 48."""
    for form in ({}, {"refresh_token": ""}):
        answer = server.post("/idp/oidc/token", data={"grant_type": "refresh_token", **form}, headers=site.basic)
        _refused(answer, site, 'Missing parameter "refresh_token"')


def test_another_sites_refresh_token_is_refused_and_left_alone(
    site: Site, register: Callable[..., Site], get_tokens: Tokens, server: FlaskClient
) -> None:
    """RFC 6749, section 6: bound to the client it was issued to."""
    token, thief = get_tokens(site)["refresh_token"], register(refresh_tokens=True)
    _refused(thief.refresh(server, token), thief, UNKNOWN)
    assert site.refresh(server, token).status_code == 200


def test_an_access_token_is_no_refresh_token_nor_the_reverse(
    site: Site, get_tokens: Tokens, server: FlaskClient, userinfo: Userinfo
) -> None:
    """Each serves at its own endpoint."""
    tokens = get_tokens(site)
    _refused(site.refresh(server, tokens["access_token"]), site, UNKNOWN)
    assert userinfo(tokens["refresh_token"]).status_code == 401


def test_a_site_that_no_longer_uses_refresh_tokens_cannot_use_the_one_it_has(
    site: Site, get_tokens: Tokens, server: FlaskClient, reconfigure: Callable[..., None]
) -> None:
    """Reference, 1.4: the grant is there only for clients that use it."""
    token = get_tokens(site)["refresh_token"]
    reconfigure(site, refresh_tokens=False)
    assert site.refresh(server, token).status_code == 400
