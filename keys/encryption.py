"""Authenticated encryption under the master key.

The master key itself encrypts nothing: each use has a key of its own, derived with HKDF-SHA256 (RFC 5869) and the
name of the use, so that a value sealed for one use opens for no other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from glc.entropy import Entropy
from glc.errors import GlcError, SettingsError

NONCE_SIZE = 12


class SealBroken(GlcError):
    """A sealed value was altered, was sealed for another use, or under another master key."""


class MasterKey:
    """32 bytes, given in base64url. Raises `SettingsError` when they are not."""

    def __init__(self, text: str, entropy: Entropy) -> None:
        try:
            self._bytes = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (ValueError, binascii.Error):
            self._bytes = b""
        if len(self._bytes) != 32:
            raise SettingsError(
                "setting master_key (GLC_MASTER_KEY) must be 32 bytes in base64url; "
                "make one with: glc keys new-master-key"
            )
        self._entropy = entropy

    def derive(self, use: str) -> bytes:
        """32 bytes for one use."""
        return HKDF(SHA256(), 32, salt=None, info=f"glc/{use}".encode()).derive(self._bytes)

    def box(self, use: str) -> Box:
        """The box that seals values for one use."""
        return Box(self.derive(use), self._entropy)


class Box:
    """Seals and opens values for one use (AES-256-GCM, random nonce, base64url without padding)."""

    def __init__(self, key: bytes, entropy: Entropy) -> None:
        self._aead = AESGCM(key)
        self._entropy = entropy

    def seal(self, value: bytes) -> str:
        """The value, encrypted and authenticated, as ASCII text."""
        nonce = self._entropy.bytes(NONCE_SIZE)
        return base64.urlsafe_b64encode(nonce + self._aead.encrypt(nonce, value, None)).rstrip(b"=").decode("ascii")

    def open(self, text: str) -> bytes:
        """The value that was sealed. Raises `SealBroken`."""
        try:
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return self._aead.decrypt(data[:NONCE_SIZE], data[NONCE_SIZE:], None)
        except (ValueError, binascii.Error, InvalidTag) as error:
            raise SealBroken("the value cannot be opened") from error


def keyed_digest(key: bytes, value: str) -> str:
    """HMAC-SHA256 of a text, in hexadecimal."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
