"""Tables of the key ring."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from glc.database import Base, column, enum_type


class SigningAlgorithm(enum.Enum):
    """Algorithms the ring has keys for (RFC 7518, section 3.1)."""

    RS256 = "RS256"
    ES256 = "ES256"


class SigningKey(Base):
    """A private key that signs ID Tokens. Never deleted: a key that no longer signs is evidence of what it signed."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = column("RFC 7638 thumbprint of the public key", sa.String(64), primary_key=True)
    algorithm: Mapped[SigningAlgorithm] = column("What it signs with", enum_type(SigningAlgorithm))
    public_jwk: Mapped[dict[str, Any]] = column("Public half as a JWK (RFC 7517)", sa.JSON())
    sealed_private_key: Mapped[str] = column("Private half, PKCS#8 DER sealed under the master key", sa.Text())
    created_at: Mapped[dt.datetime] = column("When it was made")


class StoredSecret(Base):
    """A secret that must outlive the master key, sealed under it: the salt of pairwise subjects."""

    __tablename__ = "stored_secret"

    name: Mapped[str] = column("What it is for", sa.String(40), primary_key=True)
    sealed: Mapped[str] = column("32 random bytes, sealed under the master key", sa.Text())
