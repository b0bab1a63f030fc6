"""What comes straight from the authorization endpoint: the implicit flow (OpenID Connect Core 1.0, section 3.2), and
in the hybrid flow what accompanies a code (section 3.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.database import writing
from idp.authorization.checks import AuthorizationRequest
from idp.claims import claims_of
from idp.models import AuthorizationGrant
from idp.provider import Provider
from idp.tokens import access_tokens
from idp.tokens.id_token import id_token


def issue(
    house: Provider, asked: AuthorizationRequest, login: Row[Any], at: dt.datetime, *, fresh: bool, code: str | None
) -> dict[str, str]:
    """The answer's ID Token and access token, those of the two that were asked for."""
    terms, types = asked.terms, asked.response_types
    access = access_tokens.new_access_token(house, terms, at, login.session_expires_at) if "token" in types else None
    for_userinfo, for_id_token = asked.named(asked.claims.userinfo), asked.named(asked.claims.id_token)
    answer = {}
    if "id_token" in types:
        answer["id_token"] = id_token(
            house,
            terms,
            claims_of(house, terms, asked.scopes, login, for_id_token),
            login=login,
            at=at,
            nonce=asked.nonce,
            fresh=fresh,
            with_sid=True,
            acr=asked.acr,
            named=for_id_token,
            access_token=access.value if access else None,
            code=code,
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
                authenticated_at=login.authenticated_at,
                acr=asked.acr,
                requested_claims=list(for_userinfo) or None,
                access_digest=access.digest if access else None,
                access_expires_at=access.expires_at if access else None,
            )
        )
    if access is not None:
        answer |= {
            "access_token": access.value,
            "token_type": "Bearer",
            "expires_in": str(epoch(access.expires_at) - epoch(at)),
        }
        if house.dialect.scope_in_token_response or asked.narrowed:
            answer["scope"] = " ".join(sorted(asked.scopes))
    return answer
