"""The refresh token grant (RFC 6749, section 6), rotating: each use gives a new pair and ends the access token."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import sqlalchemy as sa
from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin
from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.database import reading, writing
from idp.errors import ProtocolError, invalid_request
from idp.grants import grant_life
from idp.grants.gate import ended, require_open
from idp.models import Account, AuthorizationGrant, BrowserSession, RefreshToken
from idp.provider import digest
from idp.subjects import subject
from idp.tokens import access_tokens
from idp.tokens.id_token import id_token
from idp.tokens.request import TokenRequest, TokenResponse

_living = (
    sa.select(
        RefreshToken.digest,
        RefreshToken.expires_at,
        AuthorizationGrant.id,
        AuthorizationGrant.client_id,
        AuthorizationGrant.scopes,
        AuthorizationGrant.granted_at,
        sa.func.coalesce(AuthorizationGrant.authenticated_at, BrowserSession.authenticated_at).label(
            "authenticated_at"
        ),
        AuthorizationGrant.acr,
        BrowserSession.ended_at,
        BrowserSession.uid.label("session_uid"),
        Account.uuid,
        Account.email,
    )
    .join(AuthorizationGrant, AuthorizationGrant.id == RefreshToken.grant_id)
    .join(BrowserSession, BrowserSession.id == AuthorizationGrant.session_id)
    .join(Account, Account.id == AuthorizationGrant.account_id)
    .where(RefreshToken.revoked_at.is_(None), AuthorizationGrant.revoked_at.is_(None), Account.erased_at.is_(None))
    .where(RefreshToken.digest == sa.bindparam("digest"))
)


def find(request: TokenRequest, value: str) -> Row[Any] | None:
    """The living refresh token of the calling client that a value is, with its grant and account."""
    with reading(request.house.engine) as connection:
        found = cast(Row[Any] | None, connection.execute(_living, {"digest": digest(value)}).first())
    if found is None or found.client_id != request.terms.key or found.expires_at <= request.at:
        return None
    offline = not request.house.dialect.refresh_token_needs_offline_access or "offline_access" in found.scopes.split()
    if found.ended_at is not None and not offline:
        return None
    return found


class RefreshGrant(BaseGrant, TokenEndpointMixin):
    """Exchanges a refresh token for a new pair, and where the dialect says so an ID Token (Core 1.0, 12.2)."""

    GRANT_TYPE = "refresh_token"
    request: TokenRequest

    def validate_token_request(self) -> None:
        """Authenticate the client and find the refresh token among its own. Raises `ProtocolError`; the registry's
        refusals come first, with registered codes in every dialect: they are ours. A token that they end is revoked."""
        self.authenticate_token_endpoint_client()
        request, terms = self.request, self.request.terms
        sent = request.parameters.get("refresh_token")
        found = find(request, sent) if sent else None
        if found is not None and found.granted_at < terms.grants_since:
            grant_life.revoke_grant(request.house.engine, found.id, request.at)
            require_open(terms)
            raise ended()
        require_open(terms)
        request.unregistered_errors = request.house.dialect.refresh_and_revocation_errors_are_null
        if not sent:
            raise invalid_request('Missing parameter "refresh_token"')
        if found is None:
            if request.house.dialect.used_refresh_token_ends_grant:
                self._end_stolen(sent)
            raise ProtocolError(
                "invalid_grant",
                "Refresh token is unknown or has expired.",
                hint="Un jeton de rafraîchissement utilisé cède la place au nouveau : gardez toujours le dernier reçu.",
            )
        if not terms.refresh_tokens:
            raise ProtocolError("unauthorized_client", "This client does not use refresh tokens")
        request.refreshed = found
        request.wanted = self._wanted(frozenset(found.scopes.split()))

    def _end_stolen(self, sent: str) -> None:
        """Whoever brings a token that served, after its time of grace, did not get it here: somebody else holds what
        came of it (RFC 9700, 4.14.2)."""
        request = self.request
        mine = sa.and_(RefreshToken.digest == digest(sent), AuthorizationGrant.client_id == request.terms.key)
        with reading(request.house.engine) as connection:
            grant = connection.scalar(
                sa.select(RefreshToken.grant_id)
                .join(AuthorizationGrant, AuthorizationGrant.id == RefreshToken.grant_id)
                .where(mine, RefreshToken.used_at.is_not(None))
            )
        if grant is not None:
            grant_life.revoke_grant(request.house.engine, grant, request.at)

    def _wanted(self, granted: frozenset[str]) -> frozenset[str]:
        """The scopes asked for, at most those granted (RFC 6749, section 6)."""
        wanted = frozenset(self.request.parameters.get("scope", "").split()) or granted
        if not wanted <= granted:
            self.request.unregistered_errors = False
            raise ProtocolError(
                "invalid_scope",
                f'Scope may contain "{" ".join(sorted(granted))}"',
                hint="Un rafraîchissement ne fait que réduire : pour davantage, l’usager doit se connecter de nouveau.",
            )
        return wanted

    def create_token_response(self) -> TokenResponse:
        """Rotate: the used token answers for a short while more, the access token is replaced at once."""
        request = self.request
        house, at, found = request.house, request.at, request.refreshed
        lifetime = request.terms.access_token_lifetime_in or house.dialect.access_token_lifetime_in
        lifetime = lifetime or house.settings.session_lifetime_in  # the browser session may be gone
        access = access_tokens.new_access_token(house, request.terms, at, at + dt.timedelta(seconds=lifetime))
        told = {"id_token": self._id_token(access.value)} if house.dialect.refresh_gives_id_token else {}
        with writing(house.engine) as connection:
            self._replace(connection, found, access)
            refresh = grant_life.add_refresh_token(house, connection, found.id, at)
        body = {
            "access_token": access.value,
            "token_type": "Bearer",
            "expires_in": epoch(access.expires_at) - epoch(at),
            "refresh_token": refresh,
            **told,
        }
        scopes = request.terms.released(request.wanted)
        if house.dialect.scope_in_token_response or scopes != request.wanted:
            body["scope"] = " ".join(sorted(scopes))
        return 200, body, self.TOKEN_RESPONSE_HEADER

    def _id_token(self, access_token: str) -> str:
        """As the first one, from a later time: same subject, session and `auth_time`, and no nonce."""
        request, found = self.request, self.request.refreshed
        claims = {"sub": subject(request.house.ring, request.terms, found.uuid, found.email)}
        return id_token(
            request.house,
            request.terms,
            claims,
            login=found,
            at=request.at,
            nonce=None,
            fresh=False,
            with_sid=request.house.dialect.sid_in_id_token,
            acr=found.acr,
            access_token=access_token,
        )

    def _replace(self, connection: sa.Connection, found: Row[Any], access: access_tokens.AccessToken) -> None:
        grace = self.request.at + dt.timedelta(seconds=self.request.house.settings.refresh_token_grace_in)
        connection.execute(
            sa.update(RefreshToken)
            .where(RefreshToken.digest == found.digest)
            .values(
                expires_at=min(grace, found.expires_at), used_at=sa.func.coalesce(RefreshToken.used_at, self.request.at)
            )
        )
        connection.execute(
            sa.update(AuthorizationGrant)
            .where(AuthorizationGrant.id == found.id)
            .values(
                access_digest=access.digest,
                access_scopes=" ".join(sorted(self.request.wanted)),
                access_expires_at=access.expires_at,
                outlives_session=True,
            )
        )
