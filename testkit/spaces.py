"""Every space of a process: made, found, forgotten when its time is over."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import OperationalError

from glc.entropy import Entropy, random_token
from glc.errors import GlcError, InputError, NotFound
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
MOST_AWAKE = 64
"""Spaces that keep their database open and do by themselves what is due: those that were asked last. A test suite that
deletes none of its spaces must not use up the files that a process may have open (1024 as a rule)."""
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


class Full(GlcError):
    """No other space can be made now: memory, or open files, are used up."""

    status = 503


class Spaces:
    """The spaces of a process."""

    def __init__(self, settings: Settings, prepared: Prepared, entropy: Entropy) -> None:
        self.settings, self._prepared, self._clock, self._entropy = settings, prepared, prepared.clock, entropy
        self._spaces: dict[str, Space] = {}
        self._awake: dict[str, Space] = {}
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
        space = self._made(
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
        self._wake(space)
        return space

    def _made(self, settings: Settings, **options: Any) -> Space:
        try:
            return Space(self._prepared, settings, **options)
        except (OSError, OperationalError) as error:
            shutil.rmtree(options["folder"], ignore_errors=True)
            raise Full(
                f"there is no room for another space beside {len(self._spaces)}: delete each when its test ends "
                "(DELETE on its control_url), or give it a shorter expires_in",
                detail=str(error),
            ) from error

    def _wake(self, space: Space) -> None:
        """It was asked something: whoever was asked least lately closes its database, until it is asked. The root never
        does."""
        if space.id == ROOT:
            return
        with self._turn:
            self._awake.pop(space.id, None)
            self._awake[space.id] = space
            over = [self._awake.pop(name) for name in [*self._awake][:-MOST_AWAKE]]
        for each in over:
            each.rest()

    def find(self, space_id: str) -> Space | None:
        """The living space of that name."""
        space = self._spaces.get(space_id)
        if space is None or (space.expires_at is not None and space.expires_at <= self._clock.now()):
            return None
        self._wake(space)
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
            self._awake.pop(space_id, None)
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
                self._awake.pop(each.id, None)
        for each in over:
            each.close()

    def close(self) -> None:
        """Forget them all."""
        with self._turn:
            spaces, self._spaces, self._awake = list(self._spaces.values()), {}, {}
        for each in spaces:
            each.close()
        self._prepared.close()

    def run_jobs(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """What the spaces that are awake and were used do by themselves: mails, webhooks, logouts that are due."""
        from glc.worker import run_due

        self.sweep()
        for space in [self.root, *self._awake.values()]:
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
