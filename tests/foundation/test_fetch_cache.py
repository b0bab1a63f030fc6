"""What sites publish is asked for when it may have changed, and not before (RFC 9111)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from glc.clock import ManualClock
from glc.errors import FetchError
from glc.fetch import Fetched
from glc.fetch_cache import FetchCache

URL = "https://site.example/jwks"


class Publisher:
    """Stands for the fetcher: gives the next of the prepared answers and remembers the headers it was asked with."""

    def __init__(self, *answers: Fetched | FetchError) -> None:
        self.answers = list(answers)
        self.asked: list[Mapping[str, str]] = []

    def get(self, _url: str, headers: Mapping[str, str]) -> Fetched:
        self.asked.append(headers)
        answer = self.answers.pop(0)
        if isinstance(answer, FetchError):
            raise answer
        return answer


def ok(body: bytes, control: str = "", **headers: str) -> Fetched:
    control_header = {"cache-control": control} if control else {}
    return Fetched(200, control_header | {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("control", "age", "holds_in"),
    [
        ("max-age=600", "0", 600),
        ('public, Max-Age="600"', "0", 600),
        ("max-age=600", "200", 400),
        ("public", "0", 60),
        ("", "0", 60),
        ("max-age=99999999", "0", 86_400),
    ],
)
def test_an_answer_holds_as_long_as_it_says(control: str, age: str, holds_in: int, clock: ManualClock) -> None:
    """4.2.1; a minute when it says nothing, a day at the most: keys are replaced in an emergency too."""
    site = Publisher(ok(b"old", control, age=age), ok(b"new"))
    cache = FetchCache(site, clock)
    assert cache.get(URL).body == b"old"
    clock.advance(seconds=holds_in - 1)
    assert cache.get(URL).body == b"old"
    clock.advance(seconds=1)
    assert cache.get(URL).body == b"new"


@pytest.mark.parametrize("control", ["no-cache, max-age=600", "max-age=0", "max-age=soon", "no-store, max-age=600"])
def test_an_answer_that_may_not_be_relied_on_is_asked_for_each_time(control: str, clock: ManualClock) -> None:
    """5.2.2."""
    site = Publisher(ok(b"old", control), ok(b"new"))
    cache = FetchCache(site, clock)
    assert [cache.get(URL).body for _ in range(2)] == [b"old", b"new"]


def test_an_answer_that_did_not_change_is_not_sent_again(clock: ManualClock) -> None:
    """4.3: what the site says with 304 holds from then on."""
    site = Publisher(
        ok(b"keys", "max-age=10", etag='"1"', last_modified="Mon, 02 Mar 2026 11:00:00 GMT"),
        Fetched(304, {"cache-control": "max-age=600"}, b""),
    )
    cache = FetchCache(site, clock)
    cache.get(URL)
    for _ in range(2):
        clock.advance(seconds=11)
        again = cache.get(URL)
        assert (again.status, again.body) == (200, b"keys")
    assert site.asked == [
        {},
        {"If-None-Match": '"1"', "If-Modified-Since": "Mon, 02 Mar 2026 11:00:00 GMT"},
    ]


def test_what_holds_can_be_asked_for_anew(clock: ManualClock) -> None:
    """A token signed with a key that is not in the set: the set may be newer, unless it was just asked."""
    site = Publisher(ok(b"old", "max-age=600"), ok(b"new", "max-age=600"))
    cache = FetchCache(site, clock)
    assert [cache.get(URL).body, cache.get(URL, anew=True).body] == [b"old", b"old"]
    clock.advance(seconds=5)
    assert [cache.get(URL, anew=True).body, cache.get(URL).body] == [b"new", b"new"]


@pytest.mark.parametrize(
    "wrong", [Fetched(503, {"cache-control": "max-age=600", "etag": '"1"'}, b"down"), FetchError("down")]
)
def test_a_site_that_fails_is_left_in_peace_for_a_few_seconds(wrong: Fetched | FetchError, clock: ManualClock) -> None:
    """Who is down is not asked at each request, whatever it says, even anew; then it is, and without conditions."""
    site = Publisher(wrong, ok(b"keys"))
    cache = FetchCache(site, clock)
    for anew in (False, True):
        if isinstance(wrong, FetchError):
            with pytest.raises(FetchError, match="down"):
                cache.get(URL, anew=anew)
        else:
            assert cache.get(URL, anew=anew).status == 503
    clock.advance(seconds=5)
    assert cache.get(URL).body == b"keys"
    assert site.asked == [{}, {}]


@pytest.mark.parametrize("wrong", [Fetched(503, {}, b"down"), FetchError("down")])
def test_what_holds_outlives_a_failure(wrong: Fetched | FetchError, clock: ManualClock) -> None:
    """A site that is down when it is asked anew takes nothing back of what it said."""
    site = Publisher(ok(b"keys", "max-age=600"), wrong, ok(b"new"))
    cache = FetchCache(site, clock)
    cache.get(URL)
    clock.advance(seconds=5)
    assert [cache.get(URL, anew=anew).body for anew in (True, True, False)] == [b"keys"] * 3
    clock.advance(seconds=5)
    assert cache.get(URL, anew=True).body == b"new"


def test_memory_has_an_end(clock: ManualClock) -> None:
    """The address asked for longest ago is forgotten."""
    site = Publisher(*[ok(b"%d" % number, "max-age=600") for number in range(4)])
    cache = FetchCache(site, clock, most=2)
    ask: Callable[[int], bytes] = lambda number: cache.get(f"https://site{number}.example/").body  # noqa: E731
    assert [ask(0), ask(1), ask(2), ask(2), ask(1), ask(0)] == [b"0", b"1", b"2", b"2", b"1", b"3"]
