"""What an agreement's dates say at a given instant. Nothing here is ever stored."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from glc.clock import end_of_day, start_of_day
from partner_registry.models import Agreement

FAR_FUTURE = dt.datetime.max.replace(tzinfo=dt.UTC)
FAR_PAST = dt.datetime.min.replace(tzinfo=dt.UTC)


class AgreementStatus(enum.Enum):
    """Status at an instant; the values are the reason codes operators see."""

    NOT_NOTIFIED = "agreement_not_notified"
    PENDING_START = "agreement_pending_start"
    IN_FORCE = "agreement_in_force"
    SUSPENDED = "agreement_suspended"
    TERMINATED = "agreement_terminated"
    EXPIRED = "agreement_expired"


@dataclass(frozen=True, slots=True)
class Standing:
    """A status, and the interval [since, until) in which it holds without any new fact."""

    status: AgreementStatus
    since: dt.datetime
    until: dt.datetime


def effective_on(agreement: Agreement) -> dt.date | None:
    """First day of effect: the intended day, or the notification's if that is later (R31, reading A6)."""
    return max(agreement.starts_on, agreement.notified_on) if agreement.notified_on else None


def last_day(agreement: Agreement) -> dt.date:
    """Last day of effect that the recorded facts allow: hard end, termination, or the year's end after a notice of
    non-renewal (R32, R33, reading A7). Tacit renewal needs no act: until then the agreement goes on."""
    days = [agreement.hard_end_on]
    if agreement.terminated_on:
        days.append(agreement.terminated_on)
    if not agreement.renews_yearly:
        days.append(dt.date(agreement.starts_on.year, 12, 31))
    if agreement.renewal_refused_on:
        days.append(dt.date(agreement.renewal_refused_on.year, 12, 31))
    return min(days)


def standing(agreement: Agreement, at: dt.datetime) -> Standing:
    """The agreement's status at an instant, by the second, in Lyon's civil time (reading A18)."""
    first = effective_on(agreement)
    if first is None:
        return Standing(AgreementStatus.NOT_NOTIFIED, FAR_PAST, FAR_FUTURE)
    opens, closes = start_of_day(first), end_of_day(last_day(agreement))
    if at >= closes:
        ended_early = agreement.terminated_on is not None and agreement.terminated_on == last_day(agreement)
        return Standing(AgreementStatus.TERMINATED if ended_early else AgreementStatus.EXPIRED, closes, FAR_FUTURE)
    if at < opens:
        return Standing(AgreementStatus.PENDING_START, FAR_PAST, opens)
    since, until = opens, closes
    for suspension in agreement.suspensions:
        starts, ends = suspension.starts_at, suspension.ends_at or FAR_FUTURE
        if starts <= at < ends:
            return Standing(AgreementStatus.SUSPENDED, max(since, starts), min(until, ends))
        if at < starts:
            until = min(until, starts)
        else:
            since = max(since, ends)
    return Standing(AgreementStatus.IN_FORCE, since, until)
