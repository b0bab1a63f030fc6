"""The ID Token: what it says and how long it lives (OpenID Connect Core 1.0, section 2)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.engine import Row

from glc.clock import epoch
from idp.provider import Provider
from idp.sessions import sid
from idp.tokens import signing
from partner_registry.terms import ReleaseTerms


def id_token(
    house: Provider,
    terms: ReleaseTerms,
    claims: Mapping[str, Any],
    *,
    login: Row[Any],
    at: dt.datetime,
    nonce: str | None,
    fresh: bool,
    with_sid: bool,
    acr: str | None = None,
    named: Collection[str] = (),
    access_token: str | None = None,
    code: str | None = None,
) -> str:
    """An ID Token (OpenID Connect Core 1.0, section 2) around the claims of `claims_of`: all of them when it is the
    only place for them (section 5.4), else those asked of it by name. `access_token` and `code`: what it comes with.
    Raises `ProtocolError` when the client has no secret or key that it takes: make it before anything is spent."""
    issued = epoch(at)
    told: Mapping[str, Any] = claims
    if not house.dialect.claims_in_id_token and (access_token is not None or code is not None):
        told = {name: value for name, value in claims.items() if name == "sub" or name in named}
    payload = {
        **told,
        "iss": house.settings.issuer,
        "aud": terms.client_id,
        "iat": issued,
        "exp": issued + (terms.id_token_lifetime_in or house.settings.id_token_lifetime_in),
        "auth_time": epoch(login.authenticated_at),
    }
    if house.dialect.acr_tells_freshness:
        acr = "1" if fresh and nonce else "0"
    more = {
        "acr": acr,
        "amr": ["pwd"] if house.dialect.amr_in_id_token else None,  # RFC 8176: nobody logs in here otherwise
        "nonce": nonce,
        "sid": sid(house, login.session_uid, terms.client_id) if with_sid else None,
    }
    if house.dialect.token_hashes:
        more |= {
            "at_hash": _half_hash(terms.id_token_alg, access_token),
            "c_hash": _half_hash(terms.id_token_alg, code),
        }
    payload |= {name: value for name, value in more.items() if value is not None}
    token = signing.sign(house, terms, terms.id_token_alg, signing.serialise(payload), at)
    alg = terms.protocol.id_token_encrypted_response_alg
    if alg and house.dialect.answers_are_jwts_if_registered:
        return signing.encrypted(house, terms, token, alg, terms.protocol.id_token_encrypted_response_enc)
    return token


def _half_hash(alg: str, value: str | None) -> str | None:
    """The left half of a hash, that of the signature's algorithm (section 3.1.3.6)."""
    if value is None:
        return None
    hashed = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(value.encode("ascii")).digest()
    return base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode("ascii")
