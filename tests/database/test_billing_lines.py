"""Bills on SQLite and on PostgreSQL: a run from draft to issued, and a line that nobody changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from conftest import add_account
from flask import Flask
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.services import services
from partner_registry.agents import Agent
from partner_registry.billing.runs import counter_line, draft_of, issue_run, lines_of, prepare_run, validate_run
from partner_registry.billing.statements import statement_pdf
from partner_registry.exports import lines_csv
from partner_registry.models import BillingLine, BillingRun, Role


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The registry of either database."""
    with app.app_context():
        engine = services().engine
    with Session(engine) as opened:
        yield opened


@pytest.fixture
def agents(app: Flask, clock: ManualClock) -> list[Agent]:
    """Two reviewers."""
    for name in ("one", "other"):
        add_account(app, clock, email=f"{name}@agents.example", first_name=name, last_name="Agent")
    with app.app_context(), services().engine.connect() as connection:
        numbers = connection.execute(sa.text("SELECT id FROM account ORDER BY id")).scalars().all()
    return [Agent(name=f"agent {number}", account_id=number, roles=frozenset({Role.REVIEWER})) for number in numbers]


@pytest.fixture
def issued(session: Session, agents: list[Agent], clock: ManualClock) -> BillingRun:
    """The run of 2020, issued."""
    one, other = agents
    run = prepare_run(session, one, 2020, at=clock.now())
    session.commit()
    computed = lines_csv(draft_of(session, run).lines, spreadsheet=False).splitlines()
    validate_run(session, other, run, at=clock.now())
    issue_run(session, one, run, at=clock.now())
    session.commit()
    session.expire_all()
    frozen = lines_csv(lines_of(session, run), spreadsheet=False).splitlines()
    assert [line.split(",", 4)[4] for line in frozen] == [line.split(",", 4)[4] for line in computed]
    return run


def test_a_year_is_billed_undone_and_billed_again(
    session: Session, issued: BillingRun, agents: list[Agent], clock: ManualClock
) -> None:
    """Registry reference, 5.3."""
    counter_line(session, agents[0], issued.lines[0], at=clock.now(), reason="offre mal saisie")
    again = prepare_run(session, agents[0], 2020, at=clock.now())
    validate_run(session, agents[1], again, at=clock.now())
    session.commit()
    assert [(line.partner_name, line.attempt, line.due_cents) for line in again.lines] == [
        ("Ville de Bron", 2, 1_400_000)
    ]
    pdf = statement_pdf([line for line in issued.lines if line.siren == "216900290"], year=2020)
    assert pdf.startswith(b"%PDF-")


@pytest.mark.parametrize("statement", ["UPDATE billing_line SET due_cents = 1", "DELETE FROM billing_line", "TRUNCATE"])
def test_no_program_changes_or_deletes_a_line(session: Session, issued: BillingRun, statement: str) -> None:
    """Registry reference, 5.3: by triggers of the database, not only by the rules."""
    if statement == "TRUNCATE":
        postgresql = session.get_bind().dialect.name == "postgresql"
        statement = "TRUNCATE billing_line CASCADE" if postgresql else "DELETE FROM billing_line WHERE 1"
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text(statement))
    session.rollback()
    assert session.scalar(sa.select(sa.func.sum(BillingLine.due_cents))) == 5_820_000


def test_a_year_has_one_draft_and_an_agreement_one_living_line(
    session: Session, issued: BillingRun, agents: list[Agent], clock: ManualClock
) -> None:
    """Mistake 5, were the rules forgotten."""
    line = issued.lines[0]
    twin = {each.key: getattr(line, each.key) for each in sa.inspect(BillingLine).column_attrs if each.key != "id"}
    prepare_run(session, agents[0], 2021, at=clock.now())
    session.commit()
    second = BillingRun(year=2021, prepared_at=clock.now(), anomalies=[], discarded_reason="")
    for row in (BillingLine(**twin), second):
        session.add(row)
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        session.rollback()
