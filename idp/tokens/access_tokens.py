"""Access tokens: how long they live, and whether one gives something now (RFC 6749, section 1.4; RFC 6750).

One statement finds a token with everything it depends on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from glc.entropy import random_uuid
from idp.grants.gate import ENDED_SINCE
from idp.models import Account, AuthorizationGrant, BrowserSession
from idp.provider import Provider, digest
from idp.sessions import ACCOUNT_COLUMNS
from partner_registry.gate import Access
from partner_registry.models import Client
from partner_registry.terms import VERSION, ReleaseTerms

_granted = (
    sa.select(
        sa.func.coalesce(AuthorizationGrant.access_scopes, AuthorizationGrant.scopes).label("scopes"),
        AuthorizationGrant.granted_at,
        AuthorizationGrant.access_expires_at,
        AuthorizationGrant.revoked_at,
        AuthorizationGrant.outlives_session,
        AuthorizationGrant.requested_claims,
        BrowserSession.ended_at,
        BrowserSession.expires_at.label("session_expires_at"),
        Client.client_id,
        VERSION.label("registry_version"),
        *ACCOUNT_COLUMNS,
    )
    .join(BrowserSession, BrowserSession.id == AuthorizationGrant.session_id)
    .join(Account, Account.id == AuthorizationGrant.account_id)
    .join(Client, Client.id == AuthorizationGrant.client_id)
    .where(AuthorizationGrant.access_digest == sa.bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A new access token: opaque, known to its holder alone; `digest` is what is stored."""

    value: str
    digest: str
    expires_at: dt.datetime


def new_access_token(
    house: Provider, terms: ReleaseTerms, at: dt.datetime, session_expires_at: dt.datetime
) -> AccessToken:
    """Its life: the client's setting, else the dialect's, else what remains of the browser session."""
    lifetime = terms.access_token_lifetime_in or house.dialect.access_token_lifetime_in
    expires_at = at + dt.timedelta(seconds=lifetime) if lifetime else session_expires_at
    value = random_uuid(house.entropy)
    return AccessToken(value, digest(value), expires_at)


def find(connection: Connection, value: str) -> Row[Any] | None:
    """What a token stands for: its grant, session, account and client, and the registry's version."""
    return connection.execute(_granted, {"digest": digest(value)}).first()


def is_alive(granted: Row[Any], at: dt.datetime) -> bool:
    """A token dies with its time, its grant, its account, and (unless it was refreshed) its browser session."""
    if granted.revoked_at is not None or granted.access_expires_at <= at or granted.erased_at is not None:
        return False
    return bool(granted.outlives_session or (granted.ended_at is None and granted.session_expires_at > at))


def terms_behind(house: Provider, granted: Row[Any], at: dt.datetime) -> tuple[ReleaseTerms | None, str]:
    """The terms on which a living token gives something now; or None, and the operator's reason code."""
    terms = house.terms(granted.client_id, at, granted.registry_version)
    if terms is None:
        return None, "client_unknown"
    if terms.honour(granted.granted_at):
        return terms, ""
    return None, ENDED_SINCE if terms.access is Access.OPEN else terms.reason
