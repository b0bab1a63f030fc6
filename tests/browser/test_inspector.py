"""The inspector in a real browser: somebody logs in to lyon.fr through a space, and it is there to be looked at."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import DESKTOP, PHONE
from playwright.sync_api import BrowserContext, Page, expect
from ports import free_port
from served import served, served_testkit

CAMILLE = ("camille@inspection.example", "un mot de passe d’essai")
PICTURES = os.environ.get("GLC_INSPECTOR_PICTURES")
"""Where to put pictures of the pages: docs/images/inspector, to take those of the documentation again."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A space with lyon.fr in it: where the site is, and where one looks."""

    site: str
    inspector_url: str
    control_key: str


@pytest.fixture(scope="module")
def testkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`glc serve --testkit`; its address."""
    with served_testkit(tmp_path_factory.mktemp("testkit")) as url:
        yield url


@pytest.fixture
def watched(testkit: str, tmp_path: Path) -> Iterator[Watched]:
    """A space of its own, an account in it, and lyon.fr connected to it."""
    port = free_port()
    site = f"http://localhost:{port}/"
    space = call(f"{testkit}_testkit/spaces", {})
    control = {"url": space["control_url"], "key": space["control_key"]}
    email, password = CAMILLE
    call(f"{control['url']}/accounts", {"persona": "camille", "email": email, "password": password}, control["key"])
    client = call(
        f"{control['url']}/clients",
        {
            "partner": "lyon",
            "name": "lyon.fr",
            "redirect_uris": [f"{site}auth/callback"],
            "post_logout_redirect_uris": [site],
            "id_token_alg": "RS256",
        },
        control["key"],
    )
    environment = os.environ | {
        "LYON_FR_ISSUER": space["issuer"],
        "LYON_FR_BASE_URL": site,
        "LYON_FR_CLIENT_ID": client["client_id"],
        "LYON_FR_CLIENT_SECRET": client["client_secret"],
    }
    command = [sys.executable, "-m", "demo.lyon_fr", "--port", str(port)]
    with served(command, tmp_path, f"{site}healthz", environment=environment):
        yield Watched(site, space["inspector_url"], space["control_key"])


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_login_shows_while_it_happens_and_is_whole_at_the_end(
    watched: Watched, new_context: Callable[..., BrowserContext], screen: dict[str, int]
) -> None:
    """The list follows without being reloaded; the diagram has every exchange of the site; nothing secret is there."""
    debugger = new_context(screen=screen).new_page()
    debugger.goto(opened(watched))
    expect(debugger.locator("#nothing")).to_be_visible()
    assert "key" not in debugger.url
    check(debugger)

    log_in(watched, new_context().new_page())

    expect(debugger.locator("#flows > li")).to_have_count(1)
    expect(debugger.locator("#flows > li")).to_contain_text("connecté")
    picture(debugger, "space", screen)
    debugger.click("#flows a")
    for meaning in ("demande une connexion", "échange le code contre des jetons", "lit l’identité", "clés publiques"):
        expect(debugger.locator(".sequence")).to_contain_text(meaning)
    expect(debugger.locator("#to-mend")).to_have_count(0)
    # Looked up and measured in one go: the page replaces its content while it follows.
    width = debugger.evaluate("document.querySelector('.arrow.lanes-0-2').getBoundingClientRect().width")
    assert width > screen["width"] / 4, "the arrow goes from lane to lane"
    token = debugger.locator("li.step", has_text="échange le code")
    token.locator("> details > summary").click()
    expect(token.locator("pre[id^=curl]")).to_contain_text("$CODE")
    expect(token).to_contain_text("RS256")
    expect(token.locator("button.copy")).to_be_visible()
    assert CAMILLE[1] not in debugger.content()
    check(debugger)
    picture(debugger, "flow", screen)


def test_the_pages_are_whole_without_a_script(watched: Watched, new_context: Callable[..., BrowserContext]) -> None:
    """One reloads by a link; the archive is downloaded by another."""
    page = new_context(scripts=False).new_page()
    page.goto(opened(watched))
    expect(page.locator("#follow")).to_be_hidden()
    log_in(watched, new_context().new_page())
    page.click("#reload")
    expect(page.locator("#flows > li")).to_have_count(1)
    page.click("#flows a")
    with page.expect_download() as download:
        page.click("#har")
    entries = json.loads(Path(download.value.path()).read_text())["log"]["entries"]
    assert {"authorize", "token", "userinfo", "jwks"} <= {each["_endpoint"] for each in entries}


def opened(watched: Watched) -> str:
    """The address that opens the space, its key in it."""
    return f"{watched.inspector_url}?key={watched.control_key}"


def log_in(watched: Watched, page: Page) -> None:
    """Somebody logs in to the site, wrongly and then rightly."""
    page.goto(watched.site)
    page.click("#glc-login")
    for password in ("pas le bon", CAMILLE[1]):
        page.fill("#username", CAMILLE[0])
        page.fill("#password", password)
        page.click("#login-submit")
    page.click("#accept")
    expect(page.locator("#greeting")).to_contain_text("Camille")


def call(url: str, sent: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    """A call of the control interface, and its answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, json.dumps(sent).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def check(page: Page) -> None:
    """Nothing that axe finds, and nothing wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} scrolls sideways"


def picture(page: Page, name: str, screen: dict[str, int]) -> None:
    """Keep what the page looks like, where that is asked for."""
    if PICTURES:
        page.evaluate("document.querySelectorAll('details[open]').forEach((each) => { each.open = false; })")
        width = "desktop" if screen == DESKTOP else "phone"
        page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
