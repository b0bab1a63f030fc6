"""Agents of the registry in real browsers without scripts, and the pictures that the agents' guide shows."""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from browser.conftest import Demo

PASSWORD = "citoyen-de-demo"
PICTURES = os.environ.get("GLC_GUIDE_PICTURES", "")
"""A folder: when the environment names one, the journey leaves its pictures there (docs/images/registre)."""
SCREEN = {"width": 960, "height": 800}
WHERE = """each => {
  const box = each.getBoundingClientRect();
  return {x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height};
}"""
TALLEST = 1000
"""Pixels of a picture's height: the guide shows what to look for, not everything."""


@dataclass
class Desk:
    """One agent in front of a browser without scripts."""

    page: Page
    demo: Demo

    def open(self, path: str) -> Page:
        """Open a page of the provider."""
        self.page.goto(self.demo.provider + path)
        return self.page

    def fill(self, **values: str) -> None:
        """Fill in fields by their names: typed, chosen or picked."""
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]").first
            if field.evaluate("each => each.tagName") == "SELECT":
                field.select_option(value)
            elif field.get_attribute("type") == "radio":
                self.page.check(f"main [name={name}][value={value}]")
            else:
                field.fill(value)

    def send(self, button: str = "#act-submit", **values: str) -> None:
        """Fill in the page's form and send it; nothing must be refused."""
        self.fill(**values)
        self.page.click(button)
        expect(self.page.locator("#refused, #error-summary")).to_have_count(0)

    def picture(self, name: str, of: str = "main > .card") -> None:
        """Keep a picture of a part of the page, when pictures are asked for: its top, if it is long."""
        if PICTURES:
            from PIL import Image  # needed for nothing else

            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            box = self.page.locator(of).first.evaluate(WHERE)
            clip = {**box, "height": min(box["height"], TALLEST)}
            taken = self.page.screenshot(clip=clip, full_page=True, animations="disabled")
            Image.open(io.BytesIO(taken)).quantize(96).save(f"{PICTURES}/{name}.png", optimize=True)


def at_desk(chromium: Browser, demo: Demo, email: str) -> Desk:
    """That agent, logged in with their own account of the provider."""
    context = chromium.new_context(viewport=SCREEN, java_script_enabled=False, locale="fr-FR")
    context.set_default_timeout(15_000)
    desk = Desk(context.new_page(), demo)
    desk.open("registry/")
    desk.page.fill("#username", email)
    desk.page.fill("#password", PASSWORD)
    desk.page.click("#login-submit")
    expect(desk.page.locator("h1")).to_have_text("Partenaires")
    return desk


def follow_mail(desk: Desk, to: str) -> None:
    """Open the link of the latest mail to an address, as whoever reads it does."""
    desk.open("outbox/")
    desk.page.locator("article", has_text=to).first.locator("a").last.click()


def status(page: Page) -> str:
    """The status that a file's page shows."""
    return page.locator("#status").inner_text().strip()


def path_of(page: Page, demo: Demo) -> str:
    """Where the page is, without the provider's address."""
    return re.sub(r"[?#].*", "", page.url.removeprefix(demo.provider))
