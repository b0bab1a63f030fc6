"""Hashing a password and sending a mail take long: nobody else waits meanwhile, and the time taken tells nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flows import Citizen

from glc.database import db
from glc.mail import OutboxMail
from glc.worker import run_due
from idp.accounts.hashing import hash_password, verify_password
from idp.models import MailedLink


def write_at_once() -> None:
    """Write to the database as another request would, but without waiting: an error if a lock is held."""
    with db.engine.connect() as other:
        other.exec_driver_sql("PRAGMA busy_timeout = 0")
        other.exec_driver_sql("UPDATE revision SET number = number")
        other.rollback()


def test_a_login_holds_no_lock_while_the_password_is_verified(
    citizen: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has one writer."""
    verified: list[bool] = []

    def slow(*arguments: object) -> bool:
        write_at_once()
        verified.append(verify_password(*arguments))
        return verified[-1]

    monkeypatch.setattr("idp.accounts.login.verify_password", slow)

    page = citizen.log_in(citizen.get("/login/"))

    assert verified == [True]
    assert page.request.path == "/accounts/"


def test_a_change_of_password_holds_no_lock_while_passwords_are_hashed(
    citizen: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for the old one nor for the new one."""
    worked: list[str] = []

    def slow_verify(*arguments: object) -> bool:
        write_at_once()
        worked.append("verified")
        return verify_password(*arguments)

    def slow_hash(*arguments: object) -> str:
        write_at_once()
        worked.append("hashed")
        return hash_password(*arguments)

    citizen.log_in(citizen.get("/login/"))
    monkeypatch.setattr("idp.accounts.confirmation.verify_password", slow_verify)
    monkeypatch.setattr("idp.accounts.password.hash_password", slow_hash)

    page = citizen.submit(
        citizen.get("/accounts/password/change/"),
        "password-form",
        old_password=citizen.password,
        password1="un autre mot de passe",
        password2="un autre mot de passe",
    )

    assert worked == ["verified", "hashed"]
    assert page.request.path == "/accounts/"


def test_a_mail_server_that_is_away_locks_nothing_and_loses_nothing(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No page speaks to it: its link is kept with the mail, which leaves later, outside any transaction."""
    app = make_app(smtp_url="smtp://mail.example:25")
    tried: list[int | None] = []

    def away(*_arguments: object, **_options: object) -> None:
        write_at_once()
        with db.engine.connect() as other:
            tried.append(other.scalar(sa.select(sa.func.count()).select_from(MailedLink)))
        raise OSError("away")

    monkeypatch.setattr("glc.mail._deliver", away)
    citizen = Citizen(app.test_client())

    citizen.submit(citizen.get("/register/"), "register-form", email="zoe@citoyen.example")
    assert tried == []
    run_due(app)

    assert tried == [1]
    with app.app_context():
        assert db.session.scalars(sa.select(OutboxMail.recipient)).all() == ["zoe@citoyen.example"]
