"""Under which agreement a production client works: dated bindings without overlap (registry reference, 6.2)."""

from __future__ import annotations

import datetime as dt
from itertools import zip_longest

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.agreements.status import OVER, SET_ASIDE, effective_on, last_day, status_at
from partner_registry.clients.holder import holder_of, noted
from partner_registry.clients.versions import check_entitlement
from partner_registry.models import (
    Agreement,
    Client,
    ClientBinding,
    Environment,
)


def agreement_of(client: Client, at: dt.datetime) -> Agreement | None:
    """The agreement a client works under on that day in Lyon."""
    binding = client.binding_on(paris_date(at))
    return binding.agreement if binding is not None else None


def bind(
    session: Session,
    by: Agent,
    client: Client,
    agreement: Agreement,
    *,
    from_on: dt.date,
    at: dt.datetime,
    to_on: dt.date | None = None,
) -> ClientBinding:
    """Put a client under an agreement from a day on; an open binding of another one ends the day before (R34), one of a
    file that was set aside makes room.

    Raises `Forbidden`; `InputError` for another partner's agreement, or an offer that does not cover the client's
    service (reading A13); `Conflict` when it would overlap.
    """
    require(by, "client.bind", holder_of(client, at))
    if client.environment is Environment.SANDBOX:
        raise InputError(N_("un client de bac à sable ne dépend d’aucune convention : liez celui de production"))
    if to_on is not None and to_on < from_on:
        raise InputError(N_("la liaison finit avant de commencer"))
    last = to_on or last_day(agreement)
    if any(client.partner_on(day) is not agreement.partner.holder_on(day) for day in {from_on, max(from_on, last)}):
        raise InputError(
            N_("la convention %(number)s est celle d’un autre partenaire (%(partner)s)"),
            number=agreement.number,
            partner=agreement.partner.slug,
        )
    vain = [each for each in client.bindings if _starts_in(each, from_on, to_on) and _is_vain(each, at)]
    for each in vain:
        _remove(session, client, each)
    for earlier in client.bindings:
        if earlier.valid_to_on is None and earlier.valid_from_on < from_on:
            earlier.valid_to_on = from_on - dt.timedelta(days=1)
    if any(_overlap(each, from_on, to_on) for each in client.bindings):
        raise Conflict(N_("une autre convention couvre déjà une partie de ces jours : choisissez une date plus tard"))
    made = ClientBinding(agreement=agreement, valid_from_on=from_on, valid_to_on=to_on)
    client.bindings.append(made)
    client.bindings.sort(key=lambda each: each.valid_from_on)
    check_entitlement(client, client.published.scopes if client.published else (), at)
    before = {"replaced": [_said(each) for each in vain]} if vain else None
    noted(session, by, client, at, "client.bound", before=before, after=_said(made))
    return made


def cancel_binding(
    session: Session, by: Agent, client: Client, from_on: dt.date, *, at: dt.datetime, reason: str
) -> None:
    """Take back the binding that begins on that day, while it gives nothing: the day is to come, or the file of its
    agreement was set aside. The one that ended the day before goes on. Raises `Forbidden`, `InputError`, `Conflict`."""
    require(by, "client.bind", holder_of(client, at))
    reason = require_reason(reason)
    binding = next((each for each in client.bindings if each.valid_from_on == from_on), None)
    if binding is None:
        raise InputError(N_("aucune liaison ne commence le %(day)s"), day=from_on)
    if not can_be_cancelled(binding, at):
        raise Conflict(N_("cette liaison a commencé, elle ne s’annule plus : liez le client à une autre convention"))
    before = _said(binding)
    _remove(session, client, binding)
    go_on(client, from_on)
    noted(session, by, client, at, "client.unbound", before=before, reason=reason)


def can_be_cancelled(binding: ClientBinding, at: dt.datetime) -> bool:
    """Whether a binding gives nothing yet, or never will."""
    return binding.valid_from_on > paris_date(at) or _is_vain(binding, at)


def usual_bindings(agreements: list[Agreement], at: dt.datetime) -> list[ClientBinding]:
    """One binding an agreement, each until the next one begins; the last stays open (its agreement says the end). A
    file that was set aside has none, nor has what is over and would take a day from what is not. One that is not
    notified takes no day from an agreement that is: it may never come to anything."""
    counted = [each for each in agreements if status_at(each, at) not in SET_ASIDE]
    certain = [each for each in counted if each.notified_on is not None and status_at(each, at) not in OVER]
    until = max(map(last_day, certain), default=None)
    firsts = sorted(((_first_bound(each, until), each) for each in counted), key=lambda pair: pair[0])
    begins = min((first for first, each in firsts if status_at(each, at) not in OVER), default=dt.date.max)
    firsts = [
        (first, each)
        for first, each in firsts
        if first <= last_day(each) and (status_at(each, at) not in OVER or first < begins)
    ]
    following = [first - dt.timedelta(days=1) for first, _ in firsts[1:]]
    return [
        ClientBinding(agreement=agreement, valid_from_on=first, valid_to_on=last)
        for (first, agreement), last in zip_longest(firsts, following)
        if last is None or first <= last
    ]


def _first_bound(agreement: Agreement, certain_until: dt.date | None) -> dt.date:
    first = effective_on(agreement)
    if first is None and certain_until is not None:
        return max(agreement.starts_on, certain_until + dt.timedelta(days=1))
    return first or agreement.starts_on


def begin_with(session: Session, agreement: Agreement, was: dt.date) -> None:
    """Let the bindings that begin with an agreement follow its first day, which is another now: it gave nothing yet.
    What a client was bound to until then goes on to the new eve."""
    eve, new_eve = (day - dt.timedelta(days=1) for day in (was, agreement.starts_on))
    begun = sa.select(ClientBinding).where(
        ClientBinding.agreement_id == agreement.id, ClientBinding.valid_from_on == was
    )
    for binding in session.scalars(begun).all():
        others = [each for each in binding.client.bindings if each is not binding]
        before = next((each for each in others if each.valid_to_on == eve and each.valid_from_on <= new_eve), None)
        if any(_overlap(each, agreement.starts_on, binding.valid_to_on) for each in others if each is not before):
            continue
        binding.valid_from_on = agreement.starts_on
        if before is not None:
            before.valid_to_on = new_eve


def go_on(client: Client, day: dt.date) -> None:
    """Let the binding that ended the day before go on, unless the client is another partner's by then."""
    eve = day - dt.timedelta(days=1)
    for earlier in client.bindings:
        if earlier.valid_to_on == eve and client.partner_on(day) is earlier.agreement.partner.holder_on(day):
            later = [each.valid_from_on for each in client.bindings if each.valid_from_on > eve]
            earlier.valid_to_on = min(later) - dt.timedelta(days=1) if later else None


def _starts_in(binding: ClientBinding, from_on: dt.date, to_on: dt.date | None) -> bool:
    return from_on <= binding.valid_from_on and (to_on is None or binding.valid_from_on <= to_on)


def _overlap(binding: ClientBinding, from_on: dt.date, to_on: dt.date | None) -> bool:
    starts_before_the_end = to_on is None or binding.valid_from_on <= to_on
    return starts_before_the_end and (binding.valid_to_on is None or from_on <= binding.valid_to_on)


def _is_vain(binding: ClientBinding, at: dt.datetime) -> bool:
    """Whether a binding gives nothing: its agreement's file was refused or withdrawn."""
    return status_at(binding.agreement, at) in SET_ASIDE


def _remove(session: Session, client: Client, binding: ClientBinding) -> None:
    """Undo a binding that never gave anything; the trail keeps what it was."""
    client.bindings.remove(binding)
    session.delete(binding)
    session.flush()


def _said(binding: ClientBinding) -> dict[str, object]:
    return {
        "agreement": binding.agreement.number,
        "valid_from_on": binding.valid_from_on.isoformat(),
        "valid_to_on": binding.valid_to_on.isoformat() if binding.valid_to_on else None,
    }
