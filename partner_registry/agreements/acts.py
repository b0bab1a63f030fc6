"""The dated acts of a file, an agreement's or an amendment's: decided, signed, transmitted, notified; corrected.

Each is recorded once, in its order and with what it takes (registry reference, 6.2); a date that was typed wrong is
corrected by an administrator, with a reason, and the trail keeps both. Dates are civil dates in Lyon (A18).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from glc.clock import start_of_day
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.agreements.amendments import check_end
from partner_registry.agreements.drafting import check_founder, free_number
from partner_registry.agreements.instruction import (
    STATUS_WORDS,
    File,
    agreement_behind,
    file_status,
    party_of,
    refuse_incomplete,
    subject_of,
)
from partner_registry.agreements.status import AgreementStatus, amended_if_notified, last_day
from partner_registry.completeness import Missing
from partner_registry.models import (
    Agreement,
    Amendment,
    CouncilBody,
    CouncilDecision,
    DocumentKind,
)
from partner_registry.trail import note, note_change, snapshot

PRECEDES_SIGNATURE = N_("une délibération précède la signature qu’elle autorise")


def add_decision(
    session: Session,
    by: Agent,
    file: File,
    *,
    body: CouncilBody,
    number: str,
    decided_on: dt.date | None,
    at: dt.datetime,
) -> CouncilDecision:
    """Record a council's decision. Raises `Forbidden`, `InputError` (no number, or a date to come)."""
    agreement = agreement_behind(file)
    require(by, "agreement.draft", party_of(agreement, at))
    if not number.strip():
        raise InputError(N_("donnez le numéro de la délibération"))
    not_to_come(decided_on, at)
    not_before(file.signed_on, decided_on, PRECEDES_SIGNATURE)
    decision = CouncilDecision(body=body, number=number.strip(), decided_on=decided_on)
    file.decisions.append(decision)
    note(
        session,
        by,
        at,
        "agreement.decision_added",
        subject_of(file),
        partner=agreement.partner,
        after={"body": body.value, "number": number, "decided_on": decided_on.isoformat() if decided_on else None},
    )
    return decision


def sign(session: Session, by: Agent, file: File, *, on: dt.date, signatories: str = "", at: dt.datetime) -> None:
    """Record the signature. It takes both councils' decisions, not later than it, and the signed PDF."""
    in_order(by, file, at, AgreementStatus.APPROVED)
    not_to_come(on, at)
    refuse_incomplete(missing_for_signature(file, on))
    before = snapshot(file)
    file.signed_on, file.signatories = on, signatories
    noted(session, by, at, "signed", file, before)


def missing_for_signature(file: File, on: dt.date) -> list[Missing]:
    """What the signature takes: both councils' decisions (number, date not later) and the PDF."""
    found = []
    for body, whose in ((CouncilBody.PARTNER, N_("de la commune")), (CouncilBody.METROPOLE, N_("de la Métropole"))):
        decisions = [each for each in file.decisions if each.body is body]
        if not decisions:
            found.append(Missing("decisions", N_("ajoutez la délibération %(whose)s"), {"whose": whose}))
        elif any(each.decided_on is None for each in decisions):
            found.append(Missing("decisions", N_("donnez la date de la délibération %(whose)s"), {"whose": whose}))
        elif any(each.decided_on is not None and each.decided_on > on for each in decisions):
            told = N_("la délibération %(whose)s ne peut pas suivre la signature")
            found.append(Missing("decisions", told, {"whose": whose}))
    if not any(each.kind is DocumentKind.AGREEMENT for each in file.documents):
        found.append(Missing("documents", N_("joignez le PDF signé")))
    return found


def transmit(session: Session, by: Agent, file: File, *, on: dt.date, receipt: str, at: dt.datetime) -> None:
    """Record the transmission to the State's representative, with the number of the receipt."""
    in_order(by, file, at, AgreementStatus.SIGNED)
    not_to_come(on, at)
    if not receipt.strip():
        raise InputError(N_("donnez le numéro de l’accusé de réception de la préfecture"))
    not_before(on, file.signed_on, N_("la transmission ne précède pas la signature"))
    before = snapshot(file)
    file.transmitted_on, file.prefecture_receipt = on, receipt.strip()
    noted(session, by, at, "transmitted", file, before)


def notify(session: Session, by: Agent, file: File, *, on: dt.date, means: str = "", at: dt.datetime) -> None:
    """Record the notification: with the intended first day, the condition of taking effect (R31)."""
    in_order(by, file, at, AgreementStatus.TRANSMITTED)
    not_to_come(on, at)
    not_before(on, file.signed_on, N_("la notification ne précède pas la signature"))
    not_before(on, file.transmitted_on, N_("la notification ne précède pas la transmission"))
    if isinstance(file, Amendment):
        first = amended_if_notified(file, on)
        if first > last_day(file.agreement):
            raise Conflict(N_("un avenant ne ranime pas une convention : celle-ci finit avant sa date d’effet"))
        if "hard_end_on" in file.changes:
            check_end(dt.date.fromisoformat(str(file.changes["hard_end_on"])), first)
    before = snapshot(file)
    file.notified_on, file.notified_by = on, means
    noted(session, by, at, "notified", file, before)


ACT_DATES = ("signed_on", "transmitted_on", "notified_on")
"""The dates of the acts, in their order."""

CORRECTABLE = (*ACT_DATES, "prefecture_receipt", "number", "unpaid", "reported_on")
"""What an administrator may correct. The hard end, the offer and the first day are terms: an amendment changes them."""

BILLED = (
    "founding_partner",
    "budget_program",
    "budget_operation",
    "budget_nature",
    "budget_function",
    "chorus_service_code",
    "commitment_number",
)
"""What a bill says besides the price, corrected likewise: lines that were validated keep what they say."""


def correct(
    session: Session, by: Agent, agreement: Agreement, *, at: dt.datetime, reason: str, **changes: object
) -> None:
    """Correct what was typed wrong. Raises `Forbidden`; `InputError` without a reason, for a term, an act taken away,
    dates to come or that would no longer follow each other, or the discount of who was no founder (A5); `Conflict` for
    a number taken, or an act that was never recorded: correcting is no way around the instruction (6.2)."""
    require(by, "agreement.correct")
    reason = require_reason(reason)
    terms = sorted(changes.keys() - {*CORRECTABLE, *BILLED})
    if terms:
        raise InputError(
            N_("%(term)s ne se corrige pas : c’est un terme de la convention, ouvrez un avenant"), term=terms[0]
        )
    if changes.get("number", agreement.number) != agreement.number:
        changes["number"] = free_number(session, str(changes["number"]))
    _check_corrected_acts(agreement, changes, at)
    before = snapshot(agreement)
    for name, value in changes.items():
        setattr(agreement, name, value)
    for decision in agreement.decisions:
        not_before(agreement.signed_on, decision.decided_on, PRECEDES_SIGNATURE)
    not_before(agreement.transmitted_on, agreement.signed_on, N_("la transmission ne précède pas la signature"))
    not_before(agreement.notified_on, agreement.signed_on, N_("la notification ne précède pas la signature"))
    not_before(agreement.notified_on, agreement.transmitted_on, N_("la notification ne précède pas la transmission"))
    if agreement.founding_partner:
        check_founder(agreement.partner)
    noted(session, by, at, "corrected", agreement, before, reason)


def _check_corrected_acts(agreement: Agreement, changes: dict[str, object], at: dt.datetime) -> None:
    """Raise unless each date of an act stays one, of an act that took place: this one, or one that follows it."""
    for place, name in enumerate(ACT_DATES):
        corrected = changes.get(name, getattr(agreement, name))
        if corrected == getattr(agreement, name):
            continue
        if all(getattr(agreement, each) is None for each in ACT_DATES[place:]):
            raise Conflict(N_("cet acte n’est pas encore enregistré : il s’enregistre à son étape, sans correction"))
        if not isinstance(corrected, dt.date):
            raise InputError(N_("un acte enregistré ne s’efface pas : donnez sa date"))
        not_to_come(corrected, at)


def in_order(by: Agent, file: File, at: dt.datetime, wanted: AgreementStatus) -> None:
    """Raise `Forbidden` or `Conflict` unless the agent may record acts and the file is in the status it follows."""
    require(by, "agreement.record", party_of(file, at))
    status = file_status(file, at)
    if status is not wanted:
        raise Conflict(
            N_("cet acte attend une convention %(wanted)s ; elle est : %(status)s"),
            wanted=STATUS_WORDS[wanted],
            status=STATUS_WORDS[status],
        )


def not_to_come(on: dt.date | None, at: dt.datetime) -> None:
    """Raise `InputError` for a day to come: what is recorded has taken place."""
    if on is not None and start_of_day(on) > at:
        raise InputError(N_("cette date est à venir : on enregistre ce qui a eu lieu"))


def not_before(later: dt.date | None, earlier: dt.date | None, message: str) -> None:
    """Raise `InputError` with that message when a later act would come first."""
    if later is not None and earlier is not None and later < earlier:
        raise InputError(message)


def noted(
    session: Session, by: Agent, at: dt.datetime, act: str, file: File, before: dict[str, object], reason: str = ""
) -> None:
    """Leave an act on a file in the trail, with what changed."""
    noun = "agreement" if isinstance(file, Agreement) else "amendment"
    partner = agreement_behind(file).partner
    note_change(session, by, at, f"{noun}.{act}", subject_of(file), file, before, partner=partner, reason=reason)
