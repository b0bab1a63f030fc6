"""Several processes that tell clients of a logout at the same moment, on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa
from conftest import add_account, register_site
from flask import Flask
from flows import Citizen
from logout.standard.receiver import receiving
from sqlalchemy.orm import Session

from glc.app import create_app
from glc.clock import ManualClock
from glc.commands import prepare
from glc.database import db
from glc.services import services
from glc.worker import run_due
from idp.accounts.rules import find_by_email
from idp.models import Account, BackchannelLogout
from idp.sessions import end_all

AT_ONCE, BROWSERS = 3, 4


def test_each_logout_is_queued_once_and_sent_by_one_of_them(app: Flask, clock: ManualClock) -> None:
    """Back-Channel Logout 1.0, section 2.5: one conditional UPDATE ends the sessions, another claims each logout."""
    with app.app_context():
        settings = dataclasses.replace(services().settings, dialect="standard")
    prepare(settings)
    processes = [create_app(settings, clock=clock) for _ in range(AT_ONCE)]
    add_account(app, clock)
    with receiving() as receiver:
        site = register_site(app, clock, protocol={"backchannel_logout_uri": receiver.url}, id_token_alg="RS256")
        for _ in range(BROWSERS):
            browser = processes[0].test_client()
            assert site.redeem(browser, Citizen(browser).code(site.request(scope="openid"))).status_code == 200
        ready = Barrier(AT_ONCE)

        def end_and_tell(process: Flask) -> None:
            with process.app_context():
                account = find_by_email(db.session(), "camille.dupre@citoyen.example")
                assert isinstance(account, Account)
                db.session.rollback()
                ready.wait()
                end_all(db.session(), account, clock.now())
                db.session.commit()
                ready.wait()
            run_due(process)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(end_and_tell, processes))
        assert len(receiver.forms) == BROWSERS
    for process in processes:
        with process.app_context():
            with Session(db.engine) as session:
                told = session.scalars(sa.select(BackchannelLogout)).all()
                assert [(each.attempts, each.delivered_at) for each in told] == [(1, clock.now())] * BROWSERS
            db.session.remove()
            db.engine.dispose()
