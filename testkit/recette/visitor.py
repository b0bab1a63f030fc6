"""What a visit is, whether a program or a browser makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from testkit.recette.pages import Page


class Visitor(Protocol):
    """Somebody with cookies of their own. Every method raises `VisitError` when a request gets no answer in time."""

    def open(self, url: str) -> Page:
        """Go to an address and on, as a browser would, until there is a page to look at."""

    def open_until(self, url: str, stop: str) -> str | None:
        """Go on until an address that begins with `stop` is to be opened; return it unopened. None if it never is."""

    def close(self) -> None:
        """Forget the cookies."""


NewVisitor = Callable[[], Visitor]
