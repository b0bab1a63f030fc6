"""A site for the provider to call: it runs on this machine and gives prepared answers."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
from collections.abc import Callable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class CannedSite:
    """Listens on 127.0.0.1; each connection brings one request, and takes the next of `answers`, or `OK`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: list[bytes | Callable[[socket.socket], object]] = []
        """Bytes to send, or what to do with the connection."""
        self.asked: list[bytes] = []
        """The requests, head and body."""
        self.names: list[str | None] = []
        """What TLS was told as the server's name (SNI)."""
        self.converse: Callable[[socket.socket], object] = self._answer
        """What is done with a connection, for a site that does not even read."""
        self._tls = tls
        if tls:
            tls.sni_callback = lambda _connection, name, _context: self.names.append(name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address, under a name that only tests know."""
        return f"{'https' if self._tls else 'http'}://site.example:{self.port}/"

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def stop(self) -> None:
        """Stop listening, when the last conversation is over."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                with connection:
                    self.converse(connection)
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as incoming:
            self.asked.append(_request(incoming))
        answer = self.answers.pop(0) if self.answers else OK
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)


def _request(incoming: io.BufferedIOBase) -> bytes:
    head, length = b"", 0
    while (line := incoming.readline()) not in {b"", b"\r\n"}:
        head += line
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + b"\r\n" + incoming.read(length)
