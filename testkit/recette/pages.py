"""A page as a visitor sees it, however it was fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from bs4 import BeautifulSoup

from testkit.recette.words import Words

FIRST_WORDS = 160
"""Characters of a page that a report quotes."""


@dataclass(frozen=True)
class Page:
    """Where a visit ended. `status` is 0 where there was none: the browser was sent to a host that is not visited."""

    url: str
    status: int
    html: str = field(repr=False, default="")
    hops: tuple[str, ...] = ()
    """Each request on the way and what it was answered, without any parameter's value."""

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The page, parsed."""
        return BeautifulSoup(self.html, "html.parser")

    @property
    def words(self) -> str:
        """What there is to read first: what the provider tells a site's developer, else the text of its main part."""
        main = self.soup.select_one("section.technical") or self.soup.select_one("main, [role=main]")
        return " ".join(main.get_text(" ").split()) if main else self.text

    @property
    def title(self) -> str:
        """What the page calls itself."""
        found = self.soup.title
        return " ".join(found.get_text().split()) if found else ""

    @cached_property
    def text(self) -> str:
        """Its words, without those that are never shown."""
        body = self.soup.body or self.soup
        return " ".join(
            piece
            for string in body.find_all(string=True)
            if getattr(string.parent, "name", "") not in {"script", "style", "template", "title"}
            and type(string).__name__ == "NavigableString"
            for piece in string.split()
        )

    def has(self, selector: str) -> bool:
        """Whether an element matches a CSS selector."""
        return self.soup.select_one(selector) is not None

    def told(self) -> Words:
        """Where the visit ended, and the first words there."""
        if not self.status:
            where = shown(self.url)
            return Words(f"sent to {where}, which is not visited", f"envoyé vers {where}, qui n’est pas visité")
        title = f" « {self.title} »" if self.title else ""
        words = self.words
        if len(words) > FIRST_WORDS:
            words = f"{words[:FIRST_WORDS].rsplit(' ', 1)[0]}…"
        begins = f"{self.status}{title}"
        return Words(
            f"{begins} at {shown(self.url)}: {words or '(no text)'}",
            f"{begins} à {shown(self.url)} : {words or '(aucun texte)'}",
        )


def shown(url: str) -> str:
    """An address without the values of its parameters, which may be codes and tokens."""
    parts = urlsplit(url)
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    query = f"?{'&'.join(f'{name}=…' for name in names)}" if names else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{query}"
