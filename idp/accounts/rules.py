"""Making, finding and erasing accounts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import Conflict
from glc.services import services
from idp.models import Account
from idp.passwords import hash_password


def find_by_email(session: Session, email: str) -> Account | None:
    """The living account of an address, however it is written."""
    return session.scalar(sa.select(Account).where(Account.email_key == email.strip().casefold()))


def create_account(session: Session, *, email: str, password: str, at: dt.datetime, **attributes: Any) -> Account:  # noqa: ANN401
    """A new account. Raises `Conflict` when the address has one."""
    if find_by_email(session, email) is not None:
        raise Conflict(f"an account exists already for {email}")
    account = Account(
        uuid=services().entropy.bytes(16).hex(),
        email=email.strip(),
        email_key=email.strip().casefold(),
        password_hash=hash_password(services().settings, password) if password else "",
        created_at=at,
        **attributes,
    )
    session.add(account)
    session.flush()
    return account
