"""Accounts and their use of clients, as the partner registry may see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from idp import sessions
from idp.accounts.rules import create_account, find_by_email
from idp.models import Account, AuthorizationGrant
from partner_registry.ports import Person


def logged_in(session: Session, at: dt.datetime) -> Person | None:
    """Whoever is logged in, in the browser that sent this request."""
    current = sessions.of_browser(session, at)
    return person(session, current.account_id) if current else None


def person(session: Session, account_id: int) -> Person | None:
    """The account of that number, unless it was erased."""
    account = session.get(Account, account_id)
    return _seen(account) if account is not None and account.erased_at is None else None


def person_at(session: Session, email: str) -> Person | None:
    """The account of that e-mail address."""
    account = find_by_email(session, email)
    return _seen(account) if account is not None else None


def make_account(session: Session, email: str, at: dt.datetime) -> Person:
    """A new account of that address, without a password: its holder asks for a new one by mail. Raises `InputError`,
    `Conflict`."""
    account = create_account(session, email=email, password="", at=at)
    session.flush()
    return _seen(account)


def active_users(session: Session, clients: Collection[int], since: dt.datetime) -> int:
    """How many people were granted something at some clients since an instant."""
    query = sa.select(sa.func.count(AuthorizationGrant.account_id.distinct())).where(
        AuthorizationGrant.client_id.in_(clients), AuthorizationGrant.granted_at >= since
    )
    return session.scalar(query) or 0


def _seen(account: Account) -> Person:
    return Person(account.id, account.display_name, account.email)
