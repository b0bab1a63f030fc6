"""axe-core finds no violation on any page, on a desk and on a phone (RGAA, WCAG 2 AA)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import DESKTOP, PHONE, Demo
from playwright.sync_api import BrowserContext, Page, expect

OPEN_TO_ALL = [
    "",
    "login/",
    "register/",
    "accounts/activate/perdu/",
    "password/reset/",
    "outbox/",
    "continue/",
    "nowhere/",
    "idp/oidc/authorize?pending=perdue",
]
LOGGED_IN = [
    "",
    "accounts/",
    "accounts/edit/",
    "accounts/edit/identity/",
    "accounts/edit/contact/",
    "accounts/edit/required/",
    "accounts/consents/",
    "accounts/change-email/",
    "accounts/password/change/",
    "accounts/delete/",
]


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, new_context: Callable[..., BrowserContext]) -> Page:
    """A visitor's page."""
    return new_context(screen=request.param).new_page()


def test_pages_open_to_all(demo: Demo, page: Page) -> None:
    """Login, registration, errors, outbox."""
    for path in OPEN_TO_ALL:
        page.goto(demo.provider + path)
        _check(page)


def test_forms_with_mistakes_and_the_pages_of_an_account(demo: Demo, page: Page) -> None:
    """The login page with an error, the consent page, then every page of an account."""
    page.goto(demo.site)
    _check(page)
    page.click("#glc-login")
    page.click("#login-submit")
    _check(page)
    page.fill("#username", "camille.dupre@citoyen.example")
    page.fill("#password", "citoyen-de-demo")
    page.click("#login-submit")
    page.click("summary")
    _check(page)
    page.check("#do_not_ask_again")
    page.click("#accept")
    _check(page)
    page.goto(f"{demo.site}mon-compte")
    _check(page)
    for path in LOGGED_IN:
        page.goto(demo.provider + path)
        _check(page)
    page.goto(f"{demo.provider}accounts/edit/contact/")
    page.fill("#postal_code", "??")
    page.click("#profile-submit")
    _check(page)
    page.goto(f"{demo.provider}accounts/consents/")
    page.click("button.danger")
    expect(page.locator("button.danger")).to_have_count(0)
    _check(page)


def test_pages_on_which_a_request_stops(demo: Demo, page: Page) -> None:
    """The page that shows a site's mistake, and the one that confirms a logout asked for by another site."""
    page.goto(
        f"{demo.provider}idp/oidc/authorize?client_id=lyon-fr-demo&response_type=code&scope=openid%20foo"
        f"&redirect_uri={demo.site}auth/callback"
    )
    _check(page)
    page.goto(f"{demo.provider}login/")
    page.fill("#username", "camille.dupre@citoyen.example")
    page.fill("#password", "citoyen-de-demo")
    page.click("#login-submit")
    page.goto(f"{demo.provider}logout/", referer="https://ailleurs.example/")
    assert page.locator("#logout-confirm").is_visible()
    _check(page)


def _check(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} scrolls sideways"
