"""How what is told to a client is signed and encrypted (OpenID Connect Core 1.0, section 10)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from idp.clients.keys import client_key_set
from idp.errors import ProtocolError
from idp.provider import Provider
from keys import jose
from keys.models import KeyAlgorithm
from keys.ring import sign_hs256
from partner_registry.clients.metadata import ENCRYPTION_ENCS
from partner_registry.terms import ReleaseTerms


def serialise(claims: Mapping[str, Any]) -> bytes:
    """Compact JSON with sorted keys and ASCII escapes, as the real service writes it: sites that decode its tokens
    with ordinary base64, or as ASCII, rely on it."""
    return json.dumps(claims, sort_keys=True, separators=(",", ":")).encode("ascii")


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
        return sign_hs256(newest_secret(house, terms, at), payload, header)
    return house.ring.sign(KeyAlgorithm(alg), payload, header)


def encrypted(house: Provider, terms: ReleaseTerms, text: str, alg: str, enc: str, *, nested: bool = True) -> str:
    """A text, a signed token if `nested`, encrypted for its client (section 10.2). Raises `ProtocolError` when its keys
    cannot be had."""
    try:
        return jose.encrypt(text, client_key_set(house, terms), alg, enc or ENCRYPTION_ENCS[0], nested=nested)
    except jose.JoseError as error:
        raise ProtocolError("server_error", "The client has no key to encrypt for", hint=str(error)[:300]) from error


def newest_secret(house: Provider, terms: ReleaseTerms, at: dt.datetime) -> str:
    """What HS256 is keyed with. Raises `ProtocolError` when the client has none."""
    secrets = house.secrets_of(terms, at)
    if not secrets:
        raise ProtocolError("server_error", "The client has no secret to sign with")
    return secrets[-1]
