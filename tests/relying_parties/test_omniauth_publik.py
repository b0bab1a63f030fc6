"""omniauth-publik (Decidim): slashes everywhere, either way of client authentication."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flows import Citizen, Site, text_of

CALLBACK = "https://participer.example/users/auth/publik/callback"
CLAIMS = (
    {"name": "given_name", "source": "first_name", "scopes": ["profile"]},
    {"name": "family_name", "source": "last_name", "scopes": ["profile"]},
    {"name": "email", "source": "email", "scopes": ["email"]},
    {"name": "email_verified", "source": "email_verified", "scopes": ["email"]},
)
"""What Authentic2 gives a new client."""


@pytest.fixture
def decidim(register: Callable[..., Site]) -> Site:
    """The site, with Authentic2's own claims and no more."""
    return register(name="Decidim", redirect_uris=(CALLBACK,), claims=CLAIMS)


def authorize_url(site: Site, scope: str = "openid%20email%20profile") -> str:
    """OmniAuth's request: encoded, random state."""
    return (
        f"/idp/oidc/authorize/?client_id={site.client_id}&response_type=code&scope={scope}"
        "&state=9f2c5b1d7e&redirect_uri=https%3A%2F%2Fparticiper.example%2Fusers%2Fauth%2Fpublik%2Fcallback"
    )


@pytest.mark.parametrize("version", ["oauth2 1.x: body", "oauth2 2.x: Basic"])
def test_it_logs_in_through_the_slashed_endpoints(decidim: Site, citizen: Citizen, version: str) -> None:
    """Section 3.4: both client authentications; userinfo names the person."""
    form = {"grant_type": "authorization_code", "code": citizen.code(authorize_url(decidim)), "redirect_uri": CALLBACK}
    if version.endswith("body"):
        credentials = {"client_id": decidim.client_id, "client_secret": decidim.secret}
        response = citizen.client.post("/idp/oidc/token/", data=form | credentials)
    else:
        response = citizen.client.post("/idp/oidc/token/", data=form, headers=decidim.basic)
    assert response.status_code == 200, response.text

    bearer = {"Authorization": f"Bearer {response.json['access_token']}"}
    userinfo = citizen.client.get("/idp/oidc/user_info/", headers=bearer)

    assert userinfo.status_code == 200
    claims = userinfo.json
    assert claims["sub"]
    assert claims["email"].lower() == "zoe.lefevre@citoyen.example"
    assert f"{claims['given_name']} {claims['family_name']}" == "Zoë Éléonore Lefèvre-Nuñez"
    assert "preferred_username" not in claims


def test_the_scope_of_its_readme_is_refused(decidim: Site, citizen: Citizen) -> None:
    """Section 3.4: « public » is a scope that Authentic2 refuses."""
    page = citizen.get(authorize_url(decidim, scope="public"))

    assert page.request.path == "/continue/"
    assert 'Scope must contain "openid", received "public"' in text_of(page)
