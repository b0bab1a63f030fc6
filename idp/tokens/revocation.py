"""The revocation endpoint (RFC 7009), as the real service answers it."""

from __future__ import annotations

import json

import sqlalchemy as sa
from flask import Response, request

from glc.database import writing
from idp import client_authentication
from idp.errors import ProtocolError, invalid_request
from idp.grants import grant_life
from idp.models import AuthorizationGrant, RefreshToken
from idp.provider import digest, provider
from idp.tokens.endpoint import refusal
from idp.tokens.request import TokenRequest

HINTS = ("access_token", "refresh_token")


def revoke() -> Response:
    """POST a token to end it: 200 with `err` 0. Revoking a refresh token ends its whole grant. It is a right whatever
    the agreement says: a site may always give back what it holds."""
    house = provider()
    asked = None
    try:
        asked = TokenRequest(house, request)
        asked.parameters.require_single()
        asked.terms = client_authentication.authenticate(asked)
        message = _revoke(asked)
    except ProtocolError as error:
        unregistered = house.dialect.refresh_and_revocation_errors_are_null
        return refusal(house, error, asked.client if asked else None, unregistered=unregistered)
    return Response(json.dumps({"err": 0, "msg": message}), 200, mimetype="application/json")


def _revoke(asked: TokenRequest) -> str:
    value, hint = asked.parameters.get("token"), asked.parameters.get("token_type_hint")
    if not value:
        raise invalid_request('Missing parameter "token"')
    if asked.house.dialect.unknown_token_is_revoked:
        hint = None  # a hint that misleads must not keep the token from being found (RFC 7009, 2.1)
    if hint is not None and hint not in HINTS:
        raise ProtocolError("unsupported_token_type", f'token_type_hint must be "{HINTS[0]}" or "{HINTS[1]}"')
    mine = AuthorizationGrant.client_id == asked.terms.key
    with writing(asked.house.engine) as connection:
        if hint != "refresh_token":
            ended = connection.execute(
                sa.update(AuthorizationGrant)
                .where(mine, AuthorizationGrant.access_digest == digest(value), AuthorizationGrant.revoked_at.is_(None))
                .values(access_digest=None, access_expires_at=None)
            )
            if ended.rowcount:
                return "Access token revoked"
        grant = connection.scalar(
            sa.select(AuthorizationGrant.id)
            .join(RefreshToken, RefreshToken.grant_id == AuthorizationGrant.id)
            .where(mine, RefreshToken.digest == digest(value), RefreshToken.revoked_at.is_(None))
        )
    if grant is None or hint == "access_token":
        if asked.house.dialect.unknown_token_is_revoked:
            return "Token is unknown"
        raise ProtocolError("invalid_request", "Token is unknown", hint="Ce jeton n’est pas, ou plus, de ce client.")
    grant_life.revoke_grant(asked.house.engine, grant, asked.at)
    return "Refresh token revoked"
