"""While a password is hashed, or a mail server thinks, the database belongs to others."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import argon2
import pytest
from accounts.mailbox import NEW_PASSWORD, Mailbox
from conftest import add_account
from flask import Flask
from flows import ISSUER, PASSWORD, Citizen
from sqlalchemy.engine import Engine

from glc.clock import ManualClock
from glc.database import db
from glc.worker import run_due

TWICE = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


@dataclass
class Meanwhile:
    """Somebody else, who writes while something slow goes on."""

    path: str
    did: list[str] = field(default_factory=list)

    def write(self, during: str) -> None:
        """Take the database's write lock at once, or fail."""
        connection = sqlite3.connect(self.path, timeout=0)
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
        connection.close()
        self.did.append(during)

    def during(self, name: str, slow: Callable[..., Any]) -> Callable[..., Any]:
        """The same, but somebody writes first."""

        def wrapped(*args: Any, **options: Any) -> Any:
            self.write(name)
            return slow(*args, **options)

        return wrapped


@pytest.fixture
def meanwhile(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Whoever writes each time a password is hashed or verified."""
    other = Meanwhile(str(engine.url.database))
    for name in ("hash", "verify"):
        slow = getattr(argon2.PasswordHasher, name)
        monkeypatch.setattr(argon2.PasswordHasher, name, other.during(name, slow))
    return other


def submit(citizen: Citizen, path: str, **typed: str) -> Any:
    """Fill in the page's form."""
    return citizen.submit(citizen.get(path), **typed)


def log_in(citizen: Citizen, mailbox: Mailbox) -> None:
    """With the right password."""
    citizen.log_in(citizen.get("/login/"))


def fail_to_log_in(citizen: Citizen, mailbox: Mailbox) -> None:
    """With a wrong password, and with an unknown address."""
    submit(citizen, "/login/", username=citizen.email, password="raté")
    submit(citizen, "/login/", username="inconnu@citoyen.example", password="raté")


def register(citizen: Citizen, mailbox: Mailbox) -> None:
    """Create an account."""
    submit(citizen, "/register/", email="zoe@citoyen.example")
    submit(citizen, mailbox.link("zoe@citoyen.example"), first_name="Zoé", last_name="D", **TWICE)


def reset(citizen: Citizen, mailbox: Mailbox) -> None:
    """Choose a new password by a mailed link."""
    submit(citizen, "/password/reset/", email=citizen.email)
    submit(citizen, mailbox.link(citizen.email), **TWICE)


def change_password(citizen: Citizen, mailbox: Mailbox) -> None:
    """Choose a new password."""
    log_in(citizen, mailbox)
    submit(citizen, "/accounts/password/change/", old_password=PASSWORD, **TWICE)


def change_address(citizen: Citizen, mailbox: Mailbox) -> None:
    """Prove the password before another address."""
    log_in(citizen, mailbox)
    submit(citizen, "/accounts/change-email/", email="camille@ailleurs.example", password=PASSWORD)


def delete(citizen: Citizen, mailbox: Mailbox) -> None:
    """Delete the account by its password."""
    log_in(citizen, mailbox)
    submit(citizen, "/accounts/delete/", password=PASSWORD)


@pytest.mark.parametrize(
    ("journey", "slow"),
    [
        (log_in, ["verify"]),
        (fail_to_log_in, ["verify", "verify", "hash"]),
        (register, ["hash"]),
        (reset, ["hash"]),
        (change_password, ["verify", "verify", "hash"]),
        (change_address, ["verify", "verify"]),
        (delete, ["verify", "verify"]),
    ],
)
def test_nobody_waits_while_a_password_is_hashed(
    citizen: Citizen,
    mailbox: Mailbox,
    meanwhile: Meanwhile,
    journey: Callable[[Citizen, Mailbox], None],
    slow: list[str],
) -> None:
    """Hashing takes tens of milliseconds on purpose; SQLite has one writer. An unknown address costs as much."""
    journey(citizen, mailbox)

    assert meanwhile.did == slow


def test_the_watch_would_notice_a_lock(engine: Engine, meanwhile: Meanwhile) -> None:
    """A watch that cannot fail would prove nothing."""
    with engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        argon2.PasswordHasher().hash(PASSWORD)


def test_nobody_waits_for_the_mail_server(
    make_app: Callable[..., Flask], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may take seconds to answer, for each of the mails there are."""
    app = make_app(smtp_url="smtp://mail.example")
    add_account(app, clock, email_verified=True)
    with app.app_context():
        other = Meanwhile(str(db.engine.url.database))
    mails: list[EmailMessage] = []
    monkeypatch.setattr("glc.mail._deliver", other.during("mail", lambda _url, mail: mails.append(mail)))
    camille = Citizen(app.test_client())
    new = "camille@ailleurs.example"

    for path in ("/register/", "/password/reset/"):
        for address in (camille.email, "inconnu@citoyen.example"):
            submit(camille, path, email=address)
    assert mails == []
    camille.log_in(camille.get("/login/"))
    submit(camille, "/accounts/delete/")
    submit(camille, "/accounts/change-email/", email=new, password=PASSWORD)
    run_due(app)
    (link,) = re.findall(rf"{ISSUER}(\S+/confirm/\S+)", mails[-1].get_content())
    submit(camille, f"/{link}")
    clock.advance(seconds=1)
    run_due(app)

    assert [mail["To"] for mail in mails[-3:]] == [camille.email, new, camille.email]
    assert other.did == ["mail"] * 7
