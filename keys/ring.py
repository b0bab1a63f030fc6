"""The key ring: private keys parsed once per process, the JWK Set as bytes computed once."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from glc.clock import Clock
from glc.database import reading_session
from glc.entropy import Entropy
from glc.errors import SettingsError
from keys.encryption import Box, MasterKey, SealBroken, keyed_digest
from keys.models import SigningAlgorithm, SigningKey, StoredSecret

SUBJECT_SALT = "subject-salt"
_JWS = jws.JWSRegistry(algorithms=["HS256", "RS256", "ES256"])


@dataclass(frozen=True, slots=True)
class _Loaded:
    kid: str
    algorithm: SigningAlgorithm
    private: RSAKey | ECKey
    public_jwk: dict[str, Any]


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
        with reading_session(engine) as session:
            rows = session.scalars(sa.select(SigningKey).order_by(SigningKey.created_at)).all()
            salt = session.get_one(StoredSecret, SUBJECT_SALT).sealed
        for row in rows:
            self._keys[row.algorithm] = _Loaded(row.kid, row.algorithm, _open(box, row), row.public_jwk)
        self._subject_salt = self.master.box(SUBJECT_SALT).open(salt)
        self.jwks = json.dumps({"keys": [row.public_jwk for row in rows]}, separators=(",", ":")).encode()

    def sign(self, algorithm: SigningAlgorithm, payload: bytes, *, with_kid: bool) -> str:
        """A compact JWS of the payload (RFC 7515, section 7.1). `with_kid` puts the key's id in the header."""
        key = self._keys[algorithm]
        header: dict[str, Any] = {"alg": algorithm.value, "typ": "JWT"}
        if with_kid:
            header["kid"] = key.kid
        return jws.serialize_compact(header, payload, key.private, registry=_JWS)

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
    key = OctKey.import_key(secret)
    return jws.serialize_compact({"alg": "HS256", "typ": "JWT"}, payload, key, registry=_JWS)


def ensure_keys(engine: Engine, master: MasterKey, clock: Clock, entropy: Entropy) -> list[str]:
    """Make the key of each algorithm that has none yet; return the new ids. Safe to call at every start."""
    box = master.box("signing-key")
    made = []
    with Session(engine) as session:
        present = set(session.scalars(sa.select(SigningKey.algorithm)))
        for algorithm in SigningAlgorithm:
            if algorithm not in present:
                key = _generate(algorithm)
                session.add(
                    SigningKey(
                        kid=key.thumbprint(),
                        algorithm=algorithm,
                        public_jwk=_public(key, algorithm),
                        sealed_private_key=box.seal(_private_der(key)),
                        created_at=clock.now(),
                    )
                )
                made.append(key.thumbprint())
        if session.get(StoredSecret, SUBJECT_SALT) is None:
            session.add(StoredSecret(name=SUBJECT_SALT, sealed=master.box(SUBJECT_SALT).seal(entropy.bytes(32))))
        session.commit()
    return made


def _generate(algorithm: SigningAlgorithm) -> RSAKey | ECKey:
    if algorithm is SigningAlgorithm.RS256:
        return RSAKey.generate_key(2048)
    return ECKey.generate_key("P-256")


def _public(key: RSAKey | ECKey, algorithm: SigningAlgorithm) -> dict[str, Any]:
    public = cast(dict[str, Any], key.as_dict(private=False))
    return public | {"kid": key.thumbprint(), "alg": algorithm.value, "use": "sig"}


def _private_der(key: RSAKey | ECKey) -> bytes:
    return key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[union-attr]


def _open(box: Box, row: SigningKey) -> RSAKey | ECKey:
    try:
        der = box.open(row.sealed_private_key)
    except SealBroken as error:
        raise SettingsError(
            "setting master_key (GLC_MASTER_KEY) is not the one this database's keys were encrypted under; "
            "give the right one, or start from a new database"
        ) from error
    # The prime checks cost 40 ms a key and prove nothing here: the seal already says the bytes are ours.
    private = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    kind = RSAKey if row.algorithm is SigningAlgorithm.RS256 else ECKey
    return kind(private, private)  # type: ignore[arg-type]


def new_master_key(random: bytes) -> str:
    """The text form of a master key made of 32 random bytes."""
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode("ascii")
