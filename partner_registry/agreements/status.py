"""What an agreement's facts say at a given instant. Nothing here is ever stored."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from glc.clock import end_of_day, paris_date, start_of_day
from glc.i18n import N_
from partner_registry.models import Agreement, Amendment, Offer, Step, StepKind

FAR_FUTURE = dt.datetime.max.replace(tzinfo=dt.UTC)
FAR_PAST = dt.datetime.min.replace(tzinfo=dt.UTC)


class AgreementStatus(enum.Enum):
    """Status at an instant; the values are the reason codes operators see."""

    DRAFT = "agreement_draft"
    SUBMITTED = "agreement_submitted"
    CHANGES_REQUESTED = "agreement_changes_requested"
    REFUSED = "agreement_refused"
    WITHDRAWN = "agreement_withdrawn"
    APPROVED = "agreement_approved"
    SIGNED = "agreement_signed"
    TRANSMITTED = "agreement_transmitted"
    PENDING_START = "agreement_pending_start"
    IN_FORCE = "agreement_in_force"
    DENOUNCED = "agreement_denounced"
    SUSPENDED = "agreement_suspended"
    TERMINATED = "agreement_terminated"
    EXPIRED = "agreement_expired"


RUNNING = frozenset({AgreementStatus.IN_FORCE, AgreementStatus.DENOUNCED})
"""Statuses that give access: a denounced agreement is in force until the year's end."""
OVER = frozenset({AgreementStatus.TERMINATED, AgreementStatus.EXPIRED})
SET_ASIDE = frozenset({AgreementStatus.REFUSED, AgreementStatus.WITHDRAWN})
AWAITED = frozenset(
    {AgreementStatus.APPROVED, AgreementStatus.SIGNED, AgreementStatus.TRANSMITTED, AgreementStatus.PENDING_START}
)
"""Approved, and not in effect yet: what a derogation may span (reading A6)."""

_AFTER_STEP = {
    StepKind.SUBMITTED: AgreementStatus.SUBMITTED,
    StepKind.CHANGES_REQUESTED: AgreementStatus.CHANGES_REQUESTED,
    StepKind.REFUSED: AgreementStatus.REFUSED,
    StepKind.WITHDRAWN: AgreementStatus.WITHDRAWN,
    StepKind.APPROVED: AgreementStatus.APPROVED,
    StepKind.REOPENED: AgreementStatus.DRAFT,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A status, and the interval [since, until) in which it holds without any new fact."""

    status: AgreementStatus
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class AgreementTerms:
    """The terms in effect on a day, amendments counted; `renewal_settled_on` says since when it is renewed, or not."""

    offer: Offer
    hard_end_on: dt.date
    already_equipped: bool
    renews_yearly: bool
    renewal_settled_on: dt.date


TERM_WORDS = {
    "offer": N_("l’offre"),
    "hard_end_on": N_("le terme"),
    "already_equipped": N_("l’équipement de la commune"),
    "renews_yearly": N_("la reconduction"),
}
AMENDABLE = tuple(TERM_WORDS)
"""The terms that an amendment may change."""


def effective_on(agreement: Agreement) -> dt.date | None:
    """First day of effect: the intended day, or the notification's if that is later (R31, reading A6)."""
    return max(agreement.starts_on, agreement.notified_on) if agreement.notified_on else None


def amended_on(amendment: Amendment) -> dt.date | None:
    """First day of an amendment's terms; None before it is notified."""
    return amended_if_notified(amendment, amendment.notified_on) if amendment.notified_on else None


def amended_if_notified(amendment: Amendment, notified_on: dt.date) -> dt.date:
    """First day of an amendment's terms if it is notified on that day: the later of both, and for the restricted offer
    the 1 January that follows (reading A12)."""
    first = max(amendment.effective_on, notified_on)
    begins_a_year = (first.month, first.day) == (1, 1)
    return dt.date(first.year + 1, 1, 1) if restricts(amendment.changes) and not begins_a_year else first


def restricts(changes: Mapping[str, object]) -> bool:
    """Whether an amendment's changes lead to the restricted offer."""
    return changes.get("offer") == Offer.RESTRICTED.value


def terms_on(agreement: Agreement, day: dt.date) -> AgreementTerms:
    """The terms in effect on a day: those signed first, as the amendments in effect by then changed them, one after the
    other. One that would take effect after the end changes nothing: it revives no agreement."""
    terms = AgreementTerms(
        **{name: getattr(agreement, name) for name in AMENDABLE}, renewal_settled_on=agreement.starts_on
    )
    for first, amendment in _in_effect_by(agreement, day):
        if first > _end(agreement, terms):
            break
        changes = {name: read_term(name, value) for name, value in amendment.changes.items()}
        if changes.get("renews_yearly", terms.renews_yearly) != terms.renews_yearly:
            changes["renewal_settled_on"] = first
        terms = dataclasses.replace(terms, **changes)  # type: ignore[arg-type]
    return terms


def _in_effect_by(agreement: Agreement, day: dt.date) -> list[tuple[dt.date, Amendment]]:
    dated = [(first, each) for each in agreement.amendments if (first := amended_on(each)) is not None and first <= day]
    return sorted(dated, key=lambda pair: (pair[0], pair[1].number))


def read_term(name: str, value: object) -> object:
    """A term's value from the JSON an amendment keeps it in."""
    if name == "offer":
        return Offer(value)
    return dt.date.fromisoformat(str(value)) if name == "hard_end_on" else value


def notice_takes_effect_on(agreement: Agreement) -> dt.date | None:
    """The 31 December on which a notice of non-renewal ends the agreement: that of the first year, from the one it
    begins in on, for which it came in time (A8)."""
    received = agreement.renewal_refused_on
    if received is None:
        return None
    in_time = received <= notice_deadline(agreement, received.year)
    return dt.date(max(received.year if in_time else received.year + 1, agreement.starts_on.year), 12, 31)


def notice_deadline(agreement: Agreement, year: int) -> dt.date:
    """Last day on which a notice ends the agreement with that year."""
    months = 12 - agreement.notice_months
    return dt.date(year, months + 1, 1) - dt.timedelta(days=1) if months < 12 else dt.date(year, 12, 31)


def last_day(agreement: Agreement, day: dt.date | None = None) -> dt.date:
    """Last day of effect that the recorded facts allow: hard end, termination, or the year's end after a notice of
    non-renewal (R32, R33, reading A7). Tacit renewal needs no act: until then the agreement goes on. `day`: as the
    terms in effect on that day say; every amendment counts when it is left out."""
    return _end(agreement, terms_on(agreement, day or dt.date.max))


def _end(agreement: Agreement, terms: AgreementTerms) -> dt.date:
    days = [terms.hard_end_on, agreement.terminated_on, notice_takes_effect_on(agreement)]
    if not terms.renews_yearly:
        days.append(dt.date(max(terms.renewal_settled_on, agreement.starts_on).year, 12, 31))
    return min(day for day in days if day is not None)


def status_at(agreement: Agreement, at: dt.datetime) -> AgreementStatus:
    """The agreement's status at an instant, by the second, in Lyon's civil time (reading A18)."""
    day = paris_date(at)
    first = effective_on(agreement)
    if first is None or agreement.notified_on is None or day < agreement.notified_on:
        return _before_notification(agreement, at, day)
    last = last_day(agreement, day)
    if day > last:
        early = agreement.terminated_on is not None and agreement.terminated_on == last
        return AgreementStatus.TERMINATED if early else AgreementStatus.EXPIRED
    if day < first:
        return AgreementStatus.PENDING_START
    if any(each.starts_at <= at and (each.ends_at is None or at < each.ends_at) for each in agreement.suspensions):
        return AgreementStatus.SUSPENDED
    refused = agreement.renewal_refused_on
    return AgreementStatus.DENOUNCED if refused is not None and refused <= day else AgreementStatus.IN_FORCE


def is_derogated(agreement: Agreement, at: dt.datetime) -> bool:
    """Whether a derogation gives access while an approved agreement is awaited (reading A6)."""
    day = paris_date(at)
    return any(each.from_on <= day <= each.until_on for each in agreement.derogations) and (
        status_at(agreement, at) in AWAITED
    )


def _before_notification(agreement: Agreement | Amendment, at: dt.datetime, day: dt.date) -> AgreementStatus:
    if agreement.transmitted_on is not None and agreement.transmitted_on <= day:
        return AgreementStatus.TRANSMITTED
    if agreement.signed_on is not None and agreement.signed_on <= day:
        return AgreementStatus.SIGNED
    taken = [step for step in agreement.steps if step.at <= at]
    return _AFTER_STEP[taken[-1].kind] if taken else AgreementStatus.DRAFT


def amendment_status_at(amendment: Amendment, at: dt.datetime) -> AgreementStatus:
    """The status of an amendment's file: in force from its first day on, whatever becomes of the agreement."""
    day = paris_date(at)
    first = amended_on(amendment)
    if first is None or amendment.notified_on is None or day < amendment.notified_on:
        return _before_notification(amendment, at, day)
    return AgreementStatus.IN_FORCE if day >= first else AgreementStatus.PENDING_START


def standing(agreement: Agreement, at: dt.datetime) -> Standing:
    """The status at an instant and how long it holds: from the last change of status to the next one that the facts
    recorded today announce."""
    status = status_at(agreement, at)
    since, until = FAR_PAST, FAR_FUTURE
    instants = sorted(set(turning_points(agreement)))
    for instant in reversed([each for each in instants if each <= at]):
        if status_at(agreement, instant - dt.timedelta(microseconds=1)) is not status:
            since = instant
            break
    for instant in (each for each in instants if each > at):
        if status_at(agreement, instant) is not status:
            until = instant
            break
    return Standing(status, since, until)


def turning_points(agreement: Agreement) -> Iterator[dt.datetime]:
    """Every instant at which the status, the terms or a derogation may change."""
    firsts = [agreement.signed_on, agreement.transmitted_on, agreement.notified_on, effective_on(agreement)]
    firsts += [agreement.renewal_refused_on, *(each.from_on for each in agreement.derogations)]
    firsts += map(amended_on, agreement.amendments)
    yield from (start_of_day(each) for each in firsts if each is not None)
    lasts = [last_day(agreement), *(each.until_on for each in agreement.derogations)]
    yield from (end_of_day(each) for each in lasts)
    yield from (step.at for step in agreement.steps)
    for suspension in agreement.suspensions:
        yield suspension.starts_at
        if suspension.ends_at is not None:
            yield suspension.ends_at


def last_step(file: Agreement | Amendment, *kinds: StepKind) -> Step | None:
    """The latest step of the file of one of those kinds."""
    return next((step for step in reversed(file.steps) if step.kind in kinds), None)
