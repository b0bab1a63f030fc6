"""Browsers, the logins they have under way, and who is logged in: in memory (a real site would use its database)."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

ATTEMPTS_KEPT = 5
"""Logins that one browser may have under way, in several tabs."""
ATTEMPT_LIFETIME_IN = 600
MOST = 5_000
"""Browsers remembered; the oldest make room."""


@dataclass(frozen=True)
class Attempt:
    """A login under way: what the answer must match."""

    state: str
    nonce: str
    verifier: str
    next: str
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Login:
    """Somebody logged in."""

    sub: str
    sid: str | None
    id_token: str = field(repr=False)
    claims: dict[str, Any] = field(repr=False)
    """Those of the ID Token of the login: what a refresh must not change."""
    refresh_token: str | None = field(repr=False)
    ends_at: float
    """When the access token's life is over, by `time.monotonic`."""


@dataclass
class Browser:
    """One browser: its cookie names it."""

    attempts: list[Attempt] = field(default_factory=list)
    login: Login | None = None
    logout_state: str | None = None

    def begin(self, attempt: Attempt) -> None:
        """Remember a login under way."""
        self.attempts = [*self.attempts, attempt][-ATTEMPTS_KEPT:]

    def take(self, state: str) -> Attempt | None:
        """The attempt of that state, once."""
        found = next((each for each in self.attempts if secrets.compare_digest(each.state, state)), None)
        if found is None:
            return None
        self.attempts.remove(found)
        return found if time.monotonic() - found.began < ATTEMPT_LIFETIME_IN else None


class Browsers:
    """Browsers by the random name in their cookie."""

    def __init__(self) -> None:
        self._browsers: dict[str, Browser] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Browser | None:
        """A browser that was here before."""
        return self._browsers.get(name)

    def add(self, browser: Browser) -> str:
        """Name a browser; a name planted by somebody else is never taken over."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            for oldest in list(self._browsers)[: -MOST + 1]:
                del self._browsers[oldest]
            self._browsers[name] = browser
        return name

    def drop(self, name: str) -> None:
        """Forget a browser."""
        with self._lock:
            self._browsers.pop(name, None)

    def end(self, *, sid: str | None, sub: str | None) -> int:
        """End the logins of a session, or all those of a subject when no session is named; return how many."""
        ended = 0
        for browser in list(self._browsers.values()):
            login = browser.login
            if login and (sub is None or login.sub == sub) and (sid is None or login.sid == sid):
                browser.login, ended = None, ended + 1
        return ended
