"""The report of an acceptance run in a real browser: it stands alone, in French, and in English one click away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import DESKTOP, PHONE
from playwright.sync_api import BrowserContext, expect

from glc.clock import UTC
from testkit.recette.cases import GOOD_PATHS, JOURNAL
from testkit.recette.reports import as_html
from testkit.recette.run import Played, Result, Verdict
from testkit.recette.words import Words

AT = dt.datetime(2026, 3, 2, 11, tzinfo=UTC)
SEEN = Words("somebody is logged in", "quelqu’un est connecté")


@pytest.fixture
def address(tmp_path: Path) -> str:
    """A report in which one case failed."""
    verdicts = (Verdict.PASSED, Verdict.FAILED, Verdict.SKIPPED)
    played = [
        Played(case, verdict, SEEN, Words("200 at http://s/", "200 à http://s/"), ("GET http://s/login?state=… → 302",))
        for case, verdict in zip((*GOOD_PATHS, *JOURNAL), verdicts * 9, strict=False)
    ]
    path = tmp_path / "recette.html"
    path.write_text(as_html(Result("c", "http://i/", "http://s", "http", AT, AT, tuple(played))), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE])
def test_the_report_is_read_in_one_language_at_a_time(
    new_context: Callable[..., BrowserContext], address: str, screen: dict[str, int]
) -> None:
    """House: screens in French, English one click away; without scripts; nothing wider than the screen."""
    page = new_context(screen=screen, scripts=False).new_page()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Recette échouée")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Acceptance run failed")
    expect(page.locator("#fr")).to_be_hidden()
    page.goto(f"{address}#en-duty-login")
    expect(page.locator("#en-duty-login")).to_be_visible()
    expect(page.locator("#fr")).to_be_hidden()
    page.get_by_role("link", name="Français").click()
    expect(page.locator("#en")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_report_can_be_read_by_everybody(new_context: Callable[..., BrowserContext], address: str) -> None:
    """WCAG 2.1 AA, as far as axe sees."""
    page = new_context().new_page()
    page.goto(address)
    assert not Axe().run(page).response["violations"]
