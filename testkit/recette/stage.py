"""Where a case is played: a testkit, a site, visitors that come and go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from testkit.recette.control import Control
from testkit.recette.pages import Page
from testkit.recette.signs import Signs, State
from testkit.recette.visitor import NewVisitor, Visitor
from testkit.recette.words import Words


@dataclass(frozen=True, slots=True)
class Site:
    """The site under test, and how to read it."""

    client_id: str
    login_url: str
    signs: Signs
    home_url: str | None = None
    """A page that shows whether one is logged in; without it, the page on which a login ends does."""
    logout_url: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a case."""

    state: State | None
    """What the site shows; None where a case looks at something else."""
    holds: bool = True
    """For those cases: whether it is as it must be."""
    page: Page | None = None
    """The page to quote."""
    broke: Words | None = None
    """How the site broke, if it did."""
    note: Words | None = None
    applied: bool = True
    """Whether the fault acted at all."""


@dataclass
class Stage:
    """What a scenario works with."""

    site: Site
    control: Control
    new_visitor: NewVisitor
    account: str
    """Who logs in."""
    other_account: str
    post_timeout_in: float
    issuer: str
    _last: dict[int, Page] = field(default_factory=dict)

    @cached_property
    def client(self) -> dict[str, Any]:
        """The site's registration."""
        return self.control.client(self.site.client_id)

    def registered(self, name: str) -> Any:
        """One field of the registration, wherever the control API writes it."""
        inner = self.client.get("metadata") or self.client.get("protocol") or {}
        return self.client.get(name) or (inner.get(name) if isinstance(inner, dict) else None)

    @contextmanager
    def visitor(self) -> Iterator[Visitor]:
        """Somebody who was never here."""
        made = self.new_visitor()
        try:
            yield made
        finally:
            self._last.pop(id(made), None)
            made.close()

    def log_in(self, visitor: Visitor) -> Page:
        """Go through the site's login; the page where it ends."""
        page = self._last[id(visitor)] = visitor.open(self.site.login_url)
        return page

    def look(self, visitor: Visitor) -> tuple[State, Page]:
        """What the site now shows to a visitor."""
        address = self.site.home_url or self._last[id(visitor)].url
        page = visitor.open(address)
        return self.site.signs.state(page), page

    def logged_in(self, visitor: Visitor) -> tuple[State, Page]:
        """Log in, and look: on the page where the login ends, then on the page that shows it, if there is one."""
        page = self.log_in(visitor)
        state = self.site.signs.state(page)
        if state is State.LOGGED_IN or self.site.home_url is None:
            return state, page
        state, home = self.look(visitor)
        return state, home if state is State.LOGGED_IN else page
