"""Forgotten and changed passwords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from accounts.mailbox import NEW_PASSWORD, Mailbox, heading, problems, way_to
from flask import Flask
from flows import PASSWORD, Arrival, Citizen, Site, parameter, text_of

from glc.clock import ManualClock
from glc.settings import Settings

TWICE = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


def is_logged_in(citizen: Citizen) -> bool:
    """Whether this browser opens the account."""
    return citizen.get("/accounts/").request.path == "/accounts/"


def opens(browser: Citizen, password: str) -> bool:
    """Whether a password opens the account."""
    browser.password = password
    return browser.log_in(browser.get("/login/")).request.path == "/accounts/"


def forget(citizen: Citizen, mailbox: Mailbox) -> str:
    """Ask for a new password; return the link that came."""
    citizen.submit(citizen.get("/password/reset/"), email=citizen.email)
    return mailbox.link(citizen.email)


def change(citizen: Citizen, **typed: str) -> Any:
    """Change the password of whoever is logged in."""
    return citizen.submit(citizen.get("/accounts/password/change/"), **{"old_password": PASSWORD, **TWICE, **typed})


def test_a_forgotten_password_is_replaced_by_a_mailed_link_which_logs_in(
    citizen: Citizen, mailbox: Mailbox, browser_at: Callable[..., Citizen]
) -> None:
    """Section 1.1, /password/reset/."""
    form = citizen.get(forget(citizen, mailbox))

    arrived = citizen.submit(form, **TWICE)

    assert arrived.request.path == "/accounts/"
    assert not opens(browser_at(), PASSWORD)
    assert opens(browser_at(), NEW_PASSWORD)


def test_a_new_password_ends_every_session_of_the_account(
    citizen: Citizen, at_home: Citizen, mailbox: Mailbox, browser_at: Callable[..., Citizen]
) -> None:
    """Whoever had got in is out."""
    intruder, owner = at_home, browser_at()

    owner.submit(owner.get(forget(owner, mailbox)), **TWICE)

    assert is_logged_in(owner)
    assert not is_logged_in(intruder)


def test_neither_page_nor_silence_tells_whether_an_address_has_an_account(
    citizen: Citizen, passer_by: Citizen, mailbox: Mailbox
) -> None:
    """Both addresses are written to; only the mail says which it is."""
    pages = []
    for address in (citizen.email, "inconnu@citoyen.example"):
        page = passer_by.submit(passer_by.get("/password/reset/"), email=address)
        pages.append(text_of(page).replace(address, "…"))

    assert pages[0] == pages[1]
    assert mailbox.link(citizen.email).startswith("/password/reset/confirm/")
    assert mailbox.links("inconnu@citoyen.example") == ["/register/"]


def test_a_reset_link_works_once_and_for_a_limited_time(citizen: Citizen, mailbox: Mailbox, clock: ManualClock) -> None:
    """Settings: mail_link_lifetime_in."""
    used = forget(citizen, mailbox)
    citizen.submit(citizen.get(used), **TWICE)
    assert citizen.get(used).status_code == 410

    late = forget(citizen, mailbox)
    clock.advance(seconds=Settings().mail_link_lifetime_in)
    assert citizen.get(late).status_code == 410


def test_using_a_link_ends_those_sent_before_it(citizen: Citizen, mailbox: Mailbox) -> None:
    """A mail that lies about opens nothing once the password has changed."""
    first, second = forget(citizen, mailbox), forget(citizen, mailbox)
    citizen.submit(citizen.get(second), **TWICE)

    assert citizen.get(first).status_code == 410


def test_a_link_serves_for_nothing_but_its_purpose(citizen: Citizen, mailbox: Mailbox) -> None:
    """A link to choose a password cannot delete the account."""
    token = forget(citizen, mailbox).rstrip("/").rpartition("/")[2]

    for path in ("/accounts/validate-deletion/", "/accounts/activate/", "/accounts/change-email/confirm/"):
        assert citizen.get(path + token + "/").status_code == 410


def test_a_reset_begun_at_a_service_ends_back_there(
    register: Callable[..., Site], citizen: Citizen, mailbox: Mailbox
) -> None:
    """The pending request is carried like a registration's (checklist 60)."""
    login = citizen.get(register(name="Piscines").request())
    citizen.submit(citizen.get(way_to(login, "/password/reset/")), email=citizen.email)
    form = citizen.get(mailbox.link(citizen.email))

    question = citizen.submit(form, **TWICE)
    arrival = citizen.submit(question, "a2-oidc-authorization-form", "accept")

    assert isinstance(arrival, Arrival)
    assert "code" in arrival.query


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(
    at_home: Citizen, browser_at: Callable[..., Citizen]
) -> None:
    """Issue, point 6."""
    elsewhere = browser_at()
    assert opens(elsewhere, PASSWORD)

    change(at_home)

    assert is_logged_in(at_home)
    assert not is_logged_in(elsewhere)
    assert not opens(browser_at(), PASSWORD)
    assert opens(browser_at(), NEW_PASSWORD)


def test_changing_the_password_ends_the_links_that_were_mailed(verified: Citizen, mailbox: Mailbox) -> None:
    """The mail about a deletion says: if it was not you, change your password."""
    verified.submit(verified.get("/accounts/delete/"))
    links = [mailbox.link(verified.email), forget(verified, mailbox)]

    change(verified)

    assert [verified.get(link).status_code for link in links] == [410, 410]


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"old_password": "pas celui-ci"}, "old_password"),
        ({"old_password": ""}, "old_password"),
        ({"password2": "autre chose encore"}, "password2"),
        ({"password1": "court", "password2": "court"}, "password1"),
    ],
)
def test_a_mistake_leaves_the_password_as_it_was(
    at_home: Citizen, browser_at: Callable[..., Citizen], typed: dict[str, str], wrong: str
) -> None:
    """The mistake is told at its field."""
    page = change(at_home, **typed)

    assert problems(page).keys() == {wrong}
    assert opens(browser_at(), PASSWORD)


def test_guessing_the_password_in_a_browser_left_open_is_slowed_too(at_home: Citizen, clock: ManualClock) -> None:
    """Issue, point 6: as on the login page."""
    for _ in range(Settings().login_free_failures):
        change(at_home, old_password="raté")

    assert "patientez" in problems(change(at_home))["old_password"]
    clock.advance(seconds=2)
    assert heading(change(at_home)) == "Mon compte"


def test_password_managers_find_the_page(at_home: Citizen, passer_by: Citizen) -> None:
    """W3C, A Well-Known URL for Changing Passwords; section 1.1."""
    assert at_home.get("/.well-known/change-password").request.path == "/accounts/password/change/"
    page = passer_by.get("/.well-known/change-password")
    assert page.request.path == "/login/"
    assert parameter(page.request.url, "next") == "/accounts/password/change/"


@pytest.mark.parametrize("page", ["/accounts/password/change/", "/accounts/delete/", "/accounts/change-email/"])
def test_pages_of_an_account_are_for_nobody_else(app: Flask, page: str) -> None:
    """Without a login there is only the way to it."""
    for method in ("GET", "POST"):
        response = app.test_client().open(page, method=method)
        assert response.headers.get("Location", "").startswith("/login/") or response.status_code == 400
