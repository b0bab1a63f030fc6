"""Ports for the programs that tests start."""

from __future__ import annotations

import contextlib
import random
import socket

PORTS = range(20_000, 32_768)
"""Below those that systems hand out to callers: one of these could belong to a caller's end of some connection by the
time a program wants to listen there."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports were tried, and none is free")
