"""A client's public keys: those it registered, or those at its `jwks_uri`, asked for again when none of them fits."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from glc.errors import FetchError
from idp.provider import Provider
from keys import jose
from keys.jose import JoseError
from partner_registry.terms import ReleaseTerms


def client_key_set(house: Provider, terms: ReleaseTerms, *, anew: bool = False) -> Mapping[str, Any]:
    """Its JWK Set (RFC 7517, section 5); `anew` asks its site even while a kept answer holds.

    Raises `JoseError` when it has none, or when they cannot be fetched.
    """
    protocol = terms.protocol
    if protocol.jwks is not None:
        return protocol.jwks
    if not protocol.jwks_uri:
        raise JoseError("the client registered no keys (jwks or jwks_uri)")
    return _fetched(house, protocol.jwks_uri, anew=anew)


def verify(house: Provider, terms: ReleaseTerms, token: str, algorithms: Collection[str]) -> Mapping[str, Any]:
    """The claims of what a client signed: newer keys may verify what kept ones do not. Raises `JoseError`."""
    kept = client_key_set(house, terms)
    try:
        return jose.verify(token, kept, algorithms)
    except JoseError:
        if (newer := client_key_set(house, terms, anew=True)) == kept:
            raise
        return jose.verify(token, newer, algorithms)


def _fetched(house: Provider, uri: str, *, anew: bool) -> dict[str, Any]:
    try:
        answer = house.fetches.get(uri, anew=anew)
        found = json.loads(answer.body) if answer.status == 200 else None
    except (FetchError, ValueError, RecursionError) as error:
        raise JoseError(f"the client's jwks_uri cannot be read: {error}") from error
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list):
        raise JoseError(f"the client's jwks_uri answered with status {answer.status} and no key set")
    return {"keys": [each for each in keys if isinstance(each, dict)]}
