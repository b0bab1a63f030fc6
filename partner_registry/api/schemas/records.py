"""Roles, tokens, and the audit trail."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from glc.audit import AuditEntry
from partner_registry.api.schemas.base import Asked, Instant, Positioned, Sent, Told, absent, of, told
from partner_registry.models import AgentRole, ApiToken, Partner, Role

RoleTold = told(
    "AgentRole",
    AgentRole,
    "id role granted_at revoked_at",
    name=(str, "Name of who holds it; empty once the account is erased"),
    email=(str, "Address of their account; empty once it is erased"),
    partner=(str | None, "Short name of the partner an applicant acts for"),
)
TokenTold = told(
    "ApiToken",
    ApiToken,
    "id name created_at expires_at revoked_at",
    email=(str, "Address of whose it is; empty once their account is erased"),
)
EntryTold = told(
    "AuditEntry",
    AuditEntry,
    "id at actor via request_id action subject reason previous digest",
    before=dict[str, Any],
    after=dict[str, Any],
)


class VerdictTold(Told):
    """What checking the audit trail found."""

    length: int = Field(description="Entries in the chain")
    head: str = Field(description="Digest of the last one: note it, to show later that none was cut off")
    problems: list[str] = Field(description="What is wrong; empty: the chain is whole")


class Roles(Positioned):
    """Which roles to list."""

    role: Role | None = absent(AgentRole.role)
    partner: str | None = absent(Partner.slug)
    held: bool | None = Field(default=None, description="Only those held now, or only those that ended")


class NewRole(Sent):
    """A role to give to an account."""

    email: str = Field(max_length=255, description="Address of the account")
    role: Role = of(AgentRole.role)
    partner: str | None = absent(Partner.slug)


class Tokens(Positioned):
    """Which tokens to list."""

    email: str | None = Field(default=None, max_length=255, description="Whose; else the asker's own")


class Entries(Positioned):
    """Which entries to list, newest first."""

    subject: str | None = absent(AuditEntry.subject)
    action: str | None = absent(AuditEntry.action)
    since: Instant | None = Field(default=None, description="From that instant on")
    until: Instant | None = Field(default=None, description="Before that instant")


class Checked(Asked):
    """What the trail must still hold."""

    expected_head: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(
        default=None, description="Digest noted earlier"
    )
