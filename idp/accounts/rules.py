"""Making, finding and erasing accounts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session

from glc.errors import Conflict, InputError
from glc.mail import OutboxMail
from glc.services import services
from idp import sessions
from idp.accounts.hashing import hash_password
from idp.claims import BIRTHDATE
from idp.grants import grant_life
from idp.models import Account, MailedLink
from partner_registry.agents import end_roles

EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f]+")
"""Lenient: a test address may end in .test or in localhost. Strict on what would make two addresses of one."""


def find_by_email(session: Session, email: str) -> Account | None:
    """The living account of an address, however it is written."""
    return session.scalar(sa.select(Account).where(Account.email_key == _key(email)))


def create_account(session: Session, *, email: str, password: str, at: dt.datetime, **attributes: Any) -> Account:
    """A new account; an empty password allows no password login.

    Raises `InputError` when the address is none, `Conflict` when it has an account.
    """
    if not EMAIL.fullmatch(email.strip()):
        raise InputError(f"{email!r} is not an e-mail address")
    birthdate = attributes.get("birthdate", "")
    if birthdate and not BIRTHDATE.fullmatch(birthdate):
        raise InputError(f"birthdate {birthdate!r} must be written YYYY-MM-DD; an unknown month or day is 00")
    hashed = hash_password(services().settings, password) if password else ""  # first: it takes long, and locks nothing
    account = Account(
        uuid=services().entropy.bytes(16).hex(),
        email=email.strip(),
        email_key=_key(email),
        password_hash=hashed,
        created_at=at,
        **attributes,
    )
    with _taking_address(session, email):
        session.add(account)
    return account


def change_address(session: Session, account: Account, email: str) -> None:
    """Give an account another, verified address. Raises `Conflict` when that one has an account."""
    with _taking_address(session, email):
        account.email, account.email_key, account.email_verified = email.strip(), _key(email), True


def erase(session: Session, account: Account, at: dt.datetime) -> None:
    """Empty every personal column, end every session, grant, link and role in the registry. The row stays, for the
    receipts that name it. Raises `Conflict` for the registry's last administrator."""
    end_roles(session, account.id, at=at)
    grant_life.revoke_account(session, account.id, at)
    sessions.end_all(session, account, at)
    sent_to_it = MailedLink.email.in_(_spellings(session, MailedLink.email, account.email_key))
    session.execute(sa.delete(MailedLink).where(sa.or_(MailedLink.account_id == account.id, sent_to_it)))
    kept_for_it = OutboxMail.recipient.in_(_spellings(session, OutboxMail.recipient, account.email_key))
    session.execute(sa.delete(OutboxMail).where(kept_for_it))
    for column in Account.__table__.columns:
        if column.info["personal"]:
            setattr(account, column.name, None if column.nullable else "")
    account.password_hash, account.email_verified, account.erased_at = "", False, at
    account.verified_attributes, account.roles = [], []
    session.flush()


def _key(email: str) -> str:
    return email.strip().casefold()


def _spellings(session: Session, addresses: Mapped[str], key: str | None) -> list[str]:
    """How an address is written in a column. Compared here: SQLite's lower() knows no accents."""
    return [each for each in session.scalars(sa.select(addresses).distinct()) if _key(each) == key]


@contextmanager
def _taking_address(session: Session, email: str) -> Iterator[None]:
    """What takes an address for an account, and must be the only one to do so. Flushes."""
    taken = Conflict(f"an account exists already for {email}")
    if find_by_email(session, email) is not None:
        raise taken
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        raise taken from error
