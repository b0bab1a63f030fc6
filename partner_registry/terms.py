"""The one question the provider asks: on which terms does this client get anything, at this instant?"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import end_of_day, start_of_day
from partner_registry.agreements import FAR_FUTURE, FAR_PAST, AgreementStatus, standing
from partner_registry.models import (
    Client,
    ClientBinding,
    ClientVersion,
    ConsentMode,
    Flow,
    PartnerKind,
    Processing,
    RegistryVersion,
    SubjectPolicy,
)


class Access(enum.Enum):
    """What the registry lets a client do now. The columns of the gate: before, during, paused, over."""

    OPEN = "open"
    NOT_YET = "not_yet"
    PAUSED = "paused"
    OVER = "over"


_ACCESS = {
    AgreementStatus.NOT_NOTIFIED: Access.NOT_YET,
    AgreementStatus.PENDING_START: Access.NOT_YET,
    AgreementStatus.IN_FORCE: Access.OPEN,
    AgreementStatus.SUSPENDED: Access.PAUSED,
    AgreementStatus.TERMINATED: Access.OVER,
    AgreementStatus.EXPIRED: Access.OVER,
}


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """One line of a client's claim table: `source` is an account attribute, or a template that mixes several."""

    name: str
    source: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A client secret as stored, and when it is accepted."""

    sealed: str
    valid_from: dt.datetime
    valid_until: dt.datetime

    def accepted(self, at: dt.datetime) -> bool:
        """Whether it is accepted at that instant."""
        return self.valid_from <= at < self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTerms:
    """Everything the registry says of a client: who it is, what it may receive, from which controller, for what.

    Holds in [since, until) for this `registry_version`. `reason` is the operator's reason code.
    """

    registry_version: int
    since: dt.datetime
    until: dt.datetime
    access: Access
    reason: str

    key: int
    client_id: str
    name: str
    flow: Flow
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    sector_identifier_uri: str | None
    scopes: frozenset[str]
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
    secrets: tuple[SealedSecret, ...]

    partner_slug: str
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


def terms_for(session: Session, client_id: str, at: dt.datetime) -> ReleaseTerms | None:
    """The terms of a client at an instant, or None when no client has that identifier.

    A claim is released only if a purpose of a processing validated at that instant declares it.
    """
    version_number = registry_version(session)
    client = session.scalar(sa.select(Client).where(Client.client_id == client_id))
    if client is None:
        return None
    gate = _gate(client, at)
    processings = [each for each in client.processings if _valid(each, at)]
    declared = {claim for each in processings for purpose in each.purposes for claim in purpose.claims}
    return ReleaseTerms(
        registry_version=version_number,
        since=max([gate.since, *_days(client.processings, before=True, at=at)]),
        until=min([gate.until, *_days(client.processings, before=False, at=at)]),
        access=gate.access,
        reason=gate.reason,
        key=client.id,
        client_id=client.client_id,
        secrets=tuple(
            SealedSecret(each.sealed, each.valid_from, each.valid_until or FAR_FUTURE) for each in client.secrets
        ),
        partner_slug=client.partner.slug,
        partner_name=client.partner.name,
        controller=client.partner.legal_name,
        portal_url=client.partner.portal_url,
        support_url=client.partner.support_url,
        dpo_contact=client.partner.dpo_contact,
        purposes=tuple(purpose.text for each in processings for purpose in each.purposes),
        legal_basis=next((each.legal_basis for each in processings), None),
        privacy_notice_url=next((each.privacy_notice_url for each in processings if each.privacy_notice_url), None),
        **_configuration(client.published, declared),  # type: ignore[arg-type]
    )


VERSION = sa.select(RegistryVersion.number).limit(1).scalar_subquery()
"""The registry's version, as a column for the statements that already run on each request."""


def registry_version(session: Session) -> int:
    """The number that every change of the registry moves."""
    return session.scalar(sa.select(RegistryVersion.number)) or 0


@dataclass(frozen=True, slots=True)
class _Gate:
    access: Access
    reason: str
    since: dt.datetime
    until: dt.datetime


def _gate(client: Client, at: dt.datetime) -> _Gate:
    """Access at an instant: the standing of the agreement that the binding of that day names."""
    if client.partner.kind is PartnerKind.METROPOLE:
        return _Gate(Access.OPEN, "metropole", FAR_PAST, FAR_FUTURE)
    gates = [_bound(binding, at) for binding in client.bindings]
    current = [gate for gate in gates if gate.since <= at < gate.until]
    if current:
        return current[0]
    later = [gate.since for gate in gates if gate.since > at]
    if later:
        return _Gate(Access.NOT_YET, "binding_pending_start", FAR_PAST, min(later))
    if gates:
        return _Gate(Access.OVER, "binding_ended", max(gate.until for gate in gates), FAR_FUTURE)
    return _Gate(Access.NOT_YET, "no_agreement", FAR_PAST, FAR_FUTURE)


def _bound(binding: ClientBinding, at: dt.datetime) -> _Gate:
    opens = start_of_day(binding.valid_from_on)
    closes = end_of_day(binding.valid_to_on) if binding.valid_to_on else FAR_FUTURE
    stands = standing(binding.agreement, at)
    return _Gate(_ACCESS[stands.status], stands.status.value, max(opens, stands.since), min(closes, stands.until))


def _valid(processing: Processing, at: dt.datetime) -> bool:
    begun = processing.validated_on is not None and start_of_day(processing.validated_on) <= at
    return begun and (processing.withdrawn_on is None or at < start_of_day(processing.withdrawn_on))


def _days(processings: list[Processing], *, before: bool, at: dt.datetime) -> list[dt.datetime]:
    """The instants, before (or at) or after `at`, at which a processing starts or stops receiving data."""
    days = [day for each in processings for day in (each.validated_on, each.withdrawn_on) if day is not None]
    instants = [start_of_day(day) for day in days]
    return [each for each in instants if (each <= at) is before]


def _configuration(version: ClientVersion, declared: set[str]) -> dict[str, object]:
    copied = (
        "name flow sector_identifier_uri id_token_alg subject_policy consent_mode consent_always_remembered "
        "consent_remembered_in id_token_lifetime_in access_token_lifetime_in refresh_tokens pkce_required "
        "frontchannel_logout_uri frontchannel_timeout_in unauthorized_url home_url logo_url colour"
    )
    return {name: getattr(version, name) for name in copied.split()} | {
        "redirect_uris": tuple(version.redirect_uris),
        "post_logout_redirect_uris": tuple(version.post_logout_redirect_uris),
        "scopes": frozenset(version.scopes),
        "required_attributes": tuple(version.required_attributes),
        "authorised_roles": frozenset(version.authorised_roles),
        "claims": tuple(
            ClaimRule(rule["name"], rule["source"], frozenset(rule["scopes"]))
            for rule in version.claims
            if rule["name"] in declared
        ),
    }
