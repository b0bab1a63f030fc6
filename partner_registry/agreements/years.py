"""What is recorded of one year of an agreement: credits voted (R11), a new bracket confirmed (reading A4)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.billing.dues import days_of, facts_of, living_lines
from partner_registry.billing.tariff import grid_of, tariff_for
from partner_registry.models import Agreement, AgreementYear
from partner_registry.trail import note_change, snapshot


def confirm_bracket(
    session: Session, by: Agent, agreement: Agreement, year: int, bracket: str, *, at: dt.datetime, reason: str
) -> AgreementYear:
    """Confirm that an agreement's bracket is another than the year before, with an amendment's reference or a reason
    (reading A4). Raises `Forbidden`; `InputError` for another bracket than the population's, or without a reason;
    `Conflict` when the bracket did not change or nothing is due."""
    require(by, "billing.confirm")
    reason = require_reason(reason)
    tariff, days = tariff_for(session, year), days_of(agreement, year)
    if tariff is None or days is None or agreement.framework != tariff.name:
        raise Conflict(N_("%(number)s n’est pas facturée en %(year)s"), number=agreement.number, year=year)
    grid = grid_of(tariff)
    facts = facts_of(session, grid, year, agreement, days, living_lines(session, year - 1).get(agreement.id))
    if facts.population is None:
        raise Conflict(N_("population inconnue en %(year)s : chargez-la d’abord"), year=year)
    found = grid.bracket_of(facts.population.inhabitants).code
    if bracket != found:
        raise InputError(
            N_("la population de %(year)s donne la tranche %(found)s, pas %(given)s"),
            year=year,
            found=found,
            given=bracket,
        )
    if facts.bracket_before in {None, found}:
        raise Conflict(N_("la tranche n’a pas changé : il n’y a rien à confirmer"))
    row = _year_of(session, agreement, year)
    before = snapshot(row)
    row.confirmed_bracket, row.confirmed_reason = bracket, reason
    row.confirmed_at, row.account_id = at, by.account_id
    _note_year(session, by, at, "billing.bracket_confirmed", row, before, agreement, reason)
    return row


def set_budget_voted(
    session: Session, by: Agent, agreement: Agreement, year: int, voted: bool | None, *, at: dt.datetime
) -> AgreementYear:
    """Record whether the partner voted the credits of a year; None: unknown (R11). Raises `Forbidden`."""
    require(by, "billing.prepare")
    row = _year_of(session, agreement, year)
    before = snapshot(row)
    row.budget_voted = voted
    _note_year(session, by, at, "billing.budget_voted", row, before, agreement)
    return row


def _year_of(session: Session, agreement: Agreement, year: int) -> AgreementYear:
    row = next((each for each in agreement.years if each.year == year), None)
    if row is None:
        row = AgreementYear(year=year, confirmed_reason="")
        agreement.years.append(row)
        session.flush()
    return row


def _note_year(
    session: Session,
    by: Agent,
    at: dt.datetime,
    action: str,
    row: AgreementYear,
    before: dict[str, object],
    agreement: Agreement,
    reason: str = "",
) -> None:
    subject = f"agreement:{agreement.number}"
    note_change(session, by, at, action, subject, row, before, partner=agreement.partner, reason=reason)
