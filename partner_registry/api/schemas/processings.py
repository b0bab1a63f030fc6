"""Processings of personal data."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from partner_registry.api.schemas.agreements import DocumentTold
from partner_registry.api.schemas.base import (
    LONGEST_TEXT,
    Day,
    Number,
    Positioned,
    Sent,
    Word,
    Words,
    absent,
    left_out,
    many,
    of,
    told,
)
from partner_registry.completeness import CONTRACT_POINTS
from partner_registry.models import LegalBasis, Partner, PartnerPart, Processing, Processor, Purpose

PurposeTold = told("Purpose", Purpose, "text", claims=dict[str, str])
ProcessorTold = told(
    "Processor",
    Processor,
    "name subject contract_on contract_sha256",
    partner=(str | None, "Short name of the partner, where it is one"),
    checklist=list[str],
    sub_processors=list[str],
)
ProcessingTold = told(
    "Processing",
    Processing,
    "id reference name part part_reason legal_basis legal_reference source retention_months retention_reason transfers "
    "security_measures sensitive_data privacy_notice_url dpia_required dpia_reason dpia_on dpia_reference required_acr "
    "joint_essence_url joint_contact created_at dpo_opinion dpo_opinion_at dpo_favourable validated_on withdrawn_on",
    partner=(str, "Short name of the partner that declares it"),
    data_subjects=list[str],
    data_categories=list[str],
    recipients=list[str],
    purposes=(many(PurposeTold), "What for, and which claims each purpose needs"),
    processors=(many(ProcessorTold), "Its sous-traitants"),
    joint_controllers=(list[str], "Short names of the other joint controllers"),
    documents=(many(DocumentTold), "Documents kept: the content is at `documents/{sha256}`"),
    replaces=(int | None, "Number of the processing it replaces"),
)


class NewPurpose(Sent):
    """A purpose, and each claim it needs with the reason it does."""

    text: str = of(Purpose.text, min_length=1)
    claims: Annotated[dict[Word, Annotated[str, Field(max_length=LONGEST_TEXT)]], Field(max_length=100)] = of(
        Purpose.claims
    )


class NewProcessor(Sent):
    """A sous-traitant, and its contract."""

    partner: str | None = absent(Partner.slug)
    name: str = of(Processor.name, "")
    subject: str = of(Processor.subject, "")
    checklist: list[Annotated[str, Field(pattern=f"^[{''.join(CONTRACT_POINTS)}]$")]] = of(
        Processor.checklist, [], max_length=len(CONTRACT_POINTS)
    )
    sub_processors: Words = of(Processor.sub_processors, [])
    contract_on: Day | None = absent(Processor.contract_on)
    contract_sha256: str = of(Processor.contract_sha256, "", pattern="^([0-9a-f]{64})?$")


class ProcessingChanges(Sent):
    """What to change of a processing that is not validated; what is left out stays as it is."""

    reference: str = absent(Processing.reference)
    name: str = absent(Processing.name, min_length=1)
    part: PartnerPart = absent(Processing.part)
    part_reason: str = absent(Processing.part_reason)
    legal_basis: LegalBasis = absent(Processing.legal_basis)
    legal_reference: str = absent(Processing.legal_reference)
    data_subjects: Words = absent(Processing.data_subjects)
    data_categories: Words = absent(Processing.data_categories)
    recipients: Words = absent(Processing.recipients)
    source: str = absent(Processing.source)
    retention_months: Number | None = absent(Processing.retention_months)
    retention_reason: str = absent(Processing.retention_reason)
    transfers: str = absent(Processing.transfers)
    security_measures: str = absent(Processing.security_measures)
    sensitive_data: bool = absent(Processing.sensitive_data)
    privacy_notice_url: str | None = absent(Processing.privacy_notice_url)
    dpia_required: bool | None = absent(Processing.dpia_required)
    dpia_reason: str = absent(Processing.dpia_reason)
    dpia_on: Day | None = absent(Processing.dpia_on)
    dpia_reference: str = absent(Processing.dpia_reference)
    required_acr: str = absent(Processing.required_acr)
    joint_essence_url: str | None = absent(Processing.joint_essence_url)
    joint_contact: str = absent(Processing.joint_contact)
    joint_controllers: Words = left_out("Short names of the other joint controllers, all of them")
    purposes: Annotated[list[NewPurpose], Field(max_length=50)] = left_out("Its purposes, all of them")
    processors: Annotated[list[NewProcessor], Field(max_length=50)] = left_out("Its sous-traitants, all of them")

    def facts(self) -> dict[str, Any]:
        """What is said, purposes and people apart."""
        return self.model_dump(exclude_unset=True, exclude={"purposes", "processors", "joint_controllers", "partner"})


class NewProcessing(ProcessingChanges):
    """A processing to declare."""

    partner: str = of(Partner.slug)
    name: str = of(Processing.name, min_length=1)


class Opinion(Sent):
    """What the DPO thinks of it."""

    favourable: bool = of(Processing.dpo_favourable)
    text: str = of(Processing.dpo_opinion, min_length=1)


class Processings(Positioned):
    """Which processings to list."""

    partner: str | None = absent(Partner.slug)
    valid: bool | None = Field(default=None, description="Whether they may receive data today")
