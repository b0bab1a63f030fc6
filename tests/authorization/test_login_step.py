"""Who must log in, complete a profile or hold a role before a site gets its answer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flows import ISSUER, PASSWORD, Arrival, Citizen, Site, link, parameter, payload, text_of
from werkzeug.test import TestResponse

from glc.clock import ManualClock, epoch
from glc.database import db
from glc.mail import OutboxMail
from partner_registry.models import ConsentMode

LOGIN_REQUIRED = 'Login is required but prompt parameter is "none"'
TOO_OLD = 'Login is required because of max_age, but prompt parameter is "none"'


@pytest.fixture
def quiet(register: Callable[..., Site]) -> Site:
    """A site that asks nobody for consent, so that the login is all there is."""
    return register(consent_mode=ConsentMode.NONE)


def shows_login(step: object) -> bool:
    """Whether the browser is in front of the login page."""
    return isinstance(step, TestResponse) and step.request.path == "/login/" and "login-submit" in step.text


def href(page: TestResponse, words: str) -> str:
    """Where the link with these words leads."""
    return next(a["href"] for a in BeautifulSoup(page.text, "html.parser").find_all("a") if a.get_text() == words)


def username_on(page: TestResponse) -> str:
    """What the login page has already filled in."""
    return BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": "username"}).get("value", "")


def test_whoever_is_not_logged_in_goes_to_the_login_page_and_back(quiet: Site, citizen: Citizen) -> None:
    """Section 1.7; checklist 3: /login/?next= leads back to the authorization endpoint."""
    page = citizen.get(quiet.request())

    assert shows_login(page)
    assert parameter(page.request.url, "next").startswith("/idp/oidc/authorize")
    arrival = citizen.log_in(page)
    assert citizen.visited[-1].startswith("/idp/oidc/authorize")
    assert "code" in arrival.query


def test_the_login_page_has_the_real_ones_fields(quiet: Site, citizen: Citizen) -> None:
    """Issue: username, password, submit id login-submit; section 5, point 19: the French words."""
    page = citizen.get(quiet.request())

    form = BeautifulSoup(page.text, "html.parser").find("main").find("form")
    assert {"username", "password"} <= {field["name"] for field in form.find_all("input")}
    assert form.find(id="login-submit").get_text(strip=True) == "Connexion"
    for words in ("Courriel", "Mot de passe", "Mot de passe oublié ?", "Créer un compte"):
        assert words in text_of(page)


@pytest.mark.parametrize("hint", ["zoe@ville.example", "backoffice zoe@ville.example", "zoe@ville.example backoffice"])
def test_a_login_hint_fills_in_the_address_for_this_request_alone(quiet: Site, citizen: Citizen, hint: str) -> None:
    """Section 1.7: split on blanks, kept until the login; checklist 3."""
    hinted = citizen.get(quiet.request(login_hint=hint))
    plain = citizen.get(quiet.request())

    assert [username_on(page) for page in (hinted, plain)] == ["zoe@ville.example", ""]
    assert "code" in citizen.log_in(hinted).query


def test_cancelling_on_the_login_page_refuses_straight_to_the_site(quiet: Site, citizen: Citizen) -> None:
    """Section 1.7: the Cancel button returns to authorize with cancel=1; checklist 27."""
    page = citizen.get(quiet.request())

    arrival = citizen.get(link(page, "cancel"))

    assert arrival.query == {
        "error": "access_denied",
        "error_description": "Authentication cancelled by user",
        "state": "un-état",
    }


@pytest.mark.parametrize("max_age", [None, "0", "3600"])
def test_prompt_none_without_login_answers_login_required_straight_back(
    quiet: Site, citizen: Citizen, max_age: str | None
) -> None:
    """Section 1.7; checklist 28."""
    arrival = citizen.get(quiet.request(prompt="none", max_age=max_age))

    assert isinstance(arrival, Arrival)
    assert arrival.query == {"error": "login_required", "error_description": LOGIN_REQUIRED, "state": "un-état"}


@pytest.mark.parametrize(("max_age", "later"), [("0", 0), ("60", 61)])
def test_prompt_none_with_too_old_a_login_answers_login_required(
    quiet: Site, at_home: Citizen, clock: ManualClock, max_age: str, later: int
) -> None:
    """Section 1.7; checklist 28."""
    clock.advance(seconds=later)

    arrival = at_home.get(quiet.request(prompt="none", max_age=max_age))

    assert (arrival.query["error"], arrival.query["error_description"]) == ("login_required", TOO_OLD)


@pytest.mark.parametrize(
    ("sent", "later"),
    [({"max_age": "0"}, 0), ({"prompt": "login"}, 0), ({"prompt": "login consent"}, 0), ({"max_age": "60"}, 61)],
    ids=str,
)
def test_a_login_is_asked_again_once_and_then_satisfies_the_request(
    quiet: Site, at_home: Citizen, clock: ManualClock, sent: dict[str, str], later: int
) -> None:
    """Section 1.7, inferred: a login done for this request satisfies it; checklist 29."""
    clock.advance(seconds=later)
    logged_in_again_at = epoch(clock.now())

    page = at_home.get(quiet.request(nonce="un-nonce", **sent))
    assert shows_login(page)
    step = at_home.log_in(page)
    if isinstance(step, TestResponse):
        step = at_home.submit(step, "a2-oidc-authorization-form", "accept")

    claims = payload(quiet.redeem(at_home.client, step.query["code"]).json["id_token"])
    assert (claims["auth_time"], claims["acr"]) == (logged_in_again_at, "1")


def test_a_login_young_enough_is_not_asked_again(quiet: Site, at_home: Citizen, clock: ManualClock) -> None:
    """Section 1.7, max_age; auth_time tells when the login was."""
    logged_in_at = epoch(clock.now())
    clock.advance(seconds=60)

    arrival = at_home.get(quiet.request(max_age="60"))

    claims = payload(quiet.redeem(at_home.client, arrival.query["code"]).json["id_token"])
    assert claims["auth_time"] == logged_in_at


def test_logging_in_for_one_request_does_not_count_for_another(quiet: Site, at_home: Citizen) -> None:
    """Section 1.7, inferred: only the request that asked is satisfied."""
    first = at_home.get(quiet.request(prompt="login"))
    at_home.get(quiet.request(prompt="login", state="autre"))
    at_home.log_in(first)

    assert shows_login(at_home.get(quiet.request(prompt="login", state="encore")))


def test_an_unknown_prompt_is_ignored(quiet: Site, at_home: Citizen) -> None:
    """Section 1.7: prompt none, login, consent; others ignored."""
    assert "code" in at_home.get(quiet.request(prompt="select_account")).query


@pytest.mark.parametrize(
    ("account", "registered"),
    [({"first_name": ""}, {}), ({}, {"required_attributes": ("mobile_phone",)})],
    ids=["mandatory for everybody", "required by the site"],
)
def test_an_incomplete_profile_is_completed_first_or_refused_silently(
    register: Callable[..., Site],
    make_account: Callable[..., str],
    passer_by: Citizen,
    account: dict[str, str],
    registered: dict[str, tuple[str, ...]],
) -> None:
    """Section 1.7; checklist 30."""
    make_account(**account)
    site = register(consent_mode=ConsentMode.NONE, **registered)
    passer_by.log_in(passer_by.get("/login/"))

    detour = passer_by.client.get(site.request())
    silent = passer_by.get(site.request(prompt="none"))

    assert detour.status_code == 302
    assert detour.headers["Location"].startswith("/accounts/edit/required/")
    assert silent.query == {
        "error": "interaction_required",
        "error_description": 'User profile is not complete but prompt parameter is "none"',
        "state": "un-état",
    }


def test_completing_the_profile_leads_back_to_the_site(
    register: Callable[..., Site], make_account: Callable[..., str], passer_by: Citizen
) -> None:
    """Section 5, point 16; checklist 30: only what is missing is asked, and kept for the next time."""
    make_account(first_name="")
    site = register(consent_mode=ConsentMode.NONE, required_attributes=("mobile_phone",))

    page = passer_by.log_in(passer_by.get(site.request()))
    assert page.request.path == "/accounts/edit/required/"
    form = BeautifulSoup(page.text, "html.parser").find("form")
    asked = {item["name"] for item in form.find_all("input") if item["type"] != "hidden"}
    arrival = passer_by.submit(page, first_name="Zoë", mobile_phone="06 12 34 56 78")

    assert asked == {"first_name", "mobile_phone"}
    assert payload(site.redeem(passer_by.client, arrival.query["code"]).json["id_token"])["first_name"] == "Zoë"
    assert "code" in passer_by.get(site.request()).query


def test_whoever_lacks_the_role_sees_a_page_that_leads_to_the_sites_explanation(
    register: Callable[..., Site], at_home: Citizen
) -> None:
    """Section 1.7; checklist 31: not an OAuth error, nothing goes to the site."""
    site = register(authorised_roles=("agent",), unauthorized_url="https://site.example/acces")

    page = at_home.get(site.request())

    assert isinstance(page, TestResponse)
    assert page.status_code == 403
    assert link(page, "unauthorized-url") == "https://site.example/acces"
    assert site.redirect_uri not in page.text


def test_whoever_has_the_role_passes(
    register: Callable[..., Site], make_account: Callable[..., str], passer_by: Citizen
) -> None:
    """Section 1.7; checklist 31."""
    make_account(roles=["agent"])

    assert "code" in passer_by.authorize(register(authorised_roles=("agent", "élu")).request()).query


def test_the_pages_on_the_way_show_the_service(register: Callable[..., Site], citizen: Citizen) -> None:
    """Checklist 59: name, link, colour and logo on login, registration and consent pages."""
    site = register(
        name="Piscines & plages",
        home_url="https://piscines.example/",
        logo_url="https://piscines.example/logo.svg",
        colour="#0a7d55",
    )

    login_page = citizen.get(site.request())
    registration_page = citizen.get(href(login_page, "Créer un compte"))
    consent_page = citizen.log_in(login_page)

    for page in (login_page, registration_page, consent_page):
        soup = BeautifulSoup(page.text, "html.parser")
        assert soup.find("a", href="https://piscines.example/").get_text() == "Piscines & plages"
        assert soup.find("img", src="https://piscines.example/logo.svg")
        assert soup.find(fill="#0a7d55")


def test_registering_on_the_way_ends_back_at_the_site(app: Flask, quiet: Site, passer_by: Citizen) -> None:
    """Section 2, registration; checklist 60: the mailed link leads on to the request that waits."""
    registration_page = passer_by.get(href(passer_by.get(quiet.request(nonce="un-nonce")), "Créer un compte"))
    passer_by.submit(registration_page, email="nouvelle@citoyen.example")
    with app.app_context():
        mail = db.session.scalars(sa.select(OutboxMail)).one()
    assert mail.recipient == "nouvelle@citoyen.example"
    mailed = re.search(rf"{ISSUER}(\S+)", mail.text)

    page = passer_by.get(f"/{mailed[1]}")
    arrival = passer_by.submit(page, first_name="Zoë", last_name="Lefèvre", password1=PASSWORD, password2=PASSWORD)

    claims = payload(quiet.redeem(passer_by.client, arrival.query["code"]).json["id_token"])
    assert arrival.query["state"] == "un-état"
    assert (claims["email"], claims["email_verified"]) == ("nouvelle@citoyen.example", True)
    assert (claims["first_name"], claims["last_name"], claims["acr"]) == ("Zoë", "Lefèvre", "1")


def test_a_login_begun_in_one_browser_cannot_be_finished_in_another(
    quiet: Site, citizen: Citizen, passer_by: Citizen
) -> None:
    """A stored request belongs to the browser that sent it (login CSRF)."""
    page = citizen.get(quiet.request())

    elsewhere = passer_by.get(parameter(page.request.url, "next"))

    assert elsewhere.status_code == 400
    assert "Location" not in elsewhere.headers
