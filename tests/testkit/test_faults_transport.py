"""The faults of the way between site and provider, met over a real connection to `glc serve --testkit`."""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from served import LONGEST_IN, served_testkit

from testkit.faults.catalogue import CATALOGUE

GLC = [sys.executable, "-c", "from glc.cli import main; main()"]
PATIENCE_IN = 1.0
"""Seconds after which the site gives a call up."""
MIB = 1024 * 1024


@dataclass(frozen=True)
class Got:
    """What one call of the site came to."""

    status: int | None
    headers: dict[str, str]
    body: bytes
    failure: str
    took_in: float


@dataclass(frozen=True)
class Space:
    """A space of a provider that listens."""

    port: int
    path: str
    control: str
    key: str

    def ask(self, endpoint: str = "/.well-known/openid-configuration", patience_in: float = LONGEST_IN) -> Got:
        """Ask for something, by a new connection, and wait so long at most for each part."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience_in)
        status, headers, body, failure = None, {}, b"", ""
        try:
            connection.request("GET", self.path + endpoint, headers={"Host": f"localhost:{self.port}"})
            answer = connection.getresponse()
            status, headers = answer.status, {name.lower(): value for name, value in answer.getheaders()}
            body = answer.read()
        except http.client.IncompleteRead as error:
            failure, body = "IncompleteRead", error.partial
        except (OSError, http.client.HTTPException) as error:
            failure = type(error).__name__
        finally:
            connection.close()
        return Got(status, headers, body, failure, time.monotonic() - began)

    def call(self, method: str, path: str, content: Any = None) -> Any:
        """A call of the control interface."""
        return call(self.port, method, self.control + path, content, self.key)


def call(port: int, method: str, path: str, content: Any = None, key: str = "") -> Any:
    """A call that succeeds; what it answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_IN)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(content) if content is not None else None, headers)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    assert answer.status < 300, told
    return json.loads(told) if told else None


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where `glc serve --testkit` listens."""
    with served_testkit(tmp_path_factory.mktemp("served")) as url:
        yield urlsplit(url).port


@pytest.fixture
def space(port: int) -> Iterator[Space]:
    """A space of its own."""
    made = call(port, "POST", "/_testkit/spaces", {"dialect": "standard"})
    path = urlsplit(made["issuer"]).path.rstrip("/")
    found = Space(port, path, urlsplit(made["control_url"]).path, made["control_key"])
    yield found
    found.call("DELETE", "")


Shows = Callable[[Got], bool]
EVIDENCE: dict[str, tuple[Shows, dict[str, float]]] = {
    "transport_reset": (lambda got: bool(got.failure) and got.body == b"", {}),
    "transport_cut": (lambda got: bool(got.failure) and got.status == 200 and len(got.body) > 0, {}),
    "transport_slow": (lambda got: got.status == 200 and got.took_in >= 0.4 and got.body[:1] == b"{", {"seconds": 0.4}),
    "transport_mobile": (lambda got: got.status == 200 and got.took_in >= 0.4 and got.body[:1] == b"{", {}),
    "transport_hang": (lambda got: got.failure == "TimeoutError" and got.status is None, {"seconds": 2}),
    "transport_huge": (
        lambda got: got.status == 200 and len(got.body) > 3 * MIB and bool(json.loads(got.body)),
        {"mib": 3},
    ),
    "transport_deep": (lambda got: got.status == 200 and got.body.startswith(b"[" * 100_000), {}),
    "transport_error": (
        lambda got: got.status == 503 and json.loads(got.body)["error"] == "temporarily_unavailable",
        {},
    ),
    "transport_redirect_loop": (
        lambda got: got.status == 307 and got.headers["location"].endswith("/.well-known/openid-configuration"),
        {},
    ),
    "transport_redirect_elsewhere": (lambda got: got.status == 302 and ".invalid" in got.headers["location"], {}),
    "transport_not_gzip": (
        lambda got: got.headers.get("content-encoding") == "gzip" and got.body[:1] == b"{",
        {},
    ),
    "transport_empty": (lambda got: (got.status, got.body) == (200, b""), {}),
}


def test_no_fault_lacks_evidence() -> None:
    """Issue, « Proof »."""
    assert {name for name, each in CATALOGUE.items() if each.family == "transport"} == EVIDENCE.keys()


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_fault_of_transport_shows_within_its_scope(space: Space, name: str) -> None:
    """Issue, point 4: at its endpoint, once, and not any more when it was taken back."""
    shows, options = EVIDENCE[name]

    def met() -> tuple[Got, bool]:
        got = space.ask(patience_in=PATIENCE_IN)
        return got, shows(got)

    assert met()[0].status == 200
    planned = {"name": name, "endpoint": "discovery", "options": options}
    space.call("POST", "/faults", {**planned, "endpoint": "jwks"})
    assert not met()[1], "another endpoint is concerned"
    space.call("DELETE", "/faults")
    space.call("POST", "/faults", {**planned, "times": 1})
    got, shown = met()
    assert shown, got
    assert not met()[1], "it goes on after the last time"
    always = space.call("POST", "/faults", planned)
    assert met()[1]
    space.call("DELETE", f"/faults/{always['id']}")
    got, shown = met()
    assert not shown
    assert got.status == 200


def test_a_site_that_waits_keeps_nobody_else_waiting(space: Space, port: int) -> None:
    """A call that hangs takes no turn of the others."""
    space.call("POST", "/faults", {"name": "transport_hang", "endpoint": "jwks", "options": {"seconds": 3}})
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    try:
        for each in waiting:
            each.sendall(f"GET {space.path}/idp/oidc/certs HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        got = space.ask(patience_in=2)
        assert (got.status, got.failure) == (200, "")
    finally:
        for each in waiting:
            each.close()
