"""The implicit flow (OpenID Connect Core 1.0, section 3.2): tokens straight from the authorization endpoint."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.database import writing
from idp import tokens
from idp.checks import AuthorizationRequest
from idp.models import AuthorizationGrant
from idp.provider import Provider


def issue(
    house: Provider, asked: AuthorizationRequest, login: Row[Any], at: dt.datetime, *, fresh: bool
) -> dict[str, str]:
    """The answer that carries an ID Token, and an access token if one was asked for."""
    terms = asked.terms
    access = (
        tokens.new_access_token(house, terms, at, login.session_expires_at) if "token" in asked.response_types else None
    )
    with writing(house.engine) as connection:
        connection.execute(
            sa.insert(AuthorizationGrant).values(
                id=house.entropy.bytes(16).hex(),
                client_id=terms.key,
                account_id=login.account_id,
                session_id=login.session_id,
                scopes=" ".join(sorted(asked.scopes)),
                granted_at=at,
                access_digest=access.digest if access else None,
                access_expires_at=access.expires_at if access else None,
            )
        )
    answer = {
        "id_token": tokens.id_token(
            house,
            terms,
            tokens.userinfo(house, terms, asked.scopes, login),
            login=login,
            at=at,
            nonce=asked.nonce,
            fresh=fresh,
            with_sid=True,
        )
    }
    if access is not None:
        answer |= {
            "access_token": access.value,
            "token_type": "Bearer",
            "expires_in": str(epoch(access.expires_at) - epoch(at)),
        }
    return answer
