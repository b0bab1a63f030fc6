"""What a test pays for a provider of its own: the test kit, asked over HTTP by one client."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bench.journeys import REDIRECT_URI
from bench.load import Wrong
from bench.server import GLC, START_TIMEOUT_IN, STOP_TIMEOUT_IN, Cores, environment

REPEATED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Spaces:
    """Medians, in milliseconds, of single calls on a connection that is kept."""

    made: float
    """A ready, seeded space."""
    reset: float
    """The same space back to its seed."""
    login: float
    """A scripted login: from the authorization request to the answer that leads back to the site."""


def measure(cores: Cores, repeated: int = REPEATED) -> Spaces:
    """Serve the test kit and ask it. Raises `Wrong`."""
    with _serving(cores) as connection:
        made = _median(lambda: _call(connection, "POST", "/_testkit/spaces", {}), repeated)
        space = _call(connection, "POST", "/_testkit/spaces", {})
        key, where = space["control_key"], f"/_testkit/spaces/{space['id']}"
        reset = _median(lambda: _call(connection, "POST", f"{where}/reset", None, key), repeated)
        client = _call(connection, "POST", f"{where}/clients", {"redirect_uris": [REDIRECT_URI]}, key)
        asked = {
            "client_id": client["client_id"],
            "response_type": "code",
            "scope": "openid profile",
            "state": "bench",
            "redirect_uri": REDIRECT_URI,
        }
        path = f"/s/{space['id']}/idp/oidc/authorize?{urlencode(asked)}"
        login = _median(lambda: _log_in(connection, path), repeated)
    return Spaces(made=made, reset=reset, login=login)


def _median(act: Callable[[], object], repeated: int) -> float:
    act()
    times = []
    for _ in range(repeated):
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def _call(
    connection: http.client.HTTPConnection, method: str, path: str, content: object = None, key: str = ""
) -> dict[str, Any]:
    body = None if content is None else json.dumps(content)
    connection.request(method, path, body, {"Authorization": f"Bearer {key}"} if key else {})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise Wrong(f"{method} {path} answered {answer.status}: {text[:500].decode(errors='replace')}")
    found: dict[str, Any] = json.loads(text)
    return found


def _log_in(connection: http.client.HTTPConnection, path: str) -> None:
    connection.request("GET", path, headers={"X-GLC-Login": "camille"})
    answer = connection.getresponse()
    answer.read()
    if "code=" not in (answer.headers["Location"] or ""):
        raise Wrong(f"a scripted login answered {answer.status} {answer.headers['Location']}")


@contextlib.contextmanager
def _serving(cores: Cores) -> Iterator[http.client.HTTPConnection]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*GLC, "serve", "--testkit", "--port", str(port)]
    quiet = environment() | {"GLC_LOG_LEVEL": "warning"}
    process = cores.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet)
    try:
        connection = _connected(port, process)
        yield connection
        connection.close()
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_IN)


def _connected(port: int, process: subprocess.Popen[bytes]) -> http.client.HTTPConnection:
    deadline = time.monotonic() + START_TIMEOUT_IN
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_TIMEOUT_IN)
        with contextlib.suppress(OSError, Wrong):
            _call(connection, "GET", "/_testkit/health")
            return connection
        time.sleep(0.05)
    raise Wrong(f"the test kit does not answer; try: glc serve --testkit --port {port}")
