"""The introspection endpoint of the standard dialect (RFC 7662): as userinfo would answer, about one's own tokens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flows import ISSUER, payload
from visits import INTROSPECT, Visit, production

from glc.clock import ManualClock, epoch

MakeVisit = Callable[..., Visit]
NOON = "2026-03-02 12:00:00"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The provider, as the standards want it."""
    return make_app(dialect="standard")


@pytest.fixture
def used(visit: MakeVisit) -> Visit:
    """A site of Lyon with tokens."""
    return visit("lyon", before=NOON)


def test_a_living_access_token_says_whose_it_is_for_what_and_until_when(used: Visit, clock: ManualClock) -> None:
    """RFC 7662, 2.2."""
    answer = used.introspect()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "active": True,
        "client_id": used.site.client_id,
        "scope": "email openid profile",
        "sub": payload(used.tokens["id_token"])["sub"],
        "iss": ISSUER,
        "exp": epoch(clock.now()) + used.tokens["expires_in"],
        "token_type": "Bearer",
    }


def test_a_living_refresh_token_does_too(used: Visit) -> None:
    """RFC 7662, 2.1: any token of the client's; it is of no type to be presented with."""
    answer = used.introspect(used.tokens["refresh_token"]).json
    assert answer["active"] is True
    assert "token_type" not in answer


def test_what_is_dead_unknown_or_somebody_elses_is_not_active_and_nothing_more_is_said(
    used: Visit, app: Flask, clock: ManualClock
) -> None:
    """RFC 7662, 2.2 and section 4: no scanning of other clients' tokens."""
    other = Visit(
        app, production(app, clock, "bron", redirect_uris=("https://bron.example/",)), used.citizen, used.tokens
    )
    dead = {"active": False}
    assert used.introspect("unknown").json == dead
    assert other.introspect().json == dead
    assert other.introspect(used.tokens["refresh_token"]).json == dead
    first = used.tokens
    used.tokens = used.refresh().json
    assert used.introspect(first["access_token"]).json == dead
    assert used.introspect().json["active"] is True
    clock.advance(seconds=used.tokens["expires_in"])
    assert used.introspect().json == dead
    assert used.introspect(used.tokens["refresh_token"]).json["active"] is True


def test_it_ends_with_the_browser_session_as_the_token_does(used: Visit) -> None:
    """As userinfo."""
    used.citizen.get("/logout/")
    assert used.introspect().json == {"active": False}
    assert used.userinfo().status_code == 401


def test_a_narrowed_token_says_its_own_scope(used: Visit) -> None:
    """RFC 6749, section 6; RFC 7662, 2.2."""
    used.tokens = used.refresh(scope="openid").json
    assert used.introspect().json["scope"] == "openid"


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        ({}, True, 400, "invalid_request"),
        ({"token": "x"}, False, 401, "invalid_client"),
        ({"token": "x", "client_id": "nobody", "client_secret": "x"}, False, 401, "invalid_client"),
    ],
)
def test_who_asks_proves_who_they_are_and_names_a_token(
    used: Visit, app: Flask, form: dict[str, str], headers: bool, status: int, error: str
) -> None:
    """RFC 7662, 2.1 and 2.3; RFC 6749, 5.2: a 401 says how to authenticate."""
    answer = app.test_client().post(INTROSPECT, data=form, headers=used.site.basic if headers else {})
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert answer.headers.get("WWW-Authenticate", "").startswith("Basic") == (status == 401)


def test_discovery_names_it_and_revocation_as_the_standards_do(app: Flask) -> None:
    """RFC 8414, section 2."""
    found = app.test_client().get("/.well-known/openid-configuration").json
    assert found["introspection_endpoint"] == f"{ISSUER}idp/oidc/introspect"
    assert found["revocation_endpoint"] == f"{ISSUER}idp/oidc/revoke"
    assert "token_revocation_endpoint" not in found


def test_revoking_an_unknown_token_is_no_error(used: Visit, app: Flask) -> None:
    """RFC 7009, 2.2."""
    answer = app.test_client().post("/idp/oidc/revoke", data={"token": "unknown"}, headers=used.site.basic)
    assert answer.status_code == 200


@pytest.mark.parametrize("dialect", ["grandlyonconnect", "grandlyonconnect-2018"])
def test_the_real_service_has_no_such_endpoint(make_app: Callable[..., Flask], dialect: str) -> None:
    """Reference, 1.1 and 1.2."""
    client = make_app(dialect=dialect).test_client()
    assert client.post(INTROSPECT).status_code == 404
    assert "introspection_endpoint" not in client.get("/.well-known/openid-configuration").json
