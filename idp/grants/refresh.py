"""The refresh token grant (RFC 6749, section 6), rotating: each use gives a new pair and ends the access token."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin
from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.database import reading, writing
from idp import grant_life, tokens
from idp.errors import ProtocolError, invalid_request
from idp.grants.gate import require_open
from idp.models import Account, AuthorizationGrant, RefreshToken
from idp.provider import digest
from idp.token_request import TokenRequest, TokenResponse

_living = (
    sa.select(
        RefreshToken.digest,
        RefreshToken.expires_at,
        AuthorizationGrant.id,
        AuthorizationGrant.client_id,
        AuthorizationGrant.scopes,
    )
    .join(AuthorizationGrant, AuthorizationGrant.id == RefreshToken.grant_id)
    .join(Account, Account.id == AuthorizationGrant.account_id)
    .where(RefreshToken.revoked_at.is_(None), AuthorizationGrant.revoked_at.is_(None), Account.erased_at.is_(None))
)


class RefreshGrant(BaseGrant, TokenEndpointMixin):
    """Exchanges a refresh token for a new pair. The answer has no ID Token: the real one's has none."""

    GRANT_TYPE = "refresh_token"
    request: TokenRequest

    def validate_token_request(self) -> None:
        """Authenticate the client and find the refresh token among its own. Raises `ProtocolError`."""
        self.authenticate_token_endpoint_client()
        request = self.request
        require_open(request.terms)  # first: the registry's refusals are ours, with registered codes in every dialect
        request.unregistered_errors = request.house.dialect.refresh_and_revocation_errors_are_null
        sent = request.parameters.get("refresh_token")
        if not sent:
            raise invalid_request('Missing parameter "refresh_token"')
        with reading(request.house.engine) as connection:
            found = connection.execute(_living.where(RefreshToken.digest == digest(sent))).first()
        if found is None or found.client_id != request.terms.key or found.expires_at <= request.at:
            raise ProtocolError(
                "invalid_grant",
                "Refresh token is unknown or has expired.",
                hint="Un jeton de rafraîchissement utilisé cède la place au nouveau : gardez toujours le dernier reçu.",
            )
        if not request.terms.refresh_tokens:
            raise ProtocolError("unauthorized_client", "This client does not use refresh tokens")
        request.refreshed = found

    def create_token_response(self) -> TokenResponse:
        """Rotate: the used token answers for a short while more, the access token is replaced at once."""
        request = self.request
        house, at, found = request.house, request.at, request.refreshed
        lifetime = request.terms.access_token_lifetime_in or house.dialect.access_token_lifetime_in
        lifetime = lifetime or house.settings.session_lifetime_in  # the browser session may be gone
        access = tokens.new_access_token(house, request.terms, at, at + dt.timedelta(seconds=lifetime))
        with writing(house.engine) as connection:
            self._replace(connection, found, access)
            refresh = grant_life.add_refresh_token(house, connection, found.id, at)
        body = {
            "access_token": access.value,
            "token_type": "Bearer",
            "expires_in": epoch(access.expires_at) - epoch(at),
            "refresh_token": refresh,
        }
        return 200, body, self.TOKEN_RESPONSE_HEADER

    def _replace(self, connection: sa.Connection, found: Row[Any], access: tokens.AccessToken) -> None:
        grace = self.request.at + dt.timedelta(seconds=self.request.house.settings.refresh_token_grace_in)
        connection.execute(
            sa.update(RefreshToken)
            .where(RefreshToken.digest == found.digest)
            .values(expires_at=min(grace, found.expires_at))
        )
        connection.execute(
            sa.update(AuthorizationGrant)
            .where(AuthorizationGrant.id == found.id)
            .values(access_digest=access.digest, access_expires_at=access.expires_at, outlives_session=True)
        )
