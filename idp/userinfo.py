"""The userinfo endpoint (OpenID Connect Core 1.0, section 5.3; RFC 6750)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import Response, request
from sqlalchemy.engine import Connection, Row

from glc.database import reading
from glc.logs import logger
from idp import tokens
from idp.models import Account, AuthorizationGrant, BrowserSession
from idp.provider import digest, provider
from idp.sessions import ACCOUNT_COLUMNS
from partner_registry.models import Client
from partner_registry.terms import VERSION, Access

_granted = (
    sa.select(
        AuthorizationGrant.scopes,
        AuthorizationGrant.access_expires_at,
        AuthorizationGrant.revoked_at,
        AuthorizationGrant.outlives_session,
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

_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "x-requested-with,authorization"}


def userinfo() -> Response:
    """Any method with a Bearer token in the Authorization header: the claims, as ASCII JSON."""
    if request.method == "OPTIONS":
        preflight = {"Access-Control-Allow-Methods": "GET", "Access-Control-Max-Age": "86400"}
        return Response("", 200, _CORS | preflight, mimetype="text/plain")
    house = provider()
    at = house.clock.now()
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return _refuse("invalid_request", "Bearer authentication is mandatory")
    if scheme != "Bearer" or not value or " " in value:
        return _refuse("invalid_request", "Invalid Bearer authentication")
    with reading(house.engine) as connection:
        granted = _find(connection, value)
    if granted is None:
        return _refuse("invalid_token", "Token unknown")
    if not _alive(granted, at):
        return _refuse("invalid_token", "Token expired or user disconnected")
    terms = house.terms(granted.client_id, at, granted.registry_version)
    if terms is None or terms.access is not Access.OPEN:
        return _refuse("invalid_token", "Token expired or user disconnected", terms.reason if terms else "")
    claims = tokens.userinfo(house, terms, frozenset(granted.scopes.split()), granted)
    return Response(tokens.serialise(claims), 200, _CORS | {"Cache-Control": "no-store"}, mimetype="application/json")


def _find(connection: Connection, value: str) -> Row[Any] | None:
    return connection.execute(_granted, {"digest": digest(value)}).first()


def _alive(granted: Row[Any], at: dt.datetime) -> bool:
    """A token dies with its time, its grant, its account, and (unless it was refreshed) its browser session."""
    if granted.revoked_at is not None or granted.access_expires_at <= at or granted.erased_at is not None:
        return False
    return bool(granted.outlives_session or (granted.ended_at is None and granted.session_expires_at > at))


def _refuse(error: str, description: str, detail: str = "") -> Response:
    logger().info("userinfo.refused", error=error, description=description, detail=detail)
    headers = _CORS | {"WWW-Authenticate": f'Bearer error="{error}", error_description="{description}"'}
    body = tokens.serialise({"error": error, "error_description": description})
    return Response(body, 401, headers, mimetype="application/json")
