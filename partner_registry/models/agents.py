"""Tables of who works in the registry, and of how their programs are recognised."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, relationship

from glc.database import Base, column, enum_type, key_column
from partner_registry.models.partners import Partner


class Role(enum.Enum):
    """What somebody may do in the registry."""

    APPLICANT = "APPLICANT"
    REVIEWER = "REVIEWER"
    ADMIN = "ADMIN"
    DPO = "DPO"
    AUDITOR = "AUDITOR"


class AgentRole(Base):
    """A role held by an account of the provider, from one instant to another."""

    __tablename__ = "agent_role"

    id: Mapped[int] = key_column()
    account_id: Mapped[int] = column("Who", sa.ForeignKey("account.id"), index=True, personal=True)
    role: Mapped[Role] = column("Which role", enum_type(Role))
    partner_id: Mapped[int | None] = column("For which partner: applicants only", sa.ForeignKey(Partner.id), index=True)
    granted_at: Mapped[dt.datetime] = column("Since when")
    revoked_at: Mapped[dt.datetime | None] = column("Until when")
    partner: Mapped[Partner | None] = relationship()


class ApiToken(Base):
    """What a program of an agent presents to the REST interface. It can do what the agent can."""

    __tablename__ = "api_token"

    id: Mapped[int] = key_column()
    account_id: Mapped[int] = column("Whose", sa.ForeignKey("account.id"), index=True, personal=True)
    name: Mapped[str] = column("What it is for", sa.String(100))
    digest: Mapped[str] = column("SHA-256 of the token", sa.String(64), unique=True)
    created_at: Mapped[dt.datetime] = column("When it was made")
    expires_at: Mapped[dt.datetime] = column("When it expires")
    revoked_at: Mapped[dt.datetime | None] = column("When it was revoked")


class IdempotentAnswer(Base):
    """The answer to a creation that named an idempotency key, given again to whoever repeats it."""

    __tablename__ = "idempotent_answer"

    id: Mapped[int] = key_column()
    account_id: Mapped[int] = column("Who asked", sa.ForeignKey("account.id"), personal=True)
    key: Mapped[str] = column("Idempotency-Key as sent", sa.String(200))
    request_digest: Mapped[str] = column("SHA-256 of method, path and body", sa.String(64))
    status: Mapped[int] = column("HTTP status of the answer")
    sealed_body: Mapped[str] = column(
        "Body of the answer, sealed: it may hold a secret", sa.Text(), sealed="idempotent-answer"
    )
    headers: Mapped[dict[str, str]] = column("Headers of the answer that matter", sa.JSON())
    answered_at: Mapped[dt.datetime] = column("When")
    __table_args__ = (sa.UniqueConstraint("account_id", "key"),)
