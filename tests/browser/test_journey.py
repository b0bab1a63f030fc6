"""A citizen logs in to lyon.fr, in a real browser: with scripts and without, on a desk and on a phone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from browser.conftest import DESKTOP, PHONE, Demo
from playwright.sync_api import BrowserContext, Page, expect

VISITORS = [
    pytest.param(screen, scripts, id=f"{name}-{'scripts' if scripts else 'no-scripts'}")
    for (name, screen), scripts in itertools.product({"desktop": DESKTOP, "phone": PHONE}.items(), (True, False))
]
PASSWORD = "un mot de passe d’essai"
CAMILLE = ("camille.dupre@citoyen.example", "citoyen-de-demo")


@pytest.mark.parametrize(("screen", "scripts"), VISITORS)
def test_a_newcomer_creates_an_account_comes_back_by_name_and_leaves_everywhere(
    demo: Demo,
    new_context: Callable[..., BrowserContext],
    screen: dict[str, int],
    scripts: bool,
    request: pytest.FixtureRequest,
) -> None:
    """The whole outcome: register, consent, back by name, second visit without password, logout everywhere."""
    context = new_context(screen=screen, scripts=scripts)
    page = context.new_page()
    address = re.sub(r"\W+", "-", request.node.callspec.id) + "@citoyen.example"

    page.goto(demo.site)
    page.click("#glc-login")
    expect(page.locator("h1")).to_have_text("Connexion")
    _register(page, address)
    expect(page.locator("h1")).to_contain_text("Souhaitez-vous être authentifié sur le service lyon.fr")
    expect(page.locator("main")).to_contain_text("Dubinôre-Le Goff")
    page.check("#do_not_ask_again")
    page.click("#accept")
    expect(page.locator("#greeting")).to_have_text("Bonjour Zoé Dubinôre-Le Goff")
    assert page.url == demo.site

    context.clear_cookies(name="lyon_fr")
    page.goto(demo.site)
    expect(page.locator("#greeting")).to_have_count(0)
    page.click("#glc-login")
    expect(page.locator("#greeting")).to_have_text("Bonjour Zoé Dubinôre-Le Goff")
    assert page.url == demo.site, "the second visit asks nothing"

    page.click("header form button")
    page.wait_for_url(demo.site)
    expect(page.locator("#greeting")).to_have_count(0)
    page.click("#glc-login")
    expect(page.locator("#login-submit")).to_be_visible()


@pytest.mark.parametrize(("screen", "scripts"), VISITORS)
def test_a_second_service_asks_for_no_password_and_leaving_one_leaves_both(
    demo: Demo, new_context: Callable[..., BrowserContext], screen: dict[str, int], scripts: bool
) -> None:
    """Single sign-on, and the way out of it: each service knows the person by a `sub` of its own (1.11, 1.14)."""
    page = new_context(screen=screen, scripts=scripts).new_page()
    page.goto(demo.site)
    page.click("#glc-login")
    _log_in(page, *CAMILLE)
    page.click("#accept")
    expect(page.locator("#greeting")).to_have_text("Bonjour Camille Dupré")
    here = _subject(page, demo.site)

    page.goto(demo.site)
    page.click("#neighbour")
    assert page.url == demo.toodego
    page.click("#glc-login")
    expect(page.locator("h1")).to_contain_text("Souhaitez-vous être authentifié sur le service Toodego")
    expect(page.locator("main")).to_contain_text("Métropole de Lyon")
    page.click("#accept")
    expect(page.locator("#greeting")).to_have_text("Bonjour Camille Dupré")
    assert _subject(page, demo.toodego) not in ("", here)

    page.click("#logout")
    page.wait_for_url(demo.toodego)
    expect(page.locator("#greeting")).to_have_count(0)
    page.goto(demo.site)
    expect(page.locator("#greeting")).to_have_count(0)


@pytest.mark.parametrize(("screen", "scripts"), VISITORS)
def test_somebody_with_an_account_logs_in_and_may_refuse(
    demo: Demo, new_context: Callable[..., BrowserContext], screen: dict[str, int], scripts: bool
) -> None:
    """Wrong password explained, right one accepted; a refusal goes straight back to the site, which says so."""
    page = new_context(screen=screen, scripts=scripts).new_page()
    page.goto(demo.site)
    page.click("#glc-login")
    _log_in(page, CAMILLE[0], "pas le bon")
    expect(page.locator("#error-summary")).to_contain_text("Courriel ou mot de passe incorrect")
    expect(page.locator("#username")).to_have_value(CAMILLE[0])
    _log_in(page, *CAMILLE)
    page.click("#refuse")
    expect(page.locator("#error")).to_contain_text("access_denied")
    assert page.url.startswith(demo.site)


def test_leaving_at_the_provider_ends_the_site_s_session_too(
    demo: Demo, new_context: Callable[..., BrowserContext]
) -> None:
    """Front-Channel Logout 1.0: the site's address is loaded in an iframe, and its session is gone."""
    page = new_context().new_page()
    page.goto(demo.site)
    page.click("#glc-login")
    _log_in(page, *CAMILLE)
    page.click("#accept")
    expect(page.locator("#greeting")).to_have_text("Bonjour Camille Dupré")
    page.goto(f"{demo.provider}logout/")
    expect(page.locator("h1")).not_to_contain_text("Déconnexion")
    page.goto(demo.site)
    expect(page.locator("#greeting")).to_have_count(0)


def test_an_incomplete_profile_is_completed_on_the_way(demo: Demo, new_context: Callable[..., BrowserContext]) -> None:
    """The required-profile detour ends back at the site (grandlyonconnect.md, ranked point 16)."""
    page = new_context(screen=PHONE, scripts=False).new_page()
    page.goto(demo.site)
    page.click("#glc-login")
    _log_in(page, "sans.profil@citoyen.example", "citoyen-de-demo")
    expect(page.locator("h1")).to_have_text("Il manque des informations")
    page.fill("#first_name", "Inès")
    page.fill("#last_name", "Sans-Profil")
    page.click("#profile-submit")
    page.click("#accept")
    expect(page.locator("#greeting")).to_have_text("Bonjour Inès Sans-Profil")


def test_the_pages_speak_english_one_click_away(demo: Demo, new_context: Callable[..., BrowserContext]) -> None:
    """The choice is kept, and the login goes on where it was."""
    page = new_context().new_page()
    page.goto(demo.site)
    page.click("#glc-login")
    page.click("#lang-en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#login-submit")).to_have_text("Log in")
    _log_in(page, *CAMILLE)
    page.click("#accept")
    expect(page.locator("#greeting")).to_contain_text("Camille Dupré")


def _log_in(page: Page, email: str, password: str) -> None:
    page.fill("#username", email)
    page.fill("#password", password)
    page.click("#login-submit")


def _register(page: Page, address: str) -> None:
    page.click("main section a")
    page.fill("#email", address)
    page.click("#register-submit")
    page.click("#outbox")
    page.click(f"article:has-text('{address}') a")
    page.fill("#first_name", "Zoé")
    page.fill("#last_name", "Dubinôre-Le Goff")
    page.fill("#password1", PASSWORD)
    page.fill("#password2", PASSWORD)
    page.click("#registration-submit")


def _subject(page: Page, site: str) -> str:
    """By what name a site knows who is logged in there."""
    page.goto(f"{site}mon-compte")
    return page.locator("tr", has=page.locator("code", has_text=re.compile("^sub$"))).locator("td").first.inner_text()
