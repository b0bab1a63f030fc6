"""Mobicoop (En Covoit' Grand Lyon): constant state, unencoded query, Basic, userinfo without slash."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flows import Citizen, Site

CALLBACK = "https://encovoit-grandlyon.example/user/sso/login"


@pytest.fixture
def mobicoop(register: Callable[..., Site]) -> Site:
    """The site, registered with every default."""
    return register(name="En Covoit’ Grand Lyon", redirect_uris=(CALLBACK,))


def authorize_url(site: Site, state: str = "&state=GLConnect") -> str:
    """The link behind its button, put together without any encoding but the browser's own, of spaces."""
    query = f"client_id={site.client_id}&scope=openid profile email&response_type=code{state}&redirect_uri={CALLBACK}"
    return "/idp/oidc/authorize/?" + query.replace(" ", "%20")


def test_it_logs_in_with_a_constant_state_and_reads_userinfo(mobicoop: Site, citizen: Citizen) -> None:
    """Section 3.1: authorize, token and userinfo as it sends them, and the claims it reads."""
    arrival = citizen.authorize(authorize_url(mobicoop))

    assert arrival.url.startswith(f"{CALLBACK}?")
    assert arrival.query["state"] == "GLConnect"
    form = {"grant_type": "authorization_code", "code": arrival.query["code"], "redirect_uri": CALLBACK}
    response = citizen.client.post("/idp/oidc/token/", data=form, headers=mobicoop.basic)
    assert response.status_code == 200
    bearer = {"Authorization": f"Bearer {response.json['access_token']}"}
    userinfo = citizen.client.get("/idp/oidc/user_info", headers=bearer)
    assert userinfo.status_code == 200
    claims = userinfo.json
    assert claims["sub"]
    assert {name: claims[name] for name in ("email", "first_name", "last_name", "gender", "birthdate")} == {
        "email": "zoe.lefevre@citoyen.example",
        "first_name": "Zoë Éléonore",
        "last_name": "Lefèvre-Nuñez",
        "gender": "female",
        "birthdate": "1992-08-15",
    }
    assert (claims["given_name"], claims["family_name"]) == (claims["first_name"], claims["last_name"])


def test_its_first_draft_sent_no_state_at_all(mobicoop: Site, citizen: Citizen) -> None:
    """Section 3.1."""
    assert set(citizen.authorize(authorize_url(mobicoop, state="")).query) == {"code", "iss"}


def test_the_same_person_is_the_same_subject_at_each_login(mobicoop: Site, citizen: Citizen) -> None:
    """Section 3.1: it identifies people by (provider, sub)."""
    subjects = set()
    for _ in range(2):
        tokens = mobicoop.redeem(citizen.client, citizen.code(authorize_url(mobicoop))).json
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        subjects.add(citizen.client.get("/idp/oidc/user_info", headers=bearer).json["sub"])

    assert len(subjects) == 1


def test_a_refusal_reaches_its_callback_without_code(mobicoop: Site, citizen: Citizen) -> None:
    """Section 3.1: its callback reads `code` and does not handle an error answer."""
    page = citizen.log_in(citizen.get(authorize_url(mobicoop)))

    arrival = citizen.submit(page, "a2-oidc-authorization-form", "refuse")

    assert arrival.url.startswith(f"{CALLBACK}?")
    assert arrival.query == {
        "error": "access_denied",
        "error_description": "User did not consent",
        "state": "GLConnect",
    }
