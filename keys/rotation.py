"""The life of keys: which one signs, which are published, at an instant. Pure functions over the keys' instants.

    published         signs                 another one signs        published no more
    created_at ─────► activates_at ───────► retires_at ────────────► withdrawn_at
       pending            active                retiring                  retired

A key is published before it signs, for as long as sites may keep the JWK Set they fetched, so that none meets a
signature it cannot verify; it stays published after it last signed, until what it signed has expired. A compromised key
leaves at once, wherever it was. Keys for encryption go the other way round: what is published is what clients encrypt
with, so one leaves the JWK Set on retiring, and goes on decrypting until it is retired.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from typing import Protocol, TypeVar

from keys.models import KeyAlgorithm

SLACK = dt.timedelta(seconds=60)
"""What is added to each wait: clocks differ, an answer takes its time, and so does a transaction."""


class Life(Protocol):
    """What the rules ask of a key: a row, or anything with the same instants."""

    @property
    def kid(self) -> str: ...
    @property
    def algorithm(self) -> KeyAlgorithm: ...
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


K = TypeVar("K", bound=Life)


class KeyStatus(enum.Enum):
    """Where a key is in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"
    COMPROMISED = "compromised"


def status_at(key: Life, at: dt.datetime) -> KeyStatus:
    """Where a key is in its life at an instant. Each state begins at its instant, that included."""
    if _reached(key.compromised_at, at):
        return KeyStatus.COMPROMISED
    if _reached(key.withdrawn_at, at):
        return KeyStatus.RETIRED
    if _reached(key.retires_at, at):
        return KeyStatus.RETIRING
    return KeyStatus.ACTIVE if _reached(key.activates_at, at) else KeyStatus.PENDING


def next_change(key: Life, at: dt.datetime) -> tuple[KeyStatus, dt.datetime] | None:
    """What the key becomes next, and when, as things stand; None when nothing is planned."""
    planned = [each for each in (key.activates_at, key.retires_at, key.withdrawn_at) if each and each > at]
    now = status_at(key, at)
    later = [(status_at(key, each), each) for each in sorted(planned)]
    return next((each for each in later if each[0] is not now), None)


def signer_at(keys: Iterable[K], algorithm: KeyAlgorithm, at: dt.datetime) -> K | None:
    """The key that signs (or that clients encrypt for) with an algorithm: of the active ones the newest.

    While none is active yet, which is so on a server whose clock is behind the one that made the first keys, it is the
    pending one that comes first.
    """
    of_it = [key for key in keys if key.algorithm is algorithm]
    active = [key for key in of_it if status_at(key, at) is KeyStatus.ACTIVE]
    if active:
        return max(active, key=_order)
    pending = [key for key in of_it if status_at(key, at) is KeyStatus.PENDING]
    return min(pending, key=_order, default=None)


def published_at(keys: Iterable[K], at: dt.datetime) -> list[K]:
    """The keys that the JWK Set shows at an instant, the oldest first."""
    shown = {KeyStatus.PENDING, KeyStatus.ACTIVE}
    found = [
        key for key in keys if status_at(key, at) in (shown | {KeyStatus.RETIRING} if key.algorithm.signs else shown)
    ]
    return sorted(found, key=lambda key: (key.created_at, key.kid))


def believed_at(keys: Iterable[K], at: dt.datetime) -> list[K]:
    """The keys whose signatures this provider itself still believes, however old (`id_token_hint`)."""
    doubted = {KeyStatus.PENDING, KeyStatus.COMPROMISED}
    found = [key for key in keys if key.algorithm.signs]
    return [key for key in found if status_at(key, at) not in doubted or key is signer_at(found, key.algorithm, at)]


def decrypting_at(keys: Iterable[K], at: dt.datetime) -> list[K]:
    """The keys that open what was encrypted for this provider, the newest first."""
    done = {KeyStatus.RETIRED, KeyStatus.COMPROMISED}
    found = [key for key in keys if not key.algorithm.signs and status_at(key, at) not in done]
    return sorted(found, key=_order, reverse=True)


def may_sign_at(published_at: dt.datetime, cached_in: dt.timedelta) -> dt.datetime:
    """From when on a key published at an instant may sign: no site keeps a JWK Set without it any more."""
    return published_at + cached_in + SLACK


def may_leave_at(retires_at: dt.datetime, lived_in: dt.timedelta, cached_in: dt.timedelta) -> dt.datetime:
    """From when on a key may leave the JWK Set: what it signed last has expired (`lived_in` is the longest life of
    anything it signed), even where sites take their time to look at it."""
    return retires_at + lived_in + cached_in + SLACK


def due_at(key: Life, every_in: dt.timedelta) -> dt.datetime | None:
    """When the key that signs is to be followed by a new one; None where keys are not rotated by schedule."""
    return key.activates_at + every_in if every_in else None


def steady_around(keys: Iterable[Life], at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """The interval around an instant, its end excluded, in which time changes no key's state."""
    named = [(key.activates_at, key.retires_at, key.withdrawn_at, key.compromised_at) for key in keys]
    instants = [each for of_key in named for each in of_key if each is not None]
    since = max((each for each in instants if each <= at), default=dt.datetime.min.replace(tzinfo=dt.UTC))
    until = min((each for each in instants if each > at), default=dt.datetime.max.replace(tzinfo=dt.UTC))
    return since, until


def _reached(instant: dt.datetime | None, at: dt.datetime) -> bool:
    return instant is not None and instant <= at


def _order(key: Life) -> tuple[dt.datetime, dt.datetime, str]:
    return key.activates_at, key.created_at, key.kid
