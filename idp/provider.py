"""One provider: its collaborators, and the answers of the registry that it keeps until they change."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import cast

from authlib.oauth2 import AuthorizationServer
from flask import current_app
from sqlalchemy.engine import Engine

from glc.clock import Clock
from glc.database import reading_session
from glc.entropy import Entropy
from glc.settings import Settings
from idp.dialects import Dialect
from keys.ring import KeyRing
from partner_registry.terms import ReleaseTerms, registry_version, terms_for


@dataclass(slots=True)
class Provider:
    """What every endpoint is given. One per application."""

    settings: Settings
    dialect: Dialect
    clock: Clock
    entropy: Entropy
    engine: Engine
    ring: KeyRing
    token_server: AuthorizationServer
    discovery: bytes
    _terms: dict[str, ReleaseTerms] = field(default_factory=dict)
    _opened: dict[str, str] = field(default_factory=dict)

    def terms(self, client_id: str, at: dt.datetime, version: int | None = None) -> ReleaseTerms | None:
        """The registry's terms for a client at an instant.

        `version` is the registry's version as read in the same request; without it, it is read now. A kept answer
        serves while that version and the instant allow, so that a change holds from the next request on, in every
        process.
        """
        if version is None:
            with reading_session(self.engine) as session:
                version = registry_version(session)
        kept = self._terms.get(client_id)
        if kept is not None and kept.hold(at, version):
            return kept
        with reading_session(self.engine) as session:
            fresh = terms_for(session, client_id, at)
        if fresh is not None:
            self._terms[client_id] = fresh
        return fresh

    def secrets_of(self, terms: ReleaseTerms, at: dt.datetime) -> list[str]:
        """The client's secrets accepted at that instant, in clear; the newest, the last, keys its HS256 ID Tokens."""
        return [self._open(each.sealed) for each in terms.secrets if each.accepted(at)]

    def _open(self, sealed: str) -> str:
        clear = self._opened.get(sealed)
        if clear is None:
            clear = self._opened[sealed] = self.ring.secrets.open(sealed).decode()
        return clear


def provider() -> Provider:
    """The current application's provider."""
    return cast(Provider, current_app.extensions["idp"])


def digest(value: str) -> str:
    """SHA-256 in hexadecimal: how random tokens are stored (RFC 6819, section 5.1.4.1.3)."""
    return hashlib.sha256(value.encode()).hexdigest()
