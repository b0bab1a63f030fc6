"""What the recorded facts let a client do at an instant (registry reference, 6.2): nothing here is ever stored."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from glc.clock import end_of_day, paris_date, start_of_day
from partner_registry.agreements.status import (
    AWAITED,
    FAR_FUTURE,
    FAR_PAST,
    OVER,
    RUNNING,
    AgreementStatus,
    is_derogated,
    status_at,
    terms_on,
)
from partner_registry.agreements.status import turning_points as agreement_turning_points
from partner_registry.data_protection.processings import claims_of, counted_for
from partner_registry.models import (
    Agreement,
    Client,
    Environment,
    GnmService,
    Offer,
    Partner,
    PartnerKind,
    StepKind,
    SubjectPolicy,
)
from partner_registry.partners.life import agreements_of, line_of

GRU_SCOPES = frozenset({"gru"})
"""Scopes of the agents' request-handling tools (R13). The real ones' names are unknown: assumed."""


class Access(enum.Enum):
    """What the registry lets a client do now. The columns of the gate: before, during, paused, over, unknown."""

    OPEN = "open"
    NOT_YET = "not_yet"
    PAUSED = "paused"
    OVER = "over"
    CLOSED = "closed"
    """Disabled or archived: to the world, an unknown client."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What is let through at an instant, why (the operator's reason code), and under which agreement."""

    access: Access
    reason: str
    agreement: Agreement | None = None


def gate_at(client: Client, at: dt.datetime) -> Gate:
    """Access of a client at an instant: a pure function of recorded facts."""
    if client.archived_at is not None and client.archived_at <= at:
        return Gate(Access.CLOSED, "client_archived")
    if client.disabled_at is not None and client.disabled_at <= at:
        return Gate(Access.CLOSED, "client_disabled")
    partner = client.partner_on(paris_date(at))
    if partner.kind is PartnerKind.METROPOLE:
        gate = Gate(Access.OPEN, "metropole")
    elif client.environment is Environment.SANDBOX:
        gate = _sandbox_gate(partner, at)
    else:
        gate = _production_gate(client, at)
    if gate.access is Access.OPEN and not _subject_is_declared(client, at):
        return Gate(Access.PAUSED, "subject_undeclared", gate.agreement)
    if gate.access is Access.OPEN and client.service is GnmService.GRU and is_restricted(gate, at):
        return Gate(Access.NOT_YET, "offer_restricted", gate.agreement)
    return gate


def _subject_is_declared(client: Client, at: dt.datetime) -> bool:
    """Whether a purpose declares what serves as `sub`: an address is a claim like another, but no token is without."""
    version = client.published
    if version is None or version.subject_policy is not SubjectPolicy.EMAIL:
        return True
    return "email" in claims_of(counted_for(client, at))


def is_restricted(gate: Gate, at: dt.datetime) -> bool:
    """Whether the offer of that day excludes the agents' request-handling tools (R13, reading A13)."""
    agreement = gate.agreement
    return agreement is not None and terms_on(agreement, paris_date(at)).offer is Offer.RESTRICTED


_SANDBOX_ORDER = (
    (RUNNING, Access.OPEN),
    (frozenset({AgreementStatus.SUSPENDED}), Access.PAUSED),
    (AWAITED | {AgreementStatus.SUBMITTED, AgreementStatus.CHANGES_REQUESTED}, Access.OPEN),
    (OVER, Access.OVER),
)


def _sandbox_gate(partner: Partner, at: dt.datetime) -> Gate:
    """A trial is open from the day its partner submits a file, as long as it has one that is not over."""
    found = [(each, _submitted_or_later(each, at)) for each in agreements_of(partner)]
    for statuses, access in _SANDBOX_ORDER:
        for agreement, status in found:
            if status in statuses:
                return Gate(access, status.value, agreement)
    return Gate(Access.NOT_YET, "no_file_submitted")


def _submitted_or_later(agreement: Agreement, at: dt.datetime) -> AgreementStatus:
    """The status of an agreement, where a file that is prepared anew stays the submitted one it was."""
    status = status_at(agreement, at)
    submitted = any(step.kind is StepKind.SUBMITTED and step.at <= at for step in agreement.steps)
    return AgreementStatus.SUBMITTED if status is AgreementStatus.DRAFT and submitted else status


def _production_gate(client: Client, at: dt.datetime) -> Gate:
    """Production follows the agreement that the binding of that day names. Where that gives nothing, a derogation may
    span the days before the next one takes effect (R34, reading A6)."""
    day = paris_date(at)
    bound = client.binding_on(day)
    gate = _agreement_gate(bound.agreement, at) if bound is not None else _unbound_gate(client, day)
    if gate.access in {Access.OPEN, Access.PAUSED}:
        return gate
    for binding in client.bindings:
        if (binding.valid_to_on is None or day <= binding.valid_to_on) and is_derogated(binding.agreement, at):
            return Gate(Access.OPEN, "agreement_derogation", binding.agreement)
    return gate


def _agreement_gate(agreement: Agreement, at: dt.datetime) -> Gate:
    status = status_at(agreement, at)
    if status in RUNNING:
        return Gate(Access.OPEN, status.value, agreement)
    if status is AgreementStatus.SUSPENDED:
        return Gate(Access.PAUSED, status.value, agreement)
    return Gate(Access.OVER if status in OVER else Access.NOT_YET, status.value, agreement)


def _unbound_gate(client: Client, day: dt.date) -> Gate:
    if any(each.valid_from_on > day for each in client.bindings):
        return Gate(Access.NOT_YET, "binding_pending_start")
    return Gate(Access.OVER, "binding_ended") if client.bindings else Gate(Access.NOT_YET, "no_agreement")


def turning_points(client: Client) -> list[dt.datetime]:
    """Every instant at which the recorded facts may change what a client is let do or given, in order: between two,
    nothing does."""
    partners = {client.partner, *(each.to_partner for each in client.transfers)}
    agreements = {binding.agreement for binding in client.bindings}
    points = {each for each in (client.disabled_at, client.archived_at) if each is not None}
    days: set[dt.date | None] = {each.effective_on for each in client.transfers}
    for partner in {each for one in partners for each in line_of(one)}:
        days |= {identity.valid_from_on for identity in partner.identities}
        days |= {day for contact in partner.contacts for day in (contact.since_on, contact.ended_on)}
        days.add(partner.succeeded_on)
        agreements |= set(partner.agreements)
    for agreement in agreements:
        points |= set(agreement_turning_points(agreement))
    for binding in client.bindings:
        days.add(binding.valid_from_on)
        points |= {end_of_day(binding.valid_to_on)} if binding.valid_to_on is not None else set()
    for processing in client.processings:
        days |= {processing.validated_on, processing.withdrawn_on}
    return sorted(points | {start_of_day(day) for day in days if day is not None})


def relation_since(client: Client, at: dt.datetime) -> dt.datetime:
    """The start of the relation that goes on at an instant: suspensions do not break it, an end does. What was granted
    before it is dead for good, even when the partner comes back."""
    turns = [each for each in turning_points(client) if each <= at]
    since = FAR_PAST
    for turn, following in zip(turns, [*turns, FAR_FUTURE][1:], strict=True):
        if gate_at(client, turn).access in {Access.OVER, Access.NOT_YET}:
            since = following
    return since
