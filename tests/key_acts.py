"""Somebody who acts on an application's keys, as its command line and its pages do."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from glc.audit import Actor
from glc.clock import ManualClock
from glc.database import db
from keys.keeper import Keeper, KeyFacts, keeper

SOMEBODY = Actor(name="somebody")
CACHED_IN, SLACK_IN, TOKENS_LIVE_IN = 300, 60, 30
"""Seconds: the default of `jwks_max_age_in`, what rules add to it, the default of `id_token_lifetime_in`."""


@dataclass
class Hand:
    """Acts on an application's keys, each in a transaction of its own, at the clock's instant."""

    app: Flask
    clock: ManualClock

    @contextmanager
    def opened(self) -> Iterator[tuple[Keeper, Session]]:
        """Whoever keeps the keys, and a session that is committed at the end."""
        with self.app.app_context(), Session(db.engine, expire_on_commit=False) as session:
            yield keeper(), session
            session.commit()

    def rotate(self, alg: str = "ES256", **options: Any) -> KeyFacts:
        with self.opened() as (keeps, session):
            return keeps.rotate(session, SOMEBODY, alg, at=self.clock.now(), **options)

    def promote(self, kid: str) -> KeyFacts:
        with self.opened() as (keeps, session):
            return keeps.promote(session, SOMEBODY, kid, at=self.clock.now())

    def retire(self, kid: str, reason: str = "essai") -> KeyFacts:
        with self.opened() as (keeps, session):
            return keeps.retire(session, SOMEBODY, kid, at=self.clock.now(), reason=reason)

    def compromise(self, kid: str, reason: str = "essai") -> KeyFacts:
        with self.opened() as (keeps, session):
            return keeps.compromise(session, SOMEBODY, kid, at=self.clock.now(), reason=reason)

    def facts(self, alg: str = "ES256") -> list[KeyFacts]:
        with self.opened() as (keeps, session):
            return [each for each in keeps.facts(session, self.clock.now()) if each.alg == alg]

    def signer(self, alg: str = "ES256") -> KeyFacts:
        [found] = [each for each in self.facts(alg) if each.signs]
        return found

    def status(self, kid: str) -> str:
        with self.opened() as (keeps, session):
            return next(each.status for each in keeps.facts(session, self.clock.now()) if each.kid == kid)

    def published(self, alg: str = "ES256") -> list[str]:
        """The kids that the JWK Set shows."""
        found = json.loads(self.app.test_client().get("/idp/oidc/certs").data)["keys"]
        return [each["kid"] for each in found if each["alg"] == alg]


def seconds(number: float) -> dt.timedelta:
    return dt.timedelta(seconds=number)
