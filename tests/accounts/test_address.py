"""Changing the account's e-mail address, which is also its user name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from accounts.mailbox import Mailbox, problems
from flows import PASSWORD, Citizen, text_of

from glc.clock import ManualClock
from glc.settings import Settings

NEW = "camille@ailleurs.example"


def ask(citizen: Citizen, **typed: str) -> Any:
    """Ask for another address."""
    return citizen.submit(citizen.get("/accounts/change-email/"), **{"email": NEW, "password": PASSWORD, **typed})


def can_log_in(browser: Citizen, address: str) -> bool:
    """Whether an address and the password open the account."""
    browser.email = address
    return browser.log_in(browser.get("/login/")).request.path == "/accounts/"


def test_the_address_changes_when_its_reader_confirms_and_the_old_one_is_told(
    verified: Citizen, mailbox: Mailbox, browser_at: Callable[..., Citizen]
) -> None:
    """Section 1.1, /accounts/change-email/."""
    former = verified.email
    ask(verified)
    assert can_log_in(browser_at(), former)
    assert not can_log_in(browser_at(), NEW)

    arrived = verified.submit(verified.get(mailbox.link(NEW)))

    assert NEW in text_of(arrived)
    assert "(vérifié)" in text_of(arrived)
    assert "a changé" in mailbox.of(former)[-1].subject
    assert NEW not in mailbox.of(former)[-1].text
    assert not can_log_in(browser_at(), former)
    assert can_log_in(browser_at(), NEW)


def test_opening_the_link_is_not_enough(
    verified: Citizen, mailbox: Mailbox, browser_at: Callable[..., Citizen]
) -> None:
    """Mail programs open links by themselves: an address must not become somebody else's that way."""
    ask(verified)

    browser_at("198.51.100.9").get(mailbox.link(NEW))

    assert not can_log_in(browser_at(), NEW)


def test_the_link_works_once_and_for_a_limited_time(verified: Citizen, mailbox: Mailbox, clock: ManualClock) -> None:
    """Settings: mail_link_lifetime_in."""
    ask(verified)
    used = mailbox.link(NEW)
    verified.submit(verified.get(used))
    assert verified.get(used).status_code == 410

    ask(verified, email="encore@ailleurs.example")
    clock.advance(seconds=Settings().mail_link_lifetime_in)
    assert verified.get(mailbox.link("encore@ailleurs.example")).status_code == 410


def test_an_address_that_has_an_account_is_not_taken_and_not_given_away(
    verified: Citizen, mailbox: Mailbox, make_account: Callable[..., str]
) -> None:
    """The page says the same; the mail tells its reader that there is an account."""
    make_account(email=NEW)

    taken, free = (text_of(ask(verified, email=each)).replace(each, "…") for each in (NEW, "libre@ailleurs.example"))

    assert taken == free
    assert mailbox.links(NEW) == ["/login/", "/password/reset/"]


def test_an_address_taken_meanwhile_is_not_taken_twice(
    verified: Citizen, mailbox: Mailbox, make_account: Callable[..., str]
) -> None:
    """Somebody registered it between the mail and the confirmation."""
    ask(verified)
    page = verified.get(mailbox.link(NEW))
    make_account(email=NEW)

    assert verified.submit(page).status_code == 410
    assert "camille.dupre@citoyen.example" in text_of(verified.get("/accounts/"))


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [({"password": "raté"}, "password"), ({"password": ""}, "password"), ({"email": "ailleurs"}, "email")],
)
def test_a_mistake_writes_to_nobody(verified: Citizen, mailbox: Mailbox, typed: dict[str, str], wrong: str) -> None:
    """The mistake is told at its field, and the address typed is kept."""
    page = ask(verified, **typed)

    assert problems(page).keys() == {wrong}
    assert typed.get("email", NEW) in page.text
    assert mailbox.of(NEW) == []


def test_a_link_to_the_former_address_opens_nothing_any_more(verified: Citizen, mailbox: Mailbox) -> None:
    """Whoever still reads the former mailbox cannot choose a new password."""
    former = verified.email
    verified.submit(verified.get("/password/reset/"), email=former)
    reset = mailbox.link(former)
    ask(verified)
    verified.submit(verified.get(mailbox.link(NEW)))

    assert verified.get(reset).status_code == 410
