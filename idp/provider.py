"""One provider: its collaborators, and the answers of the registry that it keeps until they change."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

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

if TYPE_CHECKING:
    from glc.fetch import Fetcher
    from glc.fetch_cache import FetchCache
    from idp.authorization.endpoint import Visit


@dataclass
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
    stand_in: Callable[[Visit], bool] | None = None
    """Answers a page in its user's place and tells whether it did. Only test powers set these two."""
    signer: Callable[[Provider, ReleaseTerms, str, bytes, dt.datetime, str], str] | None = None
    """Signs in place of `idp.tokens.signing.signed`."""
    _terms: dict[str, ReleaseTerms] = field(default_factory=dict)
    _opened: dict[str, str] = field(default_factory=dict)

    @cached_property
    def fetcher(self) -> Fetcher:
        """Calls addresses that clients registered, under guard."""
        from glc.fetch import fetcher_for

        return fetcher_for(self.settings)

    @cached_property
    def fetches(self) -> FetchCache:
        """What clients publish (key sets, request objects, sectors): fetched under guard, kept as long as they say."""
        from glc.fetch_cache import FetchCache

        return FetchCache(self.fetcher, self.clock)

    def terms(self, client_id: str, at: dt.datetime, version: int | None = None) -> ReleaseTerms | None:
        """The registry's terms for a client at an instant.

        `version` is the registry's version as read in the same request; without it, it is read now. A kept answer
        serves while that version and the instant allow, so that a change holds from the next request on, in every
        process; so does one of the signing keys.
        """
        if version is None:
            with reading_session(self.engine) as session:
                version = registry_version(session)
        self.ring.notice(version)
        kept = self._terms.get(client_id)
        if kept is not None and kept.hold(at, version):
            return kept
        with reading_session(self.engine) as session:
            fresh = terms_for(session, client_id, at)
        if fresh is not None:
            self._terms[client_id] = fresh
        return fresh

    def forget(self) -> None:
        """Read everything again: the database was exchanged for another one."""
        self._terms.clear()
        self._opened.clear()
        self.__dict__.pop("fetches", None)
        self.ring.load(self.engine)

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
