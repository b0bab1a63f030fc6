"""What ends a run, or a case, and why."""

from __future__ import annotations

from glc.errors import GlcError


class RunError(GlcError):
    """The run cannot be played as it was asked for: wrong usage, or no testkit there. The message says what to do."""

    status = 2


class VisitError(GlcError):
    """The site, or a page on the way, could not be visited. The message says which request got which answer."""


class NotApplicable(GlcError):
    """A case that this site, or this client, cannot be asked to play: it is skipped, and the message says why."""
