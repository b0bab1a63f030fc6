"""Who is logged in: a small store in this process's memory (a real site would use its database or Redis)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

LIFETIME_IN = 3600
"""Seconds a login lasts on this site. The provider's session goes on: one click then logs in again."""

MOST = 1000
"""Logins kept at once; the oldest make room."""


@dataclass(frozen=True)
class Login:
    """One person in one browser: claims of the ID Token and of userinfo, and the end in `time.monotonic` seconds."""

    id_token: dict[str, Any]
    userinfo: dict[str, Any]
    ends_at: float

    @property
    def claims(self) -> dict[str, Any]:
        """All claims; on a difference the ID Token, which is signed, wins."""
        return {**self.userinfo, **self.id_token}

    @property
    def name(self) -> str:
        """First and last name, or what there is: the provider sends "" or null for what it does not know."""
        claims = self.claims
        first = claims.get("first_name") or claims.get("given_name")
        last = claims.get("last_name") or claims.get("family_name")
        return " ".join(part for part in (first, last) if part) or claims.get("email") or ""


class Logins:
    """Logins by the random id that the browser's cookie carries."""

    def __init__(self) -> None:
        self._logins: dict[str, Login] = {}

    def open(self, id_token: dict[str, Any], userinfo: dict[str, Any]) -> str:
        """Keep a login and return its id, never seen before: an id planted in the browser is worth nothing."""
        for oldest in list(self._logins)[: -MOST + 1]:
            self.end(oldest)
        login_id = secrets.token_urlsafe()
        self._logins[login_id] = Login(id_token, userinfo, time.monotonic() + LIFETIME_IN)
        return login_id

    def get(self, login_id: str | None) -> Login | None:
        """The login, unless it ended."""
        login = self._logins.get(login_id or "")
        return login if login and time.monotonic() < login.ends_at else None

    def end(self, login_id: str | None) -> None:
        """End one login; an unknown id is no error."""
        self._logins.pop(login_id or "", None)

    def end_sid(self, sid: str) -> None:
        """End every login that came from the provider's session `sid`."""
        for login_id, login in list(self._logins.items()):
            if login.id_token.get("sid") == sid:
                self.end(login_id)
