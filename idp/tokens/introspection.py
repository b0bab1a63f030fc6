"""The introspection endpoint (RFC 7662), where the dialect has one: a client asks what its own tokens are worth now."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from flask import Response, request
from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.database import reading
from glc.logs import logger
from idp import client_authentication
from idp.errors import ProtocolError, invalid_request
from idp.grants import refresh
from idp.provider import provider
from idp.subjects import subject
from idp.tokens import access_tokens
from idp.tokens.endpoint import refusal
from idp.tokens.request import TokenRequest


def introspect() -> Response:
    """POST a token: what it says while userinfo would answer it, `active` false for anything else (RFC 7662, 2.2)."""
    house = provider()
    asked = None
    try:
        asked = TokenRequest(house, request)
        asked.parameters.require_single()
        asked.terms = client_authentication.authenticate(asked, public_clients=False)
        value = asked.parameters.get("token")
        if not value:
            raise invalid_request('Missing parameter "token"')
    except ProtocolError as error:
        return refusal(house, error, asked.client if asked else None)
    told = _of_access_token(asked, value) or _of_refresh_token(asked, value)
    detail = "" if told else asked.terms.reason
    logger().info("token.introspected", client_id=asked.terms.client_id, active=bool(told), detail=detail)
    body = {"active": True, **told} if told else {"active": False}
    return Response(json.dumps(body), 200, {"Cache-Control": "no-store"}, mimetype="application/json")


def _of_access_token(asked: TokenRequest, value: str) -> dict[str, Any] | None:
    with reading(asked.house.engine) as connection:
        found = access_tokens.find(connection, value)
    if found is None or found.client_id != asked.terms.client_id or not access_tokens.is_alive(found, asked.at):
        return None
    return _described(asked, found, found.access_expires_at, token_type="Bearer")  # noqa: S106 — a member's value


def _of_refresh_token(asked: TokenRequest, value: str) -> dict[str, Any] | None:
    found = refresh.find(asked, value) if asked.terms.refresh_tokens else None
    return _described(asked, found, found.expires_at) if found is not None else None


def _described(asked: TokenRequest, found: Row[Any], expires_at: dt.datetime, **more: str) -> dict[str, Any] | None:
    terms, house = asked.terms, asked.house
    if not terms.honour(found.granted_at):
        return None
    return {
        "client_id": terms.client_id,
        "scope": " ".join(sorted(terms.released(frozenset(found.scopes.split())))),
        "sub": subject(house.ring, terms, found.uuid, found.email),
        "iss": house.settings.issuer,
        "exp": epoch(expires_at),
        **more,
    }
