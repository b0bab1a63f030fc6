"""A load client in one thread: a few connections kept alive, each walking through journeys one after the other.

A journey is a generator of one operation: it yields requests and is sent their answers, and raises on a wrong one, so
that a broken server cannot look fast.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

Journey = Generator[bytes, "Answer", None]

CONNECTIONS = 8


class Wrong(Exception):
    """The server did not answer what it should."""


@dataclass(slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    head: bytes
    body: bytes

    def headers(self, name: bytes) -> list[bytes]:
        """The values of a header, by its name in lower case."""
        found = []
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == name:
                found.append(value.strip())
        return found

    def header(self, name: bytes) -> bytes:
        """The only value of a header, or nothing."""
        return (self.headers(name) or [b""])[0]

    def require(self, status: int, part: bytes = b"") -> None:
        """Raise `Wrong` unless the status is this one and the head or the body has that part."""
        if self.status != status or (part not in self.head and part not in self.body):
            shown = (self.head + b"\r\n\r\n" + self.body)[:2000].decode(errors="replace")
            raise Wrong(f"wanted {status} with {part!r}, got:\n{shown}")


@dataclass(frozen=True, slots=True)
class Pace:
    """What a run did: operations finished, and in how many seconds."""

    operations: int
    elapsed: float

    @property
    def per_second(self) -> float:
        """Operations per second."""
        return self.operations / self.elapsed


class _Connection:
    """One connection and the journey on it; journeys follow one another until `next_journey` gives None."""

    def __init__(self, address: tuple[str, int], next_journey: Callable[[], Journey | None]) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._next = next_journey
        self._journey: Journey | None = None
        self._received = b""

    def begin(self) -> bool:
        """Send the first request of the next journey; False when there is none."""
        self._journey = self._next()
        if self._journey is None:
            return False
        self.socket.sendall(next(self._journey))
        return True

    def go_on(self) -> bool:
        """Read what came; when the answer is whole, send the next request. True when the journey has ended."""
        data = self.socket.recv(65536)
        if not data:
            raise Wrong("the server closed the connection")
        self._received += data
        answer = self._whole()
        if answer is None or self._journey is None:
            return False
        try:
            self.socket.sendall(self._journey.send(answer))
        except StopIteration:
            return True
        return False

    def _whole(self) -> Answer | None:
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        answer = Answer(int(head[9:12]), head, rest)
        length = answer.header(b"content-length")
        if not length:
            raise Wrong(f"an answer without Content-Length: {head!r}")
        if len(rest) < int(length):
            return None
        self._received = b""
        return answer


def drive(
    address: tuple[str, int],
    next_journey: Callable[[], Journey | None],
    *,
    seconds: float,
    connections: int = CONNECTIONS,
) -> Pace:
    """Walk through journeys on several connections at once, for that long or until there are no more.

    Counts the journeys that end in time, or the first one if none does. Raises `Wrong` for a wrong answer, or for none
    in ten seconds.
    """
    done = 0
    selector = selectors.DefaultSelector()
    opened = [_Connection(address, next_journey) for _ in range(connections)]
    begun = now = time.perf_counter()
    try:
        for connection in opened:
            if connection.begin():
                selector.register(connection.socket, selectors.EVENT_READ, connection)
        while selector.get_map() and (now < begun + seconds or not done):
            ready = selector.select(10)
            if not ready:
                raise Wrong("no answer in ten seconds")
            for key, _ in ready:
                if key.data.go_on():
                    done += 1
                    if not key.data.begin():
                        selector.unregister(key.fileobj)
            now = time.perf_counter()
    finally:
        selector.close()
        for connection in opened:
            connection.socket.close()
    return Pace(done, now - begun)


def once(address: tuple[str, int], journey: Journey) -> None:
    """Walk through one journey."""
    remaining = [journey]
    drive(address, lambda: remaining.pop() if remaining else None, seconds=30, connections=1)
