"""iMio's Plone plugin: a list of roles in an RS256 ID Token, and an unencoded post-logout address."""

from __future__ import annotations

from collections.abc import Callable

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask
from flows import Citizen, Site

from glc.database import db
from partner_registry.clients.registration import GLC_CLAIMS
from partner_registry.models import Purpose

PORTAL = "https://commune.example"
CALLBACK = f"{PORTAL}/acl_users/authentic/authorize"
CLAIMS = (
    *GLC_CLAIMS,
    {"name": "preferred_username", "source": "username", "scopes": ["profile"]},
    {"name": "roles", "source": "roles", "scopes": ["roles"]},
)


@pytest.fixture
def imio(app: Flask, register: Callable[..., Site]) -> Site:
    """The site, with the scope « roles », whose data the partner has declared."""
    with app.app_context():
        for purpose in db.session.scalars(sa.select(Purpose)):
            purpose.claims = [*purpose.claims, "preferred_username", "roles"]
        db.session.commit()
    return register(
        name="iA.Smartweb",
        redirect_uris=(CALLBACK,),
        post_logout_redirect_uris=(f"{PORTAL}/",),
        scopes=("openid", "email", "profile", "roles"),
        claims=CLAIMS,
        id_token_alg="RS256",
    )


def authorize_url(site: Site) -> str:
    """Its request, to the slashed endpoint."""
    return (
        f"/idp/oidc/authorize/?client_id={site.client_id}&response_type=code&scope=openid+email+profile+roles"
        f"&state=plone&redirect_uri={CALLBACK}"
    )


def test_it_reads_a_list_of_roles_from_an_rs256_id_token(imio: Site, citizen: Citizen) -> None:
    """Section 3.5: the ID Token is parsed as RS256, without verification."""
    form = {"grant_type": "authorization_code", "code": citizen.code(authorize_url(imio)), "redirect_uri": CALLBACK}
    answer = citizen.client.post("/idp/oidc/token/", data=form, headers=imio.basic).json

    assert jwt.get_unverified_header(answer["id_token"])["alg"] == "RS256"
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})

    assert claims["sub"]
    assert claims["preferred_username"] == "zoe.lefevre@citoyen.example"
    assert (claims["given_name"], claims["family_name"]) == ("Zoë Éléonore", "Lefèvre-Nuñez")
    assert claims["roles"] == ["agent", "médiatrice"]


@pytest.mark.parametrize("address", [PORTAL, f"{PORTAL}/"])
def test_its_logout_address_is_unencoded_and_may_lack_the_final_slash(
    imio: Site, citizen: Citizen, address: str
) -> None:
    """Sections 3.5 and 1.14: registered with the slash, sent with or without; no id_token_hint."""
    citizen.authorize(authorize_url(imio))

    arrival = citizen.get(f"/idp/oidc/logout?post_logout_redirect_uri={address}")

    assert arrival.url == address
    assert "login-submit" in citizen.get(authorize_url(imio)).text
