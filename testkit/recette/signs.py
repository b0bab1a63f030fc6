"""How to tell from a page whether somebody is logged in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from testkit.recette.errors import RunError
from testkit.recette.pages import Page


class State(StrEnum):
    """What a page shows."""

    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    UNCLEAR = "unclear"
    """Neither sign is seen, or both: an error page, for example."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing to look for: `text` on the page, a CSS `selector`, the page's `url` (with `*`), its `status`."""

    kind: str
    value: str

    def __post_init__(self) -> None:
        if self.kind == "status" and not self.value.isdigit():
            raise RunError(f"a status is a number such as 200, not {self.value!r}")
        if self.kind == "selector":
            try:
                Page("", 200).has(self.value)
            except Exception as error:
                raise RunError(f"{self.value!r} is no CSS selector: {error}") from None

    def is_seen(self, page: Page) -> bool:
        """Whether the page bears it."""
        match self.kind:
            case "text":
                return " ".join(self.value.split()) in page.text
            case "selector":
                return page.has(self.value)
            case "url":
                address = page.url.partition("#")[0]
                return fnmatchcase(address, self.value) or fnmatchcase(address.partition("?")[0], self.value)
            case "status":
                return page.status == int(self.value)
        raise ValueError(self.kind)

    def __str__(self) -> str:
        return f"{self.kind} {self.value!r}"


@dataclass(frozen=True, slots=True)
class Signs:
    """All signs of being logged in, and of not being; either may be left out, and is then the contrary of the other."""

    logged_in: tuple[Sign, ...] = ()
    logged_out: tuple[Sign, ...] = ()

    def __post_init__(self) -> None:
        if not (self.logged_in or self.logged_out):
            raise RunError(
                "say how to tell that somebody is logged in: --logged-in-text, --logged-in-selector, --logged-in-url "
                "or --logged-in-status (or the same with --logged-out-…)"
            )

    def state(self, page: Page) -> State:
        """What a page shows."""
        seen_in = all(sign.is_seen(page) for sign in self.logged_in) if self.logged_in else None
        seen_out = all(sign.is_seen(page) for sign in self.logged_out) if self.logged_out else None
        if seen_in is None:
            seen_in = not seen_out
        if seen_out is None:
            seen_out = not seen_in
        if seen_in == seen_out:
            return State.UNCLEAR
        return State.LOGGED_IN if seen_in else State.LOGGED_OUT

    def __str__(self) -> str:
        parts = [f"logged in: {' and '.join(map(str, self.logged_in))}"] if self.logged_in else []
        parts += [f"logged out: {' and '.join(map(str, self.logged_out))}"] if self.logged_out else []
        return "; ".join(parts)
