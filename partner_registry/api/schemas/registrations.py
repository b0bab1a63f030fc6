"""What is sent of clients."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from partner_registry.api.schemas.base import Day, Motivated, Number, Sent, Uri, Word, Words, absent, of
from partner_registry.clients.acceptances import MAX_RESULT
from partner_registry.models import (
    AcceptanceRun,
    Agreement,
    Client,
    ClientBinding,
    ClientTransfer,
    ClientVersion,
    ConsentMode,
    Environment,
    Flow,
    GnmService,
    Partner,
    SubjectPolicy,
)

Uris = Annotated[list[Uri], Field(max_length=100)]
Lifetime = Annotated[int, Field(ge=1, le=315_360_000)]


class NewClaim(Sent):
    """One line of a claim table."""

    name: Word = Field(description="Name of the claim")
    source: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="Account attribute, or a template: `{{ city }} ({{ postal_code }})`"
    )
    scopes: Words = Field(description="Scopes that give it")


class ConfigurationChanges(Sent):
    """What to change of a configuration; what is left out is as in the version in use, or else the newest."""

    name: str = absent(ClientVersion.name, min_length=1)
    redirect_uris: Uris = absent(ClientVersion.redirect_uris)
    post_logout_redirect_uris: Uris = absent(ClientVersion.post_logout_redirect_uris)
    scopes: Words = absent(ClientVersion.scopes)
    claims: Annotated[list[NewClaim], Field(max_length=100)] = absent(ClientVersion.claims)
    flow: Flow = absent(ClientVersion.flow)
    id_token_alg: str = absent(ClientVersion.id_token_alg)
    subject_policy: SubjectPolicy = absent(ClientVersion.subject_policy)
    consent_mode: ConsentMode = absent(ClientVersion.consent_mode)
    consent_always_remembered: bool = absent(ClientVersion.consent_always_remembered)
    consent_remembered_in: Lifetime | None = absent(ClientVersion.consent_remembered_in)
    id_token_lifetime_in: Lifetime | None = absent(ClientVersion.id_token_lifetime_in)
    access_token_lifetime_in: Lifetime | None = absent(ClientVersion.access_token_lifetime_in)
    sector_identifier_uri: Uri | None = absent(ClientVersion.sector_identifier_uri)
    refresh_tokens: bool = absent(ClientVersion.refresh_tokens)
    pkce_required: bool = absent(ClientVersion.pkce_required)
    frontchannel_logout_uri: Uri | None = absent(ClientVersion.frontchannel_logout_uri)
    frontchannel_timeout_in: Lifetime | None = absent(ClientVersion.frontchannel_timeout_in)
    required_attributes: Words = absent(ClientVersion.required_attributes)
    authorised_roles: Words = absent(ClientVersion.authorised_roles)
    unauthorized_url: Uri | None = absent(ClientVersion.unauthorized_url)
    home_url: Uri | None = absent(ClientVersion.home_url)
    logo_url: Uri | None = absent(ClientVersion.logo_url)
    colour: str | None = absent(ClientVersion.colour)
    protocol: dict[str, Any] = absent(ClientVersion.protocol)

    def values(self) -> dict[str, Any]:
        """What is said, lists as a registration keeps them."""
        said = self.model_dump(exclude_unset=True, include=set(ConfigurationChanges.model_fields))
        return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}


class NewClient(ConfigurationChanges):
    """A site to register."""

    partner: str = of(Partner.slug)
    environment: Environment = of(Client.environment, Environment.SANDBOX)
    service: GnmService = of(Client.service, GnmService.GRANDLYONCONNECT)
    name: str = of(ClientVersion.name, min_length=1)
    redirect_uris: Uris = of(ClientVersion.redirect_uris, min_length=1)


class Published(Sent):
    """Why to do without an acceptance run, where one is asked for and missing."""

    waiver_reason: str = absent(ClientVersion.waiver_reason)


class NewAcceptance(Sent):
    """The result of an acceptance run."""

    signed_text: str = of(AcceptanceRun.signed_text, min_length=1, max_length=MAX_RESULT)


class RolledBack(Motivated):
    """Which version to put in use again."""

    version: Number


class NewBinding(Sent):
    """Under which agreement a client works, and when."""

    agreement: str = of(Agreement.number)
    from_on: Day = of(ClientBinding.valid_from_on)
    to_on: Day | None = absent(ClientBinding.valid_to_on)


class CancelledBinding(Motivated):
    """Which binding to take back."""

    from_on: Day = of(ClientBinding.valid_from_on)


class Served(Sent):
    """Which processings a client serves, all of them."""

    processings: Annotated[list[Number], Field(max_length=100)]


class NewSecret(Sent):
    """One more secret."""

    overlap_days: int = Field(default=7, ge=1, le=366, description="Days the present secret goes on being accepted")


class Transferred(Motivated):
    """Another partner for a client, from a day on."""

    to_partner: str = of(Partner.slug)
    on: Day = of(ClientTransfer.effective_on)


class CancelledTransfer(Motivated):
    """Which transfer to take back."""

    on: Day = of(ClientTransfer.effective_on)


class Homologation(Sent):
    """The RGS homologation of a service; both, or neither to take it away."""

    approval: str = of(Client.security_approval, "")
    until_on: Day | None = absent(Client.security_approved_until_on)
