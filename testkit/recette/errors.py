"""What ends a run, or a case, and why."""

from __future__ import annotations

from glc.errors import GlcError
from testkit.recette.words import Words


class RunError(GlcError):
    """The run cannot be played as it was asked for: wrong usage, or no testkit there. The message says what to do."""

    status = 2


class ReportedError(GlcError):
    """What ends a case, and is told in the report."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.english)
        self.words = words


class VisitError(ReportedError):
    """The site, or a page on the way, could not be visited. The words say which request got which answer."""


class NotApplicable(ReportedError):
    """A case that this site, or this client, cannot be asked to play: it is skipped, and the words say why."""
