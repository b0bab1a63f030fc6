"""Visiting a site with a real browser (Chromium, by Playwright), for sites that need scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glc.urls import origin
from testkit.recette.errors import RunError, VisitError
from testkit.recette.pages import Page, shown
from testkit.recette.visitor import NewVisitor
from testkit.recette.words import Words

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Request, Response, Route
    from playwright.sync_api import Page as Tab

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SETTLES_IN = 300
"""Milliseconds that a page is given to write itself once it has loaded."""


@dataclass
class BrowserVisitor:
    """A visitor with a browser profile of their own."""

    context: BrowserContext
    origins: frozenset[str]
    timeout_in: float

    def open(self, url: str) -> Page:
        """See `Visitor`."""
        return self._open(url, None)

    def open_until(self, url: str, stop: str) -> str | None:
        """See `Visitor`."""
        page = self._open(url, stop)
        return page.url if not page.status and page.url.startswith(stop) else None

    def close(self) -> None:
        """See `Visitor`."""
        self.context.close()

    def _open(self, url: str, stop: str | None) -> Page:
        from playwright.sync_api import Error

        tab = self.context.new_page()
        trip = _Trip(tab, self.origins, stop)
        try:
            tab.goto(url, timeout=self.timeout_in * 1000, wait_until="load")
            tab.wait_for_timeout(SETTLES_IN)
            return trip.ended() or Page(tab.url, trip.status(tab.url), tab.content(), tuple(trip.hops))
        except Error as error:
            ended = trip.ended()
            if ended is not None:
                return ended
            words = str(error).splitlines()[0]
            way = " → ".join(trip.hops)
            raise VisitError(
                Words(
                    f"{shown(url)}: {words} (after {way or 'no answer'})",
                    f"{shown(url)} : {words} (après {way or 'aucune réponse'})",
                )
            ) from None
        finally:
            tab.unroute_all(behavior="ignoreErrors")  # a tab does not close while a guard is still asked
            tab.close()


class _Trip:
    """Where a tab goes: only to the site and the provider, and not past where it is to stop."""

    def __init__(self, tab: Tab, origins: frozenset[str], stop: str | None) -> None:
        self.hops: list[str] = []
        self._tab, self._origins, self._stop = tab, origins, stop
        self._statuses: dict[str, int] = {}
        self._left: str | None = None
        tab.route("**/*", self._guard)
        tab.on("request", self._look_at)
        tab.on("response", self._note)

    def ended(self) -> Page | None:
        """Where the visit stopped, if it left for an address that is not opened."""
        return Page(self._left, 0, hops=tuple(self.hops)) if self._left else None

    def status(self, url: str) -> int:
        """The status of the page that was loaded from there."""
        return self._statuses.get(url.partition("#")[0], 200)

    def _guard(self, route: Route) -> None:
        if self._leaves(route.request) or origin(route.request.url) not in self._origins:
            route.abort()
        else:
            route.continue_()

    def _look_at(self, request: Request) -> None:
        self._leaves(request)

    def _leaves(self, request: Request) -> bool:
        """Note whether the tab itself goes where it must not; redirects pass here and not by the guard."""
        if not self._is_of_tab(request):
            return False
        stops = self._stop is not None and request.url.startswith(self._stop)
        if self._left is None and (stops or origin(request.url) not in self._origins):
            self._left = request.url
        return self._left is not None

    def _note(self, response: Response) -> None:
        if self._is_of_tab(response.request) and self._left is None:
            self.hops.append(f"{response.request.method} {shown(response.url)} → {response.status}")
            self._statuses[response.url] = response.status

    def _is_of_tab(self, request: Request) -> bool:
        return request.is_navigation_request() and request.frame == self._tab.main_frame


@contextmanager
def browsing(chromium: str | None, origins: frozenset[str], timeout_in: float) -> Iterator[NewVisitor]:
    """Visitors who share one Chromium. Raises `RunError` saying what is missing."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise RunError(
            "the browser driver needs Playwright: pip install playwright && playwright install chromium"
        ) from None
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        except Error as error:
            raise RunError(
                f"Chromium does not start ({str(error).splitlines()[0]}): « playwright install chromium », or name one "
                "with --chromium"
            ) from None
        try:
            yield lambda: BrowserVisitor(browser.new_context(locale="fr-FR"), origins, timeout_in)
        finally:
            browser.close()
