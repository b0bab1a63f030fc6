"""What is told of agreements, amendments and their documents."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import Field

from partner_registry.agreements.status import AgreementStatus
from partner_registry.api.schemas.base import Asked, Instant, Positioned, Told, absent, many, told
from partner_registry.models import (
    Agreement,
    AgreementKind,
    AgreementYear,
    Amendment,
    CouncilDecision,
    Derogation,
    Document,
    DocumentKind,
    Offer,
    Partner,
    Step,
    Suspension,
)

StepTold = told("Step", Step, "kind at reason")
Decision = told("CouncilDecision", CouncilDecision, "body number decided_on")
DocumentTold = told("Document", Document, "kind name media_type size sha256 kept_at")
SuspensionTold = told("Suspension", Suspension, "starts_at ends_at reason")
DerogationTold = told("Derogation", Derogation, "from_on until_on reason granted_at")
YearTold = told("AgreementYear", AgreementYear, "year budget_voted confirmed_bracket confirmed_reason confirmed_at")


class Terms(Told):
    """The terms in effect on a day, amendments counted."""

    offer: Offer
    hard_end_on: dt.date
    already_equipped: bool
    renews_yearly: bool


ACT_DATES = "signed_on signatories transmitted_on prefecture_receipt notified_on notified_by"
FILE: dict[str, Any] = {
    "status": (AgreementStatus, "Derived from the dates, never stored"),
    "steps": (many(StepTold), "Steps of its instruction"),
    "decisions": (many(Decision), "Délibérations of the two assemblies"),
    "documents": (many(DocumentTold), "Documents kept: the content is at `documents/{sha256}`"),
}
AmendmentTold = told(
    "Amendment",
    Amendment,
    f"number purpose effective_on created_at {ACT_DATES}",
    agreement=(str, "Number of the agreement"),
    changes=dict[str, Any],
    **FILE,
)
AgreementTold = told(
    "Agreement",
    Agreement,
    "number kind framework offer founding_partner already_equipped clause assumed notes reported_on starts_on "
    "hard_end_on renews_yearly notice_months renewal_refused_on renewal_refused_by terminated_on termination_cause "
    "budget_program budget_operation budget_nature budget_function chorus_service_code commitment_number unpaid "
    f"created_at {ACT_DATES}",
    partner=(str, "Short name of the partner that signed"),
    predecessor=(str | None, "Number of the agreement it continues"),
    status_since=(dt.datetime | None, "Since when it has that status; null: always"),
    status_until=(dt.datetime | None, "When the recorded facts announce another; null: never"),
    effective_on=(dt.date | None, "First day of effect (R31)"),
    last_on=(dt.date, "Last day of effect that the recorded facts allow"),
    terms=(Terms, "The terms in effect, amendments counted"),
    amendments=(list[int], "Numbers of its amendments"),
    suspensions=many(SuspensionTold),
    derogations=many(DerogationTold),
    years=many(YearTold),
    **FILE,
)


class MissingThing(Told):
    """One thing that is missing, and what to do about it."""

    key: str = Field(description="Where to mend it")
    detail: str = Field(description="What to do")


class MissingTold(Told):
    """What a file lacks for its next step."""

    step: str | None = Field(
        description="The next step: submission, approval or signature; null: none waits for a file"
    )
    missing: list[MissingThing]


class ImpactTold(Told):
    """What an end of access would cut."""

    production: list[str] = Field(description="`client_id` of the production clients that are open now")
    sandbox: list[str] = Field(description="`client_id` of the sandbox clients that are open now")
    active_users: int = Field(description="People who used the production ones in the last 30 days")


class Agreements(Positioned):
    """Which agreements to list."""

    partner: str | None = absent(Partner.slug)
    kind: AgreementKind | None = absent(Agreement.kind)
    framework: str | None = absent(Agreement.framework)
    status: AgreementStatus | None = Field(default=None, description="Status they have, at `at`")
    at: Instant | None = Field(default=None, description="As of that instant instead of now")


class AsOf(Asked):
    """When."""

    at: Instant | None = Field(default=None, description="As of that instant instead of now")


class DocumentNames(Asked):
    """What a document sent as a PDF is."""

    kind: DocumentKind | None = absent(Document.kind)
    name: str | None = absent(Document.name)
