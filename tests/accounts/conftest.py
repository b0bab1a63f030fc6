"""Fixtures of the account pages' tests: who sits in front of which browser, and the mails that were written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from accounts.mailbox import Mailbox
from flask import Flask
from flows import Citizen
from sqlalchemy.engine import Engine


@pytest.fixture
def mailbox(engine: Engine) -> Mailbox:
    """Everybody's mails."""
    return Mailbox(engine)


@pytest.fixture
def browser_at(app: Flask) -> Callable[..., Citizen]:
    """Open a fresh browser at an Internet address; Camille's name is on the keyboard's tip unless told otherwise."""

    def open_browser(address: str = "203.0.113.7", **person: str) -> Citizen:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        return Citizen(client, **person)

    return open_browser


@pytest.fixture
def passer_by(browser_at: Callable[..., Citizen]) -> Citizen:
    """Somebody without an account, in front of a fresh browser."""
    return browser_at()


@pytest.fixture
def verified(make_account: Callable[..., str], browser_at: Callable[..., Citizen]) -> Citizen:
    """Camille, logged in, with an address that was verified."""
    make_account(email_verified=True)
    holder = browser_at()
    holder.log_in(holder.get("/login/"))
    return holder


@pytest.fixture
def at_home(citizen: Citizen) -> Citizen:
    """Camille, logged in."""
    citizen.log_in(citizen.get("/login/"))
    return citizen
