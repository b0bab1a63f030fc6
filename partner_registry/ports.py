"""What the registry is handed from outside: accounts, their use of clients, boxes that seal secrets, signing keys.

The registry imports neither the provider nor the key ring: `glc.app` joins them here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from glc.audit import Actor


class Box(Protocol):
    """Seals values for one use."""

    def seal(self, value: bytes) -> str:
        """The value, encrypted and authenticated."""

    def open(self, text: str) -> bytes:
        """The value that was sealed."""


class Signer(Protocol):
    """Signs documents of one kind, and reads what it signed."""

    def sign(self, document: Mapping[str, Any]) -> str:
        """The document as a compact JWS."""

    def read(self, token: str) -> dict[str, Any]:
        """The document that was signed. Raises `GlcError`."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the provider, as the registry sees it."""

    account_id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ToldLogout:
    """What became of telling a client that a session ended (OpenID Connect Back-Channel Logout 1.0)."""

    number: int
    queued_at: dt.datetime
    client_id: str
    session: str
    """The beginning of the session's name, as logs have it."""
    state: str
    """`delivered`, `given up` or `waiting`."""
    attempts: int
    next_attempt_at: dt.datetime | None
    last_status: int | None
    last_error: str


class KeyFacts(Protocol):
    """A signing key of the provider, as the registry shows it."""

    @property
    def kid(self) -> str: ...
    @property
    def alg(self) -> str: ...
    @property
    def use(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def signs(self) -> bool: ...
    @property
    def created_at(self) -> dt.datetime: ...
    @property
    def activates_at(self) -> dt.datetime: ...
    @property
    def retires_at(self) -> dt.datetime | None: ...
    @property
    def withdrawn_at(self) -> dt.datetime | None: ...
    @property
    def compromised_at(self) -> dt.datetime | None: ...
    @property
    def next_status(self) -> str | None: ...
    @property
    def next_at(self) -> dt.datetime | None: ...
    @property
    def due_at(self) -> dt.datetime | None: ...


class Keys(Protocol):
    """Whoever keeps the provider's signing keys. Acts are recorded in the trail; callers commit."""

    def facts(self, session: Session, at: dt.datetime) -> Sequence[KeyFacts]:
        """Every key."""

    def rotate(self, session: Session, by: Actor, alg: str, *, at: dt.datetime, reason: str) -> KeyFacts:
        """Publish a new key, which takes over by itself."""

    def promote(self, session: Session, by: Actor, kid: str, *, at: dt.datetime, reason: str) -> KeyFacts:
        """Have a pending key sign now."""

    def retire(self, session: Session, by: Actor, kid: str, *, at: dt.datetime, reason: str) -> KeyFacts:
        """Bring a key one step further."""

    def compromise(self, session: Session, by: Actor, kid: str, *, at: dt.datetime, reason: str) -> KeyFacts:
        """Take a key out at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The registry's doors to the rest of the application."""

    logged_in: Callable[[Session, dt.datetime], Person | None]
    """Whoever is logged in, in the browser that sent this request."""
    person: Callable[[Session, int], Person | None]
    """The account of that number."""
    person_at: Callable[[Session, str], Person | None]
    """The account of that e-mail address."""
    make_account: Callable[[Session, str, dt.datetime], Person]
    """A new account of that e-mail address, which its holder opens by a new password."""
    active_users: Callable[[Session, Collection[int], dt.datetime], int]
    """How many people used some clients (by their internal numbers) since an instant."""
    told_logouts: Callable[[Session, str, int], Sequence[ToldLogout]]
    """The latest logouts that the client of an identifier was told by back-channel, so many at most, newest first."""
    client_secrets: Box
    webhook_secrets: Box
    answers: Box
    contact_links: Box
    acceptances: Signer
    keys: Keys


def install(app: Flask, ports: Ports) -> None:
    """Give an application's registry its doors."""
    app.extensions["registry"] = ports


def ports() -> Ports:
    """The current application's."""
    return cast(Ports, current_app.extensions["registry"])
