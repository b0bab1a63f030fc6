"""Who sees which space: whoever showed its control key once, from a browser that remembers a digest of it."""

from __future__ import annotations

import hashlib
import hmac

from flask import session

from testkit.inspector.seen import Space, Spaces

MOST_SPACES = 40
"""Spaces that a browser remembers; the cookie has room for no more, and the oldest one goes."""


def open_space(space: Space | None, key: str) -> bool:
    """Remember in the browser that it holds the space's key; whether it is the right one."""
    if space is None or not hmac.compare_digest(space.control_key.encode(), key.encode()):
        return False
    held: dict[str, str] = {name: mark for name, mark in session.get("spaces", {}).items() if name != space.id}
    kept = list(held.items())[-(MOST_SPACES - 1) :]
    session["spaces"] = dict([*kept, (space.id, _mark(space))])
    return True


def may_see(space: Space | None) -> bool:
    """Whether this browser has shown the key that the space has now."""
    held = session.get("spaces", {}).get(space.id, "") if space is not None else ""
    return space is not None and hmac.compare_digest(held, _mark(space))


def seen_spaces(spaces: Spaces) -> list[Space]:
    """The spaces that this browser may look at."""
    return [space for space in spaces.all() if may_see(space)]


def _mark(space: Space) -> str:
    return hashlib.sha256(f"{space.id} {space.control_key}".encode()).hexdigest()[:24]
