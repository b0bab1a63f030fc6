"""Tokens signed or encrypted with keys that are not this provider's: a client's public keys, or its secret.

A wrapper of joserfc that imports it at the first call, and tells one error. Algorithms are always said by the caller:
what a token's header names is only looked up among them (RFC 8725, section 3.1).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from glc.errors import GlcError

if TYPE_CHECKING:
    from joserfc.jws import JWSRegistry

MAX_LENGTH = 128 * 1024
DECRYPTION_ALGS = ("RSA-OAEP", "RSA-OAEP-256")
DECRYPTION_ENCS = ("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM")


class JoseError(GlcError):
    """A token that cannot be read, or a key that cannot be used; the message says why, and holds no secret."""


def header_of(token: str) -> Mapping[str, Any]:
    """The unverified header of a compact token (RFC 7515, section 7.1). Raises `JoseError`."""
    return _part(token, 0)


def claims_of(token: str) -> Mapping[str, Any]:
    """The unverified claims of a compact JWS: what it says of itself, to look up the key. Raises `JoseError`."""
    return _part(token, 1)


def verify(token: str, key_set: Mapping[str, Any], algorithms: Collection[str]) -> dict[str, Any]:
    """The claims of a JWS that a key of the set signed: the one its `kid` names, else any that fits.

    Raises `JoseError`.
    """
    header = header_of(token)
    if header.get("alg") not in algorithms:
        raise JoseError(f"alg must be one of {', '.join(algorithms)}")
    return _first(token, _usable(key_set, header), header["alg"])


def verify_with_secrets(token: str, secrets: Iterable[str], algorithms: Collection[str]) -> dict[str, Any]:
    """The claims of a JWS keyed with one of a client's secrets (their UTF-8 bytes). Raises `JoseError`."""
    return verify_with_keys(token, (each.encode() for each in secrets), algorithms)


def verify_with_keys(token: str, keys: Iterable[bytes], algorithms: Collection[str]) -> dict[str, Any]:
    """The claims of a JWS keyed with one of some symmetric keys. Raises `JoseError`."""
    from joserfc.jwk import OctKey

    header = header_of(token)
    if header.get("alg") not in algorithms:
        raise JoseError(f"alg must be one of {', '.join(algorithms)}")
    return _first(token, [OctKey.import_key(each) for each in keys], header["alg"])


def encrypt(payload: str, key_set: Mapping[str, Any], alg: str, enc: str, *, nested: bool = True) -> str:
    """A compact JWE for the first key of the set that fits (RFC 7516); `nested`, of a signed token (RFC 7519, 5.2).

    Raises `JoseError` when there is none.
    """
    from joserfc import jwe
    from joserfc.errors import JoseError as Failed

    kind = ("RSA",) if alg.startswith("RSA") else ("EC", "OKP")
    for each in _members(key_set):
        if each.get("kty") in kind and each.get("use", "enc") == "enc" and each.get("alg", alg) == alg:
            header = {"alg": alg, "enc": enc} | ({"cty": "JWT"} if nested else {})
            header |= {"kid": each["kid"]} if "kid" in each else {}
            try:
                return jwe.encrypt_compact(header, payload, _imported(each), algorithms=[alg, enc])
            except (Failed, ValueError, JoseError):  # a key that only signs, most often: the next may do
                continue
    raise JoseError(f"the client has no public key for {alg}")


def decrypt(token: str, private: Any) -> str:
    """What a compact JWE holds, an ASCII text (RFC 7516). Raises `JoseError`."""
    from joserfc import jwe
    from joserfc.errors import JoseError as Failed

    if len(token) > MAX_LENGTH:
        raise JoseError("this token is too long")
    try:
        opened = jwe.decrypt_compact(token, private, algorithms=[*DECRYPTION_ALGS, *DECRYPTION_ENCS]).plaintext
        return (opened or b"").decode("ascii")
    except (Failed, ValueError, TypeError) as error:
        raise JoseError("this provider's key does not decrypt it") from error


def compact_under(header: Mapping[str, Any], payload: bytes, alg: str, key: Any) -> str:
    """A compact JWS whose header is written as it is given, whether or not it is true."""
    from joserfc.jws import JWSRegistry

    parts = [json.dumps(header, separators=(",", ":")).encode(), payload]
    told = b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts)
    signature = JWSRegistry.algorithms[alg].sign(told, key)
    return b".".join([told, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode("ascii")


@cache
def signatures(*algorithms: str) -> JWSRegistry:
    """What joserfc signs and verifies with. It warns of the name EdDSA, which RFC 9864 replaces by Ed25519; Relying
    Parties and the certification suite know no other yet."""
    from joserfc.jws import JWSRegistry

    class Registry(JWSRegistry):
        def get_alg(self, name: str) -> Any:
            if name == "EdDSA" and name in algorithms:
                return self.algorithms[name]
            return super().get_alg(name)

    return Registry(algorithms=list(algorithms))


def _part(token: str, place: int) -> Mapping[str, Any]:
    parts = token[:MAX_LENGTH].split(".")
    try:
        encoded = parts[place]
        found = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError) as error:
        raise JoseError("this is no JWT") from error
    return _claims(found)


def _claims(found: Any) -> dict[str, Any]:
    """A JSON object whose texts can be kept: no lone surrogate, no NUL. Raises `JoseError`."""
    if not isinstance(found, dict):
        raise JoseError("this is no JSON object")
    try:
        plain = json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise JoseError("this holds a text that is none") from error
    if b"\\u0000" in plain:
        raise JoseError("this holds a NUL character")
    return found


def _first(token: str, keys: Iterable[Any], alg: str) -> dict[str, Any]:
    from joserfc import jws
    from joserfc.errors import JoseError as Failed

    if len(token) > MAX_LENGTH:
        raise JoseError("this token is too long")
    for key in keys:
        try:
            payload = jws.deserialize_compact(token, key, registry=signatures(alg)).payload
        except (Failed, ValueError, TypeError, KeyError):  # the last two: a header that is not well formed
            continue
        try:
            return _claims(json.loads(payload))
        except (ValueError, RecursionError) as error:
            raise JoseError("what is signed is not JSON") from error
    raise JoseError("no known key verifies the signature")


def _usable(key_set: Mapping[str, Any], header: Mapping[str, Any]) -> Iterable[Any]:
    kid, alg = header.get("kid"), header["alg"]
    kind = {"R": "RSA", "P": "RSA", "E": "EC"}[alg[0]] if alg != "EdDSA" else "OKP"
    for each in _members(key_set):
        fits = each.get("kty") == kind and each.get("use", "sig") == "sig" and each.get("alg", alg) == alg
        if fits and (kid is None or each.get("kid", kid) == kid):
            with suppress(JoseError):  # one that cannot be read hides no other
                yield _imported(each)


def _members(key_set: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    keys = key_set.get("keys")
    return [each for each in keys if isinstance(each, dict)] if isinstance(keys, list) else []


def _imported(member: Mapping[str, Any]) -> Any:
    from joserfc.errors import JoseError as Failed
    from joserfc.jwk import import_key

    try:
        return import_key(dict(member))
    except (Failed, ValueError, TypeError, KeyError) as error:
        raise JoseError("a key of the set cannot be read") from error
