"""What an exchange says, read from its redacted value: parameters, answers, where a browser was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from testkit.journal.exchange import Exchange

BY_THE_SITE = frozenset({"token", "userinfo", "discovery", "jwks", "introspect", "revoke", "par", "registration"})
"""Endpoints that a site's own server calls; every other one is a browser's business."""
KEPT_BY_THE_SITE = frozenset({"discovery", "jwks"})
"""Documents that a site fetches once and keeps: they carry nothing that says for which login."""


ANSWERING = frozenset({"authorize", "consent"})
"""Endpoints whose answer is the site's: the consent page posts to the authorization endpoint."""


def readable(url: str) -> str:
    """An address in which the marks of redacted secrets can be read, however often they were percent-encoded."""
    return _CLOSING.sub("›", _OPENING.sub("‹", url))


def parameters(exchange: Exchange) -> dict[str, str]:
    """What the request asks, wherever it says so: query, form, request object (RFC 9101). The first value of each."""
    told: dict[str, str] = {}
    for seen in exchange.tokens:
        if seen.where == "request":
            told.update({name: _text(value) for name, value in seen.claims.items()})
    for name, value in (*exchange.query, *exchange.form):
        told.setdefault(name, value)
    return told


def header(headers: Iterable[tuple[str, str]], name: str) -> str:
    """The value of a header, or nothing; names are compared without case."""
    return next((value for each, value in headers if each.lower() == name.lower()), "")


def answer(exchange: Exchange) -> Mapping[str, Any]:
    """The members of a JSON answer; none when it is no JSON object, cut short, or nested too deep to be read."""
    try:
        read = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def sent_back(exchange: Exchange) -> dict[str, str]:
    """What a redirect carries in its query and fragment."""
    return dict(_carried(exchange.location)) if exchange.location else {}


@lru_cache(2048)  # each check asks
def _carried(location: str) -> tuple[tuple[str, str], ...]:
    parts = urlsplit(location)
    return (*parse_qsl(parts.query, keep_blank_values=True), *parse_qsl(parts.fragment, keep_blank_values=True))


def given_code(exchange: Exchange) -> str | None:
    """The code that a site was sent, redacted: by redirect, or in a form that the browser posts."""
    if exchange.endpoint not in ANSWERING:
        return None
    marks = (mark for mark in exchange.marks if mark.startswith("code:"))
    return sent_back(exchange).get("code") or next((f"‹{mark}›" for mark in marks), None)


def answers_the_site(exchange: Exchange) -> bool:
    """Whether the site has its answer by this: a code, tokens or an error."""
    told = sent_back(exchange).keys() & {"error", "id_token", "access_token"}
    return exchange.endpoint in ANSWERING and bool(told or given_code(exchange))


def stops(exchange: Exchange) -> bool:
    """Whether the user is told an error on a page of ours, and the site nothing yet (`/continue/`)."""
    return exchange.endpoint in ANSWERING and urlsplit(exchange.location or "").path.endswith("/continue/")


def error_of(exchange: Exchange) -> str | None:
    """The error code that was answered, by redirect or in JSON; else the HTTP status when it says failure."""
    back = sent_back(exchange)
    if stops(exchange):
        return dict(parse_qsl(urlsplit(back.get("next", "")).query)).get("error") or "error"
    told = back.get("error") or answer(exchange).get("error")
    if isinstance(told, str) and told:
        return told
    if exchange.status is not None and exchange.status >= 400:
        return f"HTTP {exchange.status}"
    return None


def asks_for_login(exchange: Exchange) -> bool:
    """Whether this is a site's authorization request, and not the browser coming back from one of our pages."""
    asked = parameters(exchange)
    return exchange.endpoint == "authorize" and ("client_id" in asked or "request" in asked) and "pending" not in asked


def redeems(exchange: Exchange, grant_type: str) -> bool:
    """Whether this is a token request of that grant."""
    return exchange.endpoint == "token" and parameters(exchange).get("grant_type") == grant_type


def succeeded(exchange: Exchange) -> bool:
    """Whether it was answered, and not with an error."""
    return exchange.status is not None and exchange.status < 400 and error_of(exchange) is None


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_OPENING = re.compile(r"%(?:25)*E2%(?:25)*80%(?:25)*B9", re.IGNORECASE)
_CLOSING = re.compile(r"%(?:25)*E2%(?:25)*80%(?:25)*BA", re.IGNORECASE)
