"""A code lives 30 seconds, serves once, and dies with its session (reference, 1.9 and 1.13)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import add_account, register_site
from flask import Flask
from flask.testing import FlaskClient
from flows import Citizen, Site
from werkzeug.test import TestResponse

from glc.clock import ManualClock

Userinfo = Callable[[str], TestResponse]


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (29, 200), (30, 400), (3600, 400)])
def test_a_code_is_good_for_29_seconds_and_refused_from_the_30th(
    site: Site, citizen: Citizen, server: FlaskClient, clock: ManualClock, seconds: int, status: int
) -> None:
    """Checklist 33."""
    code = citizen.code(site.request())
    clock.advance(seconds=seconds)
    answer = site.redeem(server, code)
    assert answer.status_code == status
    if status == 400:
        assert answer.json["error"] == "invalid_grant"
        assert answer.json["error_description"] == "Code is unknown or has expired."


@pytest.mark.parametrize("dialect", ["grandlyonconnect", "grandlyonconnect-2018"])
@pytest.mark.parametrize("later", [0, 29, 31, 3600])
def test_a_code_is_refused_the_second_time_in_every_dialect_and_its_tokens_die(
    make_app: Callable[..., Flask], clock: ManualClock, dialect: str, later: int
) -> None:
    """RFC 6749, 4.1.2; house, section 2: the one point on which the real service is not followed."""
    app = make_app(dialect=dialect)
    site, server = register_site(app, clock, refresh_tokens=True), app.test_client()
    add_account(app, clock)
    code = Citizen(app.test_client()).code(site.request())
    first = site.redeem(server, code).json
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    assert server.get("/idp/oidc/user_info", headers=bearer).status_code == 200

    clock.advance(seconds=later)
    assert site.redeem(server, code).json["error"] == "invalid_grant"
    assert server.get("/idp/oidc/user_info", headers=bearer).status_code == 401
    if "refresh_token" in first:  # there were none in 2018
        assert site.refresh(server, first["refresh_token"]).status_code == 400


def test_what_was_refreshed_in_between_dies_too(
    register: Callable[..., Site], citizen: Citizen, server: FlaskClient, userinfo: Userinfo
) -> None:
    """RFC 6749, 4.1.2: all tokens issued based on that code."""
    site = register(refresh_tokens=True)
    code = citizen.code(site.request())
    second = site.refresh(server, site.redeem(server, code).json["refresh_token"]).json
    assert userinfo(second["access_token"]).status_code == 200
    site.redeem(server, code)
    assert userinfo(second["access_token"]).status_code == 401
    assert site.refresh(server, second["refresh_token"]).status_code == 400


def test_another_sites_attempt_to_reuse_a_code_kills_nothing(
    site: Site, register: Callable[..., Site], citizen: Citizen, server: FlaskClient, userinfo: Userinfo
) -> None:
    """Only the client that a code belongs to can prove that it leaked."""
    code = citizen.code(site.request())
    tokens = site.redeem(server, code).json
    register().redeem(server, code)
    assert userinfo(tokens["access_token"]).status_code == 200


def test_a_code_is_dead_after_logout(site: Site, citizen: Citizen, server: FlaskClient) -> None:
    """Checklist 34."""
    code = citizen.code(site.request())
    citizen.get("/idp/oidc/logout")
    answer = site.redeem(server, code)
    assert answer.json == {
        "error": "invalid_grant",
        "error_description": "User is disconnected or session was lost.",
        "client_id": site.client_id,
    }


def test_a_code_is_dead_once_the_session_is_over(make_app: Callable[..., Flask], clock: ManualClock) -> None:
    """Checklist 32, lost session: the code outlives a session shorter than itself in vain."""
    app = make_app(session_lifetime_in=10)
    site = register_site(app, clock)
    add_account(app, clock)
    code = Citizen(app.test_client()).code(site.request())
    clock.advance(seconds=10)
    answer = site.redeem(app.test_client(), code)
    assert answer.json["error_description"] == "User is disconnected or session was lost."


def test_a_code_is_opaque_and_says_nothing_of_the_person(site: Site, citizen: Citizen) -> None:
    """What goes through the browser's history tells nothing; two codes for the same thing differ."""
    one, other = citizen.code(site.request()), citizen.code(site.request())
    assert one != other
    assert site.client_id not in one
    assert one.replace("-", "").replace("_", "").isalnum()
