"""Keeping and reading receipts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from consent.models import Answer, ConsentReceipt, ConsentWithdrawal

WITHDRAWN, REPLACED, ASKED_ANEW = "withdrawn", "replaced", "asked anew"

_not_withdrawn = ~sa.exists().where(ConsentWithdrawal.receipt_id == ConsentReceipt.id)
_remembered = (
    sa.select(ConsentReceipt.scopes)
    .where(ConsentReceipt.account_id == sa.bindparam("account_id"))
    .where(ConsentReceipt.audience == sa.bindparam("audience"))
    .where(ConsentReceipt.answer == Answer.ACCEPTED)
    .where(ConsentReceipt.remembered_until > sa.bindparam("at", type_=ConsentReceipt.remembered_until.type))
    .where(_not_withdrawn)
)


def audience(*, client_id: str | None = None, partner: str | None = None) -> str:
    """The name of whom an answer covers: one service, or every service of a partner."""
    return f"client:{client_id}" if partner is None else f"partner:{partner}"


def remembered_scopes(connection: Connection, account_id: int, audience: str, at: dt.datetime) -> list[frozenset[str]]:
    """The scopes of each answer remembered at that instant."""
    rows = connection.execute(_remembered, {"account_id": account_id, "audience": audience, "at": at})
    return [frozenset(scopes) for (scopes,) in rows]


def keep(session: Session, receipt: ConsentReceipt) -> None:
    """Add a receipt; a remembered one replaces those it covers."""
    if receipt.remembered_until is not None:
        for older in active(session, receipt.account_id, receipt.answered_at, audience=receipt.audience):
            if set(older.scopes) <= set(receipt.scopes):
                end(session, older, receipt.answered_at, REPLACED)
    session.add(receipt)
    session.flush()


def active(
    session: Session, account_id: int, at: dt.datetime, *, audience: str | None = None
) -> Sequence[ConsentReceipt]:
    """The answers remembered at that instant, newest first."""
    query = (
        sa.select(ConsentReceipt)
        .where(ConsentReceipt.account_id == account_id, ConsentReceipt.answer == Answer.ACCEPTED)
        .where(ConsentReceipt.remembered_until > at, _not_withdrawn)
        .order_by(ConsentReceipt.answered_at.desc(), ConsentReceipt.id.desc())
    )
    if audience is not None:
        query = query.where(ConsentReceipt.audience == audience)
    return session.scalars(query).all()


def latest(session: Session, account_id: int, client_id: int) -> ConsentReceipt | None:
    """The answer that a client (by its internal number) was given last, remembered or not, unless it was withdrawn."""
    query = sa.select(ConsentReceipt).where(ConsentReceipt.account_id == account_id, _not_withdrawn)
    query = query.where(ConsentReceipt.client_id == client_id, ConsentReceipt.answer == Answer.ACCEPTED)
    return session.scalars(query.order_by(ConsentReceipt.id.desc())).first()


def end(session: Session, receipt: ConsentReceipt, at: dt.datetime, reason: str = WITHDRAWN) -> None:
    """Withdraw an answer."""
    session.add(ConsentWithdrawal(receipt_id=receipt.id, withdrawn_at=at, reason=reason))
    session.flush()
