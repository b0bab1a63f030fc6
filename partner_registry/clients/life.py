"""Clients: registered, found, switched off and on, archived; never deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.entropy import Entropy, random_uuid
from glc.errors import Conflict, InputError, NotFound
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.clients.bindings import usual_bindings
from partner_registry.clients.holder import changed, holder_of, noted
from partner_registry.clients.registration import ClientRegistration
from partner_registry.clients.versions import draft_version, publish_at_once
from partner_registry.models import (
    Client,
    ClientSecret,
    ClientVersion,
    ConsentMode,
    Environment,
    GnmService,
    PartnerKind,
    Processing,
)
from partner_registry.partners.life import agreements_of, find_partner, line_of
from partner_registry.trail import snapshot


def register_client(
    session: Session,
    by: Agent,
    partner_slug: str,
    registration: ClientRegistration,
    *,
    at: dt.datetime,
    entropy: Entropy,
    seal: Callable[[bytes], str],
    environment: Environment = Environment.SANDBOX,
    service: GnmService = GnmService.GRANDLYONCONNECT,
    client_id: str | None = None,
    secret: str | None = None,
) -> tuple[Client, str]:
    """Register a client; return it with its secret in clear, shown once.

    A sandbox client works at once. A production one is bound to its partner's agreements, one after the other, and
    its first version is a draft that somebody else publishes. Both serve every processing the partner declares.
    `seal` encrypts the secret at rest. Raises `Forbidden`, `InputError`, `NotFound` (partner), `Conflict` (client_id).
    """
    partner = find_partner(session, partner_slug)
    require(by, "client.draft", partner)
    longest = Client.__table__.columns["client_id"].type.length  # type: ignore[attr-defined]
    if client_id and len(client_id) > longest:
        raise InputError(
            N_("identifiant de client de %(length)s caractères : au plus %(most)s"), length=len(client_id), most=longest
        )
    if client_id and session.scalar(sa.select(Client).where(Client.client_id == client_id)):
        raise Conflict(N_("l’identifiant de client %(client_id)s est déjà pris"), client_id=client_id)
    clear = secret or random_uuid(entropy)
    client = Client(
        client_id=client_id or random_uuid(entropy),
        partner=partner,
        environment=environment,
        service=service,
        registered_at=at,
    )
    session.add(client)
    client.secrets.append(ClientSecret(sealed=seal(clear.encode()), valid_from=at))
    client.processings.extend(each for each in partner.processings if each.withdrawn_on is None)
    if environment is Environment.PRODUCTION:
        client.bindings.extend(usual_bindings(agreements_of(partner), at))
        if partner.kind is PartnerKind.COMMUNE and not client.bindings:
            raise InputError(
                N_("%(partner)s n’a pas de convention : une production en demande une"), partner=partner_slug
            )
    after = {"environment": environment.value, "service": service.value, "name": registration.name}
    noted(session, by, client, at, "client.registered", after=after)
    version = draft_version(session, by, client, registration, at=at)
    if environment is Environment.SANDBOX:
        publish_at_once(session, by, version, at=at)
    return client, clear


def find_client(session: Session, client_id: str) -> Client:
    """The client of that identifier. Raises `NotFound`."""
    client = session.scalar(sa.select(Client).where(Client.client_id == client_id))
    if client is None:
        raise NotFound(N_("aucun client ne s’appelle %(client_id)s ; liste : glc client list"), client_id=client_id)
    return client


def published_versions(session: Session, clients: Collection[int] | None = None) -> Sequence[ClientVersion]:
    """The version in use of every client, or of some (by their internal numbers)."""
    query = sa.select(ClientVersion).where(ClientVersion.published_at.is_not(None), ClientVersion.ended_at.is_(None))
    if clients is not None:
        query = query.where(ClientVersion.client_id.in_(clients))
    return session.scalars(query).all()


def clients_sharing_consent(session: Session, slug: str) -> list[int]:
    """The internal numbers of the clients that a consent given to a partner covers or covered together: its own, and
    those it had or handed over."""
    shared = [each for each in published_versions(session) if each.consent_mode is ConsentMode.PARTNER]
    return [each.client_id for each in shared if slug in _owners(each.client)]


def _owners(client: Client) -> set[str]:
    return {client.partner.slug, *(each.to_partner.slug for each in client.transfers)}


def serve(session: Session, by: Agent, client: Client, processings: Iterable[Processing], *, at: dt.datetime) -> None:
    """Say which processings a client serves: its partner's, or those of a partner it is about to be handed to (they
    count from that day on). Raises `Forbidden`, `InputError` (another partner's)."""
    require(by, "client.draft", holder_of(client, at))
    wanted, own = list(processings), line_of(holder_of(client, at))
    own += [each for handed in client.transfers for each in line_of(handed.to_partner)]
    if any(each.partner not in own for each in wanted):
        raise InputError(N_("un client ne sert que les traitements de son partenaire"))
    before = {"processings": [each.id for each in client.processings]}
    client.processings = wanted
    after = {"processings": [each.id for each in wanted]}
    noted(session, by, client, at, "client.served", before=before, after=after)


def switch(session: Session, by: Agent, client: Client, *, on: bool, at: dt.datetime, reason: str) -> None:
    """Switch a client off, or on again. Raises `Forbidden`, `InputError` (no reason), `Conflict`."""
    require(by, "client.switch")
    reason = require_reason(reason)
    if client.archived_at is not None:
        raise Conflict(N_("ce client est archivé"))
    if on is (client.disabled_at is None):
        raise Conflict(N_("ce client est déjà dans cet état"))
    before = snapshot(client)
    client.disabled_at = None if on else at
    action = "client.enabled" if on else "client.disabled"
    changed(session, by, client, at, action, before, reason=reason)


def approve_security(
    session: Session, by: Agent, client: Client, *, approval: str, until_on: dt.date | None, at: dt.datetime
) -> None:
    """Record the RGS homologation of a client's service: authority and address, and its last day (décret 2010-112).

    Raises `Forbidden`, `InputError` (one without the other).
    """
    require(by, "client.draft", holder_of(client, at))
    if bool(approval.strip()) is not (until_on is not None):
        raise InputError(N_("donnez l’autorité d’homologation et le dernier jour, ou ni l’un ni l’autre"))
    before = snapshot(client)
    client.security_approval, client.security_approved_until_on = approval.strip(), until_on
    changed(session, by, client, at, "client.security_approved", before)


def archive(session: Session, by: Agent, client: Client, *, at: dt.datetime, reason: str) -> None:
    """Archive a client for good: it is unknown from now on, and what it was stays on record. Raises `Conflict`."""
    require(by, "client.switch")
    reason = require_reason(reason)
    if client.archived_at is not None:
        raise Conflict(N_("ce client est archivé"))
    before = snapshot(client)
    client.archived_at = at
    changed(session, by, client, at, "client.archived", before, reason=reason)
