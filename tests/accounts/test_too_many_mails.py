"""Mails that anybody may cause: after a few they stay unsent, and the page does not say so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import structlog
from accounts.mailbox import Mailbox
from flows import PASSWORD, Citizen, text_of
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from glc.settings import Settings
from idp.accounts.throttling import SHARED_ADDRESS_TOLERANCE

FREE, WINDOW = Settings().mail_free_sends, Settings().mail_window_in
ZOE = "zoe@citoyen.example"
PAGES = ["/register/", "/password/reset/"]


def ask(citizen: Citizen, address: str, path: str = "/password/reset/") -> TestResponse:
    """Have a mail sent to an address."""
    return citizen.submit(citizen.get(path), email=address)


@pytest.mark.parametrize("address", [ZOE, "camille.dupre@citoyen.example"], ids=["no account", "an account"])
@pytest.mark.parametrize("path", PAGES)
def test_a_mailbox_is_not_flooded_whoever_asks_and_however_it_is_written(
    citizen: Citizen, browser_at: Callable[..., Citizen], mailbox: Mailbox, address: str, path: str
) -> None:
    """Each visitor from another address; the page is the same with and without a mail."""
    with structlog.testing.capture_logs() as events:
        told = {text_of(ask(browser_at(f"203.0.113.{number}"), address, path)) for number in range(FREE)}
        told.add(text_of(ask(browser_at("198.51.100.9"), address, path)))
        ask(browser_at("198.51.100.10"), address.upper(), PAGES[1])

    assert len(mailbox.of(address)) == FREE
    assert mailbox.of(address.upper()) == []
    assert len(told) == 1
    held = [event for event in events if event["event"] == "mail.held_back"]
    assert len(held) == 2
    assert address not in str(held)


def test_a_visitor_does_not_write_to_everybody(
    passer_by: Citizen, browser_at: Callable[..., Citizen], mailbox: Mailbox
) -> None:
    """An address on the Internet may be a town hall's: ten times more."""
    most = FREE * SHARED_ADDRESS_TOLERANCE
    for number in range(most + 1):
        ask(passer_by, f"personne{number}@citoyen.example")

    assert len(mailbox.of(f"personne{most - 1}@citoyen.example")) == 1
    assert mailbox.of(f"personne{most}@citoyen.example") == []
    ask(browser_at("198.51.100.9"), f"personne{most}@citoyen.example")
    assert len(mailbox.of(f"personne{most}@citoyen.example")) == 1


def test_a_mailbox_is_written_to_again_after_a_while_however_often_one_asked_meanwhile(
    passer_by: Citizen, mailbox: Mailbox, clock: ManualClock
) -> None:
    """Settings: mail_window_in since the last mail that left. Nobody keeps somebody else's mails away."""
    for _ in range(FREE):
        ask(passer_by, ZOE)
    clock.advance(seconds=WINDOW - 1)
    ask(passer_by, ZOE)
    assert len(mailbox.of(ZOE)) == FREE

    clock.advance(seconds=1)
    ask(passer_by, ZOE)

    assert len(mailbox.of(ZOE)) == FREE + 1


def test_who_is_logged_in_floods_nobody_either(verified: Citizen, mailbox: Mailbox) -> None:
    """A new address is somebody else's until its link is opened; the deletion's mail goes to one's own."""
    for _ in range(FREE + 1):
        verified.submit(verified.get("/accounts/change-email/"), email=ZOE, password=PASSWORD)
        verified.submit(verified.get("/accounts/delete/"))

    assert [len(mailbox.of(address)) for address in (ZOE, verified.email)] == [FREE, FREE]


def test_a_change_of_address_is_told_to_the_former_one_whatever_was_sent_before(
    verified: Citizen, mailbox: Mailbox
) -> None:
    """Whoever took over a session must not keep its holder from hearing of it."""
    for _ in range(FREE + 1):
        ask(verified, verified.email)
    verified.submit(verified.get("/accounts/change-email/"), email=ZOE, password=PASSWORD)

    verified.submit(verified.get(mailbox.link(ZOE)))

    assert len(mailbox.of(verified.email)) == FREE + 1
    assert ZOE not in mailbox.of(verified.email)[0].text
