"""Access tokens and ID Tokens: what they say and how long they live."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.entropy import random_uuid
from idp.claims import attributes_of, released
from idp.provider import Provider, digest
from idp.sessions import sid
from idp.subjects import subject
from keys.models import SigningAlgorithm
from keys.ring import sign_hs256
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


def userinfo(house: Provider, terms: ReleaseTerms, scopes: frozenset[str], account: Row[Any]) -> dict[str, Any]:
    """The claims of an account for a client, subject and issuer included."""
    return released(terms, scopes, attributes_of(account), house.dialect) | {
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
) -> str:
    """A signed ID Token (OpenID Connect Core 1.0, section 2) around the claims of `userinfo`."""
    issued = epoch(at)
    told = claims if house.dialect.claims_in_id_token else {"sub": claims["sub"]}
    payload = {
        **told,
        "iss": house.settings.issuer,
        "aud": terms.client_id,
        "iat": issued,
        "exp": issued + (terms.id_token_lifetime_in or house.settings.id_token_lifetime_in),
        "auth_time": epoch(login.authenticated_at),
    }
    if house.dialect.acr_tells_freshness:
        payload["acr"] = "1" if fresh and nonce else "0"
    if nonce is not None:
        payload["nonce"] = nonce
    if with_sid:
        payload["sid"] = sid(house, login.session_uid, terms.client_id)
    return _sign(house, terms, serialise(payload), at)


def serialise(claims: Mapping[str, Any]) -> bytes:
    """Compact JSON with sorted keys and ASCII escapes, as the real service writes it: sites that decode its tokens
    with ordinary base64, or as ASCII, rely on it."""
    return json.dumps(claims, sort_keys=True, separators=(",", ":")).encode("ascii")


def _sign(house: Provider, terms: ReleaseTerms, payload: bytes, at: dt.datetime) -> str:
    name = terms.id_token_alg
    if name == "HS256":
        return sign_hs256(house.secrets_of(terms, at)[-1], payload)
    return house.ring.sign(SigningAlgorithm(name), payload, with_kid=name in house.dialect.kid_with)
