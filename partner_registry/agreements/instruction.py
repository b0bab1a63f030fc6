"""The instruction of a file, an agreement's or an amendment's: one ordered table says who may do what, from where, and
what it takes (registry reference, 6.2). A running agreement stays in force whatever becomes of an amendment's file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_another, require_reason
from partner_registry.agreements.status import RUNNING, amendment_status_at, last_day, last_step, status_at
from partner_registry.agreements.status import AgreementStatus as S
from partner_registry.completeness import Missing, missing_for_approval, missing_for_submission
from partner_registry.models import Agreement, Amendment, Partner, Step, StepKind
from partner_registry.trail import note

File = Agreement | Amendment
Needs = Callable[[Agreement, dt.date], list[Missing]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row of the table: a step, the statuses it may be taken from, the permission, and what it takes."""

    step: StepKind
    before: frozenset[S]
    action: str
    reason: bool
    another: bool = False
    needs: Needs | None = None


TRANSITIONS = (
    Transition(
        step=StepKind.SUBMITTED,
        before=frozenset({S.DRAFT, S.CHANGES_REQUESTED}),
        action="agreement.submit",
        reason=False,
        needs=missing_for_submission,
    ),
    Transition(
        step=StepKind.WITHDRAWN,
        before=frozenset({S.DRAFT, S.SUBMITTED, S.CHANGES_REQUESTED}),
        action="agreement.withdraw",
        reason=True,
    ),
    Transition(
        step=StepKind.CHANGES_REQUESTED,
        before=frozenset({S.SUBMITTED}),
        action="agreement.examine",
        reason=True,
        another=True,
    ),
    Transition(
        step=StepKind.REFUSED,
        before=frozenset({S.SUBMITTED}),
        action="agreement.examine",
        reason=True,
        another=True,
    ),
    Transition(
        step=StepKind.APPROVED,
        before=frozenset({S.SUBMITTED}),
        action="agreement.examine",
        reason=False,
        another=True,
        needs=missing_for_approval,
    ),
    Transition(
        step=StepKind.REOPENED,
        before=frozenset({S.APPROVED, S.REFUSED, S.WITHDRAWN}),
        action="agreement.examine",
        reason=True,
    ),
)
"""Signature and what follows are dated acts, not steps: see `acts`."""

_BY_STEP = {each.step: each for each in TRANSITIONS}

STATUS_WORDS = {
    S.DRAFT: N_("en préparation"),
    S.SUBMITTED: N_("déposée"),
    S.CHANGES_REQUESTED: N_("à compléter"),
    S.REFUSED: N_("refusée"),
    S.WITHDRAWN: N_("retirée"),
    S.APPROVED: N_("approuvée"),
    S.SIGNED: N_("signée"),
    S.TRANSMITTED: N_("transmise au contrôle de légalité"),
    S.PENDING_START: N_("notifiée, en attente de sa prise d’effet"),
    S.IN_FORCE: N_("en vigueur"),
    S.DENOUNCED: N_("dénoncée, en vigueur jusqu’à son terme"),
    S.SUSPENDED: N_("suspendue"),
    S.TERMINATED: N_("résiliée"),
    S.EXPIRED: N_("arrivée à son terme"),
}


def status_in_words(file: File, at: dt.datetime, translate: Callable[[str], str] = str) -> str:
    """The status of a file in words. A termination to come is told before the notice that it overtakes."""
    status = file_status(file, at)
    if isinstance(file, Agreement) and status in RUNNING | {S.SUSPENDED} and file.terminated_on == last_day(file):
        told = N_("suspendue, et résiliée au %(day)s") if status is S.SUSPENDED else N_("résiliée au %(day)s")
        return translate(told) % {"day": f"{file.terminated_on:%d/%m/%Y}"}
    return translate(STATUS_WORDS[status])


def take_step(session: Session, by: Agent, file: File, kind: StepKind, *, at: dt.datetime, reason: str = "") -> Step:
    """Take one step of a file's instruction. Raises `Forbidden`, `Conflict` (not from this status), `InputError`
    (a reason is due, or something is missing)."""
    transition = _BY_STEP[kind]
    partner = party_of(file, at)
    require(by, transition.action, partner)
    status = file_status(file, at)
    if status not in transition.before:
        raise Conflict(N_("cette étape ne se prend pas quand le dossier est : %(status)s"), status=STATUS_WORDS[status])
    if transition.reason:
        reason = require_reason(reason)
    if transition.another:
        for author in authors_of(file):
            require_another(by, author)
    if transition.needs is not None:
        refuse_incomplete(transition.needs(agreement_behind(file), paris_date(at)))
    step = Step(kind=kind, at=at, account_id=by.account_id, reason=reason)
    file.steps.append(step)
    note(
        session,
        by,
        at,
        f"{_noun(file)}.{kind.value.lower()}",
        subject_of(file),
        partner=partner,
        before={"status": status.value},
        after={"status": file_status(file, at).value},
        reason=reason,
    )
    return step


def agreement_behind(file: File) -> Agreement:
    """The agreement that a file is, or amends."""
    return file if isinstance(file, Agreement) else file.agreement


def party_of(file: File, at: dt.datetime) -> Partner:
    """Whose file it is at an instant: the partner that signed, or whoever succeeded it by then."""
    return agreement_behind(file).partner.holder_on(paris_date(at))


def authors_of(file: File) -> list[int | None]:
    """The accounts of who drew a file up and who submitted it: whoever decides is neither."""
    submitted = last_step(file, StepKind.SUBMITTED)
    return [submitted.account_id if submitted else None, file.author_id]


def file_status(file: File, at: dt.datetime) -> S:
    """The status of an agreement or of an amendment."""
    return status_at(file, at) if isinstance(file, Agreement) else amendment_status_at(file, at)


def subject_of(file: File) -> str:
    """What the audit trail calls a file."""
    if isinstance(file, Agreement):
        return f"agreement:{file.number}"
    return f"agreement:{file.agreement.number}/amendment:{file.number}"


class Incomplete(InputError):
    """Something is missing: `missing` lists everything that is."""

    def __init__(self, missing: list[Missing]) -> None:
        self.missing = missing
        super().__init__(N_("il manque : %(what)s"), what=missing)


def refuse_incomplete(missing: list[Missing]) -> None:
    """Raise `Incomplete` unless nothing is missing."""
    if missing:
        raise Incomplete(missing)


def _noun(file: File) -> str:
    return "agreement" if isinstance(file, Agreement) else "amendment"
