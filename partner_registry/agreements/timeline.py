"""An agreement's life as dated events, those of the past and those that the recorded facts announce."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from glc.audit import AuditEntry
from glc.clock import paris_date, start_of_day
from glc.i18n import N_
from partner_registry.agreements.status import AgreementStatus as S
from partner_registry.agreements.status import amended_on, effective_on, last_day, notice_deadline, status_at, terms_on
from partner_registry.models import Agreement, Amendment, CouncilBody, StepKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, or will. `by` is the account of whoever did it; `whole_day`: only the day is known."""

    at: dt.datetime
    kind: str
    """step, act, access, amendment, renewal or end: what colours it."""
    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    whole_day: bool = False
    by: int | None = None
    reason: str = ""
    action: str = ""
    """What the audit trail calls the act, where only the trail knows who did it."""
    recorded_at: dt.datetime | None = None
    """When it was recorded, where it has but a day."""


_STEPS = {
    StepKind.SUBMITTED: N_("Dossier déposé"),
    StepKind.CHANGES_REQUESTED: N_("Compléments demandés"),
    StepKind.REFUSED: N_("Dossier refusé"),
    StepKind.WITHDRAWN: N_("Dossier retiré"),
    StepKind.APPROVED: N_("Dossier approuvé"),
    StepKind.REOPENED: N_("Dossier rouvert"),
}
_COUNCILS = {
    CouncilBody.PARTNER: N_("Délibération de la commune n° %(number)s"),
    CouncilBody.METROPOLE: N_("Délibération de la Métropole n° %(number)s"),
}


def timeline(agreement: Agreement, at: dt.datetime) -> list[Event]:
    """Every event of an agreement, in order: recorded acts, yearly renewals (R32, reading A7), and what comes next."""
    found = [*_file(agreement), *_access(agreement), *_years(agreement, at), *_ends(agreement, at)]
    for amendment in agreement.amendments:
        found += _amendment(amendment)
    return _in_order(found)


def file_timeline(file: Agreement | Amendment, at: dt.datetime) -> list[Event]:
    """The events of an agreement, or of one amendment alone."""
    if isinstance(file, Agreement):
        return timeline(file, at)
    return _in_order([*_file(file), *_amendment(file)])


def _in_order(events: list[Event]) -> list[Event]:
    """By day, then by the hour it was done or recorded at; what has no hour of that day comes last."""
    return sorted(events, key=_place)


def _place(event: Event) -> tuple[dt.date, bool, dt.datetime]:
    day, done_at = paris_date(event.at), event.recorded_at if event.whole_day else event.at
    if done_at is None or paris_date(done_at) != day:
        return day, True, event.at
    return day, False, done_at


def authored(events: Iterable[Event], entries: Iterable[AuditEntry]) -> list[Event]:
    """The same events, each act with who recorded it and why as the audit trail has it: signature, transmission,
    notification, suspension and its lifting, notice, termination."""
    trail = list(entries)
    return _in_order([_authored(each, trail) for each in events])


def _authored(event: Event, trail: list[AuditEntry]) -> Event:
    named = [each for each in trail if each.action == event.action] if event.action else []
    if not event.whole_day:  # a suspension may be planned: its entry says from when
        wanted = event.at.astimezone(dt.UTC)
        named = [each for each in named if wanted in {each.at.astimezone(dt.UTC), _starts_at(each)}]
    if not named:
        return event
    entry = max(named, key=lambda each: each.at)
    return dataclasses.replace(
        event, by=event.by or entry.account_id, reason=event.reason or entry.reason, recorded_at=entry.at
    )


def _starts_at(entry: AuditEntry) -> dt.datetime | None:
    starts = entry.after.get("starts_at")
    return dt.datetime.fromisoformat(starts).astimezone(dt.UTC) if isinstance(starts, str) else None


def _on(day: dt.date, kind: str, template: str, *, action: str = "", **values: object) -> Event:
    at = start_of_day(day)
    return Event(at=at, kind=kind, template=template, values=values, whole_day=True, action=action)


def _file(file: Agreement | Amendment) -> Iterator[Event]:
    opened = N_("Dossier ouvert") if isinstance(file, Agreement) else N_("Avenant ouvert")
    yield Event(at=file.created_at, kind="step", template=opened, by=file.author_id)
    noun = "agreement" if isinstance(file, Agreement) else "amendment"
    for step in file.steps:
        yield Event(at=step.at, kind="step", template=_STEPS[step.kind], by=step.account_id, reason=step.reason)
    for decision in file.decisions:
        if decision.decided_on is not None:
            yield _on(decision.decided_on, "act", _COUNCILS[decision.body], number=decision.number)
    for document in file.documents:
        yield Event(
            at=document.kept_at,
            kind="act",
            template=N_("Document joint : %(name)s"),
            values={"name": document.name},
            by=document.account_id,
        )
    if file.signed_on is not None:
        yield _on(file.signed_on, "act", N_("Signature"), action=f"{noun}.signed")
    if file.transmitted_on is not None:
        told = N_("Transmission au contrôle de légalité, accusé n° %(receipt)s")
        receipt = file.prefecture_receipt or "—"
        yield _on(file.transmitted_on, "act", told, action=f"{noun}.transmitted", receipt=receipt)
    if file.notified_on is not None:
        yield _on(file.notified_on, "act", N_("Notification"), action=f"{noun}.notified")


def _amendment(amendment: Amendment) -> Iterator[Event]:
    if (first := amended_on(amendment)) is not None:
        told = N_("L’avenant n° %(number)s prend effet : %(purpose)s")
        yield _on(first, "amendment", told, number=amendment.number, purpose=amendment.purpose)
    elif not amendment.steps:
        told = N_("Avenant n° %(number)s en préparation : %(purpose)s")
        values = {"number": amendment.number, "purpose": amendment.purpose}
        yield Event(at=amendment.created_at, kind="amendment", template=told, values=values, by=amendment.author_id)


def _access(agreement: Agreement) -> Iterator[Event]:
    if (first := effective_on(agreement)) is not None:
        yield _on(first, "access", N_("Prise d’effet"))
    for derogation in agreement.derogations:
        yield Event(
            at=start_of_day(derogation.from_on),
            kind="access",
            template=N_("Accès par dérogation jusqu’au %(day)s"),
            values={"day": derogation.until_on.strftime("%d/%m/%Y")},
            whole_day=True,
            by=derogation.account_id,
            reason=derogation.reason,
        )
    for suspension in agreement.suspensions:
        yield Event(
            at=suspension.starts_at,
            kind="access",
            template=N_("Accès suspendu"),
            reason=suspension.reason,
            action="agreement.suspended",
        )
        if suspension.ends_at is not None:
            yield Event(at=suspension.ends_at, kind="access", template=N_("Accès rétabli"), action="agreement.resumed")


def _years(agreement: Agreement, at: dt.datetime) -> Iterator[Event]:
    """The tacit renewals so far, and the next one; the last day of this year's notice."""
    first, last = effective_on(agreement), last_day(agreement)
    if first is None:
        return
    today = paris_date(at)
    for year in range(first.year + 1, last.year + 1):
        on = dt.date(year, 1, 1)
        if on <= last and on.year <= today.year + 1 and terms_on(agreement, on).renews_yearly:
            yield _on(on, "renewal", N_("Reconduction tacite pour %(year)s"), year=year)
    limit = notice_deadline(agreement, today.year)
    renewed = dt.date(today.year + 1, 1, 1) <= last and terms_on(agreement, today).renews_yearly
    if today <= limit and renewed and status_at(agreement, at) in {S.IN_FORCE, S.SUSPENDED}:
        yield _on(
            limit, "renewal", N_("Dernier jour pour dénoncer avant la reconduction de %(year)s"), year=today.year + 1
        )


def _ends(agreement: Agreement, at: dt.datetime) -> Iterator[Event]:
    if agreement.renewal_refused_on is not None:
        told = N_("Dénonciation reçue de : %(who)s")
        who = agreement.renewal_refused_by
        yield _on(agreement.renewal_refused_on, "end", told, action="agreement.denounced", who=who)
    last = last_day(agreement)
    early = agreement.terminated_on == last
    if agreement.notified_on is None:
        return
    told = N_("Dernier jour : résiliation") if early else N_("Dernier jour de la convention")
    yield Event(
        at=start_of_day(last),
        kind="end",
        template=told,
        whole_day=True,
        reason=agreement.termination_cause if early else "",
        action="agreement.terminated" if early else "",
    )
    hard = terms_on(agreement, paris_date(at)).hard_end_on
    if last != hard:
        yield _on(hard, "end", N_("Terme prévu au plus tard, avant qu’elle ne s’arrête plus tôt"))
