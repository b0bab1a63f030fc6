"""Tables of consent: append-only."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, relationship

from glc.database import Base, column, enum_type, key_column


class Answer(enum.Enum):
    """What the account holder answered."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class ConsentReceipt(Base):
    """One answer to one question. `audience` is the service (`client:…`) or all the services of a partner
    (`partner:…`) that the answer covers."""

    __tablename__ = "consent_receipt"
    __table_args__ = (sa.Index("ix_consent_receipt_account_id_audience", "account_id", "audience"),)

    id: Mapped[int] = key_column()
    account_id: Mapped[int] = column("Whose answer", sa.ForeignKey("account.id"), personal=True)
    client_id: Mapped[int] = column("Client that asked", sa.ForeignKey("client.id"))
    audience: Mapped[str] = column("Whom the answer covers", sa.String(120))
    answer: Mapped[Answer] = column("Accepted or refused", enum_type(Answer))
    scopes: Mapped[list[str]] = column("Scopes asked for")
    claims: Mapped[list[str]] = column("Names of the claims shown")
    text_shown: Mapped[str] = column("What the page said: recipient, purposes, data", sa.Text())
    answered_at: Mapped[dt.datetime] = column("When")
    remembered_until: Mapped[dt.datetime | None] = column("Until when it is not asked again; empty: this once")
    withdrawals: Mapped[list[ConsentWithdrawal]] = relationship()


class ConsentWithdrawal(Base):
    """The end of a remembered answer before its time."""

    __tablename__ = "consent_withdrawal"

    id: Mapped[int] = key_column()
    receipt_id: Mapped[int] = column("Which answer", sa.ForeignKey(ConsentReceipt.id), index=True)
    withdrawn_at: Mapped[dt.datetime] = column("When")
    reason: Mapped[str] = column("withdrawn by the holder, replaced by a wider one, or asked again", sa.String(20))
