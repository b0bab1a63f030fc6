"""Rotate, promote, retire, compromise: what signs and what is published afterwards, and what is recorded."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import register_site
from flask import Flask
from flows import Site
from joserfc import jwe
from joserfc.jwk import RSAKey
from key_acts import CACHED_IN, SLACK_IN, SOMEBODY, TOKENS_LIVE_IN, Hand, seconds

from glc.audit import AuditEntry
from glc.clock import ManualClock
from glc.errors import Conflict, GlcError, InputError, NotFound
from idp.tokens import signing
from keys.jose import JoseError, header_of
from keys.keeper import KeyFacts
from keys.models import KeyAlgorithm
from keys.ring import KeyRing

OVERLAP_IN = TOKENS_LIVE_IN + CACHED_IN + SLACK_IN


def signed_by(app: Flask, alg: KeyAlgorithm = KeyAlgorithm.ES256) -> str:
    """The kid that this provider signs with now."""
    ring = app.extensions["idp"].ring
    ring.refresh()  # what each request does with the revision that it reads
    return str(header_of(ring.sign(alg, b"{}", ring.header(alg, with_kid=True)))["kid"])


def test_a_rotation_publishes_then_signs_then_lets_the_old_key_leave(hand: Hand, clock: ManualClock) -> None:
    """oidcc-server-rotate-keys. Pending → active → retiring → retired, without anybody's further doing."""
    old = hand.signer().kid
    new = hand.rotate().kid
    states = []
    for wait in (0, CACHED_IN + SLACK_IN - 1, 1, OVERLAP_IN - 1, 1):
        clock.advance(seconds=wait)
        states.append(
            (hand.status(old), hand.status(new), signed_by(hand.app) == new, {*hand.published()} == {old, new})
        )
    assert states == [
        ("active", "pending", False, True),
        ("active", "pending", False, True),
        ("retiring", "active", True, True),
        ("retiring", "active", True, True),
        ("retired", "active", True, False),
    ]
    assert hand.published() == [new]


def test_a_rotation_leaves_other_algorithms_alone(hand: Hand) -> None:
    """Issue, point 5: several algorithms at once."""
    before = hand.facts("RS256")
    hand.rotate("ES256")
    assert hand.facts("RS256") == before


def test_a_second_rotation_waits_for_the_first(hand: Hand, clock: ManualClock) -> None:
    """Two keys never wait at once; once the first signs, another may come."""
    hand.rotate()
    with pytest.raises(Conflict, match="déjà en attente"):
        hand.rotate()
    clock.advance(seconds=CACHED_IN + SLACK_IN)
    assert hand.rotate().status == "pending"


def test_a_key_may_wait_longer_than_it_must_but_not_less(hand: Hand, clock: ManualClock) -> None:
    """`--in`: the cache time is the least."""
    with pytest.raises(InputError, match="trop tôt"):
        hand.rotate(wait_in=seconds(CACHED_IN))
    made = hand.rotate(wait_in=dt.timedelta(days=2))
    assert made.activates_at == clock.now() + dt.timedelta(days=2)


def test_a_promoted_key_signs_now_and_its_predecessor_stays_published(hand: Hand) -> None:
    """Before its time, at a risk that whoever does it is told."""
    old, new = hand.signer().kid, hand.rotate().kid
    hand.promote(new)
    assert (hand.status(old), hand.status(new), signed_by(hand.app)) == ("retiring", "active", new)
    assert {*hand.published()} == {old, new}
    with pytest.raises(Conflict):
        hand.promote(new)


def test_a_pending_key_that_is_retired_never_signs_and_the_other_goes_on(hand: Hand, clock: ManualClock) -> None:
    """The rotation is called off."""
    old, new = hand.signer().kid, hand.rotate().kid
    hand.retire(new)
    clock.advance(days=30)
    assert (hand.status(old), hand.status(new), signed_by(hand.app)) == ("active", "retired", old)
    assert hand.published() == [old]


def test_an_active_key_is_retired_only_if_another_one_can_sign(hand: Hand) -> None:
    """No login may fail because of it."""
    old = hand.signer().kid
    with pytest.raises(Conflict, match="aucune autre clé ne signerait"):
        hand.retire(old)
    new = hand.rotate().kid
    hand.retire(old)
    assert (hand.status(old), hand.status(new), signed_by(hand.app)) == ("retiring", "active", new)
    hand.retire(old)
    assert (hand.status(old), hand.published()) == ("retired", [new])
    with pytest.raises(Conflict, match="hors d’usage"):
        hand.retire(old)


@pytest.mark.parametrize("waiting", [True, False], ids=["one waits", "none waits"])
def test_the_next_key_signs_at_once_when_the_one_that_signs_is_compromised(hand: Hand, waiting: bool) -> None:
    """Issue, point 5: out at once; the one that waits takes its place, or one made for it."""
    old = hand.signer().kid
    new = hand.rotate().kid if waiting else None
    hand.compromise(old)
    signing = hand.signer().kid
    assert signing == (new or signing) != old
    assert (hand.status(old), signed_by(hand.app), hand.published()) == ("compromised", signing, [signing])
    with pytest.raises(Conflict):
        hand.compromise(old)


def test_a_compromised_pending_key_leaves_the_one_that_signs_alone(hand: Hand, clock: ManualClock) -> None:
    """And its end, which had been planned, is called off."""
    old, new = hand.signer().kid, hand.rotate().kid
    hand.compromise(new)
    clock.advance(days=30)
    assert (hand.status(new), signed_by(hand.app), hand.published()) == ("compromised", old, [old])


def test_hints_of_retired_keys_are_believed_and_those_of_compromised_ones_are_not(
    hand: Hand, clock: ManualClock
) -> None:
    """RP-Initiated Logout 1.0, 2: an ID Token may be old; one that anybody could have signed says nothing."""
    ring, old = hand.app.extensions["idp"].ring, hand.signer().kid
    token = ring.sign(KeyAlgorithm.ES256, b'{"sub":"x"}', ring.header(KeyAlgorithm.ES256, with_kid=True))
    hand.rotate()
    clock.advance(days=1)
    assert hand.published() != [old]
    assert ring.verify(token) == {"sub": "x"}
    hand.compromise(old)
    with pytest.raises(JoseError):
        ring.verify(token)


def test_a_token_names_the_key_that_signed_it_though_keys_rotate_meanwhile(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 7515, 4.1.4: another thread may load the new keys between a header and its signature."""
    house = hand.app.extensions["idp"]
    usual = KeyRing.header

    def rotated_meanwhile(ring: KeyRing, *args: Any, **options: Any) -> dict[str, Any]:
        made = usual(ring, *args, **options)
        hand.rotate("RS256", at_once=True)
        ring.load(house.engine)
        return made

    monkeypatch.setattr(KeyRing, "header", rotated_meanwhile)
    token = signing.signed(house, None, "RS256", b'{"sub":"x"}', house.clock.now(), "JWT")
    assert house.ring.verify(token) == {"sub": "x"}


def test_a_reason_is_asked_for_what_cannot_be_undone(hand: Hand) -> None:
    """It stays in the trail."""
    for act in (hand.retire, hand.compromise):
        with pytest.raises(InputError, match="motif"):
            act(hand.signer().kid, reason=" ")
    with pytest.raises(NotFound):
        hand.compromise("nothing")


def test_each_act_is_in_the_trail_with_its_dates_and_no_key(hand: Hand) -> None:
    """Issue, point 5: each change audited."""
    old, new = hand.signer().kid, hand.rotate().kid
    hand.promote(new)
    hand.retire(old, reason="ménage")
    hand.compromise(new, reason="vol")
    with hand.opened() as (_keeper, session):
        entries = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        told = [(each.action, each.subject, each.reason) for each in entries if each.action.startswith("key.")]
    assert told == [
        ("key.rotated", f"key:{new}", ""),
        ("key.promoted", f"key:{new}", ""),
        ("key.retired", f"key:{old}", "ménage"),
        ("key.compromised", f"key:{new}", "vol"),
    ]
    rotated = next(each for each in entries if each.action == "key.rotated")
    assert rotated.after["replaces"] == [old]
    assert {each.actor for each in entries if each.action.startswith("key.")} == {SOMEBODY.name}
    assert not [each for each in entries if "sealed" in str(each.after) or '"d"' in str(each.after)]


def test_a_key_stays_published_as_long_as_the_longest_token_lives(hand: Hand, clock: ManualClock, site: Site) -> None:
    """Issue, point 5: the longest lifetime of anything it signed, every client's own included."""
    register_site(hand.app, clock, id_token_lifetime_in=7_200)
    made = hand.rotate()
    [old] = [each for each in hand.facts() if each.next_status == "retiring"]
    assert old.withdrawn_at == made.activates_at + seconds(7_200 + CACHED_IN + SLACK_IN)


def test_a_key_that_is_leaving_stays_longer_once_tokens_live_longer(hand: Hand, clock: ManualClock) -> None:
    """A client registered meanwhile with a longer life: the job of the server sees to it."""
    old = hand.signer().kid
    hand.rotate()
    clock.advance(seconds=CACHED_IN + SLACK_IN + 1)
    register_site(hand.app, clock, id_token_lifetime_in=7_200)
    with hand.opened() as (keeper, session):
        assert keeper.has_to_tend(session, clock.now())
        keeper.tend(session, clock.now())
        assert not keeper.has_to_tend(session, clock.now())
    clock.advance(seconds=7_200)
    assert hand.status(old) == "retiring"
    clock.advance(seconds=CACHED_IN + SLACK_IN)
    assert hand.status(old) == "retired"


def test_clients_may_encrypt_with_the_key_they_knew_while_the_next_one_is_already_shown(
    standard_hand: Hand, clock: ManualClock
) -> None:
    """OpenID Connect Core 1.0, 10.2.1: the old key decrypts for as long as its set may be kept."""
    alg, app = "RSA-OAEP-256", standard_hand.app
    ring = app.extensions["idp"].ring
    old = next(each for each in app.test_client().get("/idp/oidc/certs").json["keys"] if each["alg"] == alg)
    new = standard_hand.rotate(alg).kid
    assert standard_hand.published(alg) == [new]

    def sent(**kid: str) -> str:
        header = {"alg": alg, "enc": "A256GCM", **kid}
        return str(jwe.encrypt_compact(header, "said", RSAKey.import_key(old), algorithms=[alg, "A256GCM"]))

    assert (ring.decrypt(sent(kid=old["kid"])), ring.decrypt(sent())) == ("said", "said")
    clock.advance(seconds=OVERLAP_IN)
    with pytest.raises(JoseError):
        ring.decrypt(sent())


def test_whatever_is_done_in_whatever_order_some_published_key_signs_and_its_tokens_verify(
    standard_hand: Hand, clock: ManualClock
) -> None:
    """120 acts and waits at random (the seed is fixed): the invariants that logins stand on."""
    chance, ring = random.Random(5), standard_hand.app.extensions["idp"].ring
    outstanding: list[tuple[str, str, dt.datetime]] = []
    for _ in range(120):
        alg = chance.choice(["ES256", "EdDSA"])
        kids = [each.kid for each in standard_hand.facts(alg)]
        act: Callable[[], object] = chance.choice(
            [
                lambda alg=alg: standard_hand.rotate(alg),
                lambda alg=alg: standard_hand.rotate(alg),
                lambda kids=kids: standard_hand.promote(chance.choice(kids)),
                lambda kids=kids: standard_hand.retire(chance.choice(kids)),
                lambda kids=kids: standard_hand.compromise(chance.choice(kids)),
                lambda: clock.advance(seconds=chance.choice([1, 59, 200, 360, 400])),
                lambda: clock.advance(seconds=chance.choice([1, 59, 200, 360, 400])),
            ]
        )
        spared = {each.kid for each in standard_hand.facts(alg) if each.status in {"retired", "compromised"}}
        with contextlib.suppress(GlcError):
            act()
        for alg in ("ES256", "EdDSA"):
            facts, published = standard_hand.facts(alg), standard_hand.published(alg)
            signing = [each for each in facts if each.signs]
            assert [each.status for each in signing] == ["active"]
            kid = signed_by(standard_hand.app, KeyAlgorithm(alg))
            assert kid == signing[0].kid
            assert kid in published
            assert kid not in spared
            outstanding.append((alg, kid, clock.now() + seconds(TOKENS_LIVE_IN)))
        taken = {each.kid for alg in ("ES256", "EdDSA") for each in standard_hand.facts(alg) if _taken_out(each)}
        for alg, kid, until in outstanding:
            if clock.now() <= until and kid not in taken:
                assert kid in standard_hand.published(alg)
    assert ring.jwks


def _taken_out(key: KeyFacts) -> bool:
    """Whether somebody ended a key before its dates: compromised, or retired twice."""
    if key.retires_at is None or key.withdrawn_at is None:
        return key.status == "compromised"
    return key.status == "compromised" or key.withdrawn_at < key.retires_at + seconds(OVERLAP_IN)
