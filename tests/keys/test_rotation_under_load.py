"""Rotation under load (issue, « Proof »): ten rotations and a compromise during a sustained run of logins."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from conftest import CHEAP, NOON, add_account, register_site
from flask import Flask
from flows import Citizen, Site
from key_acts import SLACK_IN, TOKENS_LIVE_IN, Hand
from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import parse_cache_control_header

from glc.app import create_app
from glc.clock import ManualClock
from glc.database import db
from glc.settings import Settings

ALGS = ("RS256", "ES256")
MAX_AGE_IN = 120
ROTATIONS = 10
LOGINS_BETWEEN = 4
"""Logins that end between one step of a rotation and the next."""
PATIENCE_IN = 60
"""Seconds of the machine after which the run is stuck."""


class Traffic:
    """Counts logins; the clock leaps only between them, for no login takes minutes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = self.ended = 0
        self._held = self.over = False

    @contextmanager
    def login(self) -> Iterator[None]:
        with self._changed:
            assert self._changed.wait_for(lambda: not self._held, PATIENCE_IN)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running, self.ended = self._running - 1, self.ended + 1
                self._changed.notify_all()

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._changed:
            self._held = True
            assert self._changed.wait_for(lambda: not self._running, PATIENCE_IN)
        yield
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def goes_on(self) -> None:
        with self._changed:
            wanted = self.ended + LOGINS_BETWEEN
            assert self._changed.wait_for(lambda: self.ended >= wanted or self.over, PATIENCE_IN)


@dataclass
class CachingSite:
    """A site that keeps the JWK Set exactly as long as its headers allow, and goes back for an unknown kid (OpenID
    Connect Core 1.0, section 10.1.1)."""

    site: Site
    alg: str
    clock: ManualClock
    kept: dict[str, Any] = field(default_factory=dict)
    fresh_until: dt.datetime = NOON
    unknown: list[str] = field(default_factory=list)
    """The kids that it had to go back for."""

    def verify(self, token: str, server: Flask) -> str:
        """The kid of a token whose signature is right. Raises `KeyError`, `jwt.PyJWTError`."""
        kid = str(jwt.get_unverified_header(token)["kid"])
        if self.clock.now() >= self.fresh_until:
            self._fetch(server)
        if kid not in self.kept:
            self.unknown.append(kid)
            self._fetch(server)
        lenient = {"verify_exp": False, "verify_iat": False}  # the machine's clock is not the provider's
        jwt.decode(token, jwt.PyJWK(self.kept[kid]).key, [self.alg], lenient, audience=self.site.client_id)
        return kid

    def _fetch(self, server: Flask) -> None:
        asked_at = self.clock.now()
        answer = server.test_client().get("/idp/oidc/certs")
        told = parse_cache_control_header(answer.headers["Cache-Control"], cls=ResponseCacheControl)
        self.kept = {each["kid"]: each for each in answer.json["keys"]}
        self.fresh_until = asked_at + dt.timedelta(seconds=told.max_age or 0)


@dataclass(frozen=True)
class Login:
    """Which key signed, and which were out of use before its token was asked for."""

    kid: str
    out: frozenset[str]
    ended_at: dt.datetime


@dataclass
class States:
    """Which keys are known to be out of use by now."""

    out: frozenset[str] = frozenset()

    def look(self, hand: Hand) -> None:
        facts = [each for alg in ALGS for each in hand.facts(alg)]
        self.out = frozenset(each.kid for each in facts if each.status in {"retiring", "retired", "compromised"})


@pytest.fixture
def processes(make_app: Callable[..., Flask], clock: ManualClock) -> Iterator[list[Flask]]:
    """Two processes on one database, in the dialect whose tokens all name their key."""
    lasting = {"code_lifetime_in": 10**6, "session_lifetime_in": 10**6, "jwks_max_age_in": MAX_AGE_IN}
    first = make_app(dialect="standard", **lasting)
    with first.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    second = create_app(Settings(database_url=url, dialect="standard", **CHEAP, **lasting), clock=clock)
    yield [first, second]
    with second.app_context():
        db.session.remove()
        db.engine.dispose()


def test_no_login_fails_and_no_key_signs_out_of_its_time(processes: list[Flask], clock: ManualClock) -> None:
    """Issue, « Proof »: zero failed logins, zero tokens signed by a key that may not sign. Rotations never make a site
    go back for a key that it does not know; only the compromise does."""
    add_account(processes[0], clock)
    sites = [CachingSite(register_site(processes[0], clock, id_token_alg=alg), alg, clock) for alg in ALGS * 2]
    hands = [Hand(each, clock) for each in processes]
    traffic, states, logins = Traffic(), States(), list[Login]()

    def log_in_again_and_again(rp: CachingSite) -> None:
        citizen = Citizen(processes[0].test_client())
        try:
            citizen.authorize(rp.site.request(), remember=True)
            while not traffic.over:
                with traffic.login():
                    one, other = processes if len(logins) % 2 else reversed(processes)
                    citizen.client.application = one
                    code, out = citizen.code(rp.site.request()), states.out
                    answer = rp.site.redeem(other.test_client(), code)
                    kid = rp.verify(answer.json["id_token"], one)
                    logins.append(Login(kid, out, clock.now()))
        finally:
            traffic.over = True

    def leap(seconds: int) -> None:
        """To a second before, between logins; then over it, in the middle of them."""
        with traffic.held():
            clock.advance(seconds=seconds - 1)
        clock.advance(seconds=1)
        states.look(hands[0])
        traffic.goes_on()

    with ThreadPoolExecutor(len(sites)) as pool:
        running = [pool.submit(log_in_again_and_again, each) for each in sites]
        try:
            traffic.goes_on()
            for number in range(ROTATIONS):
                alg, hand = ALGS[number % 2], hands[number // 2 % 2]
                hand.rotate(alg)
                states.look(hands[0])
                traffic.goes_on()
                if number == ROTATIONS // 2:
                    stolen = hand.signer(ALGS[0]).kid
                    hand.compromise(stolen)
                    states.look(hands[0])
                    traffic.goes_on()
                    replacement = hand.signer(ALGS[0]).kid
                leap(MAX_AGE_IN)
                leap(SLACK_IN)
                leap(TOKENS_LIVE_IN + MAX_AGE_IN + SLACK_IN)
        finally:
            traffic.over = True
        for each in running:
            each.result()

    assert [each for each in logins if each.kid in each.out] == []
    begun = {each.kid: each.activates_at for alg in ALGS for each in hands[0].facts(alg)}
    assert [each for each in logins if each.ended_at < begun[each.kid]] == []
    assert {kid for each in sites for kid in each.unknown} <= {replacement}
    assert stolen != replacement
    assert len(logins) > ROTATIONS * 4 * LOGINS_BETWEEN
    assert len({each.kid for each in logins}) > ROTATIONS
