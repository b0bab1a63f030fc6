"""The audit trail (issue, point 9; registry reference, 6.3): append-only, who, when, before and after, why, and a chain
in which a gap or an edit shows."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from onboarding import PDF, new_file, new_partner
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from glc.audit import GENESIS, Verdict, record, verify
from glc.clock import ManualClock
from glc.database import open_engine
from glc.entropy import SystemEntropy
from glc.i18n import english
from glc.settings import Settings
from partner_registry.agents import OPERATOR
from partner_registry.agreements.documents import add_document
from partner_registry.models import DocumentKind
from partner_registry.partners.life import edit_partner, find_partner
from partner_registry.tokens import issue_token
from partner_registry.trail import entries, note

Registry = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def five(registry: Registry, clock: ManualClock) -> list[str]:
    """A trail of five entries; their digests."""
    digests = []
    with registry() as session:
        for number in range(5):
            after = {"number": number, "words": "été"}
            entry = record(session, OPERATOR, "partner.edited", f"partner:{number}", at=clock.now(), after=after)
            digests.append(entry.digest)
            clock.advance(seconds=1)
    return digests


@pytest.fixture
def tamper(engine: Engine) -> Callable[..., Verdict]:
    """Change the database as its owner can, triggers dropped; what checking the trail finds then."""

    def change(*statements: str, expected_head: str | None = None) -> Verdict:
        with engine.begin() as connection:
            for act in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER audit_entry_no_{act}")
            for statement in statements:
                connection.exec_driver_sql(statement)
        with Session(engine) as session:
            return verify(session, expected_head=expected_head)

    return change


def told(verdict: Verdict) -> tuple[str, ...]:
    """What is wrong, as the command line says it."""
    return tuple(each.told(english) for each in verdict.problems)


def test_an_act_leaves_who_when_what_before_after_why_and_by_which_request(
    registry: Registry, clock: ManualClock, people: Any
) -> None:
    """Reference, 6.3, last sentence: every write."""
    agent = dataclasses.replace(people.admin, via="api", request_id="0123456789abcdef")
    with registry() as session:
        lyon = find_partner(session, "lyon")
        edit_partner(session, agent, lyon, at=clock.now(), support_url="https://lyon.example/aide")
        (entry,) = entries(session, action="partner.edited")
    assert (entry.actor, entry.account_id, entry.via) == (agent.name, agent.account_id, "api")
    assert (entry.at, entry.request_id, entry.subject) == (clock.now(), "0123456789abcdef", "partner:lyon")
    assert (entry.before, entry.after) == ({"support_url": None}, {"support_url": "https://lyon.example/aide"})


def test_what_is_refused_or_undone_leaves_no_entry(engine: Engine, clock: ManualClock, people: Any) -> None:
    """The entry is in the act's own transaction: neither is there without the other."""
    with Session(engine) as session:
        lyon = find_partner(session, "lyon")
        edit_partner(session, people.admin, lyon, at=clock.now(), support_url="https://lyon.example/aide")
        session.rollback()
        assert entries(session, action="partner.edited") == []
        assert verify(session).problems == ()


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_to_change_or_delete_an_entry(
    engine: Engine, five: list[str], statement: str
) -> None:
    """Append-only: whatever program connects."""
    with engine.begin() as connection, pytest.raises(sa.exc.DatabaseError, match="append-only"):
        connection.exec_driver_sql(statement)


def test_a_whole_trail_is_found_whole_and_says_what_it_ends_with(registry: Registry, five: list[str]) -> None:
    """What `glc audit verify` prints, to be noted elsewhere."""
    with registry() as session:
        verdict = verify(session, expected_head=five[2])
    assert (verdict.head, verdict.problems) == (five[-1], ())


def test_an_empty_trail_is_whole(registry: Registry) -> None:
    """On a new database."""
    with registry() as session:
        assert verify(session) == Verdict(0, GENESIS, ())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'2020-01-01 00:00:00.000000'"),
        ("actor", "'somebody else'"),
        ("account_id", "NULL"),
        ("via", "'api'"),
        ("request_id", "'1'"),
        ("action", "'partner.registered'"),
        ("subject", "'partner:lyon'"),
        ("before", "'{\"number\": 1}'"),
        ("after", '\'{"number": 1, "words": "ete"}\''),
        ("reason", "'because'"),
    ],
)
def test_an_edit_is_detected_whatever_column_it_changes(
    app: Flask,
    registry: Registry,
    tamper: Callable[..., Verdict],
    people: Any,
    clock: ManualClock,
    column: str,
    value: str,
) -> None:
    """Issue, point 9: an edit; the message names the entry."""
    with registry() as session:
        for number in range(3):
            record(
                session, people.admin, "partner.edited", f"partner:{number}", at=clock.now(), after={"number": number}
            )
    verdict = tamper(f"UPDATE audit_entry SET {column} = {value} WHERE id = 2")
    (problem,) = told(verdict)
    assert "entry 2" in problem
    assert "changed after it was written" in problem


def test_a_gap_is_detected(five: list[str], tamper: Callable[..., Verdict]) -> None:
    """Issue, point 9: a gap; the message names the entry after it."""
    problems = told(tamper("DELETE FROM audit_entry WHERE id = 3"))
    assert "entry 4: the entry before it is missing or another one" in problems


def test_a_cut_off_end_is_detected(five: list[str], tamper: Callable[..., Verdict]) -> None:
    """The chain alone would not show it; the head row does."""
    problems = told(tamper("DELETE FROM audit_entry WHERE id > 3"))
    assert problems == ("5 entries were written, 3 are there: the end was cut off or added to",)


def test_a_cut_off_end_with_the_head_mended_is_detected_by_a_digest_noted_elsewhere(
    five: list[str], tamper: Callable[..., Verdict]
) -> None:
    """Whoever owns the database can mend the head row, not the auditor's notebook."""
    statements = (
        "DELETE FROM audit_entry WHERE id > 3",
        f"UPDATE audit_head SET length = 3, digest = '{five[2]}'",
    )
    verdict = tamper(*statements, expected_head=five[4])
    assert told(verdict) == ("the digest noted earlier is no longer in the chain",)
    assert [each.told() for each in verdict.problems] == ["l’empreinte notée auparavant n’est plus dans la chaîne"]


def test_two_entries_that_changed_places_are_detected(five: list[str], tamper: Callable[..., Verdict]) -> None:
    """Reordering."""
    verdict = tamper(
        "UPDATE audit_entry SET id = 99 WHERE id = 2",
        "UPDATE audit_entry SET id = 2 WHERE id = 3",
        "UPDATE audit_entry SET id = 3 WHERE id = 99",
    )
    assert [each[:8] for each in told(verdict)] == ["entry 2:", "entry 3:", "entry 4:"]


def test_a_head_that_was_taken_away_is_detected(five: list[str], tamper: Callable[..., Verdict]) -> None:
    """And nothing is appended to a trail without one."""
    assert "taken away" in told(tamper("DELETE FROM audit_head"))[0]


def test_a_session_that_saw_an_older_end_follows_the_newest(app: Flask, engine: Engine, clock: ManualClock) -> None:
    """A long session (an import, a job) must not fork the chain after another process has appended."""
    other = open_engine(Settings(database_url=f"sqlite:///{engine.url.database}"))
    with Session(engine, expire_on_commit=False) as long, Session(other) as short:
        record(long, OPERATOR, "partner.edited", "partner:1", at=clock.now())
        long.commit()
        record(short, OPERATOR, "partner.edited", "partner:2", at=clock.now())
        short.commit()
        record(long, OPERATOR, "partner.edited", "partner:3", at=clock.now())
        long.commit()
        assert verify(long).problems == ()
    other.dispose()


def test_entries_are_found_by_subject_with_its_parts_by_action_and_by_time(
    registry: Registry, clock: ManualClock
) -> None:
    """What the pages, the REST interface and `glc audit list` show."""
    with registry() as session:
        for action, subject in (
            ("partner.registered", "partner:lyon"),
            ("processing.drafted", "partner:lyon/processing:1"),
            ("partner.registered", "partner:lyon-est"),
            ("partner.renamed", "partner:l_on"),
        ):
            note(session, OPERATOR, clock.now(), action, subject)
            clock.advance(minutes=1)

        def found(**filters: Any) -> list[str]:
            return [f"{each.action} {each.subject}" for each in entries(session, **filters)]

        first = "partner.registered partner:lyon"
        assert found(subject="partner:lyon") == ["processing.drafted partner:lyon/processing:1", first]
        assert found(subject="partner:l_on") == ["partner.renamed partner:l_on"]
        assert found(action="partner.*", until=clock.now() - dt.timedelta(minutes=3)) == [first]
        assert len(found(action="partner.*")) == 3
        assert found(action="partner.register") == []
        assert found(since=clock.now() - dt.timedelta(minutes=1)) == ["partner.renamed partner:l_on"]


def test_pages_of_the_trail_neither_repeat_nor_skip_an_entry_while_others_are_added(
    registry: Registry, clock: ManualClock, five: list[str]
) -> None:
    """Keyset pagination: by the last entry seen, not by a count."""
    with registry() as session:
        first = entries(session, limit=2)
        record(session, OPERATOR, "partner.edited", "partner:new", at=clock.now())
        second = entries(session, limit=2, before_id=first[-1].id)
        third = entries(session, limit=2, before_id=second[-1].id)
    assert [each.digest for each in (*first, *second, *third)] == five[::-1]


def test_nothing_secret_enters_the_trail(registry: Registry, clock: ManualClock, people: Any) -> None:
    """CONTRIBUTING, « Nothing secret is logged »: neither a secret, nor its digest, nor what a document says."""
    with registry() as session:
        partner = new_partner(session, people.reviewer, clock)
        file = new_file(session, people.admin, partner, clock)
        kind = DocumentKind.AGREEMENT
        add_document(session, people.admin, file, kind=kind, name="c.pdf", content=PDF, at=clock.now())
        token, clear = issue_token(
            session, people.admin, people.admin.account_id, "nuit", at=clock.now(), entropy=SystemEntropy()
        )
        written = " ".join(str((each.before, each.after)) for each in entries(session))
    assert "nuit" in written
    assert not [each for each in (clear, token.digest, "signed agreement") if each in written]


def test_the_operators_own_acts_are_noted_too(registry: Registry, clock: ManualClock) -> None:
    """The command line of whoever holds the server leaves its name."""
    with registry() as session:
        lyon = find_partner(session, "lyon")
        edit_partner(session, OPERATOR, lyon, at=clock.now(), support_url="https://lyon.example/aide")
        assert [(each.actor, each.account_id, each.via) for each in entries(session)] == [("glc", None, "cli")]
