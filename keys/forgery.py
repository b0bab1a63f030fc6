"""Tokens that lie, for trying Relying Parties: signed by a stranger, by nobody, or damaged. Nothing here can make a
token that verifies: no key of the ring is touched."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from keys import jose, material
from keys.models import KeyAlgorithm


def unsigned(header: Mapping[str, Any], payload: bytes, alg: str = "none") -> str:
    """An unsecured JWS (RFC 7515, appendix A.5), whatever the case of `none`."""
    return f"{_signed_part({**header, 'alg': alg}, payload)}."


def by_a_stranger(header: Mapping[str, Any], payload: bytes) -> str:
    """Signed with a key that is nobody's here, by the algorithm that the header names."""
    if header["alg"] == "HS256":
        return keyed(header, payload, b"un secret que personne ici ne connait")
    return jose.compact_under(header, payload, header["alg"], _stranger(KeyAlgorithm(header["alg"])))


def stranger_jwk(alg: str, kid: str | None = None) -> dict[str, Any]:
    """The public half of the stranger's key for an algorithm, under its own kid or another."""
    algorithm = KeyAlgorithm(alg)
    public = material.public_jwk(_stranger(algorithm), algorithm)
    return public if kid is None else {**public, "kid": kid}


def keyed(header: Mapping[str, Any], payload: bytes, secret: bytes) -> str:
    """Signed by HS256 with the given bytes, however short (RFC 7518, section 3.2 wants 32)."""
    told = _signed_part({**header, "alg": "HS256"}, payload)
    return f"{told}.{_encoded(hmac.digest(secret, told.encode(), hashlib.sha256))}"


def keyed_with_public_key(header: Mapping[str, Any], payload: bytes, public_jwk: Mapping[str, Any]) -> str:
    """Signed by HS256 with the PEM of a public RSA key, as read from a file (RFC 8725, section 2.1)."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from joserfc.jwk import import_key

    public: Any = import_key({name: public_jwk[name] for name in ("kty", "n", "e")})
    pem = public.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return keyed(header, payload, pem)


def damaged(token: str) -> str:
    """The token with the first byte of its signature inverted."""
    told, _, signature = token.rpartition(".")
    whole = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    whole[0] ^= 0xFF
    return f"{told}.{_encoded(bytes(whole))}"


def stripped(token: str) -> str:
    """The token without its signature."""
    return token.rpartition(".")[0] + "."


def altered(token: str, payload: bytes) -> str:
    """The token with another payload under the same signature."""
    head, _, signature = token.split(".")
    return f"{head}.{_encoded(payload)}.{signature}"


def _signed_part(header: Mapping[str, Any], payload: bytes) -> str:
    return f"{_encoded(json.dumps(header, separators=(',', ':')).encode())}.{_encoded(payload)}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


@cache
def _stranger(algorithm: KeyAlgorithm) -> Any:
    return material.generate(algorithm)
