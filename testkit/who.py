"""Whose request it is: the client and the account behind codes, tokens, pending requests and sessions."""

from __future__ import annotations

from urllib.parse import parse_qsl

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from werkzeug.http import parse_cookie

from glc.database import reading
from idp.models import Account, AuthorizationGrant, BrowserSession, PendingAuthorization, RefreshToken
from idp.provider import Provider, digest
from idp.tokens import codes
from partner_registry.models import Client
from testkit.request import ClientCredentials, Request, audience_of, parts_of

Found = tuple[str | None, str | None]
"""A client_id and an account's uuid, as far as they are known."""


def who(house: Provider, asked: Request, location: str = "") -> Found:
    """The client and account of a request, whose answer leads to `location`."""
    sent = asked.parameters
    client_id = ClientCredentials.of(asked).client_id or audience_of(sent.get("id_token_hint", ""))
    if "logout_token" in sent:
        return audience_of(sent["logout_token"]), None
    with reading(house.engine) as connection:
        code = sent.get("code") or _returned(location).get("code")
        found = (
            (_of_code(house, connection, code) if code else None)
            or (_of_refresh(connection, sent["refresh_token"]) if "refresh_token" in sent else None)
            or (_of_access(connection, asked.bearer or sent.get("token", "")))
            or _of_pending(connection, _pending(asked))
            or (None, None)
        )
        account = found[1] or _of_cookie(connection, asked)
    return client_id or found[0], account


def _returned(location: str) -> dict[str, str]:
    parts = parts_of(location)
    return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))


def _pending(asked: Request) -> str:
    name = asked.parameters.get("pending", "")
    if name or "next" not in asked.parameters:
        return name
    return dict(parse_qsl(parts_of(asked.parameters["next"]).query)).get("pending", "")


def _of_code(house: Provider, connection: Connection, text: str) -> Found | None:
    code = codes.unseal(house, text)
    if code is None:
        return None
    client = connection.scalar(sa.select(Client.client_id).where(Client.id == code.client))
    return client, connection.scalar(sa.select(Account.uuid).where(Account.id == code.account))


_granted = (
    sa.select(Client.client_id, Account.uuid)
    .select_from(AuthorizationGrant)
    .join(Client, Client.id == AuthorizationGrant.client_id)
    .join(Account, Account.id == AuthorizationGrant.account_id)
)


def _of_access(connection: Connection, token: str) -> Found | None:
    row = connection.execute(_granted.where(AuthorizationGrant.access_digest == digest(token))).first()
    return None if row is None else (row[0], row[1])


def _of_refresh(connection: Connection, token: str) -> Found | None:
    query = _granted.join(RefreshToken, RefreshToken.grant_id == AuthorizationGrant.id)
    row = connection.execute(query.where(RefreshToken.digest == digest(token))).first()
    return None if row is None else (row[0], row[1])


def _of_pending(connection: Connection, name: str) -> Found | None:
    row = connection.execute(
        sa.select(PendingAuthorization.parameters, Account.uuid)
        .outerjoin(Account, Account.id == PendingAuthorization.account_id)
        .where(PendingAuthorization.id == name)
    ).first()
    return None if row is None else (next((value for name, value in row[0] if name == "client_id"), None), row[1])


def _of_cookie(connection: Connection, asked: Request) -> str | None:
    value = parse_cookie(asked.header("cookie")).get("glc_session")  # the first: that of the longest path
    if not value:
        return None
    query = sa.select(Account.uuid).join(BrowserSession, BrowserSession.account_id == Account.id)
    return connection.scalar(query.where(BrowserSession.digest == digest(value)))
