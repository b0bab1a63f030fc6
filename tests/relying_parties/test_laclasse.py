"""Laclasse.com: a scope of its own, and an ID Token decoded as ASCII with ordinary base64."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from flows import Citizen, Site, link, text_of

CALLBACK = "https://www.laclasse.example/sso/cutIdp"


@pytest.fixture
def laclasse(register: Callable[..., Site]) -> Site:
    """The site, registered with the scope « crown »."""
    return register(name="Laclasse.com", redirect_uris=(CALLBACK,), scopes=("openid", "profile", "email", "crown"))


def authorize_url(site: Site) -> str:
    """Its request: four scopes, a ticket's number as state."""
    return (
        "/idp/oidc/authorize?response_type=code&scope=openid%20email%20profile%20crown"
        f"&client_id={site.client_id}&state=ST-1856-Ab3&redirect_uri={CALLBACK}"
    )


def decode_as_it_does(id_token: str) -> dict[str, Any]:
    """Split on dots, pad, ordinary base64, ASCII. A character of base64url or beyond ASCII breaks it."""
    text = id_token.split(".")[1]
    text += "=" * (-len(text) % 4)
    return json.loads(base64.b64decode(text, validate=True).decode("ascii"))


def exchange(site: Site, citizen: Citizen) -> dict[str, Any]:
    """Its token request: client_secret_basic."""
    form = {"grant_type": "authorization_code", "code": citizen.code(authorize_url(site)), "redirect_uri": CALLBACK}
    response = citizen.client.post("/idp/oidc/token", data=form, headers=site.basic)
    assert response.status_code == 200, response.text
    return response.json


def test_it_reads_the_id_token_as_ascii(laclasse: Site, citizen: Citizen) -> None:
    """Section 3.3; section 1.10, serialisation."""
    claims = decode_as_it_does(exchange(laclasse, citizen)["id_token"])

    assert claims["sub"]
    assert (claims["first_name"], claims["last_name"]) == ("Zoë Éléonore", "Lefèvre-Nuñez")
    assert claims["email"] == "zoe.lefevre@citoyen.example"


@pytest.mark.parametrize("app", ["grandlyonconnect-2018"], indirect=True)
def test_the_answer_is_the_one_it_noted_down_in_2017(laclasse: Site, citizen: Citizen) -> None:
    """Section 0: exactly these four members, and eight hours."""
    answer = exchange(laclasse, citizen)

    assert set(answer) == {"access_token", "token_type", "expires_in", "id_token"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 28_800)


def test_its_scope_is_refused_to_a_site_that_has_not_registered_it(
    register: Callable[..., Site], citizen: Citizen
) -> None:
    """Section 5, point 11: a custom scope is per client."""
    page = citizen.get(authorize_url(register(redirect_uris=(CALLBACK,))))

    assert page.request.path == "/continue/"
    assert 'received "openid email profile crown"' in text_of(page)
    assert "error=invalid_scope" in str(link(page, "a2-continue"))


def test_its_logout_has_no_parameters(laclasse: Site, citizen: Citizen) -> None:
    """Section 3.3: a plain redirect to a configured address."""
    exchange(laclasse, citizen)

    page = citizen.get("/idp/oidc/logout")

    assert page.request.path == "/"
    assert "login-submit" in citizen.get(authorize_url(laclasse)).text
