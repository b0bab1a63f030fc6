"""`glc serve` as an operator meets it: a real process on a free port, always stopped at the end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest
from ports import free_port

from glc.web import LONG_BODY

GLC = [sys.executable, "-c", "from glc.cli import main; main()"]
DISCOVERY = "/.well-known/openid-configuration"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HALF_A_BODY = (
    b"POST /idp/oidc/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 100\r\n\r\ngrant_type="
)
LONGEST_WAIT_IN = 60
EXTENSION = """
import functools, hashlib, os, pathlib, time
import glc.app
from flask import request
from glc.web import csrf
from glc.worker import add_job

made = glc.app.create_app

@functools.wraps(made)
def create_app(*settings, **options):
    app = made(*settings, **options)
    csrf.exempt(digest)
    app.add_url_rule("/registry/digest", view_func=digest, methods=["POST"])
    add_job(app, "work", 1, work)
    return app

def digest():
    return hashlib.sha256(request.get_data()).hexdigest()

def work():
    mark = pathlib.Path(__file__).with_name(f"job-{os.getpid()}")
    mark.write_text("begun")
    time.sleep(0.2)
    mark.write_text("done")

glc.app.create_app = create_app
"""
"""What Python runs first in each process of `extended`: a page that reads what it is sent, and a job."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running `glc serve`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def send(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str) -> HTTPResponse:
        """Send a request on a connection of its own; the answer's body is read, `read()` gives it again."""
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=LONGEST_WAIT_IN)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
            response.read = lambda *_: content  # type: ignore[method-assign, assignment]
            return response

    def connect(self, sent: bytes = b"") -> socket.socket:
        """A bare connection on which these bytes were sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST_WAIT_IN)
        connection.sendall(sent)
        return connection

    def stop(self, number: signal.Signals) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST_WAIT_IN)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database made by the commands an operator types, with one client."""
    url = f"sqlite:///{tmp_path_factory.mktemp('serving') / 'glc.sqlite3'}"
    glc("database", "upgrade", "--database", url)
    glc("seed", "--database", url)
    glc(
        *("client", "register", "--partner", "lyon", "--name", "Site", "--client-id", "site", "--secret", "a-secret"),
        *("--redirect-uri", "https://site.example/cb", "--database", url),
    )
    return url


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with every default, for tests that leave it running."""
    with serving(database, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def extended(tmp_path: Path) -> dict[str, str]:
    """Settings with which each process of a server also has a page and a job (see `EXTENSION`)."""
    (tmp_path / "sitecustomize.py").write_text(EXTENSION)
    return {"PYTHONPATH": str(tmp_path)}


@contextlib.contextmanager
def serving(database: str, folder: Path, *, path: str = "", **settings: str) -> Iterator[Server]:
    """Serve that database until the end of the block; keyword arguments are settings."""
    port = free_port()
    log = folder / "log"
    issuer = f"http://localhost:{port}{path}/"
    environment = os.environ | {"GLC_ISSUER": issuer, "GLC_PORT": str(port), **settings}
    with log.open("wb") as output:
        process = subprocess.Popen([*GLC, "serve", "--database", database], stderr=output, env=environment)
    server = Server(process, port, log)
    try:
        wait_until_it_answers(server)
        yield server
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_IN
    while True:
        with contextlib.suppress(ConnectionError):
            server.connect().close()
            return
        assert server.process.poll() is None, server.log.read_text()
        assert time.monotonic() < deadline, server.log.read_text()
        time.sleep(0.01)


def glc(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever its exit code."""
    return subprocess.run([*GLC, *words], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_cleanly(database: str, tmp_path: Path, number: signal.Signals) -> None:
    """Exit code 0 and no traceback, with browsers still connected. SIGHUP is a terminal that was closed: what goes on
    behind it keeps the port from whoever opens the next one."""
    with serving(database, tmp_path) as server:
        idle = [server.connect(), server.connect(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")]
        assert idle[1].recv(12) == b"HTTP/1.1 200"
        assert server.stop(number) == 0
    assert "Traceback" not in server.log.read_text()
    for connection in idle:
        connection.close()


def test_who_was_told_to_outlive_the_terminal_does(database: str, tmp_path: Path) -> None:
    """As `nohup` tells: by having SIGHUP ignored from the start."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with serving(database, tmp_path) as server:
            server.process.send_signal(signal.SIGHUP)
            assert [server.send("GET", "/healthz").status for _ in range(20)] == [200] * 20
            assert server.stop(signal.SIGTERM) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_client_that_never_ends_its_request_does_not_keep_it_from_stopping(database: str, tmp_path: Path) -> None:
    with (
        serving(database, tmp_path) as server,
        server.connect(HALF_A_BODY),
        server.connect(b"GET / HTTP/1.1\r\nHost:"),
    ):
        assert server.send("GET", "/healthz").status == 200
        assert server.stop(signal.SIGTERM) == 0
    assert "Traceback" not in server.log.read_text()


def test_clients_that_never_end_their_requests_keep_nobody_else_waiting(server: Server) -> None:
    """Far more of them than requests are served at once (setting threads)."""
    slow = [server.connect(HALF_A_BODY) for _ in range(40)]
    refused = server.send("POST", "/idp/oidc/token", b"grant_type=x", **FORM)
    assert refused.status == 400
    assert json.loads(refused.read())["error"]
    for connection in slow:
        connection.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    ],
    ids=["no HTTP", "TLS", "length that is no number", "long path", "many headers"],
)
def test_what_is_not_http_is_refused_and_breaks_nothing(server: Server, sent: bytes) -> None:
    with server.connect(sent) as connection:
        assert connection.recv(10)[:10] == b"HTTP/1.1 4"
    assert server.send("GET", "/healthz").status == 200
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_one_megabyte_is_too_long(server: Server, chunked: bool) -> None:
    """With its length announced, and in chunks, which announce nothing."""
    body = b"grant_type=authorization_code&code=" + b"a" * 1_000_000
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    head = b"POST /idp/oidc/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with server.connect(head + length + b"\r\n\r\n" + sent) as connection:
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_body_in_chunks_is_read_whole(server: Server) -> None:
    """RFC 9112, 7.1: some HTTP clients send forms so."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (b"grant_type=authori", b"zation_code&code=x"))
    head = (
        b"POST /idp/oidc/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Authorization: Basic c2l0ZTphLXNlY3JldA==\r\nTransfer-Encoding: chunked\r\n"
    )
    with server.connect(head + b"Connection: close\r\n\r\n" + chunks + b"0\r\n\r\n") as connection:
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"invalid_grant" in answer


@pytest.mark.parametrize("chunked", [False, True])
def test_a_document_is_received_whole_and_a_longer_one_refused(
    database: str, tmp_path: Path, extended: dict[str, str], chunked: bool
) -> None:
    """Below /registry/, wherever the provider is mounted; nowhere else."""
    document = bytes(range(256)) * (10 * 1024 * 4)

    def send(path: str, body: bytes) -> HTTPResponse:
        pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
        return server.send("POST", path, pieces if chunked else body)

    with serving(database, tmp_path, path="/some/path", **extended) as server:
        answer = send("/some/path/registry/digest", document)
        assert (answer.status, answer.read().decode()) == (200, hashlib.sha256(document).hexdigest())
        assert send("/some/path/registry/none", document).status == 404
        for path, length in {"idp/registry/": 1_000_000, "registry/digest": LONG_BODY + 1}.items():
            head = f"POST /some/path/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
            with server.connect(head.encode() + bytes(length)) as connection:
                assert connection.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_each_process_does_its_jobs_and_ends_the_one_it_began(
    database: str, tmp_path: Path, extended: dict[str, str], workers: str
) -> None:
    with serving(database, tmp_path, GLC_WORKERS=workers, **extended) as server:
        deadline = time.monotonic() + LONGEST_WAIT_IN
        while len(marks := [*tmp_path.glob("job-*")]) < int(workers):
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.01)
        assert server.stop(signal.SIGTERM) == 0
    assert {mark.read_text() for mark in marks} == {"done"}
    assert "Traceback" not in server.log.read_text()


def test_sixty_four_connections_at_once_are_all_served(server: Server) -> None:
    """Each stores what its user asked for: on SQLite, where one writes at a time."""
    asked = {
        "client_id": "site",
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": "https://site.example/cb",
        "state": "s",
    }

    def ask(_: int) -> list[str]:
        with contextlib.closing(HTTPConnection("127.0.0.1", server.port, timeout=LONGEST_WAIT_IN)) as connection:
            connection.connect()
            seen = []
            for _ in range(3):
                connection.request("GET", f"/idp/oidc/authorize?{urlencode(asked)}")
                response = connection.getresponse()
                response.read()
                seen.append(f"{response.status} {response.headers['Location'][:12]}")
            return seen

    with ThreadPoolExecutor(64) as crowd:
        answers = [answer for each in crowd.map(ask, range(64)) for answer in each]
    assert set(answers) == {"302 /login/?next"}
    assert len(answers) == 192


def test_several_processes_serve_and_stop(database: str, tmp_path: Path) -> None:
    with serving(database, tmp_path, GLC_WORKERS="2") as server:
        family = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        if family.exists():
            assert len(family.read_text().split()) == 2
        assert [server.send("GET", DISCOVERY).status for _ in range(20)] == [200] * 20
        assert server.stop(signal.SIGTERM) == 0
        assert "Traceback" not in server.log.read_text()


def test_a_process_that_is_killed_is_replaced_and_the_log_says_so(
    database: str, tmp_path: Path, extended: dict[str, str]
) -> None:
    """As the kernel does when memory runs out: the others serve on."""

    def working(at_least: int) -> list[int]:
        deadline = time.monotonic() + LONGEST_WAIT_IN
        while len(marks := [*tmp_path.glob("job-*")]) < at_least:
            assert server.process.poll() is None, server.log.read_text()
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.01)
        return [int(mark.name.removeprefix("job-")) for mark in marks]

    with serving(database, tmp_path, GLC_WORKERS="2", **extended) as server:
        os.kill(working(at_least=2)[0], signal.SIGKILL)
        working(at_least=3)
        assert "process.lost" in server.log.read_text()
        assert server.send("GET", DISCOVERY).status == 200
        assert server.stop(signal.SIGTERM) == 0


def test_an_issuer_with_a_path_is_where_everything_is(database: str, tmp_path: Path) -> None:
    """OpenID Connect Discovery 1.0, 4.1: the well-known path is appended to the issuer."""
    with serving(database, tmp_path, path="/some/path") as server:
        document = json.loads(server.send("GET", f"/some/path{DISCOVERY}").read())
        issuer = f"http://localhost:{server.port}/some/path/"
        assert document["issuer"] == issuer
        assert document["token_endpoint"] == f"{issuer}idp/oidc/token"
        assert server.send("POST", "/some/path/idp/oidc/token", b"", **FORM).status == 400
        assert server.send("GET", DISCOVERY).status == 404


def test_a_name_can_be_listened_on(database: str, tmp_path: Path) -> None:
    with serving(database, tmp_path, GLC_HOST="localhost") as server:
        assert server.send("GET", "/healthz").status == 200


def test_a_busy_port_is_one_sentence_that_names_the_option(database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = glc("serve", "--database", database, "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert f"port {port}" in refused.stderr
    assert "--port" in refused.stderr


def test_an_unprepared_database_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    refused = glc("serve", "--port", str(free_port()), "--database", f"sqlite:///{path}")
    assert refused.returncode == 1
    assert refused.stderr == f"glc: there is no database at {path}; prepare one with: glc database upgrade\n"
    assert not path.exists()
    path.touch()
    refused = glc("serve", "--port", str(free_port()), "--database", f"sqlite:///{path}")
    assert refused.stderr == f"glc: the database sqlite:///{path} is empty; prepare it with: glc database upgrade\n"
