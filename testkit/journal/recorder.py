"""The journal of a space: exchanges are kept as they came, and redacted when somebody looks."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glc.clock import Deadline, stopwatch
from testkit.journal.exchange import Exchange, TokenSeen
from testkit.journal.redaction import Pairs, Redaction, decoded
from testkit.request import ClientCredentials, Request

MOST = 5_000
"""Exchanges kept; the oldest go first."""
LONGEST_BODY = 64 * 1024
MOST_SECRETS = 20 * MOST
"""Secrets whose kind is remembered; the oldest go first, long after their exchanges."""
Who = Callable[["Raw"], tuple[str | None, str | None]]
"""Tells which client and which account (its uuid) an exchange was about."""


@dataclass(slots=True)
class Raw:
    """An exchange as it came."""

    id: int
    at: dt.datetime
    began: float
    duration_in: float
    asked: Request
    outgoing: bool = False
    status: int | None = None
    headers: Pairs = ()
    body: bytes = b""
    faults: tuple[str, ...] = ()
    shown: Exchange | None = None
    """It, redacted, once somebody looked."""

    def header(self, name: str) -> str:
        """One header of the answer, empty if there is none."""
        return next((value for each, value in self.headers if each.lower() == name), "")


class Journal:
    """What a space's site, its visitors and the space itself exchanged, oldest first."""

    def __init__(self, key: bytes, who: Who) -> None:
        self._key, self._who = key, who
        self._raw: deque[Raw] = deque(maxlen=MOST)
        self._kinds: dict[str, str] = {}
        self._next = 1
        self._began = stopwatch()
        self._news = threading.Condition()

    def elapsed(self) -> float:
        """Seconds since the journal began, in real time."""
        return stopwatch() - self._began

    def add(
        self,
        asked: Request,
        at: dt.datetime,
        began: float,
        *,
        outgoing: bool = False,
        status: int | None = None,
        headers: Pairs = (),
        body: bytes = b"",
        faults: tuple[str, ...] = (),
    ) -> None:
        """Note an exchange that is over; `began` is what `elapsed` told when it began."""
        with self._news:
            took = self.elapsed() - began
            kept = body[:LONGEST_BODY] if asked.endpoint != "static" else b""
            if len(asked.body) > LONGEST_BODY:
                asked = dataclasses.replace(asked, body=asked.body[:LONGEST_BODY])
            self._raw.append(Raw(self._next, at, began, took, asked, outgoing, status, headers, kept, faults))
            self._next += 1
            self._news.notify_all()

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        with self._news:
            self._raw.clear()
            self._kinds.clear()

    def exchanges(self, after: int = 0) -> Sequence[Exchange]:
        """Those whose number is greater, redacted."""
        with self._news:
            raw = [each for each in self._raw if each.id > after]
            # in order: what a bare `token` is has been seen before
            return [each.shown or self._show(each) for each in raw]

    def wait(self, met: Callable[[Sequence[Exchange]], bool], after: int, timeout_in: float) -> Sequence[Exchange]:
        """The exchanges after one, once they meet a condition or the time is over."""
        deadline = Deadline(timeout_in)
        while True:
            with self._news:
                found = self.exchanges(after)
                if met(found):
                    return found
                newest = self._next
                try:
                    self._news.wait_for(lambda newest=newest: self._next != newest, deadline.left())  # type: ignore[misc]
                except TimeoutError:
                    return found

    def _show(self, raw: Raw) -> Exchange:
        raw.shown = shown = self._exchange(raw)
        while len(self._kinds) > MOST_SECRETS:
            del self._kinds[next(iter(self._kinds))]
        return shown

    def _exchange(self, raw: Raw) -> Exchange:
        asked, redaction = raw.asked, Redaction(self._key, self._kinds)
        query = redaction.pairs(asked.query_string)
        form = redaction.pairs(asked.body_text) if asked.is_form else ()
        request_headers = redaction.headers(asked.headers)
        location = raw.header("location")
        url = redaction.address(asked.url)
        shown_location = redaction.address(location) if location else None
        response_headers = redaction.headers(raw.headers)
        body = redaction.body(raw.body.decode("utf-8", "replace"), raw.header("content-type"))
        credentials = ClientCredentials.of(asked)
        client_id, account = self._who(raw)
        return Exchange(
            id=raw.id,
            at=raw.at,
            began=raw.began,
            duration_in=raw.duration_in,
            outgoing=raw.outgoing,
            endpoint=asked.endpoint,
            method=asked.method,
            url=url,
            query=query,
            form=form,
            request_headers=request_headers,
            status=raw.status,
            response_headers=response_headers,
            location=shown_location,
            body=body,
            request_body=redaction.body(asked.body_text, asked.header("content-type")) if not asked.is_form else "",
            tokens=tuple(TokenSeen(where, *decoded(token)) for where, token in redaction.tokens.items()),
            client_id=client_id,
            client_authentication=credentials.method,
            account=account,
            marks=frozenset(redaction.marks),
            faults=raw.faults,
        )
