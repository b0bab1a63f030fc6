"""The ways a client proves who it is, and that only the registered one will do (OpenID Connect Core 1.0, section 9)."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from client_authentication.callers import Caller, key_set
from conftest import register_site
from flask import Flask
from flows import challenge
from werkzeug.test import TestResponse

from glc.clock import ManualClock

Make = Callable[..., Caller]
Redeem = Callable[..., TestResponse]
VERIFIER = "v" * 43
SENT: dict[str, Callable[[Caller], dict[str, str]]] = {
    "client_secret_post": lambda it: {"client_id": it.site.client_id, "client_secret": it.site.secret},
    "client_secret_jwt": lambda it: it.asserting("HS256"),
    "private_key_jwt": lambda it: it.asserting("RS256"),
    "none": lambda it: {"client_id": it.site.client_id, "code_verifier": VERIFIER},
}
"""What the form says for each method; nothing for Basic."""
EVERY = ("client_secret_basic", *SENT)


def tried(caller: Caller, method: str) -> str:
    """What becomes of a method."""
    if method == "client_secret_basic":
        return caller.known({}, basic=True)
    return caller.known(SENT[method](caller))


def test_34_a_client_that_registered_nothing_sends_its_secret_either_way(caller: Make) -> None:
    """Requirement 34; RFC 6749, 2.3.1."""
    site = caller()
    found = {method: tried(site, method) for method in EVERY}
    known = {"client_secret_basic", "client_secret_post"}
    assert found == {method: "known" if method in known else "invalid_client" for method in EVERY}


@pytest.mark.parametrize("registered", EVERY)
def test_a_client_authenticates_as_it_registered_and_in_no_other_way(caller: Make, registered: str) -> None:
    """Core 1.0, section 9; RFC 7591, section 2. It has keys in any case: having them is not what decides."""
    site = caller(registered, jwks=key_set())
    found = {method: tried(site, method) for method in EVERY}
    assert found == {method: "known" if method == registered else "invalid_client" for method in EVERY}


def test_34_basic_decodes_identifier_and_secret_as_a_form_does(app: Flask, caller: Make) -> None:
    """Requirement 34; RFC 6749, 2.3.1: what is encoded without need is decoded too."""
    site = caller().site
    pair = ":".join("".join(f"%{ord(letter):02X}" for letter in text) for text in (site.client_id, site.secret))
    header = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    form = {"grant_type": "authorization_code", "code": "x"}
    assert app.test_client().post("/idp/oidc/token", data=form, headers=header).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "basic"),
    [
        ({}, False),
        ({"client_id": "nobody", "client_secret": "x"}, False),
        ({"client_secret": "wrong"}, False),
        ({"client_secret": ""}, False),
    ],
)
def test_35_who_is_not_recognised_gets_401_and_is_told_how(caller: Make, form: dict[str, str], basic: bool) -> None:
    """Requirement 35; RFC 6749, 5.2."""
    site = caller()
    sent = {"client_id": site.site.client_id, **form} if form else {}
    answer = site.post({"grant_type": "authorization_code", "code": "x", **sent}, basic=basic)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert answer.headers["Cache-Control"] == "no-store"


def test_35_what_else_is_wrong_gets_400(caller: Make) -> None:
    """Requirement 35; RFC 6749, 5.2."""
    answer = caller().post({"grant_type": "authorization_code", "code": "x"}, basic=True)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("other", ["client_secret_post", "client_secret_jwt", "private_key_jwt"])
def test_a_request_that_proves_itself_twice_is_refused(caller: Make, other: str) -> None:
    """RFC 6749, 2.3: not more than one method a request, even if each would do."""
    site = caller()
    assert site.known(SENT[other](site), basic=True) == "invalid_request"


def test_an_empty_secret_beside_an_assertion_counts_for_nothing(caller: Make) -> None:
    """RFC 6749, 3.2: a parameter without value is as one left out."""
    site = caller("private_key_jwt")
    assert site.known({**site.asserting(), "client_id": site.site.client_id, "client_secret": ""}) == "known"


def test_the_form_may_repeat_who_calls_but_not_name_another(caller: Make) -> None:
    """RFC 6749, 3.2.1; RFC 7521, 4.2."""
    site = caller("private_key_jwt")
    assert site.known({**site.asserting(), "client_id": site.site.client_id}) == "known"
    assert site.known({**site.asserting(), "client_id": caller().site.client_id}) == "invalid_request"


def test_a_public_client_redeems_its_code_with_pkce_and_no_secret(caller: Make, redeem: Redeem) -> None:
    """RFC 9700, 2.1.1; RFC 7636."""
    site = caller("none")
    form = {"client_id": site.site.client_id}
    asked = {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"}
    lacking = redeem(site, form, **asked)
    assert (lacking.status_code, lacking.json["error"]) == (400, "invalid_request")
    assert "code_verifier" in lacking.json["error_description"]
    assert redeem(site, {**form, "code_verifier": VERIFIER}, **asked).status_code == 200


def test_the_other_endpoints_ask_for_the_same_proof(caller: Make) -> None:
    """RFC 7009, 2.1; RFC 7662, 2.1; RFC 9126, 2.1."""
    site = caller("private_key_jwt")
    asked = {"response_type": "code", "scope": "openid", "redirect_uri": site.site.redirect_uri}
    for path, form, status in (("revoke", {}, 200), ("introspect", {}, 200), ("par", asked, 201)):
        sent = {"token": "x"} | form
        assert site.post(sent, f"/idp/oidc/{path}").status_code == 401
        assert site.post({**sent, **site.asserting()}, f"/idp/oidc/{path}").status_code == status
        aud = f"http://localhost:8040/idp/oidc/{path}"
        assert site.post({**sent, **site.asserting(aud=aud)}, f"/idp/oidc/{path}").status_code == status


def test_a_public_client_may_not_ask_what_tokens_are_worth(caller: Make) -> None:
    """RFC 7662, 2.1: whoever introspects is authenticated; giving a token back is open to all (RFC 7009, 2.1)."""
    site = caller("none")
    form = {"token": "x", "client_id": site.site.client_id}
    assert site.post(form, "/idp/oidc/introspect").status_code == 401
    assert site.post(form, "/idp/oidc/revoke").status_code == 200


def test_dialects_of_the_real_service_look_at_nothing_but_a_secret(
    make_app: Callable[..., Flask], clock: ManualClock
) -> None:
    """docs/dialects.md: Basic wins, and what else is registered is left unread."""
    app = make_app()
    site = Caller(app, register_site(app, clock, protocol={"token_endpoint_auth_method": "client_secret_jwt"}), clock)
    form = {"grant_type": "authorization_code", "code": "x", **site.asserting("HS256")}
    assert site.post(form, basic=True).json["error"] == "invalid_grant"
    assert site.post(form).json["error"] == "invalid_request"
