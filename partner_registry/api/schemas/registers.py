"""Registers of processing (GDPR 30), and the list of who receives the account's data."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from partner_registry.api.schemas.base import Asked, Day, Instant, Told
from partner_registry.models import DocumentKind, LegalBasis, PartnerPart


class Body(Told):
    """A body as it may be published."""

    partner: str = Field(description="Short name of the partner")
    name: str
    siren: str
    siret: str | None
    url: str | None = Field(description="Where to reach it")
    dpo: str | None = Field(description="Address of its DPO")
    dpo_designation: str = Field(description="Reference of the designation at the CNIL")


class Contract(Told):
    """A sous-traitant and its contract (GDPR 28)."""

    name: str
    subject: str
    contract_on: dt.date | None
    contract_sha256: str
    points: list[str] = Field(description="Points of article 28(3) that it holds")
    sub_processors: list[str]


class DocumentNamed(Told):
    """A document that is kept."""

    kind: DocumentKind
    sha256: str


class Activity(Told):
    """One processing of a controller: article 30(1)(a) to (g), and what articles 13, 14 and 35 ask besides."""

    number: int
    name: str
    reference: str
    part: PartnerPart
    part_reason: str
    controllers: list[Body]
    joint_essence_url: str | None
    joint_contact: str
    purposes: list[str]
    claims: dict[str, str] = Field(description="Each claim, and why")
    legal_basis: LegalBasis
    legal_reference: str
    data_subjects: list[str]
    data_categories: list[str]
    sensitive_data: bool
    source: str
    recipients: list[str]
    processors: list[Contract]
    transfers: str
    retention_months: int | None
    retention_reason: str
    security_measures: str
    privacy_notice_url: str | None
    dpia_required: bool | None
    dpia_reason: str
    dpia_reference: str
    dpia_on: dt.date | None
    required_acr: str
    documents: list[DocumentNamed]
    created_on: dt.date
    validated_on: dt.date | None


class ActOnBehalf(Contract):
    """What the Métropole does on behalf of a controller: article 30(2)(a) to (d)."""

    number: int
    controllers: list[Body]
    data_subjects: list[str]
    data_categories: list[str]
    claims: dict[str, str] = Field(description="Each claim, and why")
    transfers: str
    security_measures: str


class ControllerRegister(Told):
    """The register of article 30(1)."""

    day: dt.date
    body: Body
    processings: list[Activity]


class ProcessorRegister(Told):
    """The register of article 30(2)."""

    day: dt.date
    body: Body
    processings: list[ActOnBehalf]


class RecipientTold(Told):
    """Who receives data of the account, and for what."""

    partner: str = Field(description="Short name of the partner")
    recipient: str
    client_id: str
    name: str
    purposes: list[str]
    claims: list[str]
    legal_basis: LegalBasis | None
    privacy_notice_url: str | None
    dpo: str | None


class RecipientsTold(Told):
    """Everybody who receives data of the account."""

    recipients: list[RecipientTold]


class OnDay(Asked):
    """On which day."""

    on: Day | None = Field(default=None, description="On that day instead of today")


class AtInstant(Asked):
    """When."""

    at: Instant | None = Field(default=None, description="As of that instant instead of now")
