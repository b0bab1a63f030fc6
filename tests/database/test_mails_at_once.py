"""Several processes that hand mails to the mail server at the same moment, on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from flask import Flask

from glc.app import create_app
from glc.clock import ManualClock
from glc.database import db
from glc.mail import OutboxMail, send_mail
from glc.services import services
from glc.worker import run_due

AT_ONCE, MAILS = 3, 12


def test_each_mail_leaves_once(app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """One conditional UPDATE claims it; whoever comes later finds it claimed, or gone."""
    with app.app_context():
        settings = dataclasses.replace(services().settings, smtp_url="smtp://mail.example")
    processes = [create_app(settings, clock=clock) for _ in range(AT_ONCE)]
    left: list[EmailMessage] = []
    monkeypatch.setattr("glc.mail._deliver", lambda _url, mail: left.append(mail))
    with processes[0].app_context():
        for number in range(MAILS):
            send_mail(db.session(), settings, to=f"{number}@x.example", subject="S", text="T", at=clock.now())
        db.session.commit()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run_due, processes))

    assert Counter(mail["To"] for mail in left) == Counter(f"{number}@x.example" for number in range(MAILS))
    for process in processes:
        with process.app_context():
            assert db.session.scalar(sa.select(sa.func.count()).select_from(OutboxMail)) == 0
            db.session.remove()
            db.engine.dispose()
