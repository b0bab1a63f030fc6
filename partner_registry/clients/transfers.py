"""A client handed to another partner: `client_id` and `sub` stay."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.clients.bindings import go_on
from partner_registry.clients.holder import holder_of, noted
from partner_registry.models import (
    Client,
    ClientTransfer,
    Partner,
)


def transfer(
    session: Session, by: Agent, client: Client, to_partner: Partner, *, on: dt.date, at: dt.datetime, reason: str
) -> ClientTransfer:
    """Hand a client to another partner from a day on; `client_id` and `sub` stay. Bind it to an agreement of its new
    partner afterwards. Raises `Forbidden`, `InputError`, `Conflict`."""
    require(by, "client.switch")
    reason = require_reason(reason)
    if client.partner_on(on) is to_partner.holder_on(on):
        raise Conflict(N_("ce client est déjà celui de %(partner)s"), partner=to_partner.slug)
    if on < paris_date(at) or any(each.effective_on >= on for each in client.transfers):
        raise InputError(N_("un transfert prend effet aujourd’hui ou plus tard, après les précédents"))
    for binding in client.bindings:
        if binding.valid_from_on >= on:
            raise Conflict(N_("une liaison à une convention commence après ce jour : elle est d’un autre partenaire"))
        if binding.valid_to_on is None or binding.valid_to_on >= on:
            binding.valid_to_on = on - dt.timedelta(days=1)
    made = ClientTransfer(to_partner=to_partner, effective_on=on, reason=reason)
    client.transfers.append(made)
    before = {"partner": holder_of(client, at).slug}
    after = {"partner": to_partner.slug, "effective_on": on.isoformat()}
    noted(session, by, client, at, "client.transferred", before=before, after=after, reason=reason)
    return made


def cancel_transfer(session: Session, by: Agent, client: Client, on: dt.date, *, at: dt.datetime, reason: str) -> None:
    """Take back the transfer of that day, which is to come; what it was bound to goes on.

    Raises `Forbidden`, `InputError`; `Conflict` when the day has come, or while bindings begin from that day on.
    """
    require(by, "client.switch")
    reason = require_reason(reason)
    planned = next((each for each in client.transfers if each.effective_on == on), None)
    if planned is None:
        raise InputError(N_("aucun transfert ne prend effet le %(day)s"), day=on)
    if on <= paris_date(at):
        raise Conflict(N_("ce transfert a pris effet, il ne s’annule plus : transférez le client de nouveau"))
    if planned is not client.transfers[-1] or any(each.valid_from_on >= on for each in client.bindings):
        raise Conflict(N_("annulez d’abord les liaisons et transferts qui suivent"))
    before = {"partner": planned.to_partner.slug, "effective_on": on.isoformat()}
    client.transfers.remove(planned)
    session.delete(planned)
    session.flush()
    go_on(client, on)
    noted(session, by, client, at, "client.transfer_cancelled", before=before, reason=reason)
