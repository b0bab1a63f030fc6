"""What sites publish and we ask for again and again (key sets, lists of redirect URIs), kept in memory."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from glc.clock import Clock
from glc.fetch import Fetched, Fetcher


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Fetched
    asked_at: dt.datetime
    until: dt.datetime


class FetchCache:
    """Answers to GET, kept while their Cache-Control says they hold, then asked for again on condition (RFC 9111).

    Only status 200 is kept. An answer that says nothing holds for `unsaid_in` seconds, none for more than
    `longest_in`; past `most` answers, the one asked for longest ago goes. Every question is asked with the same
    headers, so Vary plays no part. One that holds is asked for anew `anew_after_in` seconds after the last time at the
    earliest: a stranger who names unknown keys must not have us call a site at each request.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        clock: Clock,
        *,
        unsaid_in: int = 60,
        longest_in: int = 86_400,
        most: int = 200,
        anew_after_in: int = 5,
    ) -> None:
        self._fetcher, self._clock = fetcher, clock
        self._unsaid_in, self._longest_in, self._most = unsaid_in, longest_in, most
        self._anew_after = dt.timedelta(seconds=anew_after_in)
        self._kept: dict[str, _Kept] = {}
        self._turn = threading.Lock()

    def get(self, url: str, *, anew: bool = False) -> Fetched:
        """The answer; `anew` asks the site even while the kept one holds, unless it was just asked. Raises
        `FetchError`."""
        kept, now = self._kept.get(url), self._clock.now()
        if kept and now < kept.until and not (anew and now >= kept.asked_at + self._anew_after):
            return kept.answer
        answer = self._fetcher.get(url, _conditions(kept))
        if kept and answer.status == 304:
            answer = replace(kept.answer, headers={**kept.answer.headers, **answer.headers})
        self._keep(url, answer, now)
        return answer

    def _keep(self, url: str, answer: Fetched, now: dt.datetime) -> None:
        fresh_in = fresh_for(answer.headers, self._unsaid_in) if answer.status == 200 else None
        with self._turn:
            self._kept.pop(url, None)
            if fresh_in is None:
                return
            self._kept[url] = _Kept(answer, now, now + dt.timedelta(seconds=min(fresh_in, self._longest_in)))
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]


def fresh_for(headers: Mapping[str, str], unsaid_in: int) -> int | None:
    """How many seconds an answer holds; 0 when it must be asked about each time, None when it may not be kept."""
    said = {}
    for directive in headers.get("cache-control", "").lower().split(","):
        name, _, value = directive.strip().partition("=")
        said[name] = value.strip('"')
    if "no-store" in said:
        return None
    if "no-cache" in said:
        return 0
    if "max-age" not in said:
        return unsaid_in
    return max(0, _seconds(said["max-age"]) - _seconds(headers.get("age", "")))


def _seconds(text: str) -> int:
    """Digits as a number; what is no number counts as 0, so that a doubtful answer is asked for again."""
    return int(text[:10]) if text.isascii() and text.isdigit() else 0


def _conditions(kept: _Kept | None) -> dict[str, str]:
    """The headers that ask for an answer only if it is not the kept one any more (RFC 9110, 13.1)."""
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    known = kept.answer.headers if kept else {}
    return {names[name]: known[name] for name in names if name in known}
