"""The rules of keys' lives, on made-up keys: state at an instant, who signs, what is published."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glc.clock import UTC
from keys.models import KeyAlgorithm
from keys.rotation import (
    SLACK,
    KeyStatus,
    believed_at,
    decrypting_at,
    due_at,
    may_leave_at,
    may_sign_at,
    next_change,
    published_at,
    signer_at,
    status_at,
    steady_around,
)

NOON = dt.datetime(2026, 3, 2, 11, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """A key of whose life only the instants count."""

    kid: str = "k"
    algorithm: KeyAlgorithm = KeyAlgorithm.ES256
    created_at: dt.datetime = NOON
    activates_at: dt.datetime = NOON
    retires_at: dt.datetime | None = None
    withdrawn_at: dt.datetime | None = None
    compromised_at: dt.datetime | None = None


def minute(number: int | None) -> dt.datetime | None:
    return None if number is None else NOON + dt.timedelta(minutes=number)


def key(kid: str = "k", *, at: tuple[int | None, ...] = (0, 0), alg: KeyAlgorithm = KeyAlgorithm.ES256) -> Made:
    """A key by minutes after noon: created, activates, retires, withdrawn, compromised."""
    created, activates, *others = [minute(each) for each in at]
    assert created is not None
    assert activates is not None
    return Made(kid, alg, created, activates, *others)


@pytest.mark.parametrize(
    ("when", "status"),
    [
        (0, KeyStatus.PENDING),
        (9, KeyStatus.PENDING),
        (10, KeyStatus.ACTIVE),
        (19, KeyStatus.ACTIVE),
        (20, KeyStatus.RETIRING),
        (29, KeyStatus.RETIRING),
        (30, KeyStatus.RETIRED),
        (99, KeyStatus.RETIRED),
    ],
)
def test_a_key_goes_through_its_states_at_its_instants(when: int, status: KeyStatus) -> None:
    """Issue, point 5: pending, active, retiring, retired; each from its instant on, that included."""
    assert status_at(key(at=(0, 10, 20, 30)), NOON + dt.timedelta(minutes=when)) is status


@pytest.mark.parametrize("when", [5, 15, 25, 35])
def test_a_compromised_key_is_out_from_that_instant_wherever_it_was(when: int) -> None:
    """Issue, point 5: neither signs nor is published."""
    lost = key(at=(0, 10, 20, 30, when))
    at = NOON + dt.timedelta(minutes=when)
    assert status_at(lost, at) is KeyStatus.COMPROMISED
    assert status_at(lost, at - dt.timedelta(seconds=1)) is not KeyStatus.COMPROMISED
    assert published_at([lost], at) == believed_at([lost], at) == []
    assert signer_at([lost], lost.algorithm, at) is None


def test_one_signs_while_its_successor_waits_and_both_are_published() -> None:
    """Publication before use, overlap after."""
    old, new = key("old", at=(-60, -60, 10, 20)), key("new", at=(0, 10))
    signing = {when: signer_at([old, new], old.algorithm, minute(when)).kid for when in (0, 9, 10, 25)}
    shown = {when: [each.kid for each in published_at([old, new], minute(when))] for when in (0, 10, 19, 20)}
    assert signing == {0: "old", 9: "old", 10: "new", 25: "new"}
    assert shown == {0: ["old", "new"], 10: ["old", "new"], 19: ["old", "new"], 20: ["new"]}


def test_each_algorithm_has_its_own() -> None:
    """Issue, point 5: several algorithms at once."""
    rsa, ec = key("rsa", alg=KeyAlgorithm.RS256), key("ec", at=(1, 1))
    assert signer_at([rsa, ec], KeyAlgorithm.RS256, minute(5)) is rsa
    assert signer_at([rsa, ec], KeyAlgorithm.ES256, minute(5)) is ec
    assert signer_at([rsa, ec], KeyAlgorithm.PS256, minute(5)) is None


def test_a_server_whose_clock_is_behind_signs_with_the_first_key_all_the_same() -> None:
    """No login fails because two clocks differ: before any key is active, the one that comes first signs."""
    first, second = key("first", at=(0, 0)), key("second", at=(1, 6))
    early = minute(-2)
    assert signer_at([first, second], first.algorithm, early) is first
    assert first in published_at([first, second], early)
    assert believed_at([first, second], early) == [first]


def test_a_key_for_encryption_leaves_the_set_on_retiring_and_decrypts_until_it_is_retired() -> None:
    """What is published is what clients encrypt with (OpenID Connect Core 1.0, 10.2.1)."""
    old, new = (
        key("old", at=(-60, -60, 0, 10), alg=KeyAlgorithm.RSA_OAEP_256),
        key("new", alg=KeyAlgorithm.RSA_OAEP_256),
    )
    assert published_at([old, new], minute(5)) == [new]
    assert decrypting_at([old, new], minute(5)) == [new, old]
    assert decrypting_at([old, new], minute(10)) == [new]
    assert believed_at([old, new], minute(5)) == []


def test_waits_are_the_cache_time_the_longest_life_and_a_minute_for_clocks() -> None:
    """Issue, point 5: overlap computed from the longest lifetime and the cache time given to JWKS."""
    cached, lived = dt.timedelta(seconds=300), dt.timedelta(hours=8)
    assert may_sign_at(NOON, cached) == NOON + dt.timedelta(seconds=300) + SLACK
    assert may_leave_at(NOON, lived, cached) == NOON + lived + cached + SLACK
    assert due_at(key(), dt.timedelta(days=90)) == NOON + dt.timedelta(days=90)
    assert due_at(key(), dt.timedelta()) is None


def test_what_comes_next_is_told_with_its_instant() -> None:
    """For screens and the command line."""
    planned = key(at=(0, 10, 20, 30))
    assert next_change(planned, minute(5)) == (KeyStatus.ACTIVE, minute(10))
    assert next_change(planned, minute(15)) == (KeyStatus.RETIRING, minute(20))
    assert next_change(planned, minute(25)) == (KeyStatus.RETIRED, minute(30))
    assert next_change(planned, minute(35)) is None
    assert next_change(key(at=(0, 10, 20, 30, 1)), minute(5)) is None, "a compromised key has no future"


minutes = st.integers(-30, 30)
lives = st.builds(
    lambda kid, created, *later: key(str(kid), at=(created, *later)),
    st.integers(0, 9),
    minutes,
    minutes,
    *[st.none() | minutes] * 3,
)


@given(st.lists(lives, max_size=5), minutes)
def test_whatever_their_lives_who_signs_is_published_and_believed(ring: list[Made], when: int) -> None:
    """A signature that no site can verify, or that this provider would not believe, is never made."""
    at = NOON + dt.timedelta(minutes=when)
    signing = signer_at(ring, KeyAlgorithm.ES256, at)
    if signing is None:
        assert not [each for each in ring if status_at(each, at) in {KeyStatus.ACTIVE, KeyStatus.PENDING}]
    else:
        assert status_at(signing, at) in {KeyStatus.ACTIVE, KeyStatus.PENDING}
        assert signing in published_at(ring, at)
        assert signing in believed_at(ring, at)


@given(st.lists(lives, max_size=5), minutes, st.integers(-40 * 60, 40 * 60))
def test_nothing_changes_within_the_interval_that_is_said_to_be_steady(ring: list[Made], when: int, other: int) -> None:
    """What the ring keeps of a moment is right for as long as it keeps it."""
    at, elsewhere = NOON + dt.timedelta(minutes=when), NOON + dt.timedelta(seconds=other)
    since, until = steady_around(ring, at)
    assert since <= at < until
    if since <= elsewhere < until:
        assert [status_at(each, at) for each in ring] == [status_at(each, elsewhere) for each in ring]
