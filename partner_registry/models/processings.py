"""Tables of the processings of personal data, and of what went wrong with them."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, relationship

from glc.database import Base, column, enum_type, key_column
from partner_registry.models.agreements import Document
from partner_registry.models.partners import Partner

if TYPE_CHECKING:
    from partner_registry.models.clients import Client


class PartnerPart(enum.Enum):
    """The part a partner plays in a processing: its qualification, and never a default one (GDPR 4(7), 4(8), 26)."""

    CONTROLLER = "CONTROLLER"
    JOINT_CONTROLLER = "JOINT_CONTROLLER"
    PROCESSOR = "PROCESSOR"


class LegalBasis(enum.Enum):
    """GDPR, article 6(1)."""

    CONSENT = "CONSENT"
    CONTRACT = "CONTRACT"
    LEGAL_OBLIGATION = "LEGAL_OBLIGATION"
    VITAL = "VITAL"
    PUBLIC_TASK = "PUBLIC_TASK"
    LEGITIMATE_INTEREST = "LEGITIMATE_INTEREST"


processing_controller = sa.Table(
    "processing_controller",
    Base.metadata,
    sa.Column("processing_id", sa.ForeignKey("processing.id"), primary_key=True, comment="Processing"),
    sa.Column("partner_id", sa.ForeignKey("partner.id"), primary_key=True, comment="One more controller"),
)


class Processing(Base):
    """A processing of personal data of which the partner determines purposes and means (R35; GDPR 4(7), 30).

    A validated one never changes: a change is a new one that replaces it on the day it is validated.
    """

    __tablename__ = "processing"

    id: Mapped[int] = key_column()
    partner_id: Mapped[int] = column("Partner that declares it", sa.ForeignKey(Partner.id), index=True)
    reference: Mapped[str] = column("Number in the partner's register", sa.String(60), default="")
    name: Mapped[str] = column("Name of the processing", sa.String(200))
    part: Mapped[PartnerPart] = column(
        "The partner's part in it", enum_type(PartnerPart), default=PartnerPart.CONTROLLER
    )
    part_reason: Mapped[str] = column("Why the parties qualify it so", sa.Text(), default="")
    legal_basis: Mapped[LegalBasis] = column(
        "Legal basis, GDPR article 6(1)", enum_type(LegalBasis), default=LegalBasis.PUBLIC_TASK
    )
    legal_reference: Mapped[str] = column("Text that founds it (6(3))", sa.String(300), default="")
    data_subjects: Mapped[list[str]] = column("Categories of people", default=list)
    data_categories: Mapped[list[str]] = column("Categories of data besides the claims (30(1)(c))", default=list)
    recipients: Mapped[list[str]] = column("Categories of recipients", default=list)
    source: Mapped[str] = column("Where the data comes from (14(2)(f))", sa.String(200), default="GrandLyonConnect")
    retention_months: Mapped[int | None] = column("Months the data is kept")
    retention_reason: Mapped[str] = column("Why longer than 36 months", sa.Text(), default="")
    transfers: Mapped[str] = column(
        "Transfers outside the Union and their safeguards; empty: none", sa.Text(), default=""
    )
    security_measures: Mapped[str] = column("General description, article 32(1)", sa.Text(), default="")
    sensitive_data: Mapped[bool] = column("Whether data of articles 9 or 10 is processed", default=False)
    privacy_notice_url: Mapped[str | None] = column("Information given under GDPR 13 and 14", sa.String(255))
    dpia_required: Mapped[bool | None] = column("Whether an impact assessment is required; empty: not examined")
    dpia_reason: Mapped[str] = column("Why, or why not", sa.Text(), default="")
    dpia_on: Mapped[dt.date | None] = column("Date of the assessment")
    dpia_reference: Mapped[str] = column("Reference of the assessment", sa.String(100), default="")
    required_acr: Mapped[str] = column("Level of assurance it needs (eIDAS)", sa.String(20), default="eidas1")
    joint_essence_url: Mapped[str | None] = column("Essence of the joint arrangement (26(2))", sa.String(255))
    joint_contact: Mapped[str] = column("Contact point of the joint controllers", sa.String(255), default="")
    author_id: Mapped[int | None] = column("Who drew it up", sa.ForeignKey("account.id"), personal=True)
    created_at: Mapped[dt.datetime] = column("When")
    dpo_opinion: Mapped[str] = column("Opinion of the Métropole's DPO", sa.Text(), default="")
    dpo_opinion_at: Mapped[dt.datetime | None] = column("When it was given")
    dpo_favourable: Mapped[bool | None] = column("Whether it is favourable")
    validated_on: Mapped[dt.date | None] = column("First day on which it may receive data")
    withdrawn_on: Mapped[dt.date | None] = column("First day on which it no longer may")
    replaces_id: Mapped[int | None] = column("Processing it replaces", sa.ForeignKey("processing.id"))
    partner: Mapped[Partner] = relationship(back_populates="processings")
    joint_controllers: Mapped[list[Partner]] = relationship(secondary=processing_controller, order_by=Partner.slug)
    """The other controllers; where the partner is a processor, those on whose behalf it acts."""
    replaces: Mapped[Processing | None] = relationship(remote_side="Processing.id")
    purposes: Mapped[list[Purpose]] = relationship(order_by="Purpose.id", back_populates="processing")
    processors: Mapped[list[Processor]] = relationship(order_by="Processor.id", back_populates="processing")
    documents: Mapped[list[Document]] = relationship(order_by="Document.id")


class Purpose(Base):
    """A purpose of a processing, with the claims it needs. No declared purpose, no claim."""

    __tablename__ = "purpose"

    id: Mapped[int] = key_column()
    processing_id: Mapped[int] = column("Processing", sa.ForeignKey(Processing.id), index=True)
    text: Mapped[str] = column("The purpose, as told to citizens", sa.Text())
    claims: Mapped[dict[str, str]] = column("Each claim it needs, and why (minimisation)", sa.JSON())
    processing: Mapped[Processing] = relationship(back_populates="purposes")


class Processor(Base):
    """A sous-traitant of a processing, and its contract (GDPR 28)."""

    __tablename__ = "processor"

    id: Mapped[int] = key_column()
    processing_id: Mapped[int] = column("Processing", sa.ForeignKey(Processing.id), index=True)
    partner_id: Mapped[int | None] = column("A partner, such as the Métropole", sa.ForeignKey(Partner.id), index=True)
    name: Mapped[str] = column("Name, where it is no partner", sa.String(200), default="")
    subject: Mapped[str] = column("What it does", sa.Text(), default="")
    checklist: Mapped[list[str]] = column("Points a to h of article 28(3) that the contract holds", default=list)
    sub_processors: Mapped[list[str]] = column("Authorised sub-processors (28(2))", default=list)
    contract_on: Mapped[dt.date | None] = column("Date of the contract")
    contract_sha256: Mapped[str] = column("SHA-256 of the contract, hexadecimal", sa.String(64), default="")
    processing: Mapped[Processing] = relationship(back_populates="processors")
    partner: Mapped[Partner | None] = relationship()


incident_client = sa.Table(
    "incident_client",
    Base.metadata,
    sa.Column("incident_id", sa.ForeignKey("incident.id"), primary_key=True, comment="Incident"),
    sa.Column("client_id", sa.ForeignKey("client.id"), primary_key=True, comment="Client it affects"),
)


class Incident(Base):
    """A breach of personal data and what was done about it (GDPR 33 and 34): the internal log of article 33(5)."""

    __tablename__ = "incident"

    id: Mapped[int] = key_column()
    aware_at: Mapped[dt.datetime] = column("When the controller became aware: 72 hours run from here")
    nature: Mapped[str] = column("What happened (33(3)(a))", sa.Text())
    people_affected: Mapped[int | None] = column("How many people, about")
    consequences: Mapped[str] = column("Likely consequences", sa.Text(), default="")
    measures: Mapped[str] = column("Measures taken or proposed", sa.Text(), default="")
    high_risk: Mapped[bool] = column("High risk for people: they are told (34)", default=False)
    authority_notified_at: Mapped[dt.datetime | None] = column("When the CNIL was notified")
    late_reason: Mapped[str] = column("Why later than 72 hours", sa.Text(), default="")
    unnotified_reason: Mapped[str] = column("Why the CNIL need not be notified (33(1): no risk)", sa.Text(), default="")
    dpos_warned_at: Mapped[dt.datetime | None] = column("When the partners' DPOs were last warned")
    people_told_at: Mapped[dt.datetime | None] = column("When the people affected were told (34)")
    untold_reason: Mapped[str] = column("Why they need not be told (34(3))", sa.Text(), default="")
    closed_at: Mapped[dt.datetime | None] = column("When it was closed")
    recorded_at: Mapped[dt.datetime] = column("When it was recorded")
    account_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)
    clients: Mapped[list[Client]] = relationship(secondary=incident_client)
