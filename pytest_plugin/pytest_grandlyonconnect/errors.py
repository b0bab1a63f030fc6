"""What can go wrong, in one tree.

GlcError
├── NotServed      there is no simulator: it could not be started, or does not answer
├── Refused        the simulator refused what was asked of it, in its own words
└── LoginStopped   the login ended on a page of the provider instead of at the site
"""

from __future__ import annotations

from typing import Any


class GlcError(Exception):
    """Any error of this package."""


class NotServed(GlcError):
    """There is no simulator to talk to; the message says what is missing."""


class Refused(GlcError):
    """A problem (RFC 9457) that the control API answered. `problem` is all of it."""

    def __init__(self, request: str, status: int, problem: dict[str, Any]) -> None:
        said = problem.get("detail") or problem.get("title") or "no reason was given"
        super().__init__(f"{said} ({request}: {status})")
        self.status = status
        self.problem = problem


class LoginStopped(GlcError):
    """The provider kept the user: `url` and `text` are those of the page where the login ended."""

    def __init__(self, message: str, url: str, text: str) -> None:
        super().__init__(message)
        self.url = url
        self.text = text
