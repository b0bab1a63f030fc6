"""Clients: registered, bound to agreements, given secrets, transferred, switched off, archived; never deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import zip_longest

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.entropy import Entropy, random_uuid
from glc.errors import Conflict, InputError, NotFound
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.agreements.status import OVER, SET_ASIDE, effective_on, last_day, status_at
from partner_registry.clients.registration import ClientRegistration
from partner_registry.clients.versions import check_entitlement, draft_version, holder_of, publish_at_once
from partner_registry.models import (
    Agreement,
    Client,
    ClientBinding,
    ClientSecret,
    ClientTransfer,
    ClientVersion,
    ConsentMode,
    Environment,
    GnmService,
    Partner,
    PartnerKind,
    Processing,
)
from partner_registry.partners.life import agreements_of, find_partner, line_of
from partner_registry.trail import note, note_change, snapshot

SECRET_OVERLAP = dt.timedelta(days=7)
"""How long a rotated secret goes on being accepted, unless told otherwise (assumed)."""
LONGEST_OVERLAP = dt.timedelta(days=90)
"""How long it may be told to, so that a rotation ends (assumed)."""


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
    note(
        session,
        by,
        at,
        "client.registered",
        subject_of(client),
        partner=partner,
        after={"environment": environment.value, "service": service.value, "name": registration.name},
    )
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
    note(
        session,
        by,
        at,
        "client.bound",
        subject_of(client),
        partner=holder_of(client, at),
        before={"replaced": [_said(each) for each in vain]} if vain else None,
        after=_said(made),
    )
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
    _go_on(client, from_on)
    note(
        session,
        by,
        at,
        "client.unbound",
        subject_of(client),
        partner=holder_of(client, at),
        before=before,
        reason=reason,
    )


def _go_on(client: Client, day: dt.date) -> None:
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
    note(
        session, by, at, "client.served", subject_of(client), partner=holder_of(client, at), before=before, after=after
    )


def rotate_secret(
    session: Session,
    by: Agent,
    client: Client,
    *,
    at: dt.datetime,
    entropy: Entropy,
    seal: Callable[[bytes], str],
    overlap: dt.timedelta = SECRET_OVERLAP,
) -> str:
    """Give a client one more secret, returned in clear this once; the present one is accepted for `overlap` more.

    Raises `InputError` without an overlap (the site would be cut: `revoke_secret` is for emergencies) or with one that
    has no end in sight, `Conflict` when two are accepted already.
    """
    require(by, "client.secret", holder_of(client, at))
    if overlap <= dt.timedelta(0):
        raise InputError(N_("laissez l’ancien secret valide quelque temps : sinon le site est coupé"))
    if overlap > LONGEST_OVERLAP:
        raise InputError(N_("l’ancien secret reste valide %(days)s jours au plus"), days=LONGEST_OVERLAP.days)
    living = living_secrets(client, at)
    if len(living) > 1:
        raise Conflict(N_("deux secrets sont déjà valides : attendez la fin du premier, ou révoquez-le"))
    for earlier in living:
        earlier.valid_until = min(earlier.valid_until or at + overlap, at + overlap)
    clear = random_uuid(entropy)
    client.secrets.append(ClientSecret(sealed=seal(clear.encode()), valid_from=at))
    after = {"previous_valid_until": (at + overlap).isoformat()}
    note(session, by, at, "client.secret_rotated", subject_of(client), partner=holder_of(client, at), after=after)
    return clear


def revoke_secret(
    session: Session, by: Agent, client: Client, secret: ClientSecret, *, at: dt.datetime, reason: str
) -> None:
    """Stop accepting a secret now. Raises `Forbidden`, `InputError` (no reason), `Conflict` (over already)."""
    require(by, "client.secret", holder_of(client, at))
    reason = require_reason(reason)
    if secret not in living_secrets(client, at):
        raise Conflict(N_("ce secret n’est déjà plus valide"))
    secret.valid_until = at
    before = {"valid_from": secret.valid_from.isoformat()}
    note(
        session,
        by,
        at,
        "client.secret_revoked",
        subject_of(client),
        partner=holder_of(client, at),
        before=before,
        reason=reason,
    )


def living_secrets(client: Client, at: dt.datetime) -> list[ClientSecret]:
    """The secrets accepted at an instant."""
    return [
        each for each in client.secrets if each.valid_from <= at and (each.valid_until is None or at < each.valid_until)
    ]


def check_secret_is_new(session: Session, clear: str, opened: Callable[[str], bytes]) -> None:
    """Raise `Conflict` when another client has that secret: a trial's must not serve in production."""
    for sealed in session.scalars(sa.select(ClientSecret.sealed)):
        if opened(sealed).decode() == clear:
            raise Conflict(N_("ce secret est déjà celui d’un autre client : laissez-en tirer un au hasard"))


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
    note(
        session,
        by,
        at,
        "client.transferred",
        subject_of(client),
        partner=holder_of(client, at),
        before={"partner": holder_of(client, at).slug},
        after={"partner": to_partner.slug, "effective_on": on.isoformat()},
        reason=reason,
    )
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
    _go_on(client, on)
    note(
        session,
        by,
        at,
        "client.transfer_cancelled",
        subject_of(client),
        partner=holder_of(client, at),
        before=before,
        reason=reason,
    )


def can_be_cancelled(binding: ClientBinding, at: dt.datetime) -> bool:
    """Whether a binding gives nothing yet, or never will."""
    return binding.valid_from_on > paris_date(at) or _is_vain(binding, at)


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
    note_change(
        session, by, at, action, subject_of(client), client, before, partner=holder_of(client, at), reason=reason
    )


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
    note_change(
        session,
        by,
        at,
        "client.security_approved",
        subject_of(client),
        client,
        before,
        partner=holder_of(client, at),
    )


def archive(session: Session, by: Agent, client: Client, *, at: dt.datetime, reason: str) -> None:
    """Archive a client for good: it is unknown from now on, and what it was stays on record. Raises `Conflict`."""
    require(by, "client.switch")
    reason = require_reason(reason)
    if client.archived_at is not None:
        raise Conflict(N_("ce client est archivé"))
    before = snapshot(client)
    client.archived_at = at
    note_change(
        session,
        by,
        at,
        "client.archived",
        subject_of(client),
        client,
        before,
        partner=holder_of(client, at),
        reason=reason,
    )


def subject_of(client: Client) -> str:
    """What the audit trail calls a client."""
    return f"client:{client.client_id}"


def usual_bindings(agreements: list[Agreement], at: dt.datetime) -> list[ClientBinding]:
    """One binding an agreement, each until the next one begins; the last stays open (its agreement says the end). Of
    two that begin on the same day, one that is notified counts. A file that was set aside has none, nor has what is
    over and would take a day from what is not."""
    firsts = sorted(
        ((effective_on(each) or each.starts_on, each) for each in agreements if status_at(each, at) not in SET_ASIDE),
        key=lambda pair: (pair[0], pair[1].notified_on is not None),
    )
    begins = min((first for first, each in firsts if status_at(each, at) not in OVER), default=dt.date.max)
    firsts = [
        (first, each)
        for first, each in firsts
        if status_at(each, at) not in OVER or (first < begins and first <= last_day(each))
    ]
    following = [first - dt.timedelta(days=1) for first, _ in firsts[1:]]
    return [
        ClientBinding(agreement=agreement, valid_from_on=first, valid_to_on=last)
        for (first, agreement), last in zip_longest(firsts, following)
        if last is None or first <= last
    ]
