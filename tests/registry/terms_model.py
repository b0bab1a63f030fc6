"""A slow, obvious model of what a client is let do: it replays the facts of its agreements night after night.

Written from the registry reference alone (R31 to R35, A6 to A8, A13, A18, 6.2); it shares no code with the program.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

LYON = ZoneInfo("Europe/Paris")
FIRST_MORNING, LAST_MORNING = dt.date(2018, 9, 1), dt.date(2024, 6, 30)
"""Before and after every generated fact."""

RUNNING = {"agreement_in_force", "agreement_denounced"}
OVER = {"agreement_terminated", "agreement_expired"}
APPROVED = {"agreement_approved", "agreement_signed", "agreement_transmitted", "agreement_pending_start"}
EXAMINED = {"agreement_submitted", "agreement_changes_requested"}
AFTER_STEP = {
    "SUBMITTED": "agreement_submitted",
    "CHANGES_REQUESTED": "agreement_changes_requested",
    "REFUSED": "agreement_refused",
    "WITHDRAWN": "agreement_withdrawn",
    "APPROVED": "agreement_approved",
    "REOPENED": "agreement_draft",
}


def midnight(day: dt.date) -> dt.datetime:
    """When a civil day begins in Lyon."""
    return dt.datetime(day.year, day.month, day.day, tzinfo=LYON).astimezone(dt.UTC)


def civil(at: dt.datetime) -> dt.date:
    """What the calendar in Lyon shows."""
    return at.astimezone(LYON).date()


@dataclass
class Amended:
    """An amendment: new terms, from a day on, once it is notified."""

    number: int
    effective_on: dt.date
    notified_on: dt.date | None
    changes: dict[str, Any]


@dataclass
class Signed:
    """The recorded facts of an agreement."""

    starts_on: dt.date
    hard_end_on: dt.date
    signed_on: dt.date | None
    transmitted_on: dt.date | None
    notified_on: dt.date | None
    renews_yearly: bool
    notice_months: int
    renewal_refused_on: dt.date | None
    terminated_on: dt.date | None
    restricted: bool
    steps: list[tuple[dt.datetime, str]]
    suspensions: list[tuple[dt.datetime, dt.datetime | None]]
    amendments: list[Amended]
    derogations: list[tuple[dt.date, dt.date]]


@dataclass
class Night:
    """What is so in the morning after a night's replay."""

    hard_end_on: dt.date
    renews: bool
    restricted: bool
    ended: str | None = None


class Replay:
    """One agreement, night after night from the beginning; asked for a later day it goes on from there."""

    def __init__(self, facts: Signed) -> None:
        self.facts = facts
        self.mornings: dict[dt.date, Night] = {}
        now = Night(facts.hard_end_on, facts.renews_yearly, facts.restricted)
        day = FIRST_MORNING
        while day <= LAST_MORNING:
            if self._is_new_year(day) and not self._renewed(now, day.year - 1):
                now.ended = now.ended or self._terminated(day) or "agreement_expired"
            self._end(now, day)
            for amendment in sorted(facts.amendments, key=lambda each: each.number):
                if now.ended is None and day == self._first_day(amendment):
                    self._amend(now, amendment)
                    self._end(now, day)
            self.mornings[day] = Night(**vars(now))
            day += dt.timedelta(days=1)

    def _first_day(self, amendment: Amended) -> dt.date | None:
        """Both are needed; the restricted offer waits for a 1 January (A12)."""
        if amendment.notified_on is None:
            return None
        first = max(amendment.effective_on, amendment.notified_on)
        while amendment.changes.get("restricted") and (first.month, first.day) != (1, 1):
            first += dt.timedelta(days=1)
        return first

    def _amend(self, now: Night, amendment: Amended) -> None:
        changes = amendment.changes
        now.hard_end_on = changes.get("hard_end_on", now.hard_end_on)
        now.renews = changes.get("renews_yearly", now.renews)
        now.restricted = changes.get("restricted", now.restricted)

    def _end(self, now: Night, day: dt.date) -> None:
        """The night before `day`: over for good when the last day was yesterday, or earlier than anybody knew."""
        expired = "agreement_expired" if day > now.hard_end_on else None
        now.ended = now.ended or self._terminated(day) or expired

    def _terminated(self, day: dt.date) -> str | None:
        last = self.facts.terminated_on
        return "agreement_terminated" if last is not None and day > last else None

    def _is_new_year(self, day: dt.date) -> bool:
        return (day.month, day.day) == (1, 1) and day.year > self.facts.starts_on.year

    def _renewed(self, now: Night, year: int) -> bool:
        """Whether the agreement goes on after a year: it says so, and nobody gave notice months before (A7, A8)."""
        if not now.renews:
            return False
        notice = self.facts.renewal_refused_on
        if notice is None:
            return True
        month, months_left = 12, self.facts.notice_months
        while months_left:
            month, year = (month - 1, year) if month > 1 else (12, year - 1)
            months_left -= 1
        return notice > dt.date(year, month, calendar.monthrange(year, month)[1])

    def status(self, at: dt.datetime) -> str:
        """The status at an instant."""
        facts, day = self.facts, civil(at)
        if facts.notified_on is None or day < facts.notified_on:
            return self._status_of_the_file(at, day)
        ended = self.mornings[day].ended
        if ended is not None:
            return ended
        if day < facts.starts_on:
            return "agreement_pending_start"
        for starts_at, ends_at in facts.suspensions:
            if starts_at <= at and not (ends_at is not None and ends_at <= at):
                return "agreement_suspended"
        if facts.renewal_refused_on is not None and facts.renewal_refused_on <= day:
            return "agreement_denounced"
        return "agreement_in_force"

    def _status_of_the_file(self, at: dt.datetime, day: dt.date) -> str:
        if self.facts.transmitted_on is not None and self.facts.transmitted_on <= day:
            return "agreement_transmitted"
        if self.facts.signed_on is not None and self.facts.signed_on <= day:
            return "agreement_signed"
        status = "agreement_draft"
        for taken_at, kind in self.facts.steps:
            if taken_at <= at:
                status = AFTER_STEP[kind]
        return status

    def restricted(self, day: dt.date) -> bool:
        """Whether the offer of that day excludes the agents' tools."""
        return self.mornings[day].restricted

    def derogated(self, at: dt.datetime) -> bool:
        """Whether a derogation gives access while the agreement, approved, is awaited (A6)."""
        day = civil(at)
        return any(first <= day <= last for first, last in self.facts.derogations) and self.status(at) in APPROVED


@dataclass
class Declared:
    """A processing: the claim it needs, whose it is, and from when to when it may."""

    claim: str
    owner: str
    validated_on: dt.date | None
    withdrawn_on: dt.date | None


@dataclass
class World:
    """A client of Alpha and everything that decides what it gets. Alpha may be succeeded by Gamma, the client handed
    to Beta; the agreements are Alpha's."""

    sandbox: bool
    of_the_tools: bool
    agreements: list[Signed]
    bindings: list[tuple[int, dt.date, dt.date | None]]
    processings: list[Declared]
    renamed_on: dt.date | None
    succeeded_on: dt.date | None
    handed_over_on: dt.date | None
    disabled_at: dt.datetime | None
    archived_at: dt.datetime | None
    replays: list[Replay] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.replays = [Replay(each) for each in self.agreements]

    def holder(self, day: dt.date) -> str:
        """Whose client it is."""
        if self.handed_over_on is not None and self.handed_over_on <= day:
            return "Beta"
        return self.heir_of("Alpha", day)

    def heir_of(self, name: str, day: dt.date) -> str:
        """Who stands for a partner on a day."""
        return "Gamma" if name == "Alpha" and self.succeeded_on is not None and self.succeeded_on <= day else name

    def controller(self, at: dt.datetime) -> str:
        """What the controller of the data is called."""
        day = civil(at)
        if self.holder(day) == "Alpha" and self.renamed_on is not None and self.renamed_on <= day:
            return "Alpha-la-Neuve"
        return self.holder(day)

    def access(self, at: dt.datetime) -> tuple[str, str, Replay | None]:
        """The gate: what is let through, the reason, the agreement it is under."""
        if self.archived_at is not None and at >= self.archived_at:
            return "closed", "client_archived", None
        if self.disabled_at is not None and at >= self.disabled_at:
            return "closed", "client_disabled", None
        access, reason, under = self._of_a_trial(at) if self.sandbox else self._of_production(at)
        if access == "open" and self.of_the_tools and under is not None and under.restricted(civil(at)):
            return "not_yet", "offer_restricted", under
        return access, reason, under

    def _of_a_trial(self, at: dt.datetime) -> tuple[str, str, Replay | None]:
        theirs = self.replays if self.holder(civil(at)) != "Beta" else []
        ordered = sorted(theirs, key=lambda each: each.facts.starts_on)
        for access, wanted in (
            ("open", RUNNING),
            ("paused", {"agreement_suspended"}),
            ("open", APPROVED | EXAMINED),
            ("over", OVER),
        ):
            for replay in ordered:
                if self._tried(replay, at) in wanted:
                    return access, self._tried(replay, at), replay
        return "not_yet", "no_file_submitted", None

    def _tried(self, replay: Replay, at: dt.datetime) -> str:
        """The status of a file for its trials: what was submitted once stays so while it is prepared anew."""
        submitted = [taken_at for taken_at, kind in replay.facts.steps if kind == "SUBMITTED" and taken_at <= at]
        return "agreement_submitted" if submitted and replay.status(at) == "agreement_draft" else replay.status(at)

    def _of_production(self, at: dt.datetime) -> tuple[str, str, Replay | None]:
        day, found = civil(at), None
        for number, first, last in self.bindings:
            if first <= day and (last is None or day <= last):
                found = self.replays[number]
        if found is not None and found.status(at) in RUNNING:
            return "open", found.status(at), found
        if found is not None and found.status(at) == "agreement_suspended":
            return "paused", "agreement_suspended", found
        for number, _first, last in self.bindings:
            if (last is None or day <= last) and self.replays[number].derogated(at):
                return "open", "agreement_derogation", self.replays[number]
        if found is not None:
            return ("over" if found.status(at) in OVER else "not_yet"), found.status(at), found
        if not self.bindings:
            return "not_yet", "no_agreement", None
        if any(first > day for _number, first, _last in self.bindings):
            return "not_yet", "binding_pending_start", None
        return "over", "binding_ended", None

    def claims(self, at: dt.datetime) -> set[str]:
        """What a declared purpose lets be told: a validated one, in production, of whoever holds the client."""
        day = civil(at)
        return {
            each.claim
            for each in self.processings
            if self.heir_of(each.owner, day) == self.holder(day)
            and not (each.withdrawn_on is not None and each.withdrawn_on <= day)
            and (self.sandbox or (each.validated_on is not None and each.validated_on <= day))
        }

    def was_once_justified(self, claim: str, at: dt.datetime) -> bool:
        """Whether a claim is one that a validated processing declared, which was withdrawn since."""
        return any(
            each.claim == claim
            and each.validated_on is not None
            and each.withdrawn_on is not None
            and each.withdrawn_on <= civil(at)
            for each in self.processings
        )

    def scopes(self, at: dt.datetime, claim_of: dict[str, str]) -> tuple[set[str], set[str]]:
        """The scopes that may be asked for, and those of them that give nothing. `claim_of`: the one claim of each."""
        told, under = self.claims(at), self.access(at)[2]
        open_, empty = {"openid"}, set()
        if not (under is not None and under.restricted(civil(at))):
            open_.add("gru")
        for scope, claim in claim_of.items():
            if claim in told:
                open_.add(scope)
            elif self.sandbox or self.was_once_justified(claim, at):
                open_.add(scope)
                empty.add(scope)
        return open_, empty
