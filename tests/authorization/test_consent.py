"""The question asked before data leave: when it is asked, what it shows, how long an answer holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flows import Arrival, Citizen, Site, text_of
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.models import ConsentMode

FORM = "a2-oidc-authorization-form"


def asks(step: object) -> bool:
    """Whether the browser is in front of the question."""
    return isinstance(step, TestResponse) and FORM in step.text


def has_box(page: TestResponse) -> bool:
    """Whether the page offers not to ask again."""
    return BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": "do_not_ask_again"}) is not None


def test_the_question_comes_before_anything_is_issued(site: Site, citizen: Citizen) -> None:
    """Section 1.8; checklist 4: page of that id, buttons accept and refuse."""
    page = citizen.log_in(citizen.get(site.request()))

    assert asks(page)
    assert "code=" not in "".join(citizen.visited)
    form = BeautifulSoup(page.text, "html.parser").find("form", id=FORM)
    assert {button["name"] for button in form.find_all("button")} == {"accept", "refuse"}
    assert "code" in citizen.submit(page, FORM, "accept").query


def test_the_question_says_who_receives_which_data_for_which_purpose(site: Site, citizen: Citizen) -> None:
    """Sections 1.8 and 2 (consent for each piece of data); GDPR 13."""
    words = text_of(citizen.log_in(citizen.get(site.request())))

    for expected in (
        "Souhaitez-vous être authentifié sur le service Mon site ?",
        "Les informations suivantes seront envoyées au service :",
        "Vos prénom, nom et identifiants",
        "Dupré",
        "05/06/1987",
        "camille.dupre@citoyen.example",
        "Ville de Lyon",
        "Vous reconnaître et préremplir vos démarches en ligne",
    ):
        assert expected in words


def test_a_narrower_scope_shows_less(site: Site, citizen: Citizen) -> None:
    """Section 1.8: the page lists the scopes of this request."""
    page = citizen.log_in(citizen.get(site.request(scope="openid email")))

    data = BeautifulSoup(page.text, "html.parser").find(class_="data").get_text()
    assert "camille.dupre@citoyen.example" in data
    assert "05/06/1987" not in data


def test_a_client_of_mode_none_asks_nobody(register: Callable[..., Site], citizen: Citizen) -> None:
    """Section 1.8; checklist 4."""
    step = citizen.log_in(citizen.get(register(consent_mode=ConsentMode.NONE).request()))

    assert isinstance(step, Arrival)
    assert "code" in step.query


def test_without_the_box_the_question_comes_back_at_every_login(site: Site, at_home: Citizen) -> None:
    """Section 1.8; checklist 5: no consent saved."""
    at_home.authorize(site.request())

    assert asks(at_home.get(site.request()))


@pytest.mark.parametrize(
    ("options", "days"), [({}, 365), ({"consent_remembered_in": 10}, 10)], ids=["site's", "client's own"]
)
def test_do_not_ask_again_holds_for_a_year_or_the_clients_own_number_of_days(
    register: Callable[..., Site], at_home: Citizen, clock: ManualClock, options: dict[str, Any], days: int
) -> None:
    """Sections 1.5 and 1.8; checklist 5, 18, 19."""
    site = register(**options)
    at_home.authorize(site.request(), remember=True)

    clock.advance(days=days, seconds=-1)
    last_day = at_home.log_in(at_home.get(site.request()))
    clock.advance(seconds=1)
    day_after = at_home.get(site.request())

    assert isinstance(last_day, Arrival)
    assert asks(day_after)


@pytest.mark.parametrize(
    ("options", "scope", "days"),
    [
        ({"consent_always_remembered": True, "consent_remembered_in": 105}, None, 105),
        ({"scopes": ("openid", "email", "offline_access")}, "openid email offline_access", 365),
    ],
    ids=["always saved", "offline_access"],
)
def test_a_consent_saved_in_any_case_offers_no_box(
    register: Callable[..., Site],
    at_home: Citizen,
    clock: ManualClock,
    options: dict[str, Any],
    scope: str | None,
    days: int,
) -> None:
    """Section 1.8; checklist 6."""
    site = register(**options)
    request = site.request(scope=scope or site.scope)

    page = at_home.get(request)
    assert asks(page)
    assert not has_box(page)
    assert ("quand vous n’êtes pas connecté" in text_of(page)) is (scope is not None)
    at_home.submit(page, FORM, "accept")

    clock.advance(days=days, seconds=-1)
    assert isinstance(at_home.log_in(at_home.get(request)), Arrival)
    clock.advance(seconds=1)
    assert asks(at_home.get(request))


def test_an_ordinary_question_offers_the_box(site: Site, at_home: Citizen) -> None:
    """Section 1.8: checkbox do_not_ask_again."""
    assert has_box(at_home.get(site.request()))


def test_a_wider_scope_asks_again_and_the_accepted_answer_replaces_the_narrower(site: Site, at_home: Citizen) -> None:
    """Section 1.8; checklist 19."""
    at_home.authorize(site.request(scope="openid email"), remember=True)

    page = at_home.get(site.request(scope="openid email profile"))
    assert asks(page)
    at_home.submit(page, FORM, "accept", do_not_ask_again="on")

    assert isinstance(at_home.get(site.request(scope="openid email profile")), Arrival)
    assert isinstance(at_home.get(site.request(scope="openid email")), Arrival)


def test_a_narrower_scope_than_consented_is_not_asked_about(site: Site, at_home: Citizen) -> None:
    """Checklist 18."""
    at_home.authorize(site.request(), remember=True)

    assert isinstance(at_home.get(site.request(scope="openid")), Arrival)


@pytest.mark.parametrize("mode", list(ConsentMode), ids=lambda mode: mode.value)
def test_prompt_consent_forgets_the_earlier_answer_and_asks_in_every_mode(
    register: Callable[..., Site], at_home: Citizen, mode: ConsentMode
) -> None:
    """Section 1.7; checklist 20."""
    site = register(consent_mode=mode)
    at_home.authorize(site.request(), remember=True)

    page = at_home.get(site.request(prompt="consent"))

    assert asks(page)
    if mode is not ConsentMode.NONE:
        assert asks(at_home.get(site.request())), "the earlier answer is forgotten as soon as the question is asked"
    assert "code" in at_home.submit(page, FORM, "accept").query


def test_refusing_sends_access_denied_straight_back(site: Site, at_home: Citizen) -> None:
    """Section 1.7; checklist 21."""
    arrival = at_home.submit(at_home.get(site.request()), FORM, "refuse")

    assert arrival.url.startswith(f"{site.redirect_uri}?")
    assert arrival.query == {
        "error": "access_denied",
        "error_description": "User did not consent",
        "state": "un-état",
    }


def test_a_refusal_is_never_remembered(site: Site, at_home: Citizen) -> None:
    """Section 1.8: the box belongs to accepting."""
    at_home.submit(at_home.get(site.request()), FORM, "refuse", do_not_ask_again="on")

    assert asks(at_home.get(site.request()))


def test_prompt_none_shows_the_question_all_the_same(site: Site, at_home: Citizen) -> None:
    """Section 1.7, out-of-spec corner; checklist 22."""
    page = at_home.get(site.request(prompt="none"))

    assert asks(page)
    assert "code" in at_home.submit(page, FORM, "accept").query


@pytest.mark.parametrize("app", ["grandlyonconnect-2018"], indirect=True)
def test_in_2018_prompt_none_answered_consent_required(site: Site, at_home: Citizen) -> None:
    """Section 1.7, A2-2018."""
    arrival = at_home.get(site.request(prompt="none"))

    assert isinstance(arrival, Arrival)
    assert arrival.query["error"] == "consent_required"


def test_prompt_none_with_a_remembered_consent_answers_without_a_page(site: Site, at_home: Citizen) -> None:
    """OpenID Connect Core 1.0, section 3.1.2.1."""
    at_home.authorize(site.request(), remember=True)

    assert "code" in at_home.get(site.request(prompt="none")).query


@pytest.mark.parametrize(
    ("mode", "partner", "covered"),
    [
        (ConsentMode.SERVICE, "lyon", False),
        (ConsentMode.PARTNER, "lyon", True),
        (ConsentMode.PARTNER, "bron", False),
    ],
    ids=["by service", "by partner", "another partner"],
)
def test_a_consent_covers_the_partners_other_sites_only_in_that_mode(
    register: Callable[..., Site], at_home: Citizen, mode: ConsentMode, partner: str, covered: bool
) -> None:
    """Section 1.8, by organisational unit; checklist 18."""
    at_home.authorize(register(consent_mode=mode).request(), remember=True)
    other = register(partner=partner, consent_mode=mode, name="Autre site")

    assert isinstance(at_home.get(other.request()), Arrival) is covered


def test_the_answer_of_one_person_does_not_speak_for_another(
    site: Site, at_home: Citizen, make_account: Callable[..., str]
) -> None:
    """Section 1.8: a consent belongs to an account."""
    at_home.authorize(site.request(), remember=True)
    make_account(email="autre@citoyen.example")
    other = Citizen(at_home.client, "autre@citoyen.example")
    other.client.get("/logout/")

    assert asks(other.log_in(other.get(site.request())))


def test_the_answer_needs_the_page_it_is_the_answer_to(site: Site, at_home: Citizen) -> None:
    """Section 1.1 (POST only for the consent form): nobody accepts in the holder's place."""
    page = at_home.get(site.request())
    action = BeautifulSoup(page.text, "html.parser").find("form", id=FORM)["action"]

    without_token = at_home.client.post(action, data={"accept": "1"})
    in_the_query = at_home.client.post(site.request(), data={"accept": "1"})
    from_another_browser = Citizen(at_home.client.application.test_client()).client.get(action)

    assert without_token.status_code == 400
    assert in_the_query.status_code == 405
    assert from_another_browser.status_code == 400
    assert not any("Location" in each.headers for each in (without_token, in_the_query, from_another_browser))


def test_a_question_left_open_for_too_long_is_told_to_start_again(
    site: Site, at_home: Citizen, clock: ManualClock
) -> None:
    """The stored request is forgotten; the page says so instead of failing."""
    page = at_home.get(site.request())
    clock.advance(hours=3)

    late = at_home.submit(page, FORM, "accept")

    assert late.status_code == 400
    assert "Cette demande de connexion a expiré" in text_of(late)
