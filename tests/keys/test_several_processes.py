"""Several processes on one database: each has a ring of its own, and a change made by one holds for all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from conftest import CHEAP, add_account, register_site
from flask import Flask
from flows import Citizen, Site
from key_acts import CACHED_IN, SLACK_IN, Hand

from glc.app import create_app
from glc.clock import ManualClock
from glc.database import db
from glc.settings import Settings
from glc.worker import jobs_of, run_due
from keys.jose import header_of


@pytest.fixture
def other(app: Flask, clock: ManualClock) -> Iterator[Flask]:
    """A second process on the first one's database."""
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    made = create_app(Settings(database_url=url, key_rotation_every_in=90, **CHEAP), clock=clock)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def visited(app: Flask, clock: ManualClock) -> Site:
    """A site with RS256 tokens, whose kid the default dialect tells."""
    add_account(app, clock)
    return register_site(app, clock, id_token_alg="RS256")


def kid_of_login(app: Flask, site: Site) -> str:
    """The kid of the ID Token that a login at that process ends with."""
    code = Citizen(app.test_client()).code(site.request())
    return str(header_of(site.redeem(app.test_client(), code).json["id_token"])["kid"])


def test_another_process_publishes_a_new_key_and_signs_with_it_from_the_next_request_on(
    hand: Hand, other: Flask, visited: Site, clock: ManualClock
) -> None:
    """Neither restart nor waiting; time alone makes it sign."""
    old = kid_of_login(other, visited)
    new = hand.rotate("RS256").kid
    assert {*Hand(other, clock).published("RS256")} == {old, new}
    assert kid_of_login(other, visited) == old
    clock.advance(seconds=CACHED_IN + SLACK_IN)
    assert kid_of_login(other, visited) == kid_of_login(hand.app, visited) == new


def test_another_process_stops_signing_with_a_compromised_key_at_the_next_request(
    hand: Hand, other: Flask, visited: Site, clock: ManualClock
) -> None:
    """Issue, point 5: a compromise is out at once, everywhere."""
    old = kid_of_login(other, visited)
    hand.compromise(old)
    new = kid_of_login(other, visited)
    assert new == hand.signer("RS256").kid != old
    assert Hand(other, clock).published("RS256") == [new]


def test_a_code_of_one_process_is_redeemed_by_the_other_in_the_middle_of_a_rotation(
    hand: Hand, other: Flask, visited: Site
) -> None:
    """No login fails because of a rotation."""
    code = Citizen(hand.app.test_client()).code(visited.request())
    hand.promote(hand.rotate("RS256").kid)
    answer = visited.redeem(other.test_client(), code)
    assert header_of(answer.json["id_token"])["kid"] == hand.signer("RS256").kid


def test_a_private_key_is_parsed_once_whatever_else_changes(
    other: Flask, visited: Site, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are read again when anything of the registry changed; keys are not parsed again."""
    from keys import material

    parsed: list[object] = []
    original = material.load_der_private_key
    monkeypatch.setattr(material, "load_der_private_key", lambda *a, **o: parsed.append(a) or original(*a, **o))
    for _ in range(3):
        kid_of_login(other, visited)
        register_site(other, clock)
    assert len(parsed) == 1


def test_the_schedule_rotates_once_however_many_processes_run_it(hand: Hand, other: Flask, clock: ManualClock) -> None:
    """`key_rotation_every_in`: jobs of `glc serve`, in each process."""
    before = hand.signer().kid
    assert "keys" in {job.name for job in jobs_of(other)}
    run_due(other)
    assert [each.kid for each in hand.facts()] == [before]
    clock.advance(days=90)
    for _ in range(2):
        for app in (hand.app, other):
            run_due(app)
            clock.advance(seconds=60)
    assert sorted(each.status for each in hand.facts()) == ["active", "pending"]
    clock.advance(seconds=CACHED_IN + SLACK_IN)
    run_due(other)
    assert sorted(each.status for each in hand.facts()) == ["active", "retiring"]
    assert hand.signer().kid != before


def test_without_a_schedule_nothing_is_rotated_by_itself(hand: Hand, clock: ManualClock) -> None:
    """The default: a developer's keys stay."""
    clock.advance(days=3_650)
    assert "keys" in run_due(hand.app)
    assert [each.status for each in hand.facts()] == ["active"]


def test_the_key_set_says_how_long_it_may_be_kept(make_app: Callable[..., Flask]) -> None:
    """RFC 9111, 5.2.2.1; what a new key waits is that time and a minute."""
    answer = make_app(jwks_max_age_in=120).test_client().get("/idp/oidc/certs")
    assert answer.headers["Cache-Control"] == "public, max-age=120"
