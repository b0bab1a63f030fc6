"""A connection whose every wait ends with one deadline, and whose patience with long answers ends too."""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any

from glc.clock import Deadline


class Wire:
    """What `http.client` takes for a socket. Its methods raise `TimeoutError` when the deadline is over.

    A socket's own time-out starts again with each byte that arrives. Bytes are counted here, below HTTP, because
    `http.client` takes a chunk of length -1 for « all there is » and would read it into memory.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline, most: int) -> None:
        self._connection, self._deadline, self._most = connection, deadline, most

    def sendall(self, content: bytes) -> None:
        left = memoryview(content)
        while left:
            self._connection.settimeout(self._deadline.left())
            left = left[self._connection.send(left) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._connection, self._deadline, self._most))

    def close(self) -> None:
        """Nothing: whoever made the connection closes it."""


class _Incoming(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: Deadline, most: int) -> None:
        self._connection, self._deadline, self._left = connection, deadline, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._deadline.left())
        received = self._connection.recv_into(buffer)
        self._left -= received
        if self._left < 0:
            raise http.client.HTTPException("an answer without end")
        return received
