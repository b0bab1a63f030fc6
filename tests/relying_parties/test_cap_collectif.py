"""Cap Collectif (jeparticipe): credentials in the body, ID Token read without verification, logout by `next`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from flows import Citizen, Site, parameter

CALLBACK = "https://jeparticipe.example/login/check-openid"
HOME = "https://jeparticipe.example/"


@pytest.fixture
def cap_collectif(register: Callable[..., Site]) -> Site:
    """The site, registered with every default."""
    return register(name="Je participe", redirect_uris=(CALLBACK,))


def authorize_url(site: Site) -> str:
    """HWIOAuthBundle's request: encoded, its own state, no nonce."""
    return (
        f"/idp/oidc/authorize?response_type=code&client_id={site.client_id}&scope=openid+email+profile"
        "&state=eyJzdGF0ZSI6ImEifQ%3D%3D&redirect_uri=https%3A%2F%2Fjeparticipe.example%2Flogin%2Fcheck-openid"
    )


def exchange(site: Site, citizen: Citizen) -> dict[str, Any]:
    """Its token request: client_secret_post."""
    form = {
        "code": citizen.code(authorize_url(site)),
        "grant_type": "authorization_code",
        "client_id": site.client_id,
        "client_secret": site.secret,
        "redirect_uri": CALLBACK,
    }
    response = citizen.client.post("/idp/oidc/token", data=form)
    assert response.status_code == 200, response.text
    return response.json


def test_it_reads_the_id_token_with_ordinary_base64(cap_collectif: Site, citizen: Citizen) -> None:
    """Section 3.2: sub, email, nickname from first_name and last_name, birthdate, birthplace as the city."""
    token = exchange(cap_collectif, citizen)["id_token"]

    claims = json.loads(base64.b64decode(token.split(".")[1] + "=="))

    assert claims["sub"]
    assert claims["email"] == "zoe.lefevre@citoyen.example"
    assert f"{claims['first_name']} {claims['last_name']}" == "Zoë Éléonore Lefèvre-Nuñez"
    assert (claims["birthdate"], claims["birthplace"]) == ("1992-08-15", "Saint-Étienne")


def test_its_older_version_reads_the_same_from_userinfo(cap_collectif: Site, citizen: Citizen) -> None:
    """Section 3.2: in 2019 and 2020 it used userinfo."""
    bearer = {"Authorization": f"Bearer {exchange(cap_collectif, citizen)['access_token']}"}

    claims = citizen.client.get("/idp/oidc/user_info", headers=bearer).json

    assert (claims["first_name"], claims["last_name"]) == ("Zoë Éléonore", "Lefèvre-Nuñez")
    assert (claims["birthdate"], claims["birthplace"]) == ("1992-08-15", "Saint-Étienne")


@pytest.mark.parametrize(
    "after", [HOME, "https://jeparticipe.example/login/openid?_destination=https://jeparticipe.example/"]
)
def test_its_logout_by_next_asks_first_then_comes_back(cap_collectif: Site, citizen: Citizen, after: str) -> None:
    """Sections 3.2 and 1.14: the site's own logout, with `next` and `client_id`, from a page of the site."""
    access_token = exchange(cap_collectif, citizen)["access_token"]
    address = f"/logout/?next={after}&client_id={cap_collectif.client_id}"

    page = citizen.get(address, headers={"Referer": HOME})
    assert page.status_code == 200
    assert "logout-confirm" in page.text
    arrival = citizen.submit(page)

    assert arrival.url == after
    bearer = {"Authorization": f"Bearer {access_token}"}
    assert citizen.client.get("/idp/oidc/user_info", headers=bearer).status_code == 401
    assert "login-submit" in citizen.get(authorize_url(cap_collectif)).text


def test_its_profile_link_leads_to_the_login_and_keeps_where_to_go_next(cap_collectif: Site, citizen: Citizen) -> None:
    """Section 3.2: `profile_url?next=<referrer>`; section 0: `/login/?next=` is Authentic2's."""
    page = citizen.get(f"/accounts/?next={HOME}")

    assert page.request.path == "/login/"
    assert parameter(page.request.url, "next").startswith("/accounts/")
