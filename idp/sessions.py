"""Browser sessions: who is logged in, since when, and in which sessions of which clients."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import request
from sqlalchemy.engine import Connection, Row
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from glc.entropy import random_token
from idp.logout import outbox, session_state
from idp.models import Account, AuthorizationGrant, BrowserSession
from idp.provider import Provider, digest, provider
from partner_registry.terms import VERSION

COOKIE = "glc_session"

ACCOUNT_COLUMNS = [column for column in Account.__table__.columns if column.name not in {"id", "password_hash"}]
"""What a statement that finds an account along with something else selects of it."""

_living = (
    sa.select(
        BrowserSession.id.label("session_id"),
        BrowserSession.uid.label("session_uid"),
        BrowserSession.authenticated_at,
        BrowserSession.expires_at.label("session_expires_at"),
        Account.id.label("account_id"),
        VERSION.label("registry_version"),
        *ACCOUNT_COLUMNS,
    )
    .join(Account, Account.id == BrowserSession.account_id)
    .where(BrowserSession.ended_at.is_(None), Account.erased_at.is_(None))
    .where(BrowserSession.expires_at > sa.bindparam("at", type_=BrowserSession.expires_at.type))
)
_by_digest = _living.where(BrowserSession.digest == sa.bindparam("digest"))
_by_id = _living.where(BrowserSession.id == sa.bindparam("id"))


def by_cookie(connection: Connection, at: dt.datetime) -> Row[Any] | None:
    """The living session of the browser that sent this request, with its account and the registry's version."""
    return by_value(connection, request.cookies.get(COOKIE, ""), at)


def by_value(connection: Connection, value: str, at: dt.datetime) -> Row[Any] | None:
    """The same for the browser whose cookie has that value."""
    if not value:
        return None
    return connection.execute(_by_digest, {"digest": digest(value), "at": at}).first()


def by_id(connection: Connection, session_id: int, at: dt.datetime) -> Row[Any] | None:
    """The same for a session known by its number; None when it has ended."""
    return connection.execute(_by_id, {"id": session_id, "at": at}).first()


def start(session: Session, account: Account, at: dt.datetime) -> str:
    """Log an account in, in the browser that sent this request; return the cookie's new value.

    The same person authenticating again keeps the session, so that clients keep their `sid`; anybody else's session
    in this browser ends. The cookie's value always changes.
    """
    entropy = provider().entropy
    value = random_token(entropy)
    current = of_browser(session, at)
    if current is not None and current.account_id != account.id:
        end(session, BrowserSession.id == current.id, at)
        current = None
    if current is None:
        current = BrowserSession(uid=entropy.bytes(16).hex(), account_id=account.id)
        session.add(current)
    current.digest = digest(value)
    current.authenticated_at = at
    current.expires_at = at + dt.timedelta(seconds=provider().settings.session_lifetime_in)
    session.flush()
    return value


def of_browser(session: Session, at: dt.datetime) -> BrowserSession | None:
    """The living session of this browser as an object, or None."""
    value = request.cookies.get(COOKIE)
    if not value:
        return None
    return session.scalar(
        sa.select(BrowserSession).where(
            BrowserSession.digest == digest(value), BrowserSession.ended_at.is_(None), BrowserSession.expires_at > at
        )
    )


def end(session: Session, which: sa.ColumnElement[bool], at: dt.datetime) -> list[int]:
    """End those of some sessions that live, and queue what their clients are told by back-channel; return the numbers
    of these messages. Whatever ends a session comes through here. Flushes."""
    house = provider()
    ended = session.execute(
        sa.update(BrowserSession)
        .where(which, BrowserSession.ended_at.is_(None))
        .values(ended_at=at)
        .returning(BrowserSession.id, BrowserSession.account_id, BrowserSession.expires_at)
    ).all()
    living = {each.id: each.account_id for each in ended if each.expires_at > at}
    return outbox.queue(house, session, living, at) if living and house.dialect.backchannel_logout else []


def end_all(session: Session, account: Account, at: dt.datetime, *, but: BrowserSession | None = None) -> None:
    """End every session of an account (password changed, account deleted), but one if given."""
    which = BrowserSession.account_id == account.id
    end(session, which if but is None else sa.and_(which, BrowserSession.id != but.id), at)


def set_cookie(response: AnyResponse, value: str) -> None:
    """Give the browser its session; the cookie dies with the browser."""
    house = provider()
    settings = house.settings
    response.set_cookie(COOKIE, value, path=f"{settings.path}/", httponly=True, samesite="Lax", secure=settings.secure)
    if house.dialect.session_management:
        session_state.set_cookie(house, response, value)


def with_cookie(response: AnyResponse, value: str) -> AnyResponse:
    """A response that gives the browser its session."""
    set_cookie(response, value)
    return response


def drop_cookie(response: AnyResponse) -> None:
    """Make the browser forget its session."""
    house = provider()
    response.delete_cookie(COOKIE, path=f"{house.settings.path}/")
    if house.dialect.session_management:
        session_state.drop_cookie(house, response)


def sid(house: Provider, session_uid: str, client_id: str) -> str:
    """What a client knows a session by (`sid`): 32 hexadecimal digits, equal in ID Token and front-channel logout."""
    return house.ring.session_identifier(session_uid, client_id)


def visited_clients(session: Session, session_id: int) -> list[int]:
    """The clients that were granted something in a session."""
    query = sa.select(AuthorizationGrant.client_id).where(AuthorizationGrant.session_id == session_id).distinct()
    return list(session.scalars(query))
