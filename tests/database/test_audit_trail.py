"""The audit trail on SQLite and on PostgreSQL: several programs append at once, and none may change it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from glc.audit import record, verify
from glc.clock import ManualClock
from glc.services import services
from partner_registry.agents import OPERATOR
from partner_registry.trail import entries

ACTS = 25
APPENDER = f"""
import sys
from sqlalchemy.orm import Session
from glc.audit import Actor, record
from glc.clock import SystemClock
from glc.database import open_engine
from glc.settings import Settings
import idp.models, partner_registry.models

engine = open_engine(Settings(database_url=sys.argv[1]))
with engine.connect():
    print("ready", flush=True)
sys.stdin.readline()
for number in range({ACTS}):
    with Session(engine) as session:
        record(session, Actor(sys.argv[2]), "partner.edited", f"partner:{{number}}", at=SystemClock().now())
        session.commit()
"""


def test_two_processes_that_append_at_once_make_one_whole_chain(app: Flask) -> None:
    """Issue, point 9: whoever appends locks the chain's end, so that nothing else follows the same entry."""
    with app.app_context():
        url, engine = services().settings.database_url, services().engine
    command = [sys.executable, "-c", APPENDER, url]
    processes = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    assert [process.stdout.readline() for process in processes if process.stdout] == ["ready\n", "ready\n"]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0

    with Session(engine) as session:
        verdict = verify(session)
        actors = [entry.actor for entry in entries(session, limit=2 * ACTS)]
    assert (verdict.length, verdict.problems) == (2 * ACTS, ())
    assert sorted(actors) == ["one"] * ACTS + ["two"] * ACTS


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry", "TRUNCATE"])
def test_no_program_changes_or_deletes_an_entry(app: Flask, clock: ManualClock, statement: str) -> None:
    """Issue, point 9: append-only, by triggers of the database."""
    with app.app_context():
        engine = services().engine
    if statement == "TRUNCATE":
        statement = "TRUNCATE audit_entry" if engine.dialect.name == "postgresql" else "DELETE FROM audit_entry"
    with Session(engine) as session:
        record(session, OPERATOR, "partner.edited", "partner:lyon", at=clock.now())
        session.commit()
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="append-only"):
        connection.exec_driver_sql(statement)
    with Session(engine) as session:
        assert verify(session).length == 1


def test_the_trail_is_searched_alike(app: Flask, clock: ManualClock) -> None:
    """Subjects with their parts, actions by pattern, signs that mean something to LIKE."""
    with app.app_context():
        engine = services().engine
    with Session(engine) as session:
        for action, subject in (("partner.edited", "partner:lyon/x"), ("partnerXedited", "partner:l%on/x")):
            record(session, OPERATOR, action, subject, at=clock.now(), after={"é": [1, None, {"ß": True}]})
        assert [each.subject for each in entries(session, subject="partner:l%on")] == ["partner:l%on/x"]
        assert [each.subject for each in entries(session, action="partner.*")] == ["partner:lyon/x"]
        assert [each.subject for each in entries(session, until=clock.now())] == []
        session.commit()
    with Session(engine) as session:
        assert verify(session).problems == ()
