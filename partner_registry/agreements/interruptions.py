"""What cuts access or gives it back: suspension, notice, termination, derogation; each with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError
from glc.i18n import N_
from glc.settings import Settings
from partner_registry.agents import Agent, require, require_reason
from partner_registry.agreements.acts import not_to_come, noted
from partner_registry.agreements.instruction import STATUS_WORDS, file_status, party_of, subject_of
from partner_registry.agreements.notices import tell
from partner_registry.agreements.status import (
    AWAITED,
    OVER,
    RUNNING,
    AgreementStatus,
    effective_on,
    last_day,
    notice_takes_effect_on,
    status_at,
)
from partner_registry.models import (
    Agreement,
    ContactRole,
    Derogation,
    Partner,
    Suspension,
)
from partner_registry.trail import note, snapshot


def suspend(
    session: Session,
    by: Agent,
    agreement: Agreement,
    *,
    reason: str,
    confirmation: str,
    settings: Settings,
    at: dt.datetime,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
) -> Suspension:
    """Cut access from an instant, until a planned one if given; the partner and its DPO are told by mail.

    `confirmation` is the partner's short name, typed by whoever decides. Raises `Forbidden`, `Conflict`, `InputError`.
    """
    require(by, "agreement.suspend")
    reason = require_reason(reason)
    require_confirmation(party_of(agreement, at), confirmation)
    starts_at = starts_at or at
    if starts_at < at:
        raise InputError(N_("une suspension ne commence pas dans le passé"))
    if ends_at is not None and ends_at <= starts_at:
        raise InputError(N_("la fin prévue suit le début de la suspension"))
    status = status_at(agreement, starts_at)
    if status not in RUNNING:
        raise Conflict(N_("une convention %(status)s ne se suspend pas"), status=STATUS_WORDS[status])
    made = Suspension(starts_at=starts_at, ends_at=ends_at, reason=reason)
    agreement.suspensions.append(made)
    note(
        session,
        by,
        at,
        "agreement.suspended",
        subject_of(agreement),
        partner=agreement.partner,
        after={"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat() if ends_at else None},
        reason=reason,
    )
    tell(session, settings, agreement, _TOLD, "suspended", at=at, reason=reason)
    return made


def lift_suspension(
    session: Session, by: Agent, agreement: Agreement, *, reason: str, settings: Settings, at: dt.datetime
) -> None:
    """End the running suspension now, and take back those to come, which the trail keeps. Raises `Forbidden`,
    `Conflict` when there is none."""
    require(by, "agreement.suspend")
    reason = require_reason(reason)
    found = suspensions_left(agreement, at)
    if not found:
        raise Conflict(N_("cette convention n’est pas suspendue"))
    running = [each for each in found if each.starts_at <= at]
    for suspension in found:
        if suspension in running:
            suspension.ends_at = at
        else:
            agreement.suspensions.remove(suspension)
            session.delete(suspension)
    note(
        session,
        by,
        at,
        "agreement.resumed",
        subject_of(agreement),
        partner=agreement.partner,
        before={"suspended_from": [each.starts_at.isoformat() for each in found]},
        reason=reason,
    )
    tell(session, settings, agreement, _TOLD, "resumed" if running else "spared", at=at, reason=reason)


def suspensions_left(agreement: Agreement, at: dt.datetime) -> list[Suspension]:
    """The suspensions that run at an instant, and those to come."""
    return [each for each in agreement.suspensions if each.ends_at is None or each.ends_at > at]


def refuse_renewal(
    session: Session,
    by: Agent,
    agreement: Agreement,
    *,
    received_on: dt.date,
    sender: str,
    settings: Settings,
    at: dt.datetime,
) -> None:
    """Record a notice of non-renewal: the agreement goes on until 31 December (R32, readings A7, A8). The partner is
    told by mail.

    Raises `Forbidden`, `Conflict`; `InputError` for a day before the agreement began, or one that would have ended it
    already: nothing ends in the past.
    """
    require(by, "agreement.record", party_of(agreement, at))
    not_to_come(received_on, at)
    status = status_at(agreement, at)
    if status not in {AgreementStatus.IN_FORCE, AgreementStatus.SUSPENDED}:
        raise Conflict(N_("une convention %(status)s ne se dénonce pas"), status=STATUS_WORDS[status])
    if agreement.renewal_refused_on is not None:
        told = N_("cette convention est déjà dénoncée, par une lettre reçue le %(day)s : elle compte seule")
        raise Conflict(told, day=agreement.renewal_refused_on)
    if received_on < agreement.starts_on:
        raise InputError(N_("la convention commence le %(day)s : on ne la dénonce pas avant"), day=agreement.starts_on)
    before = snapshot(agreement)
    agreement.renewal_refused_on, agreement.renewal_refused_by = received_on, require_reason(sender)
    ends_on = notice_takes_effect_on(agreement)
    if ends_on is not None and ends_on < paris_date(at):
        raise InputError(
            N_("reçue ce jour-là, elle aurait mis fin à la convention le %(day)s : ce qui a été servi l’a été"),
            day=ends_on,
        )
    noted(session, by, at, "denounced", agreement, before)
    tell(session, settings, agreement, _TOLD, "denounced", at=at, reason=agreement.renewal_refused_by)


def terminate(
    session: Session,
    by: Agent,
    agreement: Agreement,
    *,
    last_on: dt.date,
    cause: str,
    confirmation: str,
    settings: Settings,
    at: dt.datetime,
) -> None:
    """End an agreement early, `last_on` being its last day. Raises `Forbidden`, `Conflict`, `InputError`."""
    require(by, "agreement.end")
    cause = require_reason(cause)
    require_confirmation(party_of(agreement, at), confirmation)
    status = status_at(agreement, at)
    if status in OVER or agreement.notified_on is None:
        raise Conflict(N_("une convention %(status)s ne se résilie pas"), status=STATUS_WORDS[status])
    if last_on < paris_date(at):
        raise InputError(N_("le dernier jour n’est pas déjà passé : ce qui a été servi l’a été"))
    if last_on > last_day(agreement):
        raise InputError(N_("la convention prend fin avant ce jour : il n’y a rien à résilier"))
    before = snapshot(agreement)
    agreement.terminated_on, agreement.termination_cause = last_on, cause
    noted(session, by, at, "terminated", agreement, before, cause)
    tell(session, settings, agreement, _TOLD, "terminated", at=at, reason=cause)


def grant_derogation(
    session: Session,
    by: Agent,
    agreement: Agreement,
    *,
    from_on: dt.date,
    until_on: dt.date,
    reason: str,
    at: dt.datetime,
) -> Derogation:
    """Give access for a gap before the agreement takes effect: dated, with a reason, audited (R34, reading A6)."""
    require(by, "agreement.derogate")
    if until_on < from_on:
        raise InputError(N_("la dérogation finit avant de commencer"))
    if file_status(agreement, at) not in AWAITED:
        raise Conflict(N_("une dérogation attend la prise d’effet d’une convention approuvée"))
    first = effective_on(agreement)
    if first is not None and until_on >= first:
        raise InputError(N_("la convention a déjà effet le %(day)s : la dérogation finit la veille"), day=first)
    made = Derogation(
        from_on=from_on, until_on=until_on, reason=require_reason(reason), granted_at=at, account_id=by.account_id
    )
    agreement.derogations.append(made)
    note(
        session,
        by,
        at,
        "agreement.derogated",
        subject_of(agreement),
        partner=agreement.partner,
        after={"from_on": from_on.isoformat(), "until_on": until_on.isoformat()},
        reason=reason,
    )
    return made


def gap_before(agreement: Agreement) -> tuple[dt.date, dt.date] | None:
    """The days between the end of the agreement it continues and its own first day, if there are any (R34, A6)."""
    first, earlier = effective_on(agreement), agreement.predecessor
    if first is None or earlier is None:
        return None
    begins = last_day(earlier) + dt.timedelta(days=1)
    return (begins, first - dt.timedelta(days=1)) if begins < first else None


def require_confirmation(partner: Partner, typed: str) -> None:
    """Raise `InputError` unless whoever cuts a partner off typed its short name."""
    if typed.strip() != partner.slug:
        raise InputError(N_("pour confirmer, tapez le nom court du partenaire : %(slug)s"), slug=partner.slug)


_TOLD: Collection[ContactRole] = (ContactRole.DPO, ContactRole.CONTROLLER, ContactRole.TECHNICAL)
