"""How what was granted goes on and ends: refresh tokens added, grants revoked one by one or all of a client's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from glc.database import writing
from glc.entropy import random_uuid
from idp.models import Account, AuthorizationGrant, BrowserSession, RefreshToken
from idp.provider import Provider, digest


def add_refresh_token(house: Provider, connection: Connection, grant_id: str, at: dt.datetime) -> str:
    """Give a grant one more refresh token; return it in clear."""
    value = random_uuid(house.entropy)
    connection.execute(
        sa.insert(RefreshToken).values(
            digest=digest(value),
            grant_id=grant_id,
            issued_at=at,
            expires_at=at + dt.timedelta(seconds=house.settings.refresh_token_lifetime_in),
        )
    )
    return value


@dataclass(frozen=True, slots=True)
class Standing:
    """What a client (by its internal number) may read of an account by a refresh token, whether or not they come
    back."""

    client_id: int
    scopes: frozenset[str]
    granted_at: dt.datetime
    until: dt.datetime


def standing(
    session: Session, account_id: int, at: dt.datetime, *, needs_offline_access: bool
) -> dict[int, list[Standing]]:
    """By client, what refresh tokens may still read of an account; after a session's end, in the dialects that say so,
    only with `offline_access`."""
    query = (
        sa.select(AuthorizationGrant, BrowserSession.ended_at, sa.func.max(RefreshToken.expires_at))
        .join(RefreshToken, RefreshToken.grant_id == AuthorizationGrant.id)
        .join(BrowserSession, BrowserSession.id == AuthorizationGrant.session_id)
        .where(AuthorizationGrant.account_id == account_id, AuthorizationGrant.revoked_at.is_(None))
        .where(RefreshToken.revoked_at.is_(None), RefreshToken.expires_at > at)
        .group_by(AuthorizationGrant.id, BrowserSession.ended_at)
    )
    found: dict[int, list[Standing]] = {}
    for grant, ended_at, until in session.execute(query):
        scopes = frozenset(grant.scopes.split())
        if ended_at is None or not needs_offline_access or "offline_access" in scopes:
            found.setdefault(grant.client_id, []).append(Standing(grant.client_id, scopes, grant.granted_at, until))
    return found


def revoke_grant(engine: Engine, grant_id: str, at: dt.datetime) -> None:
    """End everything that a grant gave (RFC 6749, 4.1.2: reuse of a code)."""
    with writing(engine) as connection:
        _revoke(connection, AuthorizationGrant.id == grant_id, at)


def revoke_client(session: Session, account_id: int, clients: Collection[int], at: dt.datetime) -> None:
    """End everything that an account granted to some clients (by their internal numbers), codes on their way
    included: consent withdrawn."""
    session.execute(sa.update(Account).where(Account.id == account_id).values(withdrawals=Account.withdrawals + 1))
    _revoke(
        session.connection(),
        sa.and_(AuthorizationGrant.account_id == account_id, AuthorizationGrant.client_id.in_(clients)),
        at,
    )


def revoke_all_of(session: Session, client: int, at: dt.datetime) -> None:
    """End everything that was granted to a client (by its internal number): it is no more."""
    _revoke(session.connection(), AuthorizationGrant.client_id == client, at)


def revoke_account(session: Session, account_id: int, at: dt.datetime) -> None:
    """End everything that an account granted: account erased."""
    _revoke(session.connection(), AuthorizationGrant.account_id == account_id, at)


def _revoke(connection: Connection, which: sa.ColumnElement[bool], at: dt.datetime) -> None:
    living = sa.and_(which, AuthorizationGrant.revoked_at.is_(None))
    grants = sa.select(AuthorizationGrant.id).where(living)
    connection.execute(
        sa.update(RefreshToken)
        .where(RefreshToken.grant_id.in_(grants), RefreshToken.revoked_at.is_(None))
        .values(revoked_at=at)
        .execution_options(synchronize_session=False)
    )
    connection.execute(
        sa.update(AuthorizationGrant).where(living).values(revoked_at=at).execution_options(synchronize_session=False)
    )
