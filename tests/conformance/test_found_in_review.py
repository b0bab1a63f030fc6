"""What reviewers found by trying, kept so that it does not come back."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flows import ISSUER, Arrival, payload
from joserfc.jwk import ECKey, OKPKey
from strict_site import Answer, Begin, StrictSite, unsigned

from glc.clock import ManualClock
from glc.database import db
from idp.models import AuthorizationGrant
from partner_registry.clients.life import find_client

KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))]}


def inside(rp: StrictSite, **more: Any) -> dict[str, Any]:
    """A request, as an object holds it."""
    usual = {"client_id": rp.site.client_id, "response_type": "code", "scope": "openid", "state": "inside"}
    return {**usual, "redirect_uri": rp.site.redirect_uri, **more}


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_wrong_hint_does_not_keep_a_token_from_being_revoked(begin: Begin, hint: str) -> None:
    """RFC 7009, 2.1."""
    rp = begin(refresh_tokens=True)
    tokens = rp.redeem(rp.authorize())
    for name in ("access_token", "refresh_token"):
        form = {"token": tokens[name], "token_type_hint": hint}
        assert rp.client.post("/idp/oidc/revoke", data=form, headers=rp.site.basic).status_code == 200
    assert rp.site.refresh(rp.client, tokens["refresh_token"]).json["error"] == "invalid_grant"
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert rp.client.get("/idp/oidc/user_info", headers=headers).status_code == 401


def test_nothing_unsigned_is_taken_from_around_an_object_that_must_be_signed(begin: Begin) -> None:
    """RFC 9101, 6.3."""
    rp = begin(protocol={"jwks": PUBLIC, "require_signed_request_object": True})
    text = jwt.encode(inside(rp), KEY, "RS256")
    answer = rp.arrive(
        rp.citizen.get(rp.path(request=text, nonce="outside", response_mode="form_post")), state="inside"
    )
    assert answer.mode == "query"
    assert "nonce" not in payload(rp.redeem(answer)["id_token"])


def test_an_object_that_could_serve_as_an_assertion_is_refused(begin: Begin) -> None:
    """RFC 9101, 10.8: it travels in the browser's address."""
    rp = begin(protocol={"jwks": PUBLIC})
    text = jwt.encode(inside(rp, sub=rp.site.client_id), KEY, "RS256")
    end = rp.read(rp.citizen.get(rp.path(request=text)))
    assert isinstance(end, Answer)
    assert end["error"] == "invalid_request_object"


def test_an_assertion_serves_once_whatever_the_fraction_of_its_end(begin: Begin, clock: ManualClock) -> None:
    """RFC 7523, 3."""
    method = "private_key_jwt"
    rp = begin(protocol={"jwks": PUBLIC, "token_endpoint_auth_method": method})
    now = clock.now().timestamp()
    claims = {"iss": rp.site.client_id, "sub": rp.site.client_id, "aud": ISSUER, "jti": "x", "exp": now + 1.5}
    form = {
        "token": "x",
        "client_assertion": jwt.encode(claims, KEY, "RS256"),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    assert rp.client.post("/idp/oidc/introspect", data=form).json == {"active": False}
    for _ in range(65):
        assert rp.client.post("/idp/oidc/introspect", data=form).status_code == 401
        clock.advance(seconds=1)


def crooked(**header: Any) -> str:
    """A token with an odd header and a signature that is none."""
    parts = [json.dumps({"alg": "RS256", **header}).encode(), b"{}", b"xx"]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


ODD_OBJECTS = {
    "a state that is no text": lambda rp: unsigned(inside(rp, state="\ud800")),
    "a challenge that is no text": lambda rp: unsigned(inside(rp, code_challenge="\ud800")),
    "a header that is not well formed": lambda rp: crooked(crit=[["x"]]),
    "too deep": lambda rp: "e30." + base64.urlsafe_b64encode(b"[" * 40_000).decode() + ".",
    "too deep, unsigned": lambda rp: (
        unsigned({}).split(".")[0] + "." + base64.urlsafe_b64encode(b"[" * 40_000).decode() + "."
    ),
}


@pytest.mark.parametrize("what", ODD_OBJECTS)
def test_an_odd_object_is_refused_like_any_other(begin: Begin, what: str) -> None:
    """RFC 9101, 6.2."""
    rp = begin(protocol={"jwks": PUBLIC})
    data = {"request": ODD_OBJECTS[what](rp), "response_type": "code"}
    pushed = rp.client.post("/idp/oidc/par", data=data, headers=rp.site.basic)
    assert (pushed.status_code, pushed.json["error"]) == (400, "invalid_request_object")


def test_odd_requests_get_an_answer(rp: StrictSite) -> None:
    """No 5xx: HEAD at a registration, line ends in a name, tokens that are no text."""
    assert rp.client.head("/idp/oidc/register/nobody").status_code == 401
    odd = rp.client.post(
        "/idp/oidc/user_info",
        data="x%0Ay=1&x%0Ay=2",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert odd.status_code == 401
    for hint in (crooked(crit=[["x"]]), unsigned({"aud": "\ud800"})):
        assert rp.client.get(f"/idp/oidc/logout?id_token_hint={hint}").status_code < 500
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    for assertion in (crooked(crit=[["x"]]), unsigned({"sub": "\ud800"})):
        form = {"client_assertion": assertion, "client_assertion_type": kind}
        assert rp.client.post("/idp/oidc/token", data=form).status_code in {400, 401}


def test_a_client_without_secret_is_told_so_before_anything_is_given(
    begin: Begin, app: Flask, clock: ManualClock
) -> None:
    """Core 1.0, 10.1: HS256 is keyed with it."""
    rp = begin(id_token_alg="HS256")
    with app.app_context():
        for secret in find_client(db.session(), rp.site.client_id).secrets:
            secret.valid_until = clock.now()
        db.session.commit()
    assert rp.authorize(response_type="id_token")["error"] == "server_error"
    with app.app_context():
        assert db.session.query(AuthorizationGrant).all() == []


EMPTY = ("max_age", "claims", "id_token_hint", "request", "request_uri", "response_mode", "code_challenge", "prompt")


@pytest.mark.parametrize("name", EMPTY)
def test_what_is_empty_is_not_there(rp: StrictSite, name: str) -> None:
    """RFC 6749, 3.1."""
    assert rp.authorize(**{name: ""})["code"]


@pytest.mark.parametrize("name", ["cancel", "accept"])
def test_our_own_words_mean_nothing_in_a_sites_request(rp: StrictSite, name: str) -> None:
    """Requirement 7."""
    assert rp.authorize(**{name: "no"})["code"]


def test_a_key_that_only_signs_is_passed_over_for_encryption(begin: Begin) -> None:
    """Core 1.0, 10.2."""
    keys = [OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256")]
    jwks = {"keys": [key.as_dict(private=False) for key in keys]}
    rp = begin(protocol={"jwks": jwks, "id_token_encrypted_response_alg": "ECDH-ES"})
    assert rp.redeem(rp.authorize())["id_token"].count(".") == 4


def test_a_code_is_not_spent_when_no_token_can_be_encrypted(begin: Begin, app: Flask) -> None:
    """What failed for a moment may be tried again."""
    registered = {"jwks_uri": "https://site.example/jwks", "id_token_encrypted_response_alg": "ECDH-ES"}
    rp = begin(protocol=registered)
    answer = rp.authorize()
    assert rp.site.redeem(rp.client, answer["code"]).json["error"] == "server_error"
    house = app.extensions["idp"]
    key = ECKey.generate_key("P-256").as_dict(private=False)

    class Site:
        def get(self, _url: str, *, anew: bool = False) -> Any:
            from glc.fetch import Fetched

            return Fetched(200, {}, json.dumps({"keys": [key]}).encode())

    house.__dict__["fetches"] = Site()
    assert rp.redeem(answer)["id_token"]


@pytest.mark.parametrize(("scope", "lives"), [("openid", False), ("openid offline_access", True)])
def test_a_refresh_token_outlives_a_logout_only_with_offline_access(begin: Begin, scope: str, lives: bool) -> None:
    """Core 1.0, 11; Back-Channel Logout 1.0, 2.7."""
    rp = begin(refresh_tokens=True)
    tokens = rp.redeem(rp.authorize(scope=scope))
    end = rp.citizen.get(f"/idp/oidc/logout?id_token_hint={tokens['id_token']}")
    assert not isinstance(end, Arrival)
    answer = rp.site.refresh(rp.client, tokens["refresh_token"])
    assert (answer.status_code == 200) == lives


def test_a_hybrid_site_counts_as_visited_before_it_redeems_its_code(begin: Begin, app: Flask) -> None:
    """Front-Channel Logout 1.0, 3: it has an ID Token with a `sid`."""
    begin().authorize(response_type="code id_token")
    with app.app_context():
        assert db.session.query(AuthorizationGrant).count() == 1


def test_a_script_of_the_site_can_read_its_tokens(begin: Begin) -> None:
    """Fetch, 3.2.5: the preflight is answered, so the answer is too."""
    rp = begin(protocol={"token_endpoint_auth_method": "none"})
    pkce = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
    form = {
        "grant_type": "authorization_code",
        "code": rp.authorize(**pkce)["code"],
        "redirect_uri": rp.site.redirect_uri,
        "client_id": rp.site.client_id,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    headers = {"Sec-Fetch-Mode": "cors", "Origin": "https://site.example"}
    answer = rp.client.post("/idp/oidc/token", data=form, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "https://site.example"
