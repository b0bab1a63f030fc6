"""What is shown once: a secret is kept, sealed, in the browser's cookie from the act to the page after it, no longer.

Nothing else keeps it in clear, and the page is never cached: going back in the browser does not show it again.
"""

from __future__ import annotations

from flask import session

from partner_registry.ports import ports

_KEY = "shown_once"


def keep(subject: str, clear: str) -> None:
    """Keep a secret for the next page about that subject."""
    session[_KEY] = {"subject": subject, "sealed": ports().answers.seal(clear.encode())}


def take(subject: str) -> str | None:
    """The secret kept for a page about that subject, this once."""
    kept = session.get(_KEY)
    if not kept or kept["subject"] != subject:
        return None
    del session[_KEY]
    return ports().answers.open(kept["sealed"]).decode()
