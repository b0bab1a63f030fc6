"""Time. Instants are aware UTC datetimes; civil dates are Europe/Paris dates."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
UTC = dt.UTC


class Clock(Protocol):
    """Where the time comes from. Handed to whatever needs it; nothing else reads the machine's clock."""

    def now(self) -> dt.datetime:
        """The current instant, aware, UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(UTC)


class ManualClock:
    """A clock that stands still until told otherwise."""

    def __init__(self, instant: dt.datetime) -> None:
        self.set(instant)

    def now(self) -> dt.datetime:
        return self._instant

    def set(self, instant: dt.datetime) -> None:
        """Move to an aware instant, forwards or backwards."""
        self._instant = instant.astimezone(UTC)

    def advance(self, **duration: float) -> None:
        """Move forwards by a duration given as `timedelta` takes it: `advance(minutes=5)`."""
        self._instant += dt.timedelta(**duration)


class Deadline:
    """What is left of a duration. It bounds how long others may keep us waiting, so nobody's clock moves it."""

    def __init__(self, duration_in: float) -> None:
        self._end = time.monotonic() + duration_in

    def left(self) -> float:
        """Seconds, more than 0. Raises `TimeoutError` once there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def paris_date(instant: dt.datetime) -> dt.date:
    """The civil date in Lyon at that instant."""
    return instant.astimezone(PARIS).date()


def start_of_day(day: dt.date) -> dt.datetime:
    """The instant at which that civil day begins in Lyon."""
    return dt.datetime.combine(day, dt.time(), PARIS).astimezone(UTC)


def end_of_day(day: dt.date) -> dt.datetime:
    """The first instant after that civil day in Lyon."""
    return start_of_day(day + dt.timedelta(days=1))


def epoch(instant: dt.datetime) -> int:
    """Whole seconds since 1970, as JOSE's NumericDate (RFC 7519, section 2)."""
    return int(instant.timestamp())


def pause(duration_in: float) -> None:
    """Let that many seconds go by, really: what a slow network does, and nobody's clock moves."""
    time.sleep(duration_in)


def stopwatch() -> float:
    """Seconds on a clock that only measures durations."""
    return time.perf_counter()
