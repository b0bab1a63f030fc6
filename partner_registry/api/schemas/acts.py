"""What is sent of agreements and amendments: facts, and dated acts."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from partner_registry.api.schemas.base import Day, Instant, Motivated, Reason, Sent, absent, of
from partner_registry.models import (
    Agreement,
    AgreementKind,
    Amendment,
    CouncilBody,
    CouncilDecision,
    Document,
    DocumentKind,
    Offer,
    Partner,
    Suspension,
)


class AgreementChanges(Sent):
    """What to change of an agreement that is not submitted; what is left out stays as it is."""

    kind: AgreementKind = absent(Agreement.kind)
    framework: str = absent(Agreement.framework, min_length=1)
    offer: Offer = absent(Agreement.offer)
    starts_on: Day = absent(Agreement.starts_on)
    hard_end_on: Day = absent(Agreement.hard_end_on)
    predecessor: str | None = absent(Agreement.number)
    founding_partner: bool = absent(Agreement.founding_partner)
    already_equipped: bool = absent(Agreement.already_equipped)
    clause: str = absent(Agreement.clause)
    assumed: str = absent(Agreement.assumed)
    notes: str = absent(Agreement.notes)
    reported_on: Day | None = absent(Agreement.reported_on)
    renews_yearly: bool = absent(Agreement.renews_yearly)
    notice_months: int = absent(Agreement.notice_months, ge=0, le=12)
    budget_program: str = absent(Agreement.budget_program)
    budget_operation: str = absent(Agreement.budget_operation)
    budget_nature: str = absent(Agreement.budget_nature)
    budget_function: str = absent(Agreement.budget_function)
    chorus_service_code: str = absent(Agreement.chorus_service_code)
    commitment_number: str = absent(Agreement.commitment_number)


class NewAgreement(AgreementChanges):
    """A file to open."""

    partner: str = of(Partner.slug)
    number: str = of(Agreement.number, min_length=1)
    framework: str = of(Agreement.framework, min_length=1)
    offer: Offer = of(Agreement.offer)
    starts_on: Day = of(Agreement.starts_on)
    hard_end_on: Day = of(Agreement.hard_end_on)


class NewDecision(Sent):
    """A délibération."""

    body: CouncilBody = of(CouncilDecision.body)
    number: str = of(CouncilDecision.number)
    decided_on: Day | None = absent(CouncilDecision.decided_on)


class NewDocument(Sent):
    """A PDF to keep."""

    kind: DocumentKind = of(Document.kind)
    name: str = of(Document.name)
    content: str = Field(
        description="The PDF in base64 (RFC 4648, section 4)",
        json_schema_extra={"contentEncoding": "base64", "contentMediaType": "application/pdf"},
    )


class Signed(Sent):
    """A signature."""

    on: Day = of(Agreement.signed_on)
    signatories: str = of(Agreement.signatories, "")


class Transmitted(Sent):
    """A transmission to the State's representative."""

    on: Day = of(Agreement.transmitted_on)
    receipt: str = of(Agreement.prefecture_receipt)


class Notified(Sent):
    """A notification to the partner."""

    on: Day = of(Agreement.notified_on)
    means: str = of(Agreement.notified_by, "")


class Corrected(Motivated):
    """What was typed wrong, and how it should read. What is left out stays as it is."""

    number: str = absent(Agreement.number, min_length=1)
    reported_on: Day | None = absent(Agreement.reported_on)
    signed_on: Day | None = absent(Agreement.signed_on)
    transmitted_on: Day | None = absent(Agreement.transmitted_on)
    prefecture_receipt: str = absent(Agreement.prefecture_receipt)
    notified_on: Day | None = absent(Agreement.notified_on)
    unpaid: bool = absent(Agreement.unpaid)
    founding_partner: bool = absent(Agreement.founding_partner)
    budget_program: str = absent(Agreement.budget_program)
    budget_operation: str = absent(Agreement.budget_operation)
    budget_nature: str = absent(Agreement.budget_nature)
    budget_function: str = absent(Agreement.budget_function)
    chorus_service_code: str = absent(Agreement.chorus_service_code)
    commitment_number: str = absent(Agreement.commitment_number)


class AmendedTerms(Sent):
    """The terms that an amendment changes: one at least."""

    offer: Offer = absent(Agreement.offer)
    hard_end_on: Day = absent(Agreement.hard_end_on)
    already_equipped: bool = absent(Agreement.already_equipped)
    renews_yearly: bool = absent(Agreement.renews_yearly)

    def as_json(self) -> dict[str, Any]:
        """As an amendment keeps them."""
        return self.model_dump(mode="json", exclude_unset=True)


class NewAmendment(Sent):
    """An amendment's file to open."""

    purpose: str = of(Amendment.purpose, min_length=1)
    changes: AmendedTerms
    effective_on: Day = of(Amendment.effective_on)


class Suspended(Motivated):
    """A suspension."""

    confirmation: str = Field(max_length=60, description="Short name of the partner, to show that it is meant")
    starts_at: Instant | None = absent(Suspension.starts_at)
    ends_at: Instant | None = absent(Suspension.ends_at)


class Denounced(Sent):
    """A notice of non-renewal."""

    received_on: Day = of(Agreement.renewal_refused_on)
    sender: str = of(Agreement.renewal_refused_by, min_length=1)


class Terminated(Sent):
    """An early end."""

    last_on: Day = of(Agreement.terminated_on)
    cause: Reason
    confirmation: str = Field(max_length=60, description="Short name of the partner, to show that it is meant")


class NewDerogation(Motivated):
    """Days of access before an agreement takes effect."""

    from_on: Day
    until_on: Day
