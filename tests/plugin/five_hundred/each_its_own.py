"""Five hundred tests, each with a time, keys, people and faults of its own: run by test_five_hundred.py."""

from __future__ import annotations

import base64
import datetime as dt
import json
import urllib.request
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from pytest_grandlyonconnect import Client, Space

CALLBACK = "http://localhost:3000/callback"


def log_in(glc: Space, client: Client, nonce: str) -> str:
    """The ID Token of a login."""
    asked = {"client_id": client.client_id, "response_type": "code", "redirect_uri": CALLBACK, "nonce": nonce}
    callback = glc.log_in(
        f"{glc.issuer}idp/oidc/authorize?{urlencode({**asked, 'scope': 'openid profile', 'state': nonce})}"
    )
    assert callback.parameters["state"] == nonce
    form = {"grant_type": "authorization_code", "code": callback.parameters["code"], "redirect_uri": CALLBACK}
    pair = base64.b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode()
    request = urllib.request.Request(
        f"{glc.issuer}idp/oidc/token", urlencode(form).encode(), {"Authorization": f"Basic {pair}"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["id_token"])


def verified(glc: Space, token: str, kid: str) -> dict[str, Any]:
    """What it says, if it was signed with that key, which the provider publishes."""
    with urllib.request.urlopen(f"{glc.issuer}idp/oidc/certs") as answer:
        keys = {each["kid"]: each for each in json.load(answer)["keys"]}
    own_time = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    claims: dict[str, Any] = jwt.decode(
        token, jwt.PyJWK(keys[kid]).key, ["ES256"], issuer=glc.issuer, audience="le-meme", options=own_time
    )
    return claims


@pytest.mark.parametrize("number", range(500))
def test_one_of_five_hundred(glc: Space, number: int) -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=number)
    glc.clock.set(at)
    glc.clock.freeze()
    name = f"Numéro {number}"
    glc.account(email="la-meme@citoyen.example", first_name=name, last_name="Test")
    client = glc.client(CALLBACK, client_id="le-meme", client_secret="le meme secret", id_token_alg="ES256")
    kid = glc.keys.rotate("ES256")["kid"]
    wrong = number % 2 == 0
    fault = glc.fault("id_token_nonce_wrong", times=1) if wrong else None
    glc.next_login("la-meme@citoyen.example")
    token = log_in(glc, client, f"nonce-{number}")
    claims = verified(glc, token, kid)
    assert claims["iat"] == int(at.timestamp())
    assert claims["given_name"] == name
    assert (claims["nonce"] == f"nonce-{number}") is not wrong
    if fault is not None:
        assert fault.applied == 1
    glc.next_login("la-meme@citoyen.example")
    assert verified(glc, log_in(glc, client, "encore"), kid)["nonce"] == "encore"
    assert [each["endpoint"] for each in glc.journal.exchanges()] == ["authorize", "token", "jwks"] * 2
