"""axe-core finds no violation on any page of the registry, on a desk and on a phone, with and without mistakes.

The pages are found by following every link from the first one, each kind of address once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import DESKTOP, PHONE, Demo
from browser.registry_desk import PASSWORD
from browser.registry_onboarding import Connected
from playwright.sync_api import BrowserContext, Page

NO_PAGES = re.compile(r"/registry/(documents|api)/|\.(csv|json|pdf)($|\?)|/download|/export|/statement")
"""What is downloaded and not looked at."""


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_of_the_registry(
    demo: Demo, connected: Connected, new_context: Callable[..., BrowserContext], screen: dict[str, int]
) -> None:
    """RGAA, WCAG 2 AA: an administrator's pages, each kind once; then its form sent empty."""
    page = new_context(screen=screen).new_page()
    page.goto(f"{demo.provider}login/")
    page.fill("#username", "admin@agents.example")
    page.fill("#password", PASSWORD)
    page.click("#login-submit")

    wrong, seen = [], {}
    todo = [f"{demo.provider}registry/", f"{demo.provider}{connected.file}", f"{demo.provider}registry/todo/"]
    while todo:
        address = todo.pop(0)
        if seen.setdefault(kind_of(address), address) is not address:
            continue
        answer = page.goto(address)
        if answer is None or answer.status != 200:
            wrong.append(f"{address} is not there")
            continue
        wrong += problems(page)
        todo += [link for link in links(page) if kind_of(link) not in seen and not NO_PAGES.search(link)]
        if mistaken(page):
            wrong += problems(page)

    assert wrong == []
    assert len(seen) > 40, sorted(seen)


def kind_of(address: str) -> str:
    """An address without what changes from one thing to another: numbers, short names, identifiers, its query."""
    path = re.sub(r"[?#].*", "", address)
    path = re.sub(r"/(partners|clients)/(?!new$)[^/]+", r"/\1/…", path)
    return re.sub(r"/[0-9]+(?=/|$)", "/n", path)


def links(page: Page) -> list[str]:
    """The registry's pages that a page leads to."""
    found = page.eval_on_selector_all("main a[href]", "all => all.map(each => each.href)")
    return [each for each in found if "/registry/" in each]


def mistaken(page: Page) -> bool:
    """Send the page's form empty, if it asks for something; whether it came back."""
    asked = "input[type=text][required]:visible, textarea[required]:visible"
    form = page.locator(f"main form[method=post]:has({asked.replace(':visible', '')})").first
    if form.count() == 0:
        return False
    for field in form.locator(asked).all():
        field.fill("")
    form.locator("button[type=submit]").first.click()
    return page.locator("#error-summary, #refused").count() > 0


def problems(page: Page) -> list[str]:
    """What axe-core finds on a page, and whether it scrolls sideways."""
    found = Axe().run(page)
    told = [f"{page.url}\n{found.generate_report()}"] if found.violations_count else []
    sideways = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return told + ([f"{page.url} scrolls sideways"] if sideways else [])
