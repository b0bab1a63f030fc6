"""Randomness. Handed in like the clock, so that a test can make it repeatable."""

from __future__ import annotations

import base64
import secrets
import uuid
from typing import Protocol


class Entropy(Protocol):
    """Where random bytes come from."""

    def bytes(self, size: int) -> bytes:
        """`size` unpredictable bytes."""


class SystemEntropy:
    """The operating system's generator."""

    def bytes(self, size: int) -> bytes:
        return secrets.token_bytes(size)


def random_uuid(entropy: Entropy) -> str:
    """A version 4 UUID in its 36-character form."""
    return str(uuid.UUID(bytes=entropy.bytes(16), version=4))


def random_token(entropy: Entropy, size: int = 32) -> str:
    """`size` random bytes in unpadded base64url."""
    return base64.urlsafe_b64encode(entropy.bytes(size)).rstrip(b"=").decode("ascii")
