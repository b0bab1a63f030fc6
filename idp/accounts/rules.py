"""Making, finding and erasing accounts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import Conflict
from glc.i18n import N_
from glc.services import services
from idp import grant_life, sessions
from idp.models import PROFILE_ATTRIBUTES, Account
from idp.passwords import hash_password


def find_by_email(session: Session, email: str) -> Account | None:
    """The living account of an address, however it is written."""
    return session.scalar(sa.select(Account).where(Account.email_key == email.strip().casefold()))


def create_account(session: Session, *, email: str, password: str, at: dt.datetime, **attributes: Any) -> Account:
    """A new account; an empty password allows no password login. Raises `Conflict` when the address has one."""
    hashed = hash_password(services().settings, password) if password else ""  # first: it takes long, and locks nothing
    if find_by_email(session, email) is not None:
        raise Conflict(f"an account exists already for {email}")
    account = Account(
        uuid=services().entropy.bytes(16).hex(),
        email=email.strip(),
        email_key=email.strip().casefold(),
        password_hash=hashed,
        created_at=at,
        **attributes,
    )
    session.add(account)
    session.flush()
    return account


def erase(session: Session, account: Account, at: dt.datetime) -> None:
    """Empty every personal column, end every session and grant. The row stays, for the receipts that name it."""
    grant_life.revoke_account(session, account.id, at)
    sessions.end_all(session, account, at)
    for name in (*PROFILE_ATTRIBUTES, "email", "password_hash"):
        setattr(account, name, "")
    account.email_key, account.email_verified, account.erased_at = None, False, at
    account.verified_attributes, account.roles = [], []
    session.flush()


def check_password(field: Any, email: str) -> bool:
    """Whether a new password is not the address itself; otherwise the field says so."""
    if field.data.strip().casefold() != email.casefold():
        return True
    field.errors = [N_("Choisissez autre chose que votre adresse.")]
    return False
