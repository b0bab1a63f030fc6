"""Access tokens and ID Tokens: what they say and how long they live."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.entropy import random_uuid
from idp.claims import attributes_of, released
from idp.client_keys import client_key_set
from idp.errors import ProtocolError
from idp.provider import Provider, digest
from idp.sessions import sid
from idp.subjects import subject
from keys import jose
from keys.models import KeyAlgorithm
from keys.ring import sign_hs256
from partner_registry.client_metadata import ENCRYPTION_ENCS, SECRET_SIGNING_ALGS
from partner_registry.terms import ReleaseTerms


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A new access token: opaque, known to its holder alone; `digest` is what is stored."""

    value: str
    digest: str
    expires_at: dt.datetime


def new_access_token(
    house: Provider, terms: ReleaseTerms, at: dt.datetime, session_expires_at: dt.datetime
) -> AccessToken:
    """Its life: the client's setting, else the dialect's, else what remains of the browser session."""
    lifetime = terms.access_token_lifetime_in or house.dialect.access_token_lifetime_in
    expires_at = at + dt.timedelta(seconds=lifetime) if lifetime else session_expires_at
    value = random_uuid(house.entropy)
    return AccessToken(value, digest(value), expires_at)


def claims_of(
    house: Provider, terms: ReleaseTerms, scopes: frozenset[str], account: Row[Any], named: Collection[str] = ()
) -> dict[str, Any]:
    """The claims of an account for a client: those of the scopes and those asked for by name (OpenID Connect Core 1.0,
    5.4 and 5.5), subject and issuer included."""
    return released(terms, terms.released(scopes), attributes_of(account), house.dialect, named) | {
        "sub": subject(house.ring, terms, account.uuid, account.email),
        "iss": house.settings.issuer,
    }


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
    only place for them (section 5.4), else those asked of it by name. `access_token` and `code`: what it comes with."""
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
    token = sign(house, terms, terms.id_token_alg, serialise(payload), at)
    alg = terms.protocol.id_token_encrypted_response_alg
    if alg and house.dialect.answers_are_jwts_if_registered:
        return encrypted(house, terms, token, alg, terms.protocol.id_token_encrypted_response_enc)
    return token


def _half_hash(alg: str, value: str | None) -> str | None:
    """The left half of a hash, that of the signature's algorithm (section 3.1.3.6)."""
    if value is None:
        return None
    hashed = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(value.encode("ascii")).digest()
    return base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode("ascii")


def serialise(claims: Mapping[str, Any]) -> bytes:
    """Compact JSON with sorted keys and ASCII escapes, as the real service writes it: sites that decode its tokens
    with ordinary base64, or as ASCII, rely on it."""
    return json.dumps(claims, sort_keys=True, separators=(",", ":")).encode("ascii")


def require_keys(house: Provider, terms: ReleaseTerms, at: dt.datetime) -> None:
    """Make sure, before anything is spent, that an ID Token can be made for a client. Raises `ProtocolError`."""
    if terms.id_token_alg in SECRET_SIGNING_ALGS:
        _newest_secret(house, terms, at)
    if terms.protocol.id_token_encrypted_response_alg and house.dialect.answers_are_jwts_if_registered:
        protocol = terms.protocol
        encrypted(house, terms, "", protocol.id_token_encrypted_response_alg, protocol.id_token_encrypted_response_enc)


def sign(house: Provider, terms: ReleaseTerms, alg: str, payload: bytes, at: dt.datetime, *, typ: str = "JWT") -> str:
    """A JWS of a payload for a client: all that the provider signs for one comes through here."""
    return (house.signer or signed)(house, terms, alg, payload, at, typ)


def signed(house: Provider, terms: ReleaseTerms, alg: str, payload: bytes, at: dt.datetime, typ: str) -> str:
    """It, signed as it should be; HS256 is keyed with the client's newest secret (section 10.1)."""
    if alg == "HS256":
        return signed_under(house, terms, alg, payload, at, header_of(house, alg, typ))
    return house.ring.sign_now(KeyAlgorithm(alg), payload, with_kid=alg in house.dialect.kid_with, typ=typ)


def header_of(house: Provider, alg: str, typ: str = "JWT") -> dict[str, Any]:
    """The header that a token of an algorithm has."""
    if alg == "HS256":
        return {"alg": alg, "typ": typ}
    return house.ring.header(KeyAlgorithm(alg), with_kid=alg in house.dialect.kid_with, typ=typ)


def signed_under(
    house: Provider, terms: ReleaseTerms, alg: str, payload: bytes, at: dt.datetime, header: Mapping[str, Any]
) -> str:
    """The same under a given header, whatever that says."""
    if alg == "HS256":
        return sign_hs256(_newest_secret(house, terms, at), payload, header)
    return house.ring.sign(KeyAlgorithm(alg), payload, header)


def _newest_secret(house: Provider, terms: ReleaseTerms, at: dt.datetime) -> str:
    secrets = house.secrets_of(terms, at)
    if not secrets:
        raise ProtocolError("server_error", "The client has no secret to sign with")
    return secrets[-1]


def encrypted(house: Provider, terms: ReleaseTerms, token: str, alg: str, enc: str) -> str:
    """A signed token, encrypted for its client (section 10.2). Raises `ProtocolError` when its keys cannot be had."""
    try:
        return jose.encrypt(token, client_key_set(house, terms), alg, enc or ENCRYPTION_ENCS[0])
    except jose.JoseError as error:
        raise ProtocolError("server_error", "The client has no key to encrypt for", hint=str(error)[:300]) from error
