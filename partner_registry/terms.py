"""The one question the provider asks: on which terms does this client get anything, at this instant?"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.revision import REVISION, current
from partner_registry.agreements.status import FAR_FUTURE, FAR_PAST
from partner_registry.clients.claim_sources import undeclared_in
from partner_registry.clients.metadata import ClientMetadata
from partner_registry.completeness import dpo_of
from partner_registry.data_protection.processings import claims_of, counted_for, is_withdrawn
from partner_registry.gate import GRU_SCOPES, Access, gate_at, is_restricted, relation_since, turning_points
from partner_registry.models import (
    Client,
    ClientVersion,
    ConsentMode,
    Environment,
    Flow,
    Processing,
    SubjectPolicy,
)


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """One line of a client's claim table: `source` is an account attribute, or a template that mixes several."""

    name: str
    source: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A client secret as stored, and until when it is accepted: from the moment it is made, by whatever clock."""

    sealed: str
    valid_until: dt.datetime

    def accepted(self, at: dt.datetime) -> bool:
        """Whether it is accepted at that instant."""
        return at < self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTerms:
    """Everything the registry says of a client: who it is, what it may receive, from which controller, for what.

    Holds in [since, until) for this `registry_version`. `reason` is the operator's reason code.
    """

    registry_version: int
    since: dt.datetime
    until: dt.datetime
    grants_since: dt.datetime
    access: Access
    reason: str

    key: int
    client_id: str
    environment: Environment
    name: str
    flow: Flow
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    sector_identifier_uri: str | None
    scopes: frozenset[str]
    """Scopes that may be asked for."""
    withdrawn_scopes: frozenset[str]
    """Those of them that give nothing any more: the processing that justified them was withdrawn."""
    closed_scopes: frozenset[str]
    """Scopes of its configuration that may not be asked for: no validated purpose, or no offer, covers them."""
    claims: tuple[ClaimRule, ...]
    id_token_alg: str
    subject_policy: SubjectPolicy
    consent_mode: ConsentMode
    consent_always_remembered: bool
    consent_remembered_in: int | None
    id_token_lifetime_in: int | None
    access_token_lifetime_in: int | None
    refresh_tokens: bool
    pkce_required: bool
    frontchannel_logout_uri: str | None
    frontchannel_timeout_in: int | None
    required_attributes: tuple[str, ...]
    authorised_roles: frozenset[str]
    unauthorized_url: str | None
    home_url: str | None
    logo_url: str | None
    colour: str | None
    protocol: ClientMetadata
    secrets: tuple[SealedSecret, ...]

    partner_slug: str
    """Whose it was made for: what subjects may depend on, so it never changes."""
    consent_slug: str
    """Whose services one consent may cover together: a merger keeps it, a transfer does not."""
    partner_name: str
    controller: str
    portal_url: str | None
    support_url: str | None
    dpo_contact: str | None
    purposes: tuple[str, ...]
    legal_basis: str | None
    privacy_notice_url: str | None

    def hold(self, at: dt.datetime, registry_version: int) -> bool:
        """Whether this value still answers the question."""
        return self.registry_version == registry_version and self.since <= at < self.until

    def honour(self, granted_at: dt.datetime) -> bool:
        """Whether what was granted at an instant gives anything now: what was granted before access ended is dead."""
        return self.access is Access.OPEN and granted_at >= self.grants_since

    def released(self, scopes: frozenset[str]) -> frozenset[str]:
        """What remains now of scopes that were asked for or granted."""
        return scopes & self.scopes - self.withdrawn_scopes


def terms_for(session: Session, client_id: str, at: dt.datetime) -> ReleaseTerms | None:
    """The terms of a client at an instant, or None when no client has that identifier, or never had a configuration."""
    version_number = registry_version(session)
    client = session.scalar(sa.select(Client).where(Client.client_id == client_id))
    return None if client is None else terms_of(client, at, version_number)


def terms_of(client: Client, at: dt.datetime, version_number: int) -> ReleaseTerms | None:
    """What a client's recorded facts say at an instant; None before it ever had a configuration.

    A claim is released only if a purpose of a processing declares it: one validated at that instant, in production.
    """
    if client.published is None:
        return None
    day, turns, gate = paris_date(at), turning_points(client), gate_at(client, at)
    partner = client.partner_on(day)
    identity, dpo = partner.identity_on(day), dpo_of(partner, day)
    counted = counted_for(client, at)
    return ReleaseTerms(
        registry_version=version_number,
        since=max((each for each in turns if each <= at), default=FAR_PAST),
        until=min((each for each in turns if each > at), default=FAR_FUTURE),
        grants_since=relation_since(client, at),
        access=gate.access,
        reason=gate.reason,
        key=client.id,
        client_id=client.client_id,
        environment=client.environment,
        secrets=tuple(SealedSecret(each.sealed, each.valid_until or FAR_FUTURE) for each in client.secrets),
        partner_slug=client.partner.slug,
        consent_slug=client.handed_to(day).slug,
        partner_name=identity.name,
        controller=identity.legal_name,
        portal_url=partner.portal_url,
        support_url=partner.support_url,
        dpo_contact=dpo.email if dpo else None,
        purposes=tuple(purpose.text for each in counted for purpose in each.purposes if purpose.claims),
        legal_basis=next((each.legal_basis.value for each in counted), None),
        privacy_notice_url=next((each.privacy_notice_url for each in counted if each.privacy_notice_url), None),
        **_configuration(client.published),  # type: ignore[arg-type]
        **_released(client, client.published, counted, at, restricted=is_restricted(gate, at)),  # type: ignore[arg-type]
    )


def described(terms: ReleaseTerms) -> dict[str, Any]:
    """The terms as they are told: without secrets; the ends of time are None, sets in order."""
    values = {spec.name: getattr(terms, spec.name) for spec in fields(terms) if spec.name not in {"secrets", "key"}}
    values |= {name: None for name, value in values.items() if value in (FAR_PAST, FAR_FUTURE)}
    values |= {name: sorted(value) for name, value in values.items() if isinstance(value, frozenset)}
    return values | {"claims": [asdict(each) | {"scopes": sorted(each.scopes)} for each in terms.claims]}


VERSION = REVISION
"""The registry's version, as a column for the statements that already run on each request."""


def registry_version(session: Session) -> int:
    """The number that every change of the registry moves."""
    return current(session)


def claims_lost(client: Client, processing: Processing, at: dt.datetime) -> list[str]:
    """The claims that a client gets now and would get no more if a processing were withdrawn."""
    version = client.published
    if version is None or gate_at(client, at).access is not Access.OPEN:
        return []
    counted = counted_for(client, at)
    left = claims_of(each for each in counted if each is not processing)
    return sorted({rule["name"] for rule in version.claims} & claims_of(counted) - left)


def _configuration(version: ClientVersion) -> dict[str, object]:
    return {name: getattr(version, name) for name in _COPIED} | {
        "redirect_uris": tuple(version.redirect_uris),
        "post_logout_redirect_uris": tuple(version.post_logout_redirect_uris),
        "required_attributes": tuple(version.required_attributes),
        "authorised_roles": frozenset(version.authorised_roles),
        "protocol": ClientMetadata.read(version.protocol),
    }


_COPIED = (
    "name flow sector_identifier_uri id_token_alg subject_policy consent_mode consent_always_remembered "
    "consent_remembered_in id_token_lifetime_in access_token_lifetime_in refresh_tokens pkce_required "
    "frontchannel_logout_uri frontchannel_timeout_in unauthorized_url home_url logo_url colour"
).split()


def _released(
    client: Client, version: ClientVersion, counted: list[Processing], at: dt.datetime, *, restricted: bool
) -> dict[str, object]:
    """The claims and scopes that purposes justify. In production a scope that none ever did is refused, not dropped."""
    declared = claims_of(counted)
    once = declared | claims_of(each for each in client.processings if each.validated_on and is_withdrawn(each, at))
    wanted = {scope: {rule["name"] for rule in version.claims if scope in rule["scopes"]} for scope in version.scopes}
    wanted["openid"] = set()  # never refused: what its claims are is a matter of each claim
    never = {scope for scope, claims in wanted.items() if not claims <= once}
    production = client.environment is Environment.PRODUCTION
    beyond_offer = GRU_SCOPES if restricted else frozenset()
    closed = (never if production else set()) | beyond_offer
    empty = {scope for scope, claims in wanted.items() if claims and not claims & declared}
    scopes = frozenset(version.scopes)
    return {
        "scopes": scopes - closed,
        "withdrawn_scopes": scopes & empty - closed,
        "closed_scopes": scopes & closed,
        "claims": tuple(
            ClaimRule(rule["name"], rule["source"], frozenset(rule["scopes"]))
            for rule in version.claims
            if rule["name"] in declared
            and not (production and undeclared_in(rule, declared))
            and not (rule["scopes"] and beyond_offer.issuperset(rule["scopes"]))
        ),
    }
