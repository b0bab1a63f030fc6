"""Acts on keys that several processes take at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from key_acts import CACHED_IN, SLACK_IN, Hand

from glc.audit import verify
from glc.clock import ManualClock
from glc.database import db
from glc.errors import Conflict
from glc.worker import run_due

AT_ONCE = 4


@pytest.fixture
def hand(app: Flask, clock: ManualClock) -> Hand:
    """Somebody who acts on keys, on each database."""
    return Hand(app, clock)


def at_once(act: Callable[[], object]) -> Counter[str]:
    """Do the same from several threads; how often it was done and how often refused."""
    ready = Barrier(AT_ONCE)

    def one(_number: int) -> str:
        ready.wait()
        try:
            act()
        except Conflict:
            return "refused"
        return "done"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(one, range(AT_ONCE)))


def test_of_several_rotations_one_makes_the_successor(hand: Hand, clock: ManualClock) -> None:
    """Two keys never wait at once, and no key is left signing beside another."""
    assert at_once(hand.rotate) == {"done": 1, "refused": AT_ONCE - 1}
    assert Counter(each.status for each in hand.facts()) == {"active": 1, "pending": 1}
    clock.advance(seconds=CACHED_IN + SLACK_IN)
    assert Counter(each.status for each in hand.facts()) == {"active": 1, "retiring": 1}


def test_of_several_who_find_a_key_compromised_one_makes_the_next(hand: Hand) -> None:
    """One key signs afterwards; the trail's chain is whole."""
    stolen = hand.signer().kid
    assert at_once(lambda: hand.compromise(stolen)) == {"done": 1, "refused": AT_ONCE - 1}
    assert Counter(each.status for each in hand.facts()) == {"active": 1, "compromised": 1}
    with hand.opened() as (_keeper, session):
        assert verify(session).problems == ()


def test_the_schedule_of_several_processes_makes_one_successor(
    app: Flask, make_app: Callable[..., Flask], clock: ManualClock
) -> None:
    """Each process looks by itself; the lock lets one of them do it."""
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    others = [make_app(database_url=url, key_rotation_every_in=90) for _ in range(AT_ONCE)]
    clock.advance(days=91)
    ready = Barrier(AT_ONCE)

    def look(other: Flask) -> list[str]:
        ready.wait()
        return run_due(other)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert all("keys" in ran for ran in pool.map(look, others))
    assert Counter(each.status for each in Hand(app, clock).facts()) == {"active": 1, "pending": 1}
