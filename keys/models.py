"""Tables of the key ring."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from glc.database import Base, column, enum_type
from glc.revision import watch


class KeyUse(enum.Enum):
    """What a key is for, as a JWK says it (RFC 7517, section 4.2)."""

    SIGNATURE = "sig"
    ENCRYPTION = "enc"


class KeyAlgorithm(enum.Enum):
    """Algorithms the ring has keys for (RFC 7518, sections 3.1 and 4.1; RFC 8037). Each key has one."""

    RS256 = "RS256"
    ES256 = "ES256"
    PS256 = "PS256"
    EDDSA = "EdDSA"
    RSA_OAEP_256 = "RSA-OAEP-256"

    @property
    def use(self) -> KeyUse:
        """Whether its keys sign, or decrypt what clients encrypt for this provider."""
        return KeyUse.ENCRYPTION if self is KeyAlgorithm.RSA_OAEP_256 else KeyUse.SIGNATURE

    @property
    def signs(self) -> bool:
        """Whether its keys sign."""
        return self.use is KeyUse.SIGNATURE


USUAL = (KeyAlgorithm.RS256, KeyAlgorithm.ES256)
"""The algorithms of the real service."""


class KeyOrigin(enum.Enum):
    """Where a key comes from."""

    GENERATED = "generated"
    IMPORTED = "imported"


class SigningKey(Base):
    """A private key: most sign ID Tokens. Never deleted: one that no longer signs is evidence of what it signed.

    What state it is in follows from its instants (`rotation.status_at`); those to come may still be moved.
    """

    __tablename__ = "signing_key"

    kid: Mapped[str] = column("RFC 7638 thumbprint of the public key", sa.String(64), primary_key=True)
    algorithm: Mapped[KeyAlgorithm] = column("What it serves for", enum_type(KeyAlgorithm))
    origin: Mapped[KeyOrigin] = column("Made here, or brought from elsewhere", enum_type(KeyOrigin))
    public_jwk: Mapped[dict[str, Any]] = column("Public half as a JWK (RFC 7517)", sa.JSON())
    sealed_private_key: Mapped[str] = column(
        "Private half, PKCS#8 DER sealed under the master key", sa.Text(), sealed="signing-key"
    )
    created_at: Mapped[dt.datetime] = column("When it was made, and since when it is published")
    activates_at: Mapped[dt.datetime] = column("From when on it signs")
    retires_at: Mapped[dt.datetime | None] = column("From when on another one signs; it stays published")
    withdrawn_at: Mapped[dt.datetime | None] = column("From when on it is no longer published")
    compromised_at: Mapped[dt.datetime | None] = column("From when on nothing that it signed is believed")


class StoredSecret(Base):
    """A secret that must outlive the master key, sealed under it: the salt of pairwise subjects, what signs cookies,
    what session identifiers are derived from."""

    __tablename__ = "stored_secret"

    name: Mapped[str] = column("What it is for", sa.String(40), primary_key=True)
    sealed: Mapped[str] = column("32 bytes, sealed under the master key", sa.Text(), sealed="{name}")


watch(SigningKey)
