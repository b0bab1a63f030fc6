"""From the redirect to the ID Token: what a site receives, whatever way it was registered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask import Flask
from flows import ISSUER, Arrival, Citizen, Site, payload

from glc.clock import ManualClock, epoch
from partner_registry.models import ConsentMode, SubjectPolicy

MATRIX: dict[str, dict[str, Any]] = {
    "as registered by default": {},
    "with a post-logout address": {"post_logout_redirect_uris": ("https://site.example/",)},
    "uuid subjects": {"subject_policy": SubjectPolicy.UUID},
    "e-mail subjects": {"subject_policy": SubjectPolicy.EMAIL},
    "reversible subjects": {"subject_policy": SubjectPolicy.PAIRWISE_REVERSIBLE},
    "RS256": {"id_token_alg": "RS256"},
    "ES256": {"id_token_alg": "ES256"},
    "nobody asked": {"consent_mode": ConsentMode.NONE},
    "consent by partner": {"consent_mode": ConsentMode.PARTNER},
    "ID Tokens of an hour": {"id_token_lifetime_in": 3600},
    "front-channel logout": {"frontchannel_logout_uri": "https://site.example/bye"},
    "front-channel logout in a second": {
        "frontchannel_logout_uri": "https://site.example/bye",
        "frontchannel_timeout_in": 1000,
    },
    "consent always kept, 105 days": {"consent_always_remembered": True, "consent_remembered_in": 105},
    "several addresses": {
        "redirect_uris": ("https://site.example/callback", "https://autre.example/retour"),
        "subject_policy": SubjectPolicy.UUID,
    },
    "refresh tokens": {"refresh_tokens": True},
}
each_variant = pytest.mark.parametrize("options", MATRIX.values(), ids=MATRIX)

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def verified(app: Flask, site: Site, algorithm: str, token: str) -> dict[str, Any]:
    """The claims of an ID Token, verified as a site does: with its secret, or with the published keys."""
    if algorithm == "HS256":
        key: Any = site.secret
    else:
        kind = {"RS256": "RSA", "ES256": "EC"}[algorithm]
        keys = app.test_client().get("/idp/oidc/certs").json["keys"]
        key = jwt.PyJWK(next(each for each in keys if each["kty"] == kind))
    ignoring_our_clock = {"verify_exp": False, "verify_iat": False}
    return jwt.decode(token, key, [algorithm], ignoring_our_clock, audience=site.client_id, issuer=ISSUER)


@pytest.fixture
def receive(citizen: Citizen) -> Callable[..., dict[str, Any]]:
    """Log in at a site and give it its tokens; keyword arguments are parameters of the request."""

    def walk(site: Site, **sent: str | None) -> dict[str, Any]:
        response = site.redeem(citizen.client, citizen.code(site.request(**sent)))
        assert response.status_code == 200, response.text
        return response.json

    return walk


@each_variant
@pytest.mark.parametrize("state", ["un-état", None])
def test_the_redirect_has_exactly_code_state_and_iss(
    register: Callable[..., Site], citizen: Citizen, options: dict[str, Any], state: str | None
) -> None:
    """Section 1.7, success; checklist 7."""
    site = register(**options)

    arrival = citizen.authorize(site.request(state=state))

    assert arrival.url.startswith(f"{site.redirect_uri}?")
    code = arrival.query["code"]
    assert code
    assert arrival.query == {"code": code, "iss": ISSUER} | ({"state": state} if state else {})


@each_variant
def test_the_token_answer_has_four_members_and_a_fifth_for_clients_that_refresh(
    register: Callable[..., Site], receive: Callable[..., dict[str, Any]], options: dict[str, Any]
) -> None:
    """Section 1.9, success: opaque token, no `scope` member; checklist 8."""
    answer = receive(register(**options))

    members = {"access_token", "token_type", "expires_in", "id_token"}
    assert set(answer) == members | ({"refresh_token"} if options.get("refresh_tokens") else set())
    assert answer["token_type"] == "Bearer"
    assert UUID.fullmatch(answer["access_token"])
    assert isinstance(answer["expires_in"], int)
    assert answer["expires_in"] > 0


@each_variant
def test_the_id_token_verifies_and_says_who_for_whom_and_until_when(
    app: Flask,
    register: Callable[..., Site],
    receive: Callable[..., dict[str, Any]],
    clock: ManualClock,
    options: dict[str, Any],
) -> None:
    """Section 1.10; checklist 9, 10, 11."""
    site = register(**options)

    token = receive(site, nonce="un-nonce")["id_token"]

    claims = verified(app, site, options.get("id_token_alg", "HS256"), token)
    now = epoch(clock.now())
    assert {name: claims[name] for name in ("iss", "aud", "iat", "exp", "auth_time", "acr", "nonce")} == {
        "iss": ISSUER,
        "aud": site.client_id,
        "iat": now,
        "exp": now + options.get("id_token_lifetime_in", 30),
        "auth_time": now,
        "acr": "1",
        "nonce": "un-nonce",
    }
    assert re.fullmatch(r"[0-9a-f]{32}", claims["sid"])
    assert not {"at_hash", "c_hash", "azp", "amr"} & claims.keys()


@each_variant
def test_userinfo_says_the_same_as_the_id_token(
    register: Callable[..., Site], receive: Callable[..., dict[str, Any]], citizen: Citizen, options: dict[str, Any]
) -> None:
    """Sections 1.10, 1.12, 3.7; checklist 13, 14."""
    answer = receive(register(**options))

    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    told = citizen.client.get("/idp/oidc/user_info", headers=bearer).json
    claims = payload(answer["id_token"])

    assert {name: claims[name] for name in told} == told
    assert {name: told[name] for name in told if name != "sub"} == {
        "iss": ISSUER,
        "given_name": "Camille",
        "family_name": "Dupré",
        "first_name": "Camille",
        "last_name": "Dupré",
        "gender": "female",
        "birthdate": "1987-06-05",
        "birthplace": "69123",
        "email": "camille.dupre@citoyen.example",
        "email_verified": False,
    }


@pytest.mark.parametrize(
    ("already_logged_in", "nonce", "acr"),
    [(False, "un-nonce", "1"), (False, None, "0"), (True, "un-nonce", "0"), (True, None, "0")],
)
def test_acr_tells_whether_the_login_happened_for_this_request_and_needs_a_nonce(
    site: Site, citizen: Citizen, already_logged_in: bool, nonce: str | None, acr: str
) -> None:
    """Section 1.10; checklist 12."""
    if already_logged_in:
        citizen.log_in(citizen.get("/login/"))

    code = citizen.code(site.request(nonce=nonce))

    assert payload(site.redeem(citizen.client, code).json["id_token"])["acr"] == acr


def test_a_second_visit_needs_no_password(site: Site, citizen: Citizen) -> None:
    """The outcome of the whole: single sign-on."""
    citizen.authorize(site.request(), remember=True)
    citizen.visited.clear()

    arrival = citizen.get(site.request())

    assert isinstance(arrival, Arrival)
    assert len(citizen.visited) == 1


@pytest.mark.parametrize("parameter", ["response_mode", "acr_values", "claims", "ui_locales", "display"])
def test_a_parameter_that_the_real_service_ignores_changes_nothing(
    site: Site, citizen: Citizen, parameter: str
) -> None:
    """Sections 1.4 and 5, point 17: no form_post, no eIDAS level, no claims request."""
    arrival = citizen.authorize(site.request(**{parameter: "form_post"}))

    assert set(arrival.query) == {"code", "state", "iss"}
