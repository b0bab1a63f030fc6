"""An exchange as a command to copy: each secret is a variable of the shell, to be filled in by whoever has it."""

from __future__ import annotations

import re

from testkit.journal.exchange import Exchange
from testkit.journal.reading import readable

_PLACEHOLDER = re.compile(r"‹([\w-]+):[0-9a-f]+›")
_NOT_SENT = {"host", "content-length", "connection", "cookie", "accept-encoding", "user-agent", "content-type"}


def curl(exchange: Exchange) -> str:
    """A command for a POSIX shell that sends the same request."""
    parts = ["curl --include"]
    if exchange.method not in {"GET", "POST"} or (exchange.method == "POST" and not _has_body(exchange)):
        parts.append(f"--request {exchange.method}")
    for name, value in exchange.request_headers:
        if name.lower() == "authorization" and value.startswith("Basic"):
            parts.append(f'--user {quoted(f"{exchange.client_id}:")}"$CLIENT_SECRET"')
        elif name.lower() not in _NOT_SENT:
            parts.append(f"--header {quoted(f'{name}: {value}')}")
    if exchange.form:
        parts += [f"--data-urlencode {quoted(f'{name}={value}')}" for name, value in exchange.form]
    elif exchange.request_body:
        content = next((value for name, value in exchange.request_headers if name.lower() == "content-type"), "")
        parts += [f"--header {quoted(f'Content-Type: {content}')}"] if content else []
        parts.append(f"--data-raw {quoted(exchange.request_body)}")
    parts.append(quoted(readable(exchange.url)))
    return " \\\n  ".join(parts)


def quoted(text: str) -> str:
    """A text as one word of the shell, its redacted secrets as variables: `‹code:ab12cd34›` is `"$CODE"`."""
    pieces, at = [], 0
    for found in _PLACEHOLDER.finditer(text):
        pieces += [_single(text[at : found.start()]), f'"${found[1].upper().replace("-", "_")}"']
        at = found.end()
    pieces.append(_single(text[at:]))
    return "".join(pieces) or "''"


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'" if text else ""


def _has_body(exchange: Exchange) -> bool:
    return bool(exchange.form or exchange.request_body)
