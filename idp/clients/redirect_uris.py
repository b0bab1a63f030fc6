"""Whether an address is one that the client registered."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

MAX_LENGTH = 1024
DEFAULT_PORTS = {"http": 80, "https": 443}


def is_registered(requested: str, registered: Iterable[str], *, flexible: bool) -> bool:
    """Compare as simple strings (OpenID Connect Core 1.0, 3.1.2.1), or with the real service's tolerance: a final
    slash and an explicit default port are ignored; a registered `*` host covers its subdomains, a registered path
    `/x*` what lies below, `?*` and `#*` any query and fragment."""
    if len(requested) > MAX_LENGTH or any(letter.isspace() or not letter.isprintable() for letter in requested):
        return False
    if not flexible:
        return requested in registered
    return any(_matches(requested, each) for each in registered)


def _matches(requested: str, registered: str) -> bool:
    if requested == registered:
        return True
    try:
        asked, known = urlsplit(requested), urlsplit(registered)
        same_place = asked.scheme == known.scheme and _port(asked) == _port(known)
    except ValueError:  # not a URL, or a port out of range
        return False
    return (
        same_place
        and not asked.username
        and not asked.password
        and "\\" not in requested
        and _same_host(asked, known)
        and _same_path(asked.path, known.path)
        and _same_rest(asked.query, known.query)
        and _same_rest(asked.fragment, known.fragment)
    )


def _port(parts: SplitResult) -> int | None:
    return parts.port or DEFAULT_PORTS.get(parts.scheme)


def _same_host(asked: SplitResult, known: SplitResult) -> bool:
    host, pattern = asked.hostname or "", known.hostname or ""
    if pattern.startswith("*"):
        domain = pattern.lstrip("*").lstrip(".")
        return bool(domain) and (host == domain or host.endswith("." + domain))
    return host == pattern


def _same_path(asked: str, known: str) -> bool:
    if known.endswith("*"):
        root = known.rstrip("*").rstrip("/")
        climbs = ".." in asked.lower().replace("%2e", ".")
        return not climbs and (asked.rstrip("/") == root or asked.startswith(root + "/"))
    return asked.rstrip("/") == known.rstrip("/")


def _same_rest(asked: str, known: str) -> bool:
    return known == "*" or asked == known
