"""A real browser in front of the real demonstration: `glc demo` as its own processes, Chromium driven by Playwright."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from browser.registry_onboarding import connected
from needs import needs
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from ports import free_port
from served import GLC, LONGEST_IN, served

__all__ = ["connected"]

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demonstration answers."""

    provider: str
    site: str
    toodego: str


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`glc demo` on free ports and a database of its own, stopped at the end."""
    needs("chromium")
    folder = tmp_path_factory.mktemp("demo")
    provider, site, toodego = free_port(), free_port(), free_port()
    environment = os.environ | {
        "GLC_DATABASE_URL": f"sqlite:///{folder}/glc.sqlite3",
        "GLC_ARGON2_MEMORY": "8",
        "GLC_ARGON2_PASSES": "1",
    }
    command = [*GLC, "demo", "--port", str(provider), "--site-port", str(site), "--toodego-port", str(toodego)]
    answering = [f"http://localhost:{port}/healthz" for port in (provider, site, toodego)]
    with served(command, folder, *answering, environment=environment):
        yield Demo(f"http://localhost:{provider}/", f"http://localhost:{site}/", f"http://127.0.0.1:{toodego}/")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, headless."""
    path = needs("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make a visitor: their own cookies, a screen, scripts or not."""
    made: list[BrowserContext] = []

    def make(*, screen: dict[str, int] = DESKTOP, scripts: bool = True) -> BrowserContext:
        context = chromium.new_context(viewport=screen, java_script_enabled=scripts, locale="fr-FR")
        context.set_default_timeout(LONGEST_IN * 1000)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
