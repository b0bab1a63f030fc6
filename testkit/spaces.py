"""Every space of a process: made, found, forgotten when its time is over."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Mapping
from typing import Any

from glc.entropy import Entropy, random_token
from glc.errors import InputError, NotFound
from glc.settings import Settings
from testkit.clock import SpaceClock
from testkit.prepared import CHEAP, Prepared
from testkit.space import Space

ROOT = "root"
"""The space at the issuer itself: for sites whose issuer is fixed. It never expires."""
MOUNT = "/s/"
"""Where the others are, below the issuer's path: each under its name."""
SETTABLE = frozenset(
    f"{name}_lifetime_in" for name in ("session", "code", "id_token", "refresh_token", "pending", "mail_link")
) | {
    "refresh_token_grace_in",
    "acr_values",
    "backchannel_wait_in",
    "consent_remembered_in",
    "jwks_max_age_in",
    "key_rotation_every_in",
    "login_free_failures",
    "login_slowdown_factor",
    "login_slowdown_max_in",
    "mail_free_sends",
    "mail_window_in",
    "registration_policy",
    "support_url",
    "fetch_timeout_in",
    "fetch_max_bytes",
}
"""Settings that whoever makes a space may choose."""
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


class Spaces:
    """The spaces of a process."""

    def __init__(self, settings: Settings, prepared: Prepared, entropy: Entropy) -> None:
        self.settings, self._prepared, self._clock, self._entropy = settings, prepared, prepared.clock, entropy
        self._spaces: dict[str, Space] = {}
        self._turn = threading.Lock()
        self.root = self.make(id=ROOT, dialect=settings.dialect, expires_in=None, control_key=settings.testkit_key)

    def make(
        self,
        *,
        id: str | None = None,  # noqa: A002 — its name in addresses
        dialect: str = "grandlyonconnect",
        seeded: bool = True,
        issuer_slash: bool = True,
        browser_url: str | None = None,
        backchannel_url: str | None = None,
        now: dt.datetime | None = None,
        frozen: bool = False,
        expires_in: float | None = 3_600,
        settings: Mapping[str, Any] | None = None,
        fresh_keys: bool = False,
        login: str | None = None,
        control_key: str = "",
    ) -> Space:
        """A new space. Raises `InputError`, `SettingsError`."""
        self.sweep()
        chosen = {**(settings or {})}
        unknown = sorted(chosen.keys() - SETTABLE)
        if unknown:
            raise InputError(f"{unknown[0]!r} cannot be set in a space; what can: {', '.join(sorted(SETTABLE))}")
        for setting, value in chosen.items():
            wanted = type(getattr(self.settings, setting))
            if type(value) is not wanted and not (wanted is float and type(value) is int):
                raise InputError(f"{setting} is {KINDS[wanted]}")
        name = id or self._entropy.bytes(5).hex()
        made_at = self._clock.now()
        space = Space(
            self._prepared,
            self._settings_of(name, dialect, issuer_slash, browser_url, backchannel_url, chosen),
            id=name,
            control_key=control_key or random_token(self._entropy, 18),
            folder=self._prepared.folder / name,
            clock=SpaceClock(self._clock, now, frozen=frozen),
            entropy=self._entropy,
            seeded=seeded,
            fresh_keys=fresh_keys,
            created_at=made_at,
            expires_at=None if expires_in is None else made_at + dt.timedelta(seconds=expires_in),
            login=login,
        )
        with self._turn:
            self._spaces[name] = space
        return space

    def find(self, space_id: str) -> Space | None:
        """The living space of that name."""
        space = self._spaces.get(space_id)
        if space is None or (space.expires_at is not None and space.expires_at <= self._clock.now()):
            return None
        return space

    def all(self) -> list[Space]:
        """The living ones, in the order in which they were made."""
        self.sweep()
        return list(self._spaces.values())

    def delete(self, space_id: str) -> None:
        """Forget a space. Raises `NotFound`, and `InputError` for the root, which can only be reset."""
        if space_id == ROOT:
            raise InputError("the root space cannot be deleted; reset it")
        with self._turn:
            space = self._spaces.pop(space_id, None)
        if space is None:
            raise NotFound(f"there is no space {space_id!r}, or no more")
        space.close()

    def sweep(self) -> None:
        """Forget those whose time is over."""
        at = self._clock.now()
        with self._turn:
            over = [each for each in self._spaces.values() if each.expires_at is not None and each.expires_at <= at]
            for each in over:
                del self._spaces[each.id]
        for each in over:
            each.close()

    def close(self) -> None:
        """Forget them all."""
        with self._turn:
            spaces, self._spaces = list(self._spaces.values()), {}
        for each in spaces:
            each.close()
        self._prepared.close()

    def run_jobs(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """What the spaces that were used since do by themselves: mails, webhooks, logouts that are due."""
        from glc.worker import run_due

        for space in self.all():
            if space.used and not stopping():
                run_due(space.app, stopping=stopping)

    def _settings_of(
        self,
        name: str,
        dialect: str,
        issuer_slash: bool,
        browser_url: str | None,
        backchannel_url: str | None,
        chosen: Mapping[str, Any],
    ) -> Settings:
        below = "" if name == ROOT else f"{MOUNT[1:]}{name}/"
        base = self.settings

        def whole(url: str) -> str:
            return f"{url.rstrip('/')}/{below}" if url else ""

        issuer = whole(base.issuer) if below else base.issuer
        return dataclasses.replace(
            base,
            issuer=issuer if issuer_slash else issuer.rstrip("/"),
            frontchannel_url=whole(browser_url or base.frontchannel_url),
            backchannel_url=whole(backchannel_url or base.backchannel_url),
            database_url="sqlite:///unset",
            dialect=dialect,
            trusted_proxies=0,
            **CHEAP | {"fetch_private_addresses": True} | dict(chosen),
        )
