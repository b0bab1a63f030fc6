"""A space's time: the machine's, moved by whoever holds the space's key, or standing still."""

from __future__ import annotations

import datetime as dt

from glc.clock import UTC, Clock
from glc.errors import InputError

FIRST, LAST = (dt.datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 3000))


class SpaceClock:
    """Follows another clock at a distance, or stands still."""

    def __init__(self, behind: Clock, at: dt.datetime | None = None, *, frozen: bool = False) -> None:
        self._behind = behind
        self._distance = dt.timedelta()
        self._still: dt.datetime | None = None
        self.set(at, frozen=frozen)

    def now(self) -> dt.datetime:
        """The space's instant, aware, UTC."""
        return self._still or self._behind.now() + self._distance

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._still is not None

    def set(self, at: dt.datetime | None = None, *, frozen: bool | None = None) -> None:
        """Move to an aware instant, forwards or backwards (None: stay), and from there stand still or go on (None: as
        before). Raises `InputError` outside `FIRST` and `LAST`."""
        if at is not None:
            _check(at)
        still = self.frozen if frozen is None else frozen
        instant = (at or self.now()).astimezone(UTC)
        self._distance = instant - self._behind.now()
        self._still = instant if still else None

    def advance(self, duration: dt.timedelta) -> None:
        """Move forwards, or backwards when the duration is below zero. Raises `InputError` as `set` does."""
        try:
            _check(self.now() + duration)
        except OverflowError:
            _check(None)
        if self._still is not None:
            self._still += duration
        else:
            self._distance += duration

    @property
    def state(self) -> tuple[dt.timedelta, dt.datetime | None]:
        """What `recall` takes, to be put back later."""
        return self._distance, self._still

    def recall(self, state: tuple[dt.timedelta, dt.datetime | None]) -> None:
        """Go back to a noted state: the same distance from the machine's clock, or the same standstill."""
        self._distance, self._still = state


def _check(at: dt.datetime | None) -> None:
    if at is None or not FIRST <= at < LAST:
        raise InputError(f"a space's clock goes from {FIRST.year} to {LAST.year}")
