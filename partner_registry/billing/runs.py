"""A year's billing run, from draft to issued (registry reference, 5.3).

A draft is computed each time it is looked at. A second person validates it: its lines become snapshots that stand by
themselves and never change. A line that was issued is undone by a counter-entry; a new run may then bill it again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError, NotFound
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_another, require_reason
from partner_registry.agreements.years import confirm_bracket, set_budget_voted
from partner_registry.billing.drafts import Draft, Line, draw_up
from partner_registry.billing.dues import Excluded, excluded_from, facts_of_year, living_lines
from partner_registry.billing.previews import Preview, PreviewLine, preview_agreements, preview_communes
from partner_registry.billing.tariff import grid_of, tariff_for
from partner_registry.models import BillingLine, BillingRun, Partner
from partner_registry.trail import note

__all__ = [
    "Draft",
    "Line",
    "Preview",
    "PreviewLine",
    "RunState",
    "confirm_bracket",
    "counter_line",
    "discard_run",
    "draft_of",
    "find_line",
    "find_run",
    "is_undone",
    "issue_run",
    "lines_for",
    "lines_of",
    "prepare_run",
    "preview_agreements",
    "preview_communes",
    "refuse_unready",
    "run_state",
    "runs",
    "set_budget_voted",
    "validate_run",
]


class RunState(enum.Enum):
    """What has become of a run."""

    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    ISSUED = "ISSUED"
    DISCARDED = "DISCARDED"


STATE_WORDS = {
    RunState.DRAFT: N_("brouillon"),
    RunState.VALIDATED: N_("validée"),
    RunState.ISSUED: N_("émise"),
    RunState.DISCARDED: N_("écartée"),
}


def run_state(run: BillingRun) -> RunState:
    """The state of a run, from its dates."""
    if run.discarded_at is not None:
        return RunState.DISCARDED
    if run.issued_at is not None:
        return RunState.ISSUED
    return RunState.DRAFT if run.validated_at is None else RunState.VALIDATED


def runs(session: Session, year: int | None = None) -> list[BillingRun]:
    """Every run, or a year's, in the order they were prepared in."""
    query = sa.select(BillingRun).order_by(BillingRun.id)
    return list(session.scalars(query if year is None else query.where(BillingRun.year == year)))


def find_run(session: Session, number: int) -> BillingRun:
    """The run of that number. Raises `NotFound`."""
    run = session.get(BillingRun, number)
    if run is None:
        raise NotFound(N_("il n’y a pas de campagne n° %(number)s"), number=number)
    return run


def find_line(session: Session, number: int) -> BillingLine:
    """The frozen line of that number. Raises `NotFound`."""
    line = session.get(BillingLine, number)
    if line is None:
        raise NotFound(N_("il n’y a pas de ligne n° %(number)s"), number=number)
    return line


def prepare_run(session: Session, by: Agent, year: int, *, at: dt.datetime) -> BillingRun:
    """Open the draft of a year: it takes up every agreement that has no living line for it. One draft a year.

    Raises `Forbidden`, `InputError` (no year), `Conflict` when the year has a draft already.
    """
    require(by, "billing.prepare")
    if not 2000 <= year <= 2999:
        raise InputError(N_("%(year)s n’est pas un exercice : une année de quatre chiffres"), year=year)
    if any(run_state(each) is RunState.DRAFT for each in runs(session, year)):
        raise Conflict(N_("%(year)s a déjà un brouillon : validez-le, ou écartez-le"), year=year)
    run = BillingRun(year=year, prepared_at=at, preparer_id=by.account_id, discarded_reason="", anomalies=[])
    session.add(run)
    session.flush()
    note(session, by, at, "billing.prepared", subject_of(run), after={"year": year})
    return run


def draft_of(session: Session, run: BillingRun) -> Draft:
    """What a draft would bill, as the registry stands. Raises `Conflict` when it is a draft no more."""
    _expect(run, RunState.DRAFT)
    return draft_of_year(session, run.year)


def draft_of_year(session: Session, year: int) -> Draft:
    """What a run of the year would bill: nothing outside every tariff's years (R33, reading A17)."""
    tariff = tariff_for(session, year)
    grid = grid_of(tariff) if tariff is not None else None
    excluded = list(excluded_from(session, grid, year))
    if grid is None:
        return Draft(year=year, lines=(), anomalies=(), blocked=(), excluded=tuple(excluded))
    billed = living_lines(session, year)
    facts = facts_of_year(session, grid, year)
    excluded += [
        Excluded(each.agreement_number, N_("déjà facturée"), {}) for each in facts if each.agreement_id in billed
    ]
    return draw_up(grid, year, [each for each in facts if each.agreement_id not in billed], excluded)


def lines_of(session: Session, run: BillingRun) -> Sequence[Line | BillingLine]:
    """The lines of a run: computed while it is a draft, frozen afterwards, counter-entries included."""
    if run_state(run) is RunState.DRAFT:
        return draft_of(session, run).lines
    return run.lines


def lines_for(session: Session, run: BillingRun, partner: Partner) -> list[Line | BillingLine]:
    """The lines of a run that a partner owes, under any of its names."""
    numbers = {each.siren for each in partner.identities}
    return [line for line in lines_of(session, run) if line.siren in numbers]


def validate_run(session: Session, by: Agent, run: BillingRun, *, at: dt.datetime) -> None:
    """Freeze a draft's lines: somebody else than who prepared it decides.

    Raises `Forbidden`; `Conflict` before the year begins (its terms may still change), for an empty draft, while a
    population is missing, and while an anomaly that blocks is there.
    """
    require(by, "billing.validate")
    session.refresh(run, with_for_update=True)
    require_another(by, run.preparer_id)
    draft = draft_of(session, run)
    refuse_unready(draft, at)
    attempts = _attempts(session, run.year)
    run.tariff = tariff_for(session, run.year)
    run.validated_at, run.validator_id = at, by.account_id
    run.anomalies = [each.told() for each in draft.anomalies]
    run.lines = [
        BillingLine(
            **dataclasses.asdict(line), attempt=attempts.get(line.agreement_id, 0) + 1, written_at=at, reason=""
        )
        for line in draft.lines
    ]
    session.flush()
    after = {
        "year": run.year,
        "lines": len(run.lines),
        "total_cents": draft.total_cents,
        "anomalies": run.anomalies,
    }
    note(session, by, at, "billing.validated", subject_of(run), after=after)


def refuse_unready(draft: Draft, at: dt.datetime) -> None:
    """Raise `Conflict`, saying what stands in the way, unless a draft may be validated."""
    if paris_date(at) < dt.date(draft.year, 1, 1):
        raise Conflict(N_("%(year)s n’a pas commencé : l’offre du 1er janvier fait le prix"), year=draft.year)
    if draft.blocked:
        raise Conflict(
            N_("population inconnue au 1er janvier %(year)s : %(names)s ; chargez-la, elle n’est jamais comptée zéro"),
            year=draft.year,
            names=draft.blocked,
        )
    if draft.unresolved:
        raise Conflict(N_("à régler avant de valider — %(anomalies)s"), anomalies=draft.unresolved)
    if not draft.lines:
        raise Conflict(N_("cette campagne est vide : il n’y a rien à valider, écartez-la"))


def issue_run(session: Session, by: Agent, run: BillingRun, *, at: dt.datetime) -> None:
    """Send a validated run out. Raises `Forbidden`, `Conflict`."""
    require(by, "billing.validate")
    session.refresh(run, with_for_update=True)
    _expect(run, RunState.VALIDATED)
    run.issued_at = at
    after = {"year": run.year, "total_cents": sum(line.due_cents for line in run.lines)}
    note(session, by, at, "billing.issued", subject_of(run), after=after)


def discard_run(session: Session, by: Agent, run: BillingRun, *, at: dt.datetime, reason: str) -> None:
    """Set a draft aside. Raises `Forbidden`, `InputError` without a reason, `Conflict` when it is a draft no more."""
    require(by, "billing.prepare")
    reason = require_reason(reason)
    session.refresh(run, with_for_update=True)
    _expect(run, RunState.DRAFT)
    run.discarded_at, run.discarded_reason = at, reason
    note(session, by, at, "billing.discarded", subject_of(run), before={"year": run.year}, reason=reason)


def counter_line(session: Session, by: Agent, line: BillingLine, *, at: dt.datetime, reason: str) -> BillingLine:
    """Undo an issued line by one of the opposite amount; a new run of the year may then bill the agreement again.

    Raises `Forbidden`, `InputError` without a reason, `Conflict` for a line that is not issued, that is a counter-entry
    itself, or that has one.
    """
    require(by, "billing.validate")
    reason = require_reason(reason)
    session.refresh(line.run, with_for_update=True)
    _expect(line.run, RunState.ISSUED)
    if line.counters_id is not None:
        raise Conflict(N_("une contre-écriture ne s’annule pas : facturez de nouveau par une campagne"))
    if is_undone(session, line):
        raise Conflict(N_("la ligne n° %(number)s est déjà annulée"), number=line.id)
    kept = {each.name: getattr(line, each.name) for each in dataclasses.fields(Line)}
    opposite = {name: -kept[name] for name in ("base_cents", "discount_cents", "due_cents")}
    made = BillingLine(
        **kept | opposite, attempt=line.attempt, counters_id=line.id, reason=reason, written_at=at, run=line.run
    )
    session.add(made)
    session.flush()
    note(
        session,
        by,
        at,
        "billing.countered",
        f"billing_line:{line.id}",
        partner=line.agreement.partner,
        after={"line": made.id, "agreement": line.agreement_number, "year": line.year, "due_cents": made.due_cents},
        reason=reason,
    )
    return made


def is_undone(session: Session, line: BillingLine) -> bool:
    """Whether a counter-entry undid the line."""
    return session.scalar(sa.select(BillingLine.id).where(BillingLine.counters_id == line.id)) is not None


def subject_of(run: BillingRun) -> str:
    """What the audit trail calls a run."""
    return f"billing_run:{run.id}"


def _expect(run: BillingRun, wanted: RunState) -> None:
    state = run_state(run)
    if state is not wanted:
        raise Conflict(
            N_("cela attend une campagne %(wanted)s ; celle-ci est : %(state)s"),
            wanted=STATE_WORDS[wanted],
            state=STATE_WORDS[state],
        )


def _attempts(session: Session, year: int) -> dict[int, int]:
    """How often each agreement was billed for the year, undone lines counted."""
    query = sa.select(BillingLine.agreement_id, sa.func.max(BillingLine.attempt).label("attempt")).where(
        BillingLine.year == year
    )
    return {row.agreement_id: row.attempt for row in session.execute(query.group_by(BillingLine.agreement_id))}
