"""A site's address for back-channel logouts: a real HTTP server that verifies each logout token with the provider's
published keys, as Back-Channel Logout 1.0, section 2.6 asks, and says what it is told to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import jwt

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Receiver:
    """What it was sent, and what it answers, after doing what it does before."""

    url: str
    status: int = 200
    before_answer: Callable[[], object] = lambda: None
    forms: list[list[tuple[str, str]]] = field(default_factory=list)
    types: list[str | None] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def tokens(self) -> list[str]:
        """The logout tokens, oldest first; nothing else may be in the form."""
        assert all([name for name, _ in form] == ["logout_token"] for form in self.forms), self.forms
        return [form[0][1] for form in self.forms]

    def said(self, read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        """What the latest token says, checked; `read` verifies a signature."""
        token = self.tokens[-1]
        claims = read(token)
        assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
        assert claims["events"] == {EVENT: {}}
        assert "nonce" not in claims
        assert claims["sub"]
        assert claims["sid"]
        assert claims["jti"]
        assert 0 < claims["exp"] - claims["iat"] <= 120
        return claims


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Serve one until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.types.append(self.headers["Content-Type"])
            receiver.forms.append(parse_qsl(body, keep_blank_values=True))
            receiver.arrived.release()
            receiver.before_answer()
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/logout?keep=1")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def listed(text: str) -> list[dict[str, Any]]:
    """What `glc logout list --json` printed."""
    found: list[dict[str, Any]] = json.loads(text)
    return found
