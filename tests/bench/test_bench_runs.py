"""The benchmark's machinery: what it tells is true of a server that works, and a broken one is not measured."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from bench.__main__ import table
from bench.figures import Figures, run
from bench.load import Answer, Wrong, drive


@pytest.fixture(scope="module")
def figures() -> Figures:
    """A very short run against the real server."""
    return run(seconds=0.2)


def test_every_figure_is_measured(figures: Figures) -> None:
    """Issue, « Proof », make bench. Nothing is said of how fast: the machine decides that."""
    for name, value in dataclasses.asdict(figures).items():
        assert value is None or value > 0 or name == "pinned", name
    assert figures.memory_at_start is not None


def test_the_table_and_the_json_tell_every_figure(figures: Figures) -> None:
    text = table(figures)
    assert f"{figures.flows_per_signature:.3f}" in text
    assert "19456 KiB, 2 passes" in text
    assert json.loads(json.dumps(dataclasses.asdict(figures)))["flows"] == figures.flows


def test_a_wrong_answer_is_not_counted_but_raised() -> None:
    answer = Answer(302, b"HTTP/1.1 302 FOUND\r\nLocation: https://site.example/?error=access_denied", b"")
    with pytest.raises(Wrong, match="access_denied"):
        answer.require(302, b"code=")
    assert answer.header(b"location") == b"https://site.example/?error=access_denied"


def test_a_server_that_hangs_up_is_not_measured() -> None:
    import socket
    import threading

    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.close()

    def journey() -> Iterator[bytes]:
        yield b"GET / HTTP/1.1\r\n\r\n"

    thread = threading.Thread(target=hang_up)
    thread.start()
    with listener, pytest.raises(Wrong, match="closed the connection"):
        drive(listener.getsockname(), journey, seconds=5, connections=1)
    thread.join()
