"""The login page: what it answers, where it leads, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from accounts.mailbox import field, heading, problems
from argon2 import PasswordHasher, extract_parameters
from flask import Flask
from flows import PASSWORD, Citizen, Site, text_of
from sqlalchemy.engine import Engine

from glc.clock import ManualClock
from glc.settings import Settings
from idp.accounts.hashing import hash_password
from idp.models import Account

OWASP_MINIMUM = (19 * 1024, 2, 1)
"""Argon2id: KiB of memory, passes, lanes (OWASP, Password Storage Cheat Sheet)."""


def stored_hash(engine: Engine) -> str:
    """What the database keeps of Camille's password."""
    with engine.connect() as connection:
        return connection.execute(sa.select(Account.password_hash)).scalar_one()


def test_the_holder_logs_in_and_sees_the_account(citizen: Citizen) -> None:
    """Section 1.1."""
    page = citizen.log_in(citizen.get("/login/"))

    assert page.request.path == "/accounts/"
    assert "Camille Dupré" in text_of(page)


@pytest.mark.parametrize("typed", ["CAMILLE.Dupre@Citoyen.Example", "  camille.dupre@citoyen.example "])
def test_an_address_is_the_same_however_it_is_written(citizen: Citizen, typed: str) -> None:
    """People's keyboards begin with a capital and leave spaces."""
    citizen.email = typed

    assert citizen.log_in(citizen.get("/login/")).request.path == "/accounts/"


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    citizen: Citizen, browser_at: Callable[..., Citizen]
) -> None:
    """The page tells nobody which addresses have an account."""
    stranger = browser_at(email="inconnu@citoyen.example")
    citizen.password = "pas celui-ci"

    answers = [(each, each.log_in(each.get("/login/"))) for each in (citizen, stranger)]

    (camilles, strangers) = (text_of(page).replace(who.email, "…") for who, page in answers)
    assert camilles == strangers
    assert "Courriel ou mot de passe incorrect." in camilles
    assert [page.status_code for _, page in answers] == [200, 200]


def test_after_a_mistake_the_address_is_kept_and_the_password_is_not(citizen: Citizen) -> None:
    """Nothing typed is lost, but a password is never sent back."""
    citizen.password = "pas celui-ci"

    page = citizen.log_in(citizen.get("/login/"))

    assert field(page, "username")["value"] == citizen.email
    assert not field(page, "password").get("value")
    assert "pas celui-ci" not in page.text
    assert citizen.client.get_cookie("glc_session") is None


def test_an_empty_form_says_which_fields_to_fill_in(passer_by: Citizen) -> None:
    """A mistake is told at its field."""
    page = passer_by.submit(passer_by.get("/login/"))

    assert problems(page).keys() == {"username", "password"}


def test_an_account_without_a_password_admits_none(make_account: Callable[..., str], passer_by: Citizen) -> None:
    """An account may be made without one; nothing that is typed is right then."""
    make_account(password="")

    for password in (" ", "x", PASSWORD):
        passer_by.password = password
        assert heading(passer_by.log_in(passer_by.get("/login/"))) == "Connexion"


@pytest.mark.parametrize("path", ["/accounts/consents/", "/accounts/edit/contact/", "/accounts/?lang=fr&x=é"])
def test_a_page_that_wants_a_login_leads_there_and_back(citizen: Citizen, path: str) -> None:
    """`next` carries where the visitor was going."""
    page = citizen.get(path)
    assert page.request.path == "/login/"

    arrived = citizen.log_in(page)

    assert arrived.request.path == path.partition("?")[0]


def test_whoever_is_logged_in_is_not_asked_again(at_home: Citizen) -> None:
    """A second visit goes straight on."""
    assert at_home.get("/login/").request.path == "/accounts/"
    assert at_home.get("/login/?next=/accounts/consents/").request.path == "/accounts/consents/"


def test_a_hint_cannot_smuggle_markup_into_the_page(site: Site, citizen: Citizen) -> None:
    """Whatever the site sends stays text."""
    page = citizen.get(site.request(login_hint='"><b>@x'))

    assert field(page, "username")["value"] == '"><b>@x'


def test_the_session_cookie_is_out_of_reach_of_scripts_and_new_at_each_login(citizen: Citizen) -> None:
    """A session identifier known before the login is worth nothing after it."""
    citizen.client.set_cookie("glc_session", "known-to-somebody-else")
    citizen.log_in(citizen.get("/login/"))
    first = citizen.client.get_cookie("glc_session")

    citizen.get("/logout/")
    citizen.log_in(citizen.get("/login/"))
    second = citizen.client.get_cookie("glc_session")

    assert first.http_only
    assert first.same_site == "Lax"
    assert len({first.value, second.value, "known-to-somebody-else"}) == 3


def test_over_https_no_cookie_travels_in_clear(make_app: Callable[..., Flask]) -> None:
    """Issue, « Ground »: Secure when the issuer is https."""
    app = make_app(issuer="https://localhost:8443/")

    response = app.test_client().get("/login/", base_url="https://localhost:8443/")

    cookies = response.headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)


def test_a_session_ends_by_itself_after_its_time(at_home: Citizen, app: Flask, clock: ManualClock) -> None:
    """Settings: session_lifetime_in."""
    clock.advance(seconds=Settings().session_lifetime_in - 1)
    assert at_home.get("/accounts/").request.path == "/accounts/"

    clock.advance(seconds=1)
    assert at_home.get("/accounts/").request.path == "/login/"


def test_passwords_are_hashed_at_owasps_minimum_unless_raised() -> None:
    """Issue, point 6; the setting is the cost of the hash."""
    for settings, cost in (
        (Settings(), OWASP_MINIMUM),
        (Settings(argon2_memory=20_000, argon2_passes=3), (20_000, 3, 1)),
    ):
        found = extract_parameters(hash_password(settings, PASSWORD))
        assert found.type.name == "ID"
        assert (found.memory_cost, found.time_cost, found.parallelism) == cost


def test_a_login_renews_a_hash_of_another_cost(citizen: Citizen, engine: Engine) -> None:
    """Raising the cost reaches everybody who logs in."""
    old = PasswordHasher(time_cost=3, memory_cost=16, parallelism=1).hash(PASSWORD)
    with engine.begin() as connection:
        connection.execute(sa.update(Account).values(password_hash=old))

    assert citizen.log_in(citizen.get("/login/")).request.path == "/accounts/"

    renewed = stored_hash(engine)
    assert (extract_parameters(renewed).memory_cost, extract_parameters(renewed).time_cost) == (8, 1)
    assert PasswordHasher().verify(renewed, PASSWORD)


def test_a_login_leaves_a_hash_of_todays_cost_alone(citizen: Citizen, engine: Engine) -> None:
    """Nothing is written that need not be."""
    before = stored_hash(engine)
    citizen.log_in(citizen.get("/login/"))

    assert stored_hash(engine) == before
