"""Amendments: what may be changed in a running agreement, which stays as it is until they are notified."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.agreements.drafting import within_framework
from partner_registry.agreements.instruction import STATUS_WORDS, file_status, party_of, subject_of
from partner_registry.agreements.status import (
    AMENDABLE,
    RUNNING,
    TERM_WORDS,
    AgreementStatus,
    last_day,
    read_term,
    restricts,
    status_at,
)
from partner_registry.models import (
    Agreement,
    Amendment,
)
from partner_registry.trail import note, snapshot


def open_amendment(
    session: Session,
    by: Agent,
    agreement: Agreement,
    *,
    purpose: str,
    changes: dict[str, object],
    effective_on: dt.date,
    at: dt.datetime,
) -> Amendment:
    """Open an amendment's file; the running agreement stays as it is until it is notified. One at a time.

    Raises `InputError` for what no amendment changes, an effect after the end (it cannot revive what is over), an end
    before the effect, or the restricted offer on another day than 1 January (reading A12).
    """
    require(by, "agreement.draft", party_of(agreement, at))
    status = status_at(agreement, at)
    if status not in RUNNING | {AgreementStatus.SUSPENDED, AgreementStatus.PENDING_START}:
        raise Conflict(N_("une convention %(status)s n’a pas d’avenant"), status=STATUS_WORDS[status])
    closed = {AgreementStatus.REFUSED, AgreementStatus.WITHDRAWN}
    if any(each.notified_on is None and file_status(each, at) not in closed for each in agreement.amendments):
        raise Conflict(N_("un avenant est déjà en cours : menez-le à son terme, ou retirez-le"))
    _check_changes(session, agreement, changes, effective_on)
    amendment = Amendment(
        number=max((each.number for each in agreement.amendments), default=0) + 1,
        purpose=require_reason(purpose),
        changes=changes,
        effective_on=effective_on,
        author_id=by.account_id,
        created_at=at,
    )
    agreement.amendments.append(amendment)
    session.flush()
    note(
        session,
        by,
        at,
        "amendment.drafted",
        subject_of(amendment),
        partner=agreement.partner,
        after=snapshot(amendment),
    )
    return amendment


def _check_changes(session: Session, agreement: Agreement, changes: dict[str, object], on: dt.date) -> None:
    unknown = sorted(changes.keys() - set(AMENDABLE))
    if unknown or not changes:
        raise InputError(
            N_("un avenant change un ou plusieurs de : %(terms)s"),
            terms=list(TERM_WORDS.values()),
        )
    if on > last_day(agreement):
        raise InputError(N_("un avenant ne ranime pas une convention : celle-ci finit avant sa date d’effet"))
    try:
        read = {name: read_term(name, value) for name, value in changes.items()}
    except ValueError as error:
        raise InputError(N_("valeur illisible dans l’avenant : %(error)s"), error=error) from error
    if restricts(changes) and (on.month, on.day) != (1, 1):
        raise InputError(N_("le passage à l’offre restreinte prend effet un 1er janvier (A12)"))
    if isinstance(end := read.get("hard_end_on"), dt.date):
        check_end(end, on)
        within_framework(session, agreement.framework, agreement.starts_on, end)


def check_end(hard_end_on: dt.date, effective_on: dt.date) -> None:
    """Raise `InputError` when an amendment would end the agreement before it takes effect itself: days that were served
    would be billed to nobody."""
    if hard_end_on < effective_on:
        raise InputError(
            N_("le nouveau terme précède la prise d’effet de l’avenant, le %(day)s : ce qui a été servi l’a été"),
            day=effective_on,
        )
