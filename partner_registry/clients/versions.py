"""The life of a client's configuration: drafted, submitted, published by somebody else, archived; one is in use.

In the sandbox, self-service: whoever drafts publishes. Claims stay within what the purposes of the client's processings
declare: as declared when a draft is saved, as validated when it is published, and again whenever a token is asked for.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_another, require_reason
from partner_registry.agreements.status import OVER, status_at, terms_on
from partner_registry.clients.claim_sources import undeclared_in
from partner_registry.clients.holder import holder_of
from partner_registry.clients.registration import ClientRegistration, check_production_uri, registration_of
from partner_registry.data_protection.processings import claims_of, is_valid, serves_holder
from partner_registry.gate import GRU_SCOPES
from partner_registry.models import (
    AcceptanceRun,
    Client,
    ClientVersion,
    Environment,
    GnmService,
    Offer,
    Partner,
    SubjectPolicy,
    Verdict,
    VersionState,
)
from partner_registry.partners.life import portal_host
from partner_registry.trail import differences, note, snapshot

VERSION_WORDS = {
    VersionState.DRAFT: N_("brouillon"),
    VersionState.PENDING: N_("en attente de publication"),
    VersionState.PUBLISHED: N_("en service"),
    VersionState.ARCHIVED: N_("archivée"),
}

OPERATOR_WAIVER = "mise en service par l’exploitant, sans recette"


def longest_id_token_lifetime(session: Session) -> int:
    """The longest life, in seconds, that any configuration ever gave ID Tokens; 0 when none says one."""
    return session.scalar(sa.select(sa.func.max(ClientVersion.id_token_lifetime_in))) or 0


def draft_version(
    session: Session, by: Agent, client: Client, registration: ClientRegistration, *, at: dt.datetime
) -> ClientVersion:
    """Draft a new configuration; a draft or a pending version there was is set aside.

    Raises `Forbidden`, `InputError` (what cannot be registered, what production forbids, a claim nobody declared).
    """
    require(by, "client.draft", holder_of(client, at))
    if client.archived_at is not None:
        raise Conflict(N_("ce client est archivé"))
    registration.check()
    _check_for_environment(session, client, registration, at, validated=False)
    for earlier in client.versions:
        if earlier.state in {VersionState.DRAFT, VersionState.PENDING}:
            earlier.ended_at = at
    number = max((each.number for each in client.versions), default=0) + 1
    version = _version(registration, number, at, by)
    client.versions.append(version)
    note(
        session,
        by,
        at,
        "client.version_drafted",
        subject_of(version),
        partner=holder_of(client, at),
        after=dict(_differing(client.published, version)[1]),
    )
    return version


def submit_version(session: Session, by: Agent, version: ClientVersion, *, at: dt.datetime) -> None:
    """Ask for a draft's publication. Raises `Forbidden`, `Conflict`."""
    require(by, "client.draft", holder_of(version.client, at))
    _expect(version, VersionState.DRAFT)
    version.submitted_at = at
    note(session, by, at, "client.version_submitted", subject_of(version), partner=holder_of(version.client, at))


def reject_version(session: Session, by: Agent, version: ClientVersion, *, at: dt.datetime, reason: str) -> None:
    """Set a pending version aside, with a reason. Raises `Forbidden`, `InputError`, `Conflict`."""
    require(by, "client.publish", holder_of(version.client, at))
    reason = require_reason(reason)
    _expect(version, VersionState.PENDING)
    version.ended_at = at
    note(
        session,
        by,
        at,
        "client.version_rejected",
        subject_of(version),
        partner=holder_of(version.client, at),
        reason=reason,
    )


def publish_version(
    session: Session,
    by: Agent,
    version: ClientVersion,
    *,
    at: dt.datetime,
    acceptance_within: dt.timedelta | None,
    waiver_reason: str = "",
) -> None:
    """Put a pending version in use, in place of the one that was. Somebody else than its author does, in production;
    there it takes an acceptance run that passed and finished `acceptance_within` ago at most (None: no matter), or a
    waiver with its reason, which is recorded when there is no such run.

    Raises `Forbidden`, `Conflict`, `InputError` (see `draft_version`; claims must be validated by now, and a change of
    what subjects depend on is refused: it would change every user's `sub`; neither a run nor a reason).
    """
    client = version.client
    if client.environment is Environment.SANDBOX:
        require(by, "client.draft", holder_of(client, at))
    else:
        require(by, "client.publish", holder_of(client, at))
        require_another(by, version.author_id)
    _expect(version, VersionState.PENDING)
    accepted = is_accepted(version, at, acceptance_within)
    if not accepted and not waiver_reason.strip():
        raise InputError(
            N_(
                "il manque à cette version une recette réussie, finie depuis %(days)s jours au plus : déposez le "
                "résultat signé d’une recette (glc recette run), ou publiez avec une dispense, en donnant son motif"
            ),
            days=acceptance_within.days if acceptance_within else 0,
            field="waiver_reason",
        )
    _put_in_use(session, by, version, at, waiver_reason="" if accepted else waiver_reason.strip())


def publish_at_once(
    session: Session, by: Agent, version: ClientVersion, *, at: dt.datetime, waiver_reason: str = OPERATOR_WAIVER
) -> None:
    """Put a version in use without asking who drafted it: sandbox, rollback, and the operator, who is known to have
    waived the acceptance run of a production version."""
    production = version.client.environment is Environment.PRODUCTION
    _put_in_use(session, by, version, at, waiver_reason=waiver_reason if production else "")


def is_accepted(version: ClientVersion, at: dt.datetime, within: dt.timedelta | None) -> bool:
    """Whether a version may be published without a waiver: in the sandbox, when no acceptance run is asked for, or with
    one that passed and finished that long ago at most."""
    if version.client.environment is Environment.SANDBOX or within is None:
        return True
    return any(_counts(each, at - within) for each in version.acceptances)


def _counts(run: AcceptanceRun, since: dt.datetime) -> bool:
    return run.verdict is Verdict.PASSED and run.finished_at >= since


def _waive(session: Session, by: Agent, version: ClientVersion, at: dt.datetime, reason: str) -> None:
    """Record that a version is published without an acceptance run: who decided it, when and why."""
    version.waived_at, version.waived_by_id, version.waiver_reason = at, by.account_id, reason
    partner = holder_of(version.client, at)
    note(session, by, at, "client.acceptance_waived", subject_of(version), partner=partner, reason=reason)


def _put_in_use(session: Session, by: Agent, version: ClientVersion, at: dt.datetime, *, waiver_reason: str) -> None:
    client = version.client
    registration = registration_of(version)
    _check_for_environment(session, client, registration, at, validated=True)
    current = client.published
    if current is not None:
        _check_sector(client, current, version)
        current.ended_at = at
        session.flush()
    if waiver_reason:
        _waive(session, by, version, at, waiver_reason)
    version.submitted_at = version.submitted_at or at
    version.published_at, version.publisher_id = at, by.account_id
    old, new = _differing(current, version)
    note(
        session,
        by,
        at,
        "client.version_published",
        subject_of(version),
        partner=holder_of(client, at),
        before=old,
        after=new,
    )


def roll_back(
    session: Session, by: Agent, client: Client, number: int, *, at: dt.datetime, reason: str
) -> ClientVersion:
    """Put an earlier configuration in use again, as a new version: it was published once, so one person decides.

    Raises `Forbidden`, `InputError`, `Conflict` (never published).
    """
    action = "client.publish" if client.environment is Environment.PRODUCTION else "client.draft"
    require(by, action, holder_of(client, at))
    reason = require_reason(reason)
    wanted = next((each for each in client.versions if each.number == number), None)
    if wanted is None or wanted.published_at is None or wanted is client.published:
        raise Conflict(N_("la version %(number)s n’a jamais été en service, ou elle l’est déjà"), number=number)
    version = draft_version(session, by, client, registration_of(wanted), at=at)
    note(session, by, at, "client.rolled_back", subject_of(version), partner=holder_of(client, at), reason=reason)
    again = f"retour à la version {number}, déjà publiée : {reason}"
    publish_at_once(session, by, version, at=at, waiver_reason=again)
    return version


def diff(older: ClientVersion | None, newer: ClientVersion) -> dict[str, tuple[Any, Any]]:
    """What differs between two configurations: each name with the old and the new value."""
    old, new = _differing(older, newer)
    return {name: (old.get(name), new[name]) for name in new}


def undeclared_claims(
    client: Client, registration: ClientRegistration, at: dt.datetime, *, validated: bool
) -> list[str]:
    """The claims of a registration that no purpose of the client's processings declares (or has validated), whatever
    they are called; an address that serves as `sub` is one."""
    own = [each for each in client.processings if serves_holder(client, each, at)]
    declared = claims_of(each for each in own if (is_valid(each, at) if validated else each.withdrawn_on is None))
    granted = {rule["name"] for rule in registration.claims if set(rule["scopes"]) & set(registration.scopes)}
    for rule in registration.claims:
        granted |= undeclared_in(rule, declared) if rule["name"] in granted else frozenset()
    if registration.subject_policy is SubjectPolicy.EMAIL:
        granted.add("email")
    return sorted(granted - declared)


def domains_of(partner: Partner) -> frozenset[str]:
    """The domains that a partner's production services may live on: its portal's, and those on its record."""
    portal = (portal_host(partner) or "").removeprefix("www.")
    return frozenset({each for each in (portal, *partner.domains) if each})


def subject_of(version: ClientVersion) -> str:
    """What the audit trail calls a version."""
    return f"client:{version.client.client_id}/version:{version.number}"


def _check_for_environment(
    session: Session, client: Client, registration: ClientRegistration, at: dt.datetime, *, validated: bool
) -> None:
    if client.environment is Environment.SANDBOX:
        return
    partner = holder_of(client, at)
    for uri in (*registration.redirect_uris, *registration.post_logout_redirect_uris):
        check_production_uri(uri, domains_of(partner))
    lacking = undeclared_claims(client, registration, at, validated=validated)
    if lacking:
        raise InputError(
            N_("aucune finalité validée ne déclare : %(claims)s. Retirez ces données du client, ou déclarez-les")
            if validated
            else N_("aucune finalité ne déclare : %(claims)s. Retirez ces données du client, ou déclarez-les"),
            claims=", ".join(lacking),
        )
    check_entitlement(client, registration.scopes, at)
    _check_nobody_else_has(session, client, registration, at)


def check_entitlement(client: Client, scopes: Iterable[str], at: dt.datetime) -> None:
    """Raise `InputError` when an offer without the agents' tools, of now or later, would hold a client or a scope of
    theirs (R13, reading A13)."""
    if client.service is not GnmService.GRU and not GRU_SCOPES & set(scopes):
        return
    today = paris_date(at)
    for binding in client.bindings:
        if status_at(binding.agreement, at) in OVER:
            continue
        if terms_on(binding.agreement, max(binding.valid_from_on, today)).offer is Offer.RESTRICTED:
            raise InputError(
                N_("l’offre restreinte n’ouvre pas les outils GRU : passez par un avenant à l’offre globale")
            )


def _check_nobody_else_has(session: Session, client: Client, registration: ClientRegistration, at: dt.datetime) -> None:
    today, wanted = paris_date(at), set(registration.redirect_uris)
    others = session.scalars(
        sa.select(ClientVersion)
        .join(Client)
        .where(Client.environment == Environment.PRODUCTION, Client.id != client.id, Client.archived_at.is_(None))
        .where(ClientVersion.ended_at.is_(None))
    )
    for other in others:
        shared = sorted(wanted & set(other.redirect_uris))
        if shared and other.client.partner_on(today) is not client.partner_on(today):
            raise Conflict(
                N_("%(uri)s est déjà l’adresse de retour d’un autre partenaire (%(partner)s)"),
                uri=shared[0],
                partner=other.client.partner_on(today).slug,
            )


def _check_sector(client: Client, current: ClientVersion, version: ClientVersion) -> None:
    """Raise `InputError` when publishing would change what every user's `sub` depends on, in production."""
    if client.environment is Environment.PRODUCTION and _sector(current) != _sector(version):
        raise InputError(
            N_(
                "ce changement (politique de sub, secteur ou hôte) changerait l’identifiant de chaque usager : il est "
                "refusé en production ; enregistrez un autre client"
            )
        )


def _sector(version: ClientVersion) -> tuple[SubjectPolicy, object, str | None]:
    host = urlsplit(version.sector_identifier_uri or version.redirect_uris[0]).hostname
    return version.subject_policy, version.consent_mode.value == "partner", host


def _differing(older: ClientVersion | None, newer: ClientVersion) -> tuple[dict[str, Any], dict[str, Any]]:
    names = {spec.name for spec in dataclasses.fields(ClientRegistration)}
    before = {name: value for name, value in snapshot(older).items() if name in names} if older is not None else {}
    after = {name: value for name, value in snapshot(newer).items() if name in names}
    return differences(before, after)


def _expect(version: ClientVersion, state: VersionState) -> None:
    if version.state is not state:
        told = N_("la version %(number)s est : %(state)s")
        raise Conflict(told, number=version.number, state=VERSION_WORDS[version.state])


def _version(registration: ClientRegistration, number: int, at: dt.datetime, by: Agent) -> ClientVersion:
    values = {spec.name: getattr(registration, spec.name) for spec in dataclasses.fields(ClientRegistration)}
    return ClientVersion(
        number=number,
        drafted_at=at,
        author_id=by.account_id,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
    )
