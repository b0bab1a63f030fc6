"""The key ring: private keys parsed once per process, the JWK Set as bytes computed once per change.

Which key signs is decided by the instant, from what the ring read of the database; it reads again when the revision
(`glc.revision`) has moved. Starting is kept short: what a start needs is read without the ORM, a key is parsed and
joserfc imported at the first signature.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy.engine import Engine

from glc import revision
from glc.clock import Clock
from glc.database import reading
from glc.errors import SettingsError
from keys import jose, material
from keys.encryption import Box, MasterKey, SealBroken, keyed_digest
from keys.models import USUAL, KeyAlgorithm, SigningKey, StoredSecret
from keys.rotation import believed_at, decrypting_at, published_at, signer_at, steady_around

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

SUBJECT_SALT = "subject-salt"
COOKIES = "cookies"
SESSION_IDENTIFIER = "session-identifier"
_signing_keys = cast(sa.Table, SigningKey.__table__)
_stored_secrets = cast(sa.Table, StoredSecret.__table__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """A row of the ring, as read."""

    kid: str
    algorithm: KeyAlgorithm
    public_jwk: dict[str, Any]
    sealed_private_key: str
    created_at: dt.datetime
    activates_at: dt.datetime
    retires_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    compromised_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the keys are good for in [since, until)."""

    since: dt.datetime
    until: dt.datetime
    signers: Mapping[KeyAlgorithm, _Key]
    believed: list[dict[str, Any]]
    decrypting: list[_Key]
    jwks: bytes


@dataclass(slots=True)
class _Reading:
    """The keys as they stood at a revision, and what they were last seen to be good for."""

    number: int
    keys: list[_Key]
    last: _Moment | None = None

    def at(self, at: dt.datetime) -> _Moment:
        moment = self.last
        if moment is None or not moment.since <= at < moment.until:
            moment = self.last = _moment(self.keys, at)
        return moment


def _moment(keys: list[_Key], at: dt.datetime) -> _Moment:
    signers = {each: signer_at(keys, each, at) for each in {key.algorithm for key in keys}}
    jwks = {"keys": [key.public_jwk for key in published_at(keys, at)]}
    return _Moment(
        *steady_around(keys, at),
        signers={algorithm: key for algorithm, key in signers.items() if key is not None},
        believed=[key.public_jwk for key in believed_at(keys, at)],
        decrypting=decrypting_at(keys, at),
        jwks=json.dumps(jwks, separators=(",", ":")).encode(),
    )


@dataclass(slots=True)
class KeyRing:
    """Signs, publishes what verifies, and seals. One per application; thread-safe once loaded."""

    master: MasterKey
    clock: Clock
    algorithms: Collection[KeyAlgorithm] = USUAL
    """Those whose keys serve and are published: a database may hold others."""
    secrets: Box = field(init=False)
    """Seals client secrets at rest."""
    codes: Box = field(init=False)
    """Seals authorization codes."""
    logouts: Box = field(init=False)
    """Seals logout requests while their user is asked."""
    _engine: Engine = field(init=False)
    _reading: _Reading = field(init=False)
    _stored: dict[str, bytes] = field(default_factory=dict)
    _private: dict[str, RSAKey | ECKey | OKPKey] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.secrets = self.master.box("client-secret")
        self.codes = self.master.box("authorization-code")
        self.logouts = self.master.box("logout-request")

    def load(self, engine: Engine) -> None:
        """Read every key of the ring. Raises `SettingsError` when the master key is not the one they were sealed
        under."""
        self._engine = engine
        self._reading = self._read()
        with reading(engine) as connection:
            stored = connection.execute(sa.select(_stored_secrets)).all()
        try:
            for key in self._reading.keys:
                self._box.open(key.sealed_private_key)
            self._stored = {row.name: self.master.box(row.name).open(row.sealed) for row in stored}
        except SealBroken as error:
            raise SettingsError(
                "setting master_key (GLC_MASTER_KEY) is not the one this database's keys were encrypted under; "
                "give the right one, or start from a new database"
            ) from error

    def notice(self, number: int) -> None:
        """Read the keys again if they were read at another revision than this one."""
        if self._reading.number != number:
            with self._turn:  # so that what was read first never takes the place of what was read last
                if self._reading.number != number:
                    self._reading = self._read()

    def refresh(self) -> None:
        """The same with the present revision, for requests that bring none along."""
        with reading(self._engine) as connection:
            number = revision.current(connection)
        self.notice(number)

    @property
    def jwks(self) -> bytes:
        """The JWK Set document (RFC 7517, section 5), public halves only."""
        return self._now.jwks

    @property
    def cookie_key(self) -> bytes:
        """What signs browsers' cookies."""
        return self._stored[COOKIES]

    def header(self, algorithm: KeyAlgorithm, *, with_kid: bool, typ: str = "JWT") -> dict[str, Any]:
        """The header of what is signed now. `with_kid` puts the key's id in it."""
        return _header(self._now.signers[algorithm], algorithm, with_kid, typ)

    def sign_now(self, algorithm: KeyAlgorithm, payload: bytes, *, with_kid: bool, typ: str = "JWT") -> str:
        """The same as `sign` under `header`, and of one key whatever rotation comes meanwhile."""
        key = self._now.signers[algorithm]
        return _compact(_header(key, algorithm, with_kid, typ), payload, self._parsed(key))

    def sign(self, algorithm: KeyAlgorithm, payload: bytes, header: Mapping[str, Any]) -> str:
        """A compact JWS of the payload (RFC 7515, section 7.1)."""
        return _compact(header, payload, self._parsed(self._now.signers[algorithm]))

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that a key of this ring signed, whatever their times say; a key that was compromised
        proves nothing. Raises `JoseError`."""
        self.refresh()
        return jose.verify(token, {"keys": self._now.believed}, [each.value for each in self.algorithms if each.signs])

    def decrypt(self, token: str) -> str:
        """What was encrypted for this ring (RFC 7516): by the key that the token names, else by any. Raises
        `JoseError`."""
        self.refresh()
        keys, named = self._now.decrypting, jose.header_of(token).get("kid")
        keys = [key for key in keys if key.kid == named] or keys
        if not keys:
            raise jose.JoseError("this provider has no key to decrypt with")
        for key in keys[:-1]:
            try:
                return jose.decrypt(token, self._parsed(key))
            except jose.JoseError:
                continue
        return jose.decrypt(token, self._parsed(keys[-1]))

    def session_identifier(self, *parts: str) -> str:
        """32 hexadecimal digits that stand for a browser session at one client (`sid`), the same at each call."""
        return keyed_digest(self._stored[SESSION_IDENTIFIER], "\x1f".join(parts))[:32]

    def pairwise_subject(self, sector: str, uuid: str) -> str:
        """An account's subject in a sector, from which nothing can be told: base64 of a SHA-256, 44 characters that
        may be `+`, `/` and `=` (OpenID Connect Core 1.0, section 8.1)."""
        hashed = hmac.digest(self._stored[SUBJECT_SALT], f"{sector}\x1f{uuid}".encode(), "sha256")
        return base64.b64encode(hashed).decode("ascii")

    def reversible_subject(self, sector: str, uuid: str) -> str:
        """The same, but one this provider can read back: base64url of a deterministic encryption (AES-SIV)."""
        sealed = AESSIV(self._stored[SUBJECT_SALT]).encrypt(bytes.fromhex(uuid), [sector.encode()])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def account_behind(self, sector: str, subject: str) -> str:
        """The uuid behind a reversible subject. Raises `SealBroken`."""
        try:
            data = base64.urlsafe_b64decode(subject + "=" * (-len(subject) % 4))
            return AESSIV(self._stored[SUBJECT_SALT]).decrypt(data, [sector.encode()]).hex()
        except (ValueError, InvalidTag) as error:
            raise SealBroken("this subject is not of this sector") from error

    @property
    def _now(self) -> _Moment:
        return self._reading.at(self.clock.now())

    @property
    def _box(self) -> Box:
        return self.master.box(material.BOX)

    def _read(self) -> _Reading:
        with reading(self._engine) as connection:
            number = revision.current(connection)  # first: what changes from here on is noticed later
            rows = connection.execute(_rows.where(_signing_keys.c.algorithm.in_(self.algorithms))).all()
        return _Reading(number, [_Key(**row._mapping) for row in rows])

    def _parsed(self, key: _Key) -> RSAKey | ECKey | OKPKey:
        parsed = self._private.get(key.kid)
        if parsed is None:
            parsed = self._private[key.kid] = material.unsealed(self._box, key.sealed_private_key, key.algorithm)
        return parsed


_rows = sa.select(*(_signing_keys.c[name] for name in _Key.__slots__)).order_by(_signing_keys.c.created_at)


def sign_hs256(secret: str, payload: bytes, header: Mapping[str, Any]) -> str:
    """A compact JWS keyed with a client's secret, its UTF-8 bytes (OpenID Connect Core 1.0, section 10.1)."""
    from joserfc.jwk import OctKey

    return _compact(header, payload, OctKey.import_key(secret))


def _header(key: _Key, algorithm: KeyAlgorithm, with_kid: bool, typ: str) -> dict[str, Any]:
    header: dict[str, Any] = {"alg": algorithm.value, "typ": typ}
    if with_kid:
        header["kid"] = key.kid
    return header


def _compact(header: Mapping[str, Any], payload: bytes, key: Any) -> str:
    return jose.compact_under(header, payload, header["alg"], key)
