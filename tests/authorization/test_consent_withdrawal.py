"""The holder's list of consents, and what ends when one is taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flows import Arrival, Citizen, Site, text_of
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.models import ConsentMode


def withdraw_first(citizen: Citizen) -> TestResponse:
    """Press the button of the first consent listed."""
    return citizen.submit(citizen.get("/accounts/consents/"))


def tokens(citizen: Citizen, site: Site) -> dict[str, Any]:
    """Log in at a site, letting the answer be remembered, and redeem the code."""
    return site.redeem(citizen.client, citizen.authorize(site.request(), remember=True).query["code"]).json


def userinfo(citizen: Citizen, access_token: str) -> int:
    """What userinfo answers."""
    bearer = {"Authorization": f"Bearer {access_token}"}
    return citizen.client.get("/idp/oidc/user_info", headers=bearer).status_code


def test_the_page_lists_each_remembered_consent_and_no_other(register: Callable[..., Site], at_home: Citizen) -> None:
    """Section 1.8; checklist 23."""
    at_home.authorize(register(name="Cantines").request(), remember=True)
    at_home.authorize(register(name="Piscines").request())

    words = text_of(at_home.get("/accounts/consents/"))

    assert "Cantines" in words
    assert "Date de naissance" in words
    assert "02/03/2027" in words
    assert "Piscines" not in words


def test_withdrawing_kills_the_sites_tokens_at_once_and_the_question_comes_back(
    register: Callable[..., Site], at_home: Citizen
) -> None:
    """Section 1.8; checklist 23: consent, access and refresh tokens."""
    site = register(refresh_tokens=True)
    held = tokens(at_home, site)
    assert userinfo(at_home, held["access_token"]) == 200

    page = withdraw_first(at_home)

    assert "Mon site" not in text_of(page).split("Mes autorisations")[-1]
    assert userinfo(at_home, held["access_token"]) == 401
    assert site.refresh(at_home.client, held["refresh_token"]).status_code == 400
    assert "a2-oidc-authorization-form" in at_home.get(site.request()).text


def test_a_site_that_reads_on_by_refresh_token_is_listed_and_stopped_though_the_answer_was_for_once(
    register: Callable[..., Site], at_home: Citizen
) -> None:
    """GDPR 7(3): as easy to withdraw as to give. Its refresh tokens go on for thirty days, whatever box was ticked."""
    site = register(name="Cantines", refresh_tokens=True)
    held = site.redeem(at_home.client, at_home.authorize(site.request()).query["code"]).json
    words = text_of(at_home.get("/accounts/consents/"))
    assert "Cantines" in words
    assert "y compris quand vous n’êtes pas connecté" in words

    page = withdraw_first(at_home)

    assert "Cantines" not in text_of(page)
    assert userinfo(at_home, held["access_token"]) == 401
    assert site.refresh(at_home.client, held["refresh_token"]).status_code == 400


def test_what_a_refresh_token_gave_is_listed_until_it_can_read_no_more(
    register: Callable[..., Site], at_home: Citizen, clock: ManualClock
) -> None:
    """Section 1.13: thirty days, and nothing once the site gave it back."""
    kept, given_back = (register(name=name, refresh_tokens=True) for name in ("Piscines", "Cantines"))
    for site in (kept, given_back):
        held = site.redeem(at_home.client, at_home.authorize(site.request()).query["code"]).json
    at_home.client.post("/idp/oidc/revoke", data={"token": held["refresh_token"]}, headers=given_back.basic)

    words = text_of(at_home.get("/accounts/consents/"))
    assert "Piscines" in words
    assert "Cantines" not in words

    clock.advance(days=30)
    at_home.log_in(at_home.get("/login/"))
    assert "Piscines" not in text_of(at_home.get("/accounts/consents/"))


def test_withdrawing_from_one_site_leaves_the_others_alone(register: Callable[..., Site], at_home: Citizen) -> None:
    """Section 1.8."""
    other, site = register(name="Cantines"), register(name="Piscines")
    kept, lost = (tokens(at_home, each)["access_token"] for each in (other, site))

    withdraw_first(at_home)

    assert {userinfo(at_home, kept), userinfo(at_home, lost)} == {200, 401}


def test_a_consent_given_to_a_partner_is_withdrawn_from_all_its_services(
    register: Callable[..., Site], at_home: Citizen
) -> None:
    """Section 1.8; checklist 23, by organisational unit."""
    sites = [register(consent_mode=ConsentMode.PARTNER, name=name) for name in ("Cantines", "Piscines")]
    held = [tokens(at_home, site)["access_token"] for site in sites]
    assert "tous les services du même partenaire" in text_of(at_home.get("/accounts/consents/"))

    withdraw_first(at_home)

    assert [userinfo(at_home, token) for token in held] == [401, 401]
    assert not isinstance(at_home.get(sites[1].request()), Arrival)


def test_a_service_of_the_partner_with_a_consent_of_its_own_keeps_what_that_gave(
    register: Callable[..., Site], at_home: Citizen
) -> None:
    """It was not covered by the consent that is withdrawn."""
    own = tokens(at_home, register(name="Piscines"))
    shared = tokens(at_home, register(name="Cantines", consent_mode=ConsentMode.PARTNER))
    page = at_home.get("/accounts/consents/")
    sections = BeautifulSoup(page.text, "html.parser").find("main").find_all("section")
    form = next(each for each in sections if "tous les services" in each.get_text()).find("form")
    csrf_token = form.find("input", attrs={"name": "csrf_token"})["value"]

    at_home.client.post(form["action"], data={"csrf_token": csrf_token})

    assert [userinfo(at_home, each["access_token"]) for each in (own, shared)] == [200, 401]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_withdraws_in_the_holders_place(
    site: Site, at_home: Citizen, make_account: Callable[..., str], method: str
) -> None:
    """A consent belongs to its account, and to the page that it is withdrawn on."""
    held = tokens(at_home, site)
    form = BeautifulSoup(at_home.get("/accounts/consents/").text, "html.parser").find("main").find("form")
    make_account(email="autre@citoyen.example")
    other = Citizen(at_home.client.application.test_client(), "autre@citoyen.example")
    page = other.log_in(other.get("/login/?next=/register/"))
    csrf_token = BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": "csrf_token"})["value"]

    by_another = other.client.open(form["action"], method=method, data={"csrf_token": csrf_token})
    by_a_strangers_form = at_home.client.open(form["action"], method=method)

    assert by_another.status_code == (404 if method == "POST" else 405)
    assert by_a_strangers_form.status_code == (400 if method == "POST" else 405)
    assert userinfo(at_home, held["access_token"]) == 200
