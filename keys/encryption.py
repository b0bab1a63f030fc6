"""Authenticated encryption under the master key.

The master key itself encrypts nothing: each use has a key of its own, derived with HKDF-SHA256 (RFC 5869) and the
name of the use, so that a value sealed for one use opens for no other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from contextlib import suppress

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
    """32 bytes, given in base64url, and others that open what was sealed under them but seal nothing any more.

    Raises `SettingsError` when one of them is not that.
    """

    def __init__(self, text: str, entropy: Entropy, previous: Iterable[str] = ()) -> None:
        self._bytes = _decoded("master_key", text)
        self._previous = [_decoded("previous_master_keys", each) for each in previous]
        self._entropy = entropy

    def derive(self, use: str) -> bytes:
        """32 bytes for one use."""
        return _derived(self._bytes, use)

    def derive_all(self, use: str) -> list[bytes]:
        """The same, followed by those of the previous master keys."""
        return [_derived(each, use) for each in (self._bytes, *self._previous)]

    def box(self, use: str) -> Box:
        """The box that seals values for one use."""
        present, *previous = self.derive_all(use)
        return Box(present, self._entropy, previous)


def _decoded(setting: str, text: str) -> bytes:
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        decoded = b""
    if len(decoded) != 32:
        raise SettingsError(
            f"setting {setting} (GLC_{setting.upper()}) must be 32 bytes in base64url; "
            "make one with: glc keys new-master-key"
        )
    return decoded


def _derived(key: bytes, use: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"glc/{use}".encode()).derive(key)


class Box:
    """Seals and opens values for one use (AES-256-GCM, random nonce, base64url without padding).

    What was sealed under one of the `previous` keys opens too.
    """

    def __init__(self, key: bytes, entropy: Entropy, previous: Iterable[bytes] = ()) -> None:
        self._aead = AESGCM(key)
        self._previous = [AESGCM(each) for each in previous]
        self._entropy = entropy

    def seal(self, value: bytes) -> str:
        """The value, encrypted and authenticated, as ASCII text."""
        nonce = self._entropy.bytes(NONCE_SIZE)
        return base64.urlsafe_b64encode(nonce + self._aead.encrypt(nonce, value, None)).rstrip(b"=").decode("ascii")

    def open(self, text: str) -> bytes:
        """The value that was sealed. Raises `SealBroken`."""
        for aead in (self._aead, *self._previous):
            with suppress(SealBroken):
                return _opened(aead, text)
        raise SealBroken("the value cannot be opened")

    def is_current(self, text: str) -> bool:
        """Whether a value is sealed under the present key, and not a previous one."""
        try:
            _opened(self._aead, text)
        except SealBroken:
            return False
        return True


def _opened(aead: AESGCM, text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return aead.decrypt(data[:NONCE_SIZE], data[NONCE_SIZE:], None)
    except (ValueError, binascii.Error, InvalidTag) as error:
        raise SealBroken("the value cannot be opened") from error


def keyed_digest(key: bytes, value: str) -> str:
    """HMAC-SHA256 of a text, in hexadecimal."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def new_master_key(random: bytes) -> str:
    """The text form of a master key made of 32 random bytes."""
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode("ascii")
