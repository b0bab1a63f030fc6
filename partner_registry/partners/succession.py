"""Who takes over from a commune that merged, with its agreements, its clients and their `sub` (reading A16)."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.models import Client, ClientBinding, ClientTransfer, Partner, PartnerKind
from partner_registry.partners.life import subject_of
from partner_registry.trail import note


def succeed(
    session: Session, by: Agent, partner: Partner, successor: Partner, *, on: dt.date, at: dt.datetime, reason: str
) -> None:
    """Record that another partner takes over from a day on: agreements, clients, users' `sub`, everything goes on.
    Until that day another one may be named instead.

    Raises `Forbidden`, `InputError`, `Conflict`.
    """
    require(by, "partner.succeed")
    reason = require_reason(reason)
    if partner.successor is not None and partner.holder_on(paris_date(at)) is not partner:
        raise Conflict(N_("%(slug)s a déjà un successeur"), slug=partner.slug)
    if partner.succeeded_on is not None and _bound_from(session, partner, partner.succeeded_on):
        raise Conflict(N_("des clients sont liés à une convention à partir de ce jour : annulez d’abord ces liaisons"))
    if successor.holder_on(dt.date.max) is partner or successor is partner:
        raise InputError(N_("un partenaire ne se succède pas à lui-même"))
    check_succession(partner, successor, on)
    before = _succession(partner)
    partner.successor, partner.succeeded_on = successor, on
    after = _succession(partner)
    subject = subject_of(partner)
    note(session, by, at, "partner.succeeded", subject, partner=partner, before=before, after=after, reason=reason)


def check_succession(partner: Partner, successor: Partner, on: dt.date) -> None:
    """Raise `InputError` unless a commune takes over from a commune, both known by that day: the Métropole signs no
    agreement with itself, so whatever it took over would go on under none (reading A16)."""
    if PartnerKind.METROPOLE in {partner.kind, successor.kind}:
        raise InputError(N_("une commune succède à une commune : la Métropole n’a pas de convention avec elle-même"))
    for each in (partner, successor):
        begins = each.identities[0].valid_from_on
        if on < begins:
            raise InputError(N_("%(slug)s n’est connu que depuis le %(day)s"), slug=each.slug, day=begins, field="on")


def _bound_from(session: Session, partner: Partner, day: dt.date) -> bool:
    """Whether a client of the partner is bound to an agreement from that day on, or later: perhaps its successor's."""
    handed = Client.transfers.any(ClientTransfer.to_partner_id == partner.id)
    later = Client.bindings.any(ClientBinding.valid_from_on >= day)
    found = sa.select(Client.id).where(sa.or_(Client.partner_id == partner.id, handed), later)
    return session.scalar(found.limit(1)) is not None


def _succession(partner: Partner) -> dict[str, str]:
    if partner.successor is None or partner.succeeded_on is None:
        return {}
    return {"successor": partner.successor.slug, "succeeded_on": partner.succeeded_on.isoformat()}
