"""Key material: private keys made, brought from elsewhere, sealed and parsed. joserfc is imported at the first use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from glc.errors import InputError
from glc.i18n import N_
from keys.encryption import Box
from keys.models import KeyAlgorithm

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    Private = RSAKey | ECKey | OKPKey

BOX = "signing-key"
"""The use under which private keys are sealed."""
RSA_SIZE = 2048
"""Bits of an RSA key: the least that is accepted (RFC 7518, sections 3.3 and 4.3), and what is made."""

_SIZES: dict[KeyAlgorithm, int | str] = {KeyAlgorithm.ES256: "P-256", KeyAlgorithm.EDDSA: "Ed25519"}


def generate(algorithm: KeyAlgorithm) -> Private:
    """A new key."""
    return cast("Private", _kind(algorithm).generate_key(_SIZES.get(algorithm, RSA_SIZE)))


def public_jwk(key: Private, algorithm: KeyAlgorithm) -> dict[str, Any]:
    """The public half, as it is published."""
    public = cast(dict[str, Any], key.as_dict(private=False))
    wanted = {name: public[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in public}
    return wanted | {"kid": key.thumbprint(), "alg": algorithm.value, "use": algorithm.use.value}


def sealed(box: Box, key: Private) -> str:
    """The private half as it is stored."""
    return box.seal(_private_bytes(key, Encoding.DER))


def unsealed(box: Box, text: str, algorithm: KeyAlgorithm) -> Private:
    """A key from what is stored. Raises `SealBroken`."""
    # The prime checks cost 40 ms a key and prove nothing here: the seal already says the bytes are ours.
    opened = load_der_private_key(box.open(text), None, unsafe_skip_rsa_key_validation=True)
    return cast("Private", _kind(algorithm)(opened, opened))


def pem(key: Private) -> bytes:
    """The private half as PKCS#8 PEM (RFC 5958, RFC 7468)."""
    return _private_bytes(key, Encoding.PEM)


def read(content: bytes, algorithm: KeyAlgorithm | None) -> tuple[Private, KeyAlgorithm]:
    """A private key from PKCS#8 (PEM or DER) or a JWK, and its algorithm: the one asked for, which it must fit, or the
    only one that it fits. Raises `InputError`."""
    said: dict[str, Any] = {}
    if content.lstrip().startswith(b"{"):
        said, opened = _from_jwk(content)
    else:
        opened = _from_pkcs8(content)
    fitting = _fitting(opened)
    named = said.get("alg")
    if named is not None:
        fitting = [each for each in fitting if each.value == named]
    if said.get("use") is not None:
        fitting = [each for each in fitting if each.use.value == said["use"]]
    if algorithm is not None:
        fitting = [each for each in fitting if each is algorithm]
    if not fitting:
        raise InputError(N_("cette clé ne convient pas à cet algorithme"))
    if len(fitting) > 1:
        names = ", ".join(each.value for each in fitting)
        raise InputError(N_("dites pour quel algorithme est cette clé : %(algorithms)s"), algorithms=names)
    return cast("Private", _kind(fitting[0])(opened, opened)), fitting[0]


def _from_pkcs8(content: bytes) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        if b"-----BEGIN" in content:
            return load_pem_private_key(content, None)
        return load_der_private_key(content, None)
    except TypeError as error:
        raise InputError(N_("cette clé est protégée par un mot de passe : ôtez-le d’abord")) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(N_("ce n’est pas une clé privée lisible : PKCS#8 (PEM ou DER) ou JWK")) from error


def _from_jwk(content: bytes) -> tuple[dict[str, Any], Any]:
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    try:
        said = json.loads(content)
        wanted = {name: value for name, value in said.items() if name not in {"alg", "use", "key_ops", "kid"}}
        key = import_key(wanted)
        opened: Any = key.private_key if key.is_private and key.key_type != "oct" else None
        if opened is None:
            raise InputError(N_("ce JWK ne contient pas de clé privée"))
        # what it says of itself is checked as the key of a file would be
        der = opened.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return said, load_der_private_key(der, None)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(N_("ce n’est pas une clé privée lisible : PKCS#8 (PEM ou DER) ou JWK")) from error


def _fitting(opened: Any) -> list[KeyAlgorithm]:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(opened, RSAPrivateKey):
        if opened.key_size < RSA_SIZE:
            raise InputError(N_("cette clé RSA est trop courte : %(least)d bits au moins"), least=RSA_SIZE)
        return [KeyAlgorithm.RS256, KeyAlgorithm.PS256, KeyAlgorithm.RSA_OAEP_256]
    if isinstance(opened, EllipticCurvePrivateKey):
        return [KeyAlgorithm.ES256] if isinstance(opened.curve, SECP256R1) else []
    return [KeyAlgorithm.EDDSA] if isinstance(opened, Ed25519PrivateKey) else []


def _kind(algorithm: KeyAlgorithm) -> Any:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    return {KeyAlgorithm.ES256: ECKey, KeyAlgorithm.EDDSA: OKPKey}.get(algorithm, RSAKey)


def _private_bytes(key: Private, encoding: Encoding) -> bytes:
    private: Any = key.private_key
    return cast(bytes, private.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption()))
