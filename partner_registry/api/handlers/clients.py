"""Clients: registered, bound, served, given secrets, transferred, switched, archived."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from glc.errors import InputError
from glc.i18n import N_
from glc.services import services
from partner_registry.api.call import Call, Created, Page, Shown, expect, page
from partner_registry.api.handlers.agreements import named_agreement
from partner_registry.api.operation import Resource
from partner_registry.api.schemas import clients as schemas
from partner_registry.api.schemas import registrations as sent_
from partner_registry.api.schemas.base import Motivated
from partner_registry.clients import bindings, life, secrets, transfers
from partner_registry.clients.holder import holder_of
from partner_registry.clients.registration import ClientRegistration
from partner_registry.gate import gate_at
from partner_registry.models import Client, ClientSecret, Processing
from partner_registry.ports import ports
from partner_registry.terms import described, terms_for


def find_client(call: Call) -> Client:
    """The client that the path names."""
    client = call.one(sa.select(Client).where(Client.client_id == call.path["client"]))
    call.expect_visible(holder_of(client, call.at))
    return client


def _show(client: Client, call: Call) -> Shown:
    gate = gate_at(client, call.at)
    return Shown(
        client,
        partner=client.partner.slug,
        holder=holder_of(client, call.at).slug,
        name=client.latest.name,
        published=client.published.number if client.published else None,
        access=gate.access,
        reason=gate.reason,
        bindings=[Shown(each, agreement=each.agreement.number) for each in client.bindings],
        transfers=[Shown(each, to_partner=each.to_partner.slug) for each in client.transfers],
        processings=[each.id for each in client.processings],
    )


def _find_secret(call: Call) -> ClientSecret:
    secrets = find_client(call).secrets
    return expect(next((each for each in secrets if each.id == call.path["secret"]), None))


CLIENT = Resource(
    schema="clients:ClientTold",
    find=find_client,
    show=_show,
    path=lambda client, _call: f"/clients/{client.client_id}",
)
SECRET = Resource(
    schema="clients:SecretTold",
    find=_find_secret,
    show=lambda secret, _call: secret,
    path=lambda secret, call: f"/clients/{call.path['client']}/secrets/{secret.id}",
)


def clients(call: Call, asked: schemas.Clients) -> Page:
    query = sa.select(Client)
    if asked.environment is not None:
        query = query.where(Client.environment == asked.environment)
    if asked.service is not None:
        query = query.where(Client.service == asked.service)

    def kept(client: Client) -> bool:
        holder = holder_of(client, call.at)
        return call.sees(holder) and asked.partner in {None, holder.slug}

    return page(call, asked, query, Client.client_id, lambda each: _show(each, call), keep=kept)


def register(call: Call, sent: sent_.NewClient) -> Created:
    client, secret = life.register_client(
        call.session,
        call.agent,
        call.own(sent.partner).slug,
        ClientRegistration(**sent.values()),
        at=call.at,
        entropy=services().entropy,
        seal=ports().client_secrets.seal,
        environment=sent.environment,
        service=sent.service,
    )
    return Created(client, {"client_secret": secret})


def bind(call: Call, client: Client, sent: sent_.NewBinding) -> None:
    agreement = named_agreement(call, sent.agreement)
    bindings.bind(call.session, call.agent, client, agreement, from_on=sent.from_on, to_on=sent.to_on, at=call.at)


def unbind(call: Call, client: Client, sent: sent_.CancelledBinding) -> None:
    bindings.cancel_binding(call.session, call.agent, client, sent.from_on, at=call.at, reason=sent.reason)


def serve(call: Call, client: Client, sent: sent_.Served) -> None:
    wanted = call.session.scalars(
        sa.select(Processing).where(Processing.id.in_(sent.processings)).order_by(Processing.id)
    ).all()
    unknown = sorted(set(sent.processings) - {each.id for each in wanted})
    if unknown:
        raise InputError(N_("aucun traitement ne porte le numéro %(number)s"), number=unknown[0])
    life.serve(call.session, call.agent, client, wanted, at=call.at)


def rotate_secret(call: Call, client: Client, sent: sent_.NewSecret) -> Created:
    clear = secrets.rotate_secret(
        call.session,
        call.agent,
        client,
        at=call.at,
        entropy=services().entropy,
        seal=ports().client_secrets.seal,
        overlap=dt.timedelta(days=sent.overlap_days),
    )
    return Created(client.secrets[-1], {"client_secret": clear})


def revoke_secret(call: Call, secret: ClientSecret, sent: Motivated) -> None:
    client = find_client(call)
    secrets.revoke_secret(call.session, call.agent, client, secret, at=call.at, reason=sent.reason)


def transfer(call: Call, client: Client, sent: sent_.Transferred) -> None:
    to_partner = call.named(sent.to_partner)
    transfers.transfer(call.session, call.agent, client, to_partner, on=sent.on, at=call.at, reason=sent.reason)


def cancel_transfer(call: Call, client: Client, sent: sent_.CancelledTransfer) -> None:
    transfers.cancel_transfer(call.session, call.agent, client, sent.on, at=call.at, reason=sent.reason)


def approve_security(call: Call, client: Client, sent: sent_.Homologation) -> None:
    until_on = sent.until_on if "until_on" in sent.model_fields_set else None
    life.approve_security(call.session, call.agent, client, approval=sent.approval, until_on=until_on, at=call.at)


def switch(call: Call, client: Client, sent: Motivated) -> None:
    on = call.operation.path.endswith("/enable")
    life.switch(call.session, call.agent, client, on=on, at=call.at, reason=sent.reason)


def archive(call: Call, client: Client, sent: Motivated) -> None:
    life.archive(call.session, call.agent, client, at=call.at, reason=sent.reason)


def terms(call: Call, client: Client, asked: schemas.TermsAt) -> dict[str, Any]:
    return described(expect(terms_for(call.session, client.client_id, asked.at or call.at)))
