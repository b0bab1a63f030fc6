"""The key ring: private keys parsed once per process, the JWK Set as bytes computed once.

Starting is kept short: what a start needs is read without the ORM, and joserfc is imported at the first signature.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from sqlalchemy.engine import Engine, Row

from glc.clock import Clock
from glc.database import reading, writing
from glc.entropy import Entropy
from glc.errors import SettingsError
from keys.encryption import Box, MasterKey, SealBroken, keyed_digest
from keys.models import SigningAlgorithm, SigningKey, StoredSecret

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey
    from joserfc.jws import JWSRegistry

SUBJECT_SALT = "subject-salt"
_signing_keys = cast(sa.Table, SigningKey.__table__)
_stored_secrets = cast(sa.Table, StoredSecret.__table__)


@dataclass(frozen=True)
class _Loaded:
    kid: str
    algorithm: SigningAlgorithm
    opened: Any
    """The private key as `cryptography` has it."""

    @cached_property
    def private(self) -> RSAKey | ECKey:
        from joserfc.jwk import ECKey, RSAKey

        return (RSAKey if self.algorithm is SigningAlgorithm.RS256 else ECKey)(self.opened, self.opened)


@dataclass(slots=True)
class KeyRing:
    """Signs, publishes what verifies, and seals. One per application; thread-safe once loaded.

    `jwks` is the JWK Set document (RFC 7517, section 5), public halves only.
    """

    master: MasterKey
    secrets: Box = field(init=False)
    """Seals client secrets at rest."""
    codes: Box = field(init=False)
    """Seals authorization codes."""
    jwks: bytes = b'{"keys":[]}'
    _keys: dict[SigningAlgorithm, _Loaded] = field(default_factory=dict)
    _session_key: bytes = field(init=False)
    _subject_salt: bytes = b""

    def __post_init__(self) -> None:
        self.secrets = self.master.box("client-secret")
        self.codes = self.master.box("authorization-code")
        self._session_key = self.master.derive("session-identifier")

    def load(self, engine: Engine) -> None:
        """Read every key of the ring; the newest of an algorithm signs. Raises `SettingsError` when the master key
        is not the one they were sealed under."""
        box = self.master.box("signing-key")
        with reading(engine) as connection:
            rows = connection.execute(sa.select(_signing_keys).order_by(_signing_keys.c.created_at)).all()
            salt = connection.execute(
                sa.select(_stored_secrets.c.sealed).where(_stored_secrets.c.name == SUBJECT_SALT)
            ).scalar_one()
        for row in rows:
            self._keys[row.algorithm] = _Loaded(row.kid, row.algorithm, _open(box, row))
        self._subject_salt = self.master.box(SUBJECT_SALT).open(salt)
        self.jwks = json.dumps({"keys": [row.public_jwk for row in rows]}, separators=(",", ":")).encode()

    def sign(self, algorithm: SigningAlgorithm, payload: bytes, *, with_kid: bool) -> str:
        """A compact JWS of the payload (RFC 7515, section 7.1). `with_kid` puts the key's id in the header."""
        key = self._keys[algorithm]
        header: dict[str, Any] = {"alg": algorithm.value, "typ": "JWT"}
        if with_kid:
            header["kid"] = key.kid
        return _compact(header, payload, key.private)

    def session_identifier(self, *parts: str) -> str:
        """32 hexadecimal digits that stand for a browser session at one client (`sid`), the same at each call."""
        return keyed_digest(self._session_key, "\x1f".join(parts))[:32]

    def pairwise_subject(self, sector: str, uuid: str) -> str:
        """An account's subject in a sector, from which nothing can be told: base64 of a SHA-256, 44 characters that
        may be `+`, `/` and `=` (OpenID Connect Core 1.0, section 8.1)."""
        hashed = hmac.digest(self._subject_salt, f"{sector}\x1f{uuid}".encode(), "sha256")
        return base64.b64encode(hashed).decode("ascii")

    def reversible_subject(self, sector: str, uuid: str) -> str:
        """The same, but one this provider can read back: base64url of a deterministic encryption (AES-SIV)."""
        sealed = AESSIV(self._subject_salt).encrypt(bytes.fromhex(uuid), [sector.encode()])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def account_behind(self, sector: str, subject: str) -> str:
        """The uuid behind a reversible subject. Raises `SealBroken`."""
        try:
            data = base64.urlsafe_b64decode(subject + "=" * (-len(subject) % 4))
            return AESSIV(self._subject_salt).decrypt(data, [sector.encode()]).hex()
        except (ValueError, InvalidTag) as error:
            raise SealBroken("this subject is not of this sector") from error


def sign_hs256(secret: str, payload: bytes) -> str:
    """A compact JWS keyed with a client's secret, its UTF-8 bytes (OpenID Connect Core 1.0, section 10.1)."""
    from joserfc.jwk import OctKey

    return _compact({"alg": "HS256", "typ": "JWT"}, payload, OctKey.import_key(secret))


def _compact(header: dict[str, Any], payload: bytes, key: Any) -> str:
    from joserfc import jws

    return jws.serialize_compact(header, payload, key, registry=_registry())


@cache
def _registry() -> JWSRegistry:
    from joserfc.jws import JWSRegistry

    return JWSRegistry(algorithms=["HS256", "RS256", "ES256"])


def ensure_keys(engine: Engine, master: MasterKey, clock: Clock, entropy: Entropy) -> list[str]:
    """Make the key of each algorithm that has none yet; return the new ids.

    Safe to call at every start, by several processes at once: the salt's row lets one of them through, and the keys
    are made in its transaction.
    """
    with reading(engine) as connection:
        present = set(connection.scalars(sa.select(_signing_keys.c.algorithm)))
        salted = connection.scalar(sa.select(_stored_secrets.c.name).where(_stored_secrets.c.name == SUBJECT_SALT))
    missing = [algorithm for algorithm in SigningAlgorithm if algorithm not in present]
    if salted and not missing:
        return []
    made = [_new_row(algorithm, master, clock) for algorithm in missing]
    salt = {"name": SUBJECT_SALT, "sealed": master.box(SUBJECT_SALT).seal(entropy.bytes(32))}
    try:
        with writing(engine) as connection:
            if not salted:
                connection.execute(sa.insert(_stored_secrets), salt)
            for row in made:
                connection.execute(sa.insert(_signing_keys), row)
    except sa.exc.IntegrityError:  # another process was first: its salt and keys serve
        return []
    return [row["kid"] for row in made]


def _new_row(algorithm: SigningAlgorithm, master: MasterKey, clock: Clock) -> dict[str, Any]:
    key = _generate(algorithm)
    return {
        "kid": key.thumbprint(),
        "algorithm": algorithm,
        "public_jwk": _public(key, algorithm),
        "sealed_private_key": master.box("signing-key").seal(_private_der(key)),
        "created_at": clock.now(),
    }


def _generate(algorithm: SigningAlgorithm) -> RSAKey | ECKey:
    from joserfc.jwk import ECKey, RSAKey

    if algorithm is SigningAlgorithm.RS256:
        return RSAKey.generate_key(2048)
    return ECKey.generate_key("P-256")


def _public(key: RSAKey | ECKey, algorithm: SigningAlgorithm) -> dict[str, Any]:
    public = cast(dict[str, Any], key.as_dict(private=False))
    return public | {"kid": key.thumbprint(), "alg": algorithm.value, "use": "sig"}


def _private_der(key: RSAKey | ECKey) -> bytes:
    return key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[union-attr]


def _open(box: Box, row: Row[Any]) -> Any:
    try:
        der = box.open(row.sealed_private_key)
    except SealBroken as error:
        raise SettingsError(
            "setting master_key (GLC_MASTER_KEY) is not the one this database's keys were encrypted under; "
            "give the right one, or start from a new database"
        ) from error
    # The prime checks cost 40 ms a key and prove nothing here: the seal already says the bytes are ours.
    return load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


def new_master_key(random: bytes) -> str:
    """The text form of a master key made of 32 random bytes."""
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode("ascii")
