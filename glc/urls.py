"""Addresses, as browsers compare them."""

from __future__ import annotations

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> str:
    """Scheme, host and port of an address, as browsers write it in `Origin`; empty when it has none (RFC 6454, 6.2)."""
    try:
        parts = urlsplit(url)
        number = parts.port
    except ValueError:  # not a URL, or a port out of range
        return ""
    if not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{number}" if number is not None and number != _DEFAULT_PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{host}{port}"
