"""Tables of agreements: the facts from which their status is derived at any instant."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from glc.database import Base, column, enum_type, key_column
from partner_registry.models.partners import Partner


class AgreementKind(enum.Enum):
    """The experiment of 2017 (R3, R4) or a framework agreement (R1)."""

    EXPERIMENT = "EXPERIMENT"
    FRAMEWORK = "FRAMEWORK"


class Offer(enum.Enum):
    """Level of service: with or without the agents' request-handling tools (R13)."""

    GLOBAL = "GLOBAL"
    RESTRICTED = "RESTRICTED"


class CouncilBody(enum.Enum):
    """Whose assembly decided."""

    PARTNER = "PARTNER"
    METROPOLE = "METROPOLE"


class StepKind(enum.Enum):
    """Steps of the instruction of a file."""

    SUBMITTED = "SUBMITTED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    APPROVED = "APPROVED"
    REOPENED = "REOPENED"


class DocumentKind(enum.Enum):
    """What a kept document is (R36)."""

    AGREEMENT = "AGREEMENT"
    FINANCIAL_ANNEX = "FINANCIAL_ANNEX"
    ANNEX = "ANNEX"
    COUNCIL_DECISION = "COUNCIL_DECISION"
    PREFECTURE_RECEIPT = "PREFECTURE_RECEIPT"
    NOTICE = "NOTICE"
    PROCESSOR_CONTRACT = "PROCESSOR_CONTRACT"
    JOINT_ARRANGEMENT = "JOINT_ARRANGEMENT"
    DPIA = "DPIA"


class ActDates:
    """What an agreement and an amendment have in common: how they were signed, transmitted and notified."""

    signed_on: Mapped[dt.date | None] = mapped_column(comment="Signature", info={"personal": False})
    signatories: Mapped[str] = mapped_column(
        sa.String(300), default="", comment="Who signed, and in which quality", info={"personal": True}
    )
    transmitted_on: Mapped[dt.date | None] = mapped_column(
        comment="Transmission to the State's representative", info={"personal": False}
    )
    prefecture_receipt: Mapped[str] = mapped_column(
        sa.String(100), default="", comment="Number of the préfecture's receipt", info={"personal": False}
    )
    notified_on: Mapped[dt.date | None] = mapped_column(
        comment="Notification to the partner: a condition of taking effect (R31)", info={"personal": False}
    )
    notified_by: Mapped[str] = mapped_column(
        sa.String(60), default="", comment="Means of the notification", info={"personal": False}
    )

    @declared_attr
    def author_id(cls) -> Mapped[int | None]:  # noqa: N805 — SQLAlchemy's way
        return mapped_column(sa.ForeignKey("account.id"), comment="Account of who drew it up", info={"personal": True})


class Agreement(ActDates, Base):
    """A convention between a partner and the Métropole: recorded facts only, its status is derived from them."""

    __tablename__ = "agreement"

    id: Mapped[int] = key_column()
    partner_id: Mapped[int] = column("Partner that signed", sa.ForeignKey(Partner.id), index=True)
    number: Mapped[str] = column("Number of the agreement", sa.String(60), unique=True)
    kind: Mapped[AgreementKind] = column("Experiment or framework", enum_type(AgreementKind))
    framework: Mapped[str] = column("Which framework it belongs to", sa.String(60))
    offer: Mapped[Offer] = column("Level of service it began with (R13); amendments change it", enum_type(Offer))
    founding_partner: Mapped[bool] = column("One of the five initial communes (R8, R29)", default=False)
    already_equipped: Mapped[bool] = column("Already has request-handling tools, article 4.1 (R15)", default=False)
    clause: Mapped[str] = column("Article that describes its case (R15)", sa.String(20), default="")
    assumed: Mapped[str] = column("What in this record is assumed rather than documented", sa.Text(), default="")
    notes: Mapped[str] = column("Requesting services, opinion, extract (R10)", sa.Text(), default="")
    reported_on: Mapped[dt.date | None] = column("Date of the report to the council: not the vote's (R2)")
    starts_on: Mapped[dt.date] = column("Intended first day (R31)")
    hard_end_on: Mapped[dt.date] = column("Last day at the latest (R4, R33)")
    renews_yearly: Mapped[bool] = column("One year, tacitly renewed each 1 January (R32)", default=True)
    notice_months: Mapped[int] = column("Notice of non-renewal, months before 31 December (assumed, A8)", default=3)
    renewal_refused_on: Mapped[dt.date | None] = column("Notice of non-renewal received")
    renewal_refused_by: Mapped[str] = column("By whom", sa.String(100), default="")
    terminated_on: Mapped[dt.date | None] = column("Last day, when ended early")
    termination_cause: Mapped[str] = column("Why it was ended early", sa.Text(), default="")
    budget_program: Mapped[str] = column("Programme charged (R11)", sa.String(40), default="")
    budget_operation: Mapped[str] = column("Opération charged (R11)", sa.String(40), default="")
    budget_nature: Mapped[str] = column("Nature charged (R11)", sa.String(40), default="")
    budget_function: Mapped[str] = column("Fonction charged (R11)", sa.String(40), default="")
    chorus_service_code: Mapped[str] = column("Service code of the debtor, if it wants one", sa.String(100), default="")
    commitment_number: Mapped[str] = column("Engagement of the debtor, if it wants one", sa.String(100), default="")
    unpaid: Mapped[bool] = column("Payment is late: a flag only, it never cuts access", default=False)
    created_at: Mapped[dt.datetime] = column("When the file was opened")
    predecessor_id: Mapped[int | None] = column("Agreement it continues", sa.ForeignKey("agreement.id"))
    partner: Mapped[Partner] = relationship(back_populates="agreements")
    predecessor: Mapped[Agreement | None] = relationship(remote_side="Agreement.id")
    steps: Mapped[list[Step]] = relationship(order_by="Step.id", primaryjoin="Agreement.id == Step.agreement_id")
    amendments: Mapped[list[Amendment]] = relationship(back_populates="agreement", order_by="Amendment.number")
    decisions: Mapped[list[CouncilDecision]] = relationship(
        order_by="CouncilDecision.id", primaryjoin="Agreement.id == CouncilDecision.agreement_id"
    )
    documents: Mapped[list[Document]] = relationship(
        order_by="Document.id", primaryjoin="Agreement.id == Document.agreement_id"
    )
    suspensions: Mapped[list[Suspension]] = relationship(order_by="Suspension.starts_at")
    derogations: Mapped[list[Derogation]] = relationship(order_by="Derogation.from_on")
    years: Mapped[list[AgreementYear]] = relationship(order_by="AgreementYear.year")


class Amendment(ActDates, Base):
    """An avenant: what it changes in a running agreement, which stays in force while this one is examined."""

    __tablename__ = "amendment"
    __table_args__ = (sa.UniqueConstraint("agreement_id", "number"),)

    id: Mapped[int] = key_column()
    agreement_id: Mapped[int] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    number: Mapped[int] = column("1, 2, 3 …")
    purpose: Mapped[str] = column("What it is for", sa.Text())
    changes: Mapped[dict[str, Any]] = column("New value of each term it changes", sa.JSON())
    effective_on: Mapped[dt.date] = column("Intended first day of the new terms")
    created_at: Mapped[dt.datetime] = column("When it was opened")
    agreement: Mapped[Agreement] = relationship(back_populates="amendments")
    steps: Mapped[list[Step]] = relationship(order_by="Step.id", primaryjoin="Amendment.id == Step.amendment_id")
    decisions: Mapped[list[CouncilDecision]] = relationship(
        order_by="CouncilDecision.id", primaryjoin="Amendment.id == CouncilDecision.amendment_id"
    )
    documents: Mapped[list[Document]] = relationship(
        order_by="Document.id", primaryjoin="Amendment.id == Document.amendment_id"
    )


class Step(Base):
    """One step of the instruction of an agreement's or amendment's file. Append-only."""

    __tablename__ = "step"
    __table_args__ = (sa.CheckConstraint("(agreement_id IS NULL) <> (amendment_id IS NULL)", name="one_file"),)

    id: Mapped[int] = key_column()
    agreement_id: Mapped[int | None] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    amendment_id: Mapped[int | None] = column("Or amendment", sa.ForeignKey(Amendment.id), index=True)
    kind: Mapped[StepKind] = column("Which step", enum_type(StepKind))
    at: Mapped[dt.datetime] = column("When")
    account_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)
    reason: Mapped[str] = column("Why; mandatory unless it approves", sa.Text(), default="")


class CouncilDecision(Base):
    """A délibération of one of the two assemblies."""

    __tablename__ = "council_decision"
    __table_args__ = (sa.CheckConstraint("(agreement_id IS NULL) <> (amendment_id IS NULL)", name="one_act"),)

    id: Mapped[int] = key_column()
    agreement_id: Mapped[int | None] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    amendment_id: Mapped[int | None] = column("Or amendment", sa.ForeignKey(Amendment.id), index=True)
    body: Mapped[CouncilBody] = column("Whose council", enum_type(CouncilBody))
    number: Mapped[str] = column("Number (R1)", sa.String(60))
    decided_on: Mapped[dt.date | None] = column("Date of the sitting, when known (R2)")


class Document(Base):
    """A signed or received document, kept as it came."""

    __tablename__ = "document"

    id: Mapped[int] = key_column()
    agreement_id: Mapped[int | None] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    amendment_id: Mapped[int | None] = column("Or amendment", sa.ForeignKey(Amendment.id), index=True)
    processing_id: Mapped[int | None] = column("Or processing", sa.ForeignKey("processing.id"), index=True)
    kind: Mapped[DocumentKind] = column("What it is", enum_type(DocumentKind))
    name: Mapped[str] = column("File name", sa.String(200))
    media_type: Mapped[str] = column("Media type", sa.String(100))
    size: Mapped[int] = column("Bytes")
    sha256: Mapped[str] = column("SHA-256 of the content, hexadecimal", sa.String(64))
    content: Mapped[bytes] = column("The document", sa.LargeBinary(), personal=True, deferred=True)
    kept_at: Mapped[dt.datetime] = column("When it was added")
    account_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)


class Suspension(Base):
    """An interval in which an agreement in force gives no access."""

    __tablename__ = "suspension"

    id: Mapped[int] = key_column()
    agreement_id: Mapped[int] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    starts_at: Mapped[dt.datetime] = column("From")
    ends_at: Mapped[dt.datetime | None] = column("Until: planned, or when it was lifted; open when empty")
    reason: Mapped[str] = column("Why, for operators", sa.Text())


class Derogation(Base):
    """Access given, with a reason, for days on which no agreement is in effect yet (reading A6)."""

    __tablename__ = "derogation"

    id: Mapped[int] = key_column()
    agreement_id: Mapped[int] = column("Agreement that will take effect", sa.ForeignKey(Agreement.id), index=True)
    from_on: Mapped[dt.date] = column("First day of access")
    until_on: Mapped[dt.date] = column("Last day of access")
    reason: Mapped[str] = column("Why", sa.Text())
    granted_at: Mapped[dt.datetime] = column("When")
    account_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)


class AgreementYear(Base):
    """What is recorded of one year of an agreement: credits voted (R11), new bracket confirmed (reading A4)."""

    __tablename__ = "agreement_year"
    __table_args__ = (sa.UniqueConstraint("agreement_id", "year"),)

    id: Mapped[int] = key_column()
    agreement_id: Mapped[int] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    year: Mapped[int] = column("Year (exercice)")
    budget_voted: Mapped[bool | None] = column("Whether the partner voted the credits; empty: unknown")
    confirmed_bracket: Mapped[str | None] = column("Code of the bracket confirmed for the year", sa.String(20))
    confirmed_reason: Mapped[str] = column("Amendment or reason", sa.Text(), default="")
    confirmed_at: Mapped[dt.datetime | None] = column("When")
    account_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)
