"""Acceptance runs on SQLite and on PostgreSQL: stored as they were signed, and nobody changes one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from conftest import register_site
from flask import Flask
from results import signed

from glc.clock import ManualClock
from glc.database import db
from partner_registry.agents import OPERATOR
from partner_registry.clients.acceptances import store_run
from partner_registry.clients.life import find_client
from partner_registry.models import AcceptanceRun
from partner_registry.ports import ports


@pytest.mark.parametrize("statement", ["UPDATE acceptance_run SET verdict = 'failed'", "DELETE FROM acceptance_run"])
def test_a_stored_run_stays_as_it_was_signed(app: Flask, clock: ManualClock, statement: str) -> None:
    """Issue 5, point 7: whoever has the database's password does not change one by mistake either."""
    client_id = register_site(app, clock).client_id
    text = signed(app, client_id)
    with app.app_context():
        session = db.session()
        version = find_client(session, client_id).latest
        store_run(session, OPERATOR, version, text, at=clock.now(), read=ports().acceptances.read)
        session.commit()
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            session.execute(sa.text(statement))
        session.rollback()
        assert session.scalars(sa.select(AcceptanceRun.signed_text)).all() == [text]
