"""What sites publish and we ask for again and again (key sets, request objects), kept in memory."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

from glc.clock import Clock
from glc.errors import FetchError
from glc.fetch import Fetched, Fetcher


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Fetched | FetchError
    asked_at: dt.datetime
    until: dt.datetime


class FetchCache:
    """Answers to GET, kept while their Cache-Control says they hold, then asked for again on condition (RFC 9111).

    An answer that says nothing holds for `unsaid_in` seconds, none for more than `longest_in`; past `most` answers, the
    one asked for longest ago goes. Every question is asked with the same headers, so Vary plays no part. What failed,
    and what holds but is asked for anew, waits `anew_after_in` seconds: neither a stranger who signs with keys of their
    own, nor a site that is down, must have us call that site at each request.
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
        """The answer; `anew` asks the site even while the kept one holds, unless it was just asked, and serves that one
        when it fails. Raises `FetchError`."""
        kept, now = self._kept.get(url), self._clock.now()
        holds = kept is not None and now < kept.until
        if kept and holds and not (anew and now >= kept.asked_at + self._anew_after):
            return _given(kept.answer)
        known = kept.answer if kept and _is_good(kept.answer) else None
        answer: Fetched | FetchError
        try:
            answer = self._fetcher.get(url, _conditions(known))
        except FetchError as error:
            answer = error
        if known and not isinstance(answer, FetchError) and answer.status == 304:
            answer = replace(known, headers={**known.headers, **answer.headers})
        if kept and known and holds and not _is_good(answer):
            self._kept[url] = replace(kept, asked_at=now)
            return known
        self._keep(url, answer, now)
        return _given(answer)

    def _keep(self, url: str, answer: Fetched | FetchError, now: dt.datetime) -> None:
        fresh_in = fresh_for(answer.headers, self._unsaid_in) if _is_good(answer) else self._anew_after.seconds
        with self._turn:
            self._kept.pop(url, None)
            if fresh_in is None:
                return
            self._kept[url] = _Kept(answer, now, now + dt.timedelta(seconds=min(fresh_in, self._longest_in)))
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]


def _is_good(answer: Fetched | FetchError) -> TypeGuard[Fetched]:
    return isinstance(answer, Fetched) and answer.status == 200


def _given(answer: Fetched | FetchError) -> Fetched:
    if isinstance(answer, FetchError):
        raise FetchError(answer.message, detail=answer.detail)
    return answer


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


def _conditions(known: Fetched | None) -> dict[str, str]:
    """The headers that ask for an answer only if it is not the known one any more (RFC 9110, 13.1)."""
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    headers = known.headers if known else {}
    return {names[name]: headers[name] for name in names if name in headers}
