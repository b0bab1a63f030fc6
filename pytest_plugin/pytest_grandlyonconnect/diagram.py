"""A sequence diagram in text: three lanes, one arrow a request, one an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

BY_BROWSER = {"authorize", "login", "consent", "register_page", "logout", "page", "static"}
"""Endpoints that the user's browser comes to; the site's own program calls the others."""
LANE = 10
"""Characters between two lanes."""
SHORTEST_ERROR = 400


def draw(exchanges: Iterable[dict[str, Any]]) -> str:
    """The diagram of some exchanges; images and style sheets are left out."""
    shown = [each for each in exchanges if each.get("endpoint") != "static"]
    if not shown:
        return "(no request came)"
    width = len(str(max(each["id"] for each in shown)))
    lines = [f"{'':{width}}  {'browser':<{LANE + 1}}{'site':<{LANE + 1}}GrandLyonConnect"]
    for each in shown:
        asked, answered = _arrows(each)
        lines.append(f"{each['id']:>{width}}  {asked}  {_request(each)}")
        lines.append(f"{'':{width}}  {answered}  {_answer(each)}")
    return "\n".join(lines)


def _arrows(exchange: dict[str, Any]) -> tuple[str, str]:
    """From whom to whom, and back."""
    line = "─" * (LANE - 1)
    gap = " " * LANE
    if exchange.get("outgoing"):
        return f"│{gap}│◀{line}┤", f"│{gap}├{line}▶│"
    if exchange.get("endpoint") in BY_BROWSER:
        whole = "─" * (2 * LANE)
        return f"├{whole}▶│", f"│◀{whole}┤"
    return f"│{gap}├{line}▶│", f"│{gap}│◀{line}┤"


def _request(exchange: dict[str, Any]) -> str:
    said = [f"{exchange['method']} {urlsplit(exchange['url']).path}"]
    said += [f"{name}={value}" for name, value in [*exchange.get("query", ()), *exchange.get("form", ())]]
    if exchange.get("client_authentication"):
        said.append(f"[{exchange['client_authentication']}]")
    return _short(" ".join(said))


def _answer(exchange: dict[str, Any]) -> str:
    said = [str(exchange.get("status") or "no answer")]
    if exchange.get("location"):
        said.append(f"→ {unquote(exchange['location'])}")
    elif (exchange.get("status") or 0) >= SHORTEST_ERROR and exchange.get("body"):
        said.append(" ".join(str(exchange["body"]).split()))
    if exchange.get("faults"):
        said.append(f"⚡ {', '.join(exchange['faults'])}")
    return _short(" ".join(said))


def _short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
