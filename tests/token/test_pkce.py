"""Proof Key for Code Exchange (RFC 7636), optional here, in both methods (reference, 1.7 and 1.9)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from flows import Citizen, Site, challenge, text_of

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.mark.parametrize(
    "request_parameters",
    [
        {"code_challenge": VERIFIER},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"},
    ],
    ids=["plain implied", "plain", "S256"],
)
def test_the_verifier_opens_the_code_and_nothing_else_does(
    site: Site, citizen: Citizen, server: FlaskClient, request_parameters: dict[str, str]
) -> None:
    """Checklist 37, 38, 39: missing verifier and wrong verifier, in the real service's words."""
    code = citizen.code(site.request(**request_parameters))
    missing = site.redeem(server, code)
    assert missing.json == {
        "error": "invalid_request",
        "error_description": 'Missing parameter "code_verifier"',
        "client_id": site.client_id,
    }
    for wrong in (VERIFIER[:-1], VERIFIER + "k", "é" * 43, challenge(challenge(VERIFIER)), "x" * 10_000):
        answer = site.redeem(server, code, code_verifier=wrong)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
        assert answer.json["error_description"] == "The code_verifier does not match the code_challenge."
    assert site.redeem(server, code, code_verifier=VERIFIER).status_code == 200


def test_the_challenge_itself_is_no_proof_with_s256(site: Site, citizen: Citizen, server: FlaskClient) -> None:
    """RFC 7636, 7.2: who saw the request cannot redeem the code."""
    code = citizen.code(site.request(code_challenge=challenge(VERIFIER), code_challenge_method="S256"))
    assert site.redeem(server, code, code_verifier=challenge(VERIFIER)).status_code == 400


def test_a_secret_is_demanded_even_with_pkce(site: Site, citizen: Citizen, server: FlaskClient) -> None:
    """Reference, 5 (point 7): there are no public clients."""
    code = citizen.code(site.request(code_challenge=VERIFIER))
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": site.redirect_uri}
    answer = server.post("/idp/oidc/token", data={**form, "client_id": site.client_id, "code_verifier": VERIFIER})
    assert answer.json["error_description"] == 'Missing parameter "client_secret"'


def test_a_verifier_without_a_challenge_is_a_downgrade(site: Site, citizen: Citizen, server: FlaskClient) -> None:
    """RFC 9700, 2.1.1: somebody took the challenge away."""
    code = citizen.code(site.request())
    assert site.redeem(server, code, code_verifier=VERIFIER).json["error"] == "invalid_grant"
    assert site.redeem(server, code).status_code == 200


@pytest.mark.parametrize("method", ["", "s256", "S512", "plain "])
def test_a_bad_method_stops_the_request(site: Site, citizen: Citizen, method: str) -> None:
    """Checklist 40: invalid_request, shown on the provider's page."""
    page = citizen.get(site.request(code_challenge=VERIFIER, code_challenge_method=method))
    assert 'invalid_request": Parameter "code_challenge_method" must be "plain" or "S256"' in text_of(page)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"code_challenge": VERIFIER}, {"code_challenge": VERIFIER, "code_challenge_method": "plain"}],
    ids=["nothing", "plain implied", "plain"],
)
def test_a_site_that_demands_pkce_accepts_s256_alone(
    register: Callable[..., Site], citizen: Citizen, server: FlaskClient, parameters: dict[str, str]
) -> None:
    """Checklist 41; reference, 1.7 (8)."""
    site = register(pkce_required=True)
    page = citizen.get(site.request(**parameters))
    assert 'Parameter "code_challenge_method" MUST be provided' in text_of(page)
    code = citizen.code(site.request(code_challenge=challenge(VERIFIER), code_challenge_method="S256"))
    assert site.redeem(server, code, code_verifier=VERIFIER).status_code == 200
