"""What may happen to the connection itself: late, silent, cut or endless answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from glc.clock import pause
from testkit.faults.engine import ActiveFault
from testkit.faults.fault import Answer

MIB = 1024 * 1024
FLUSHED_IN = 0.1
"""Seconds the server is left to send what it has, before it is told to hang up."""


class ConnectionCut(Exception):
    """Raised in the middle of an answer, so that the server hangs up."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer that goes out otherwise than whole; `answer` is what is noted of it."""

    answer: Answer | None
    start: Callable[[Callable[..., object]], Iterable[bytes]]


def disturb(fault: ActiveFault, answer: Answer) -> Begun | None:
    """Do to an answer what the fault's `transport` says; None: it goes out whole after all, only later."""
    seconds = float(fault.options.get("seconds", 0))
    kind = fault.spec.transport
    if kind == "delay":
        pause(seconds)
        return None
    if kind == "hang":
        return Begun(None, lambda start: _silence(start, seconds))
    if kind == "reset":
        return Begun(None, lambda start: _cut(start, answer, 0))
    if kind == "truncate":
        return Begun(answer, lambda start: _cut(start, answer, len(answer.body) // 2))
    return Begun(answer, lambda start: _huge(start, answer, int(fault.options.get("mib", 32))))


def _headers(answer: Answer, length: int) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
    return [*kept, ("Content-Length", str(length))]


def _cut(start: Callable[..., object], answer: Answer, after: int) -> Iterable[bytes]:
    start(f"{answer.status} OK", _headers(answer, max(len(answer.body), 1)))
    return _then_hang_up(answer.body[:after])


def _then_hang_up(part: bytes) -> Iterator[bytes]:
    if part:
        yield part
        pause(FLUSHED_IN)
    raise ConnectionCut


def _silence(start: Callable[..., object], seconds: float) -> Iterable[bytes]:
    pause(seconds)
    start("504 Gateway Timeout", [("Content-Length", "0")])
    return [b""]


def _huge(start: Callable[..., object], answer: Answer, mib: int) -> Iterable[bytes]:
    start(f"{answer.status} OK", _headers(answer, len(answer.body) + mib * MIB))
    return itertools.chain([answer.body], itertools.repeat(b" " * MIB, mib))
