"""A client's public keys: those it registered, or those at its `jwks_uri`, asked for again when one is unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from glc.errors import FetchError
from idp.provider import Provider
from keys.jose import JoseError
from partner_registry.terms import ReleaseTerms


def client_key_set(house: Provider, terms: ReleaseTerms, kid: object = None) -> Mapping[str, Any]:
    """Its JWK Set (RFC 7517, section 5); `kid` names the key that is looked for, which a kept answer may not have yet.

    Raises `JoseError` when it has none, or when they cannot be fetched.
    """
    protocol = terms.protocol
    if protocol.jwks is not None:
        return protocol.jwks
    if not protocol.jwks_uri:
        raise JoseError("the client registered no keys (jwks or jwks_uri)")
    kept = _fetched(house, protocol.jwks_uri)
    if kid is None or any(each.get("kid") == kid for each in kept["keys"]):
        return kept
    return _fetched(house, protocol.jwks_uri, anew=True)


def _fetched(house: Provider, uri: str, *, anew: bool = False) -> dict[str, Any]:
    try:
        answer = house.fetches.get(uri, anew=anew)
        found = json.loads(answer.body) if answer.status == 200 else None
    except (FetchError, ValueError, RecursionError) as error:
        raise JoseError(f"the client's jwks_uri cannot be read: {error}") from error
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list):
        raise JoseError(f"the client's jwks_uri answered with status {answer.status} and no key set")
    return {"keys": [each for each in keys if isinstance(each, dict)]}
