"""Tokens that lie (keys/forgery.py), made of what would have been signed."""

from __future__ import annotations

import json
from typing import Any

from idp.tokens.signing import serialise, signed_under
from keys import forgery
from testkit.faults.fault import Signing


def unsigned(signing: Signing, alg: str = "none") -> str:
    """Signed by nobody."""
    about = {name: value for name, value in signing.header.items() if name != "kid"}
    return forgery.unsigned(about, _payload(signing), alg)


def damaged(signing: Signing) -> str:
    """With a wrong signature."""
    return forgery.damaged(signing.compact())


def stripped(signing: Signing) -> str:
    """With an empty signature."""
    return forgery.stripped(signing.compact())


def altered(signing: Signing) -> str:
    """Changed after it was signed."""
    return forgery.altered(signing.compact(), serialise({**signing.claims, "sub": "quelqu-un-d-autre"}))


def by_a_stranger(signing: Signing, **about: Any) -> str:
    """Signed with somebody else's key, under the kid of the provider's unless told."""
    return forgery.by_a_stranger({**signing.header, **about}, _payload(signing))


def with_its_own_key(signing: Signing) -> str:
    """Signed by a stranger whose public key stands in the header; RS256 where the client's algorithm has no such."""
    alg = "RS256" if signing.alg == "HS256" else signing.alg
    key = forgery.stranger_jwk(alg)
    return forgery.by_a_stranger({"alg": alg, "typ": "JWT", "kid": key["kid"], "jwk": key}, _payload(signing))


def keyed_with_public_key(signing: Signing) -> str | None:
    """HS256, keyed with the published RSA key."""
    published = [key for key in _published(signing) if key["kty"] == "RSA" and key.get("use") == "sig"]
    if not published:
        return None
    about = {"typ": "JWT", "kid": published[0]["kid"]}
    return forgery.keyed_with_public_key(about, _payload(signing), published[0])


def keyed_with_nothing(signing: Signing) -> str:
    """HS256, keyed with the empty secret."""
    return forgery.keyed({"typ": "JWT"}, _payload(signing), b"")


def under_another_kid(signing: Signing) -> str | None:
    """The provider's signature, under the kid of another published key."""
    if "kid" not in signing.header:
        return None
    others = [key["kid"] for key in _published(signing) if key["kid"] != signing.header["kid"]]
    return signing.compact({**signing.header, "kid": others[0]}) if others else None


def garbled(signing: Signing) -> str:  # noqa: ARG001 — whatever was to be signed
    """No JWT."""
    return "ceci-n-est.pas*un.jeton"


def not_json(signing: Signing) -> str:
    """Rightly signed, and no JSON."""
    return rightly(signing, b"ceci n'est pas du JSON")


def cut_short(key: dict[str, Any]) -> dict[str, Any]:
    """A published key whose numbers were cut."""
    return {name: value[:7] if name in {"n", "x", "y"} else value for name, value in key.items()}


def stranger_jwk(key: dict[str, Any], *, kid: str) -> dict[str, Any]:
    """A stranger's key in the place of a published one, for the same use."""
    return {**forgery.stranger_jwk(key["alg"], kid), "use": key.get("use", "sig")}


def _published(signing: Signing) -> list[dict[str, Any]]:
    return list(json.loads(signing.house.ring.jwks)["keys"])


def _payload(signing: Signing) -> bytes:
    return serialise(signing.claims)


def rightly(signing: Signing, payload: bytes) -> str:
    """Signed by the provider under whatever header there is, and whatever is in it."""
    return signed_under(signing.house, signing.terms, signing.alg, payload, signing.at, signing.header)
