"""JSON over HTTP, with the standard library only, so that nothing is added to the site's own dependencies."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from pytest_grandlyonconnect.errors import NotServed, Refused

__tracebackhide__ = True

TIMEOUT_IN = 30
"""Seconds the control API has to answer; waiting for the journal adds its own."""


def call(
    method: str,
    url: str,
    content: Any = None,
    *,
    key: str | None = None,
    media_type: str = "application/json",
    longest_in: float = TIMEOUT_IN,
) -> Any:
    """What the control API answers: parsed JSON, text when it is none, None when it is empty.

    `content` is sent as JSON, or as it is when it is bytes. Proxies of the environment are not used: the simulator is
    next door. Raises `NotServed` when nobody answers and `Refused` with the simulator's own sentence.
    """
    headers = {"Accept": "application/json"}
    body = None
    if content is not None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers["Content-Type"] = media_type
    if key:
        headers["Authorization"] = f"Bearer {key}"
    status, said = exchange(method, url, body, headers, longest_in)
    told: Any = said.decode(errors="replace") or None
    if told:
        with contextlib.suppress(ValueError):
            told = json.loads(told)
    if status >= 400:
        raise Refused(f"{method} {url}", status, told if isinstance(told, dict) else {"detail": told})
    return told


def exchange(
    method: str, url: str, body: bytes | None, headers: dict[str, str], longest_in: float = TIMEOUT_IN
) -> tuple[int, bytes]:
    """One request and its answer's status and body."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=longest_in)
    try:
        connection.request(method, f"{parts.path or '/'}?{parts.query}".rstrip("?"), body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise NotServed(f"GrandLyonConnect's simulator does not answer at {url}: {reason}") from error
    finally:
        connection.close()
