"""Clients, their versions, bindings and secrets, and the terms on which they get anything."""

from __future__ import annotations

import datetime as dt
import typing
from dataclasses import fields
from typing import Annotated, Any

from pydantic import Field, create_model

from partner_registry.api.schemas.base import Asked, Instant, Positioned, Told, absent, many, told
from partner_registry.gate import Access
from partner_registry.models import (
    AcceptanceRun,
    Client,
    ClientBinding,
    ClientSecret,
    ClientTransfer,
    ClientVersion,
    Environment,
    GnmService,
    VersionState,
)
from partner_registry.terms import ReleaseTerms


class ClaimTold(Told):
    """One line of a claim table."""

    name: str = Field(description="Name of the claim")
    source: str = Field(description="Account attribute, or a template that mixes several")
    scopes: list[str] = Field(description="Scopes that give it")


BindingTold = told(
    "ClientBinding", ClientBinding, "valid_from_on valid_to_on", agreement=(str, "Number of the agreement")
)
SecretTold = told("ClientSecret", ClientSecret, "id valid_from valid_until")
TransferTold = told(
    "ClientTransfer", ClientTransfer, "effective_on reason", to_partner=(str, "Short name of the partner")
)
ClientTold = told(
    "Client",
    Client,
    "client_id environment service registered_at disabled_at archived_at security_approval security_approved_until_on",
    partner=(str, "Short name of the partner that registered it"),
    holder=(str, "Short name of whose it is today, transfers and mergers counted"),
    name=(str, "Name of the service, of the version in use or else the newest"),
    published=(int | None, "Number of the version in use"),
    access=(Access, "What the registry lets it do now"),
    reason=(str, "Why, as a reason code"),
    bindings=many(BindingTold),
    secrets=(many(SecretTold), "When each secret is accepted; what it is was told once"),
    transfers=many(TransferTold),
    processings=(list[int], "Numbers of the processings it serves"),
)
ClientAndSecret = create_model(
    "ClientAndSecret",
    __base__=ClientTold,
    client_secret=(str, Field(description="Its secret, told this once")),
)
SecretOnce = create_model(
    "ClientSecretOnce",
    __base__=SecretTold,
    client_secret=(str, Field(description="The secret, told this once")),
)
VersionTold = told(
    "ClientVersion",
    ClientVersion,
    "number drafted_at submitted_at published_at ended_at name flow sector_identifier_uri id_token_alg subject_policy "
    "consent_mode consent_always_remembered consent_remembered_in id_token_lifetime_in access_token_lifetime_in "
    "refresh_tokens pkce_required frontchannel_logout_uri frontchannel_timeout_in unauthorized_url home_url logo_url "
    "colour waived_at waiver_reason",
    client=(str, "`client_id` of the client"),
    state=(VersionState, "Derived from its instants"),
    redirect_uris=list[str],
    post_logout_redirect_uris=list[str],
    scopes=list[str],
    claims=list[ClaimTold],
    required_attributes=list[str],
    protocol=dict[str, Any],
    authorised_roles=list[str],
)

AcceptanceTold = told(
    "AcceptanceRun",
    AcceptanceRun,
    "id verdict finished_at stored_at signed_text",
    client=(str, "`client_id` of the client"),
    version=(int, "Number of the version it is kept on"),
)


class Difference(Told):
    """One difference between two versions."""

    name: str = Field(description="What differs")
    before: Any = Field(description="Its value in the older one")
    after: Any = Field(description="Its value in the newer one")


class DiffTold(Told):
    """What differs between two versions."""

    older: int | None = Field(description="Number of the older version; null: nothing was in use")
    newer: int
    differences: list[Difference]


def _terms() -> type[Told]:
    """The terms as the provider reads them, without secrets, the row's number, or the end of time."""
    hints = typing.get_type_hints(ReleaseTerms) | {"claims": list[ClaimTold]}
    hints |= {name: list[str] for name, hint in hints.items() if typing.get_origin(hint) is frozenset}
    instants = {"since", "until", "grants_since"}
    kept = [spec.name for spec in fields(ReleaseTerms) if spec.name not in {"secrets", "key"}]
    columns: dict[str, Any] = {name: (dt.datetime | None if name in instants else hints[name], ...) for name in kept}
    made: type[Told] = create_model("ReleaseTerms", __base__=Told, __doc__=ReleaseTerms.__doc__, **columns)
    return made


TermsTold = _terms()


class Clients(Positioned):
    """Which clients to list."""

    partner: str | None = Field(default=None, max_length=60, description="Short name of whose they are today")
    environment: Environment | None = absent(Client.environment)
    service: GnmService | None = absent(Client.service)


class Versions(Asked):
    """Which version to compare with."""

    older: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        default=None, description="Number of the older version; else the one in use"
    )


class TermsAt(Asked):
    """When."""

    at: Instant | None = Field(default=None, description="As of that instant instead of now")
