"""What the plugin does by itself."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pytest_grandlyonconnect import Callback, NotServed, Refused, Space
from pytest_grandlyonconnect.diagram import draw
from pytest_grandlyonconnect.server import Desk, OwnServer, Server

PACKAGE = Path(__file__).resolve().parents[2] / "pytest_plugin" / "pytest_grandlyonconnect"


class Control(ThreadingHTTPServer):
    """Answers what it is told to, and keeps what it was asked."""

    answers: dict[str, tuple[int, Any]]
    asked: list[tuple[str, Any, str | None]]


class _Handler(BaseHTTPRequestHandler):
    server: Control

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        self.server.asked.append((f"{self.command} {self.path}", content, self.headers["Authorization"]))
        status, said = self.server.answers.get(f"{self.command} {self.path}", (200, {}))
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_POST  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def control() -> Iterator[Control]:
    """A control API that only this test knows."""
    server = Control(("127.0.0.1", 0), _Handler)
    server.answers, server.asked = {}, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def space(control: Control) -> Space:
    """A space there."""
    base = f"http://127.0.0.1:{control.server_port}"
    told = {"id": "x", "issuer": f"{base}/s/x/", "dialect": "standard", "control_url": base, "control_key": "key"}
    return Space({**told, "inspector_url": f"{base}/inspector/x/"})


def test_it_imports_pytest_and_the_standard_library_only() -> None:
    """House, section 2: none of the simulator's folders; the container's package in the one module that needs it."""
    imported = {}
    for path in PACKAGE.glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
        imported[path.stem] = {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert imported.pop("testcontainers") == {"pytest_grandlyonconnect", "testcontainers"}
    assert set().union(*imported.values()) == {"pytest_grandlyonconnect", "pytest"}


def test_what_the_simulator_refuses_is_told_in_its_own_words(control: Control, space: Space) -> None:
    """RFC 9457: `detail` is the exception's text."""
    control.answers["POST /faults"] = (422, {"title": "Unprocessable", "detail": "no fault is named « nonce »"})
    with pytest.raises(Refused, match=r"^no fault is named « nonce »") as refused:
        space.fault("nonce")
    assert refused.value.status == 422


def test_each_call_carries_the_spaces_key(control: Control, space: Space) -> None:
    """A control call without its key is an error."""
    space.clock.advance(minutes=5, seconds=1)
    assert control.asked == [("POST /clock/advance", {"seconds": 301.0}, "Bearer key")]


def test_a_fault_is_cleared_when_its_block_ends_even_by_an_error(control: Control, space: Space) -> None:
    """Nothing of a test that fails is left to what follows in it."""
    control.answers["POST /faults"] = (201, {"id": "7", "name": "nonce_wrong"})
    with pytest.raises(ZeroDivisionError), space.fault("nonce_wrong", client="c", times=2, by="one"):
        raise ZeroDivisionError
    sent = {"name": "nonce_wrong", "client_id": "c", "times": 2, "options": {"by": "one"}}
    assert [asked[:2] for asked in control.asked] == [("POST /faults", sent), ("DELETE /faults/7", None)]


def test_clearing_a_spent_fault_is_no_error(control: Control, space: Space) -> None:
    """Its times are used up, or all were cleared."""
    control.answers |= {"POST /faults": (201, {"id": 7, "name": "slow"}), "DELETE /faults/7": (404, {})}
    control.answers["GET /faults"] = (200, {"faults": []})
    with space.fault("slow"):
        pass


@pytest.mark.parametrize(("applied", "must_act", "fails"), [(0, True, True), (1, True, False), (0, False, False)])
def test_a_fault_that_never_acted_fails_the_test(
    control: Control, space: Space, applied: int, must_act: bool, fails: bool
) -> None:
    """Peers, 5: a test whose fault finds nothing to act on is vacuous, and would pass in silence."""
    told = {"id": 7, "name": "slow", "client_id": None, "account": None, "endpoint": "token", "applied": applied}
    control.answers |= {"POST /faults": (201, told), "GET /faults": (200, {"faults": [told]})}
    outcome = pytest.raises(AssertionError, match=r"slow never acted.*endpoint token") if fails else nullcontext()
    with outcome, space.fault("slow", must_act=must_act):
        pass
    assert control.asked[-1][0] == "DELETE /faults/7"


def test_an_expectation_that_fails_says_what_was_seen(control: Control, space: Space) -> None:
    """One line for each that failed, none for those that passed."""
    results = [
        {"name": "pkce_s256", "passed": False, "message": "no code_challenge was sent", "exchanges": [4, 9]},
        {"name": "nonce_sent", "passed": True, "message": "a nonce was sent", "exchanges": [4]},
    ]
    control.answers["POST /journal/assertions"] = (200, {"passed": False, "results": results})
    with pytest.raises(AssertionError) as failed:
        space.journal.expect("pkce_s256", jwks_fetched_at_most=1, client_authenticated_by="none", client="c")
    assert str(failed.value) == "pkce_s256: no code_challenge was sent (exchange 4, 9)"
    assert control.asked[0][1] == {
        "client_id": "c",
        "assertions": [
            "pkce_s256",
            {"name": "jwks_fetched_at_most", "n": 1},
            {"name": "client_authenticated_by", "method": "none"},
        ],
    }


def test_waiting_in_vain_shows_what_came_instead(control: Control, space: Space) -> None:
    """Instead of sleeping."""
    control.answers["POST /journal/wait"] = (200, {"met": False, "exchanges": []})
    control.answers["GET /journal"] = (200, {"exchanges": [exchange(1, "authorize", status=302)]})
    with pytest.raises(AssertionError, match=r"1 × endpoint token expected within 0 s, 0 came\n\n.*browser"):
        space.journal.wait_for("token", timeout_in=0)


def test_an_instant_without_zone_is_refused(space: Space) -> None:
    """It would be another instant on another machine."""
    with pytest.raises(ValueError, match="time zone"):
        space.clock.set(dt.datetime(2026, 1, 1))


def test_nobody_there_is_said_in_one_sentence(space: Space, control: Control) -> None:
    """No traceback of sockets."""
    space.control_url = "http://127.0.0.1:1"
    with pytest.raises(NotServed, match=r"does not answer at http://127.0.0.1:1/clock"):
        space.clock.now()


def test_a_provider_without_test_powers_is_said_in_one_sentence(control: Control) -> None:
    """`glc serve` without `--testkit` answers a whole page."""
    control.answers["GET /_testkit/health"] = (404, "<!doctype html>")
    with pytest.raises(NotServed, match=r"has no test powers \(404\): start it with `glc serve --testkit`$"):
        Server(f"http://127.0.0.1:{control.server_port}/").health()


@pytest.mark.parametrize("module", ["space", "wire", "walker", "journal"])
def test_a_test_that_fails_shows_its_own_lines(module: str) -> None:
    """The plugin's frames hold the space's key, and say nothing to a site's developer."""
    assert importlib.import_module(f"pytest_grandlyonconnect.{module}").__tracebackhide__ is True


def test_a_callback_is_an_address_and_what_it_says() -> None:
    """A `str`, so that any client can open it."""
    assert Callback("http://site/cb?code=a%20b&state=") == "http://site/cb?code=a%20b&state="
    assert Callback("http://site/cb?code=a%20b&state=").parameters == {"code": "a b", "state": ""}
    assert Callback("http://site/cb#code=a").parameters == {"code": "a"}
    posted = Callback("http://site/cb", {"code": "a"})
    assert (posted.posted, posted.parameters) == (True, {"code": "a"})


def exchange(number: int, endpoint: str, **more: Any) -> dict[str, Any]:
    """An exchange, as the journal tells it."""
    return {"id": number, "endpoint": endpoint, "method": "GET", "url": f"http://glc/{endpoint}?x=1", **more}


def test_the_diagram_has_an_arrow_for_each_request_and_answer() -> None:
    """Who talks to whom is seen at a glance."""
    drawn = draw(
        [
            exchange(1, "authorize", query=[["scope", "openid"]], status=302, location="http://site/cb?code=‹code:1›"),
            exchange(2, "static", status=200),
            exchange(3, "token", status=400, body='{"error":\n "invalid_grant"}', client_authentication="basic"),
            exchange(10, "backchannel_logout", outgoing=True, status=200, faults=["logout_token_alg_none"]),
        ]
    )
    assert drawn.splitlines() == [
        "    browser    site       GrandLyonConnect",
        " 1  ├────────────────────▶│  GET /authorize scope=openid",
        "    │◀────────────────────┤  302 → http://site/cb?code=‹code:1›",
        " 3  │          ├─────────▶│  GET /token [basic]",
        '    │          │◀─────────┤  400 {"error": "invalid_grant"}',
        "10  │          │◀─────────┤  GET /backchannel_logout",
        "    │          ├─────────▶│  200 ⚡ logout_token_alg_none",
    ]


def test_all_workers_are_told_the_same_at_their_desk() -> None:
    """pytest-xdist: whoever asks, however many at once, gets the same answer; here, why there is no simulator."""
    desk = Desk(OwnServer("no-such-command"))

    def ask(_: int) -> str:
        with pytest.raises(NotServed) as error:
            Desk.ask(desk.place)
        return str(error.value)

    with ThreadPoolExecutor(8) as workers:
        said = set(workers.map(ask, range(16)))
    desk.close()
    assert len(said) == 1
    assert "no-such-command" in said.pop()
