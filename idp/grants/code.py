"""The authorization code grant (RFC 6749, section 4.1; RFC 7636)."""

from __future__ import annotations

import datetime as dt
import hmac
from typing import Any

import sqlalchemy as sa
from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.database import reading, writing
from idp import sessions
from idp.authorization.checks import AuthorizationRequest
from idp.claims import claims_of
from idp.errors import ProtocolError, invalid_request
from idp.grants import grant_life
from idp.grants.gate import ended, require_open
from idp.models import AuthorizationGrant
from idp.provider import Provider, digest
from idp.tokens import access_tokens, codes
from idp.tokens.codes import Code
from idp.tokens.id_token import id_token
from idp.tokens.request import TokenRequest, TokenResponse


def issue(
    house: Provider, asked: AuthorizationRequest, login: Row[Any], at: dt.datetime, *, fresh: bool
) -> dict[str, str]:
    """The answer that carries a new code. Nothing is written: the code is sealed with what it stands for."""
    code = Code(
        grant_id=house.entropy.bytes(16).hex(),
        client=asked.terms.key,
        account=login.account_id,
        session=login.session_id,
        issued=epoch(at),
        withdrawals=login.withdrawals,
        scopes=tuple(sorted(asked.scopes)),
        narrowed=asked.narrowed,
        redirect_uri_digest=digest(asked.redirect_uri),
        nonce=asked.nonce,
        fresh=fresh,
        challenge=asked.challenge,
        challenge_method=asked.challenge_method,
        acr=asked.acr,
        for_userinfo=asked.named(asked.claims.userinfo),
        for_id_token=asked.named(asked.claims.id_token),
    )
    return {"code": codes.seal(house, code)}


class CodeGrant(BaseGrant, TokenEndpointMixin):
    """Redeems a code, once."""

    GRANT_TYPE = "authorization_code"
    request: TokenRequest

    def validate_token_request(self) -> None:
        """Authenticate the client, then find out whether this code is its own, alive, and proven.

        Raises `ProtocolError`. The code is opened first only because the session it names is read by the statement
        that also reads the registry's version; no error about it is told before the client is known.
        """
        request = self.request
        house, at = request.house, request.at
        sent = request.parameters.get("code")
        code = codes.unseal(house, sent) if sent else None
        login = None
        if code is not None:
            with reading(house.engine) as connection:
                login = sessions.by_id(connection, code.session, at)
            if login is not None:
                request.registry_version = login.registry_version
        self.authenticate_token_endpoint_client()
        if not sent:
            raise invalid_request('Missing parameter "code"', "Envoyez le code reçu, dans le corps de la demande.")
        request.code = self._accept(code, login)
        request.login = login

    def _accept(self, code: Code | None, login: Row[Any] | None) -> Code:
        request, terms = self.request, self.request.terms
        if code is None:
            raise _invalid_grant("Code is unknown or has expired.", "Ce code n’a pas été émis ici, ou il est altéré.")
        if code.client != terms.key:
            raise _invalid_grant("Code was issued to a different client.")
        require_open(terms)
        if code.issued < epoch(terms.grants_since):
            raise ended()
        if code.expired(request.house, request.at):
            grant_life.revoke_grant(request.house.engine, code.grant_id, request.at)
            raise _invalid_grant(
                "Code is unknown or has expired.",
                f"Un code vit {request.house.settings.code_lifetime_in} secondes : échangez-le aussitôt reçu.",
            )
        if login is None or login.account_id != code.account:
            grant_life.revoke_grant(request.house.engine, code.grant_id, request.at)
            raise _invalid_grant("User is disconnected or session was lost.")
        if login.withdrawals != code.withdrawals:
            raise _invalid_grant("Code is unknown or has expired.", "L’usager vient de retirer son accord.")
        if digest(request.parameters.get("redirect_uri", "")) != code.redirect_uri_digest:
            raise _invalid_grant(
                "Redirect_uri does not match the code.",
                "Renvoyez la redirect_uri de la demande d’autorisation, à l’octet près.",
            )
        if request.house.dialect.pkce_methods:
            _prove(code, request.parameters.get("code_verifier"))
        return code

    def create_token_response(self) -> TokenResponse:
        """Write the grant, whose key lets one redemption through, and answer with its tokens (RFC 6749, 5.1)."""
        request = self.request
        house, at, terms, code, login = request.house, request.at, request.terms, request.code, request.login
        access = access_tokens.new_access_token(house, terms, at, login.session_expires_at)
        scopes = terms.released(frozenset(code.scopes))
        token = id_token(  # before anything is spent: a client may have no key, a claim no value
            house,
            terms,
            claims_of(house, terms, scopes, login, code.for_id_token),
            login=login,
            at=at,
            nonce=code.nonce,
            fresh=code.fresh,
            with_sid=house.dialect.sid_in_id_token,
            acr=code.acr,
            named=code.for_id_token,
            access_token=access.value,
        )
        row = {
            "id": code.grant_id,
            "client_id": terms.key,
            "account_id": code.account,
            "session_id": code.session,
            "scopes": " ".join(sorted(scopes)),
            "granted_at": at,
            "outlives_session": False,
            "authenticated_at": login.authenticated_at,
            "acr": code.acr,
            "requested_claims": list(code.for_userinfo) or None,
            "access_digest": access.digest,
            "access_expires_at": access.expires_at,
        }
        refresh = None
        try:
            with writing(house.engine) as connection:
                connection.execute(_insert, row)
                if terms.refresh_tokens and "refresh_token" in house.dialect.grants:
                    refresh = grant_life.add_refresh_token(house, connection, code.grant_id, at)
        except sa.exc.IntegrityError:
            grant_life.revoke_grant(house.engine, code.grant_id, at)
            raise _invalid_grant(
                "Code is unknown or has expired.",
                "Un code ne sert qu’une fois : celui-ci l’a déjà été, et ce qu’il avait donné est révoqué.",
            ) from None
        body = _bearer(access, at) | {"id_token": token}
        if refresh is not None:
            body["refresh_token"] = refresh
        if house.dialect.scope_in_token_response or code.narrowed or len(scopes) < len(code.scopes):
            body["scope"] = row["scopes"]
        return 200, body, self.TOKEN_RESPONSE_HEADER


_insert = sa.insert(AuthorizationGrant.__table__)  # type: ignore[arg-type]


def _bearer(access: access_tokens.AccessToken, at: dt.datetime) -> dict[str, Any]:
    return {
        "access_token": access.value,
        "token_type": "Bearer",
        "expires_in": epoch(access.expires_at) - epoch(at),
    }


def _prove(code: Code, verifier: str | None) -> None:
    """PKCE (RFC 7636, section 4.6); a verifier without challenge is somebody's downgrade (RFC 9700, 2.1.1)."""
    if code.challenge is None:
        if verifier is not None:
            raise _invalid_grant(
                "The code_verifier does not match the code_challenge.",
                "La demande d’autorisation ne portait pas de code_challenge.",
            )
        return
    if not verifier:
        raise invalid_request(
            'Missing parameter "code_verifier"', "La demande d’autorisation portait un code_challenge."
        )
    proven = verifier.isascii()  # RFC 7636, 4.1; what is not ASCII has no S256 challenge
    if proven:
        transformed = create_s256_code_challenge(verifier) if code.challenge_method == "S256" else verifier
        proven = hmac.compare_digest(transformed.encode(), code.challenge.encode())
    if not proven:
        raise _invalid_grant("The code_verifier does not match the code_challenge.")


def _invalid_grant(description: str, hint: str = "") -> ProtocolError:
    return ProtocolError("invalid_grant", description, hint=hint)
