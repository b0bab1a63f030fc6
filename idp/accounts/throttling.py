"""Slowing down after failed logins, so that guessing is hopeless and nobody can lock somebody else out; and holding
back mails, so that nobody can flood a mailbox.

Failures are counted by place: one account name from one address, and that address whatever the name. There is no
count by account alone: it would let a stranger keep its holder out. A browser that has logged in before counts in a
place of its own, so that its holder is not slowed by neighbours behind the same address either.

Mails are counted in the same table, by recipient and by the address that asks. Those that leave count, so that asking
for more does not hold them back longer.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from glc.settings import Settings
from idp.models import Account, LoginFailures
from idp.provider import digest, provider

DEVICE_COOKIE = "glc_device"
DEVICE_KNOWN_IN = 180
"""Days a browser stays known after a login."""
SHARED_ADDRESS_TOLERANCE = 10
"""How many times more failures are free for an address as a whole: a town hall or a school has one address."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where failures are counted, and how many are free there."""

    key: str
    free: int


def wait_after(settings: Settings, failures: int, free: int) -> float:
    """Seconds to wait after that many failures in a row: none at first, then longer and longer, up to the maximum."""
    if failures < free:
        return 0.0
    return float(min(settings.login_slowdown_factor ** min(failures - free + 1, 64), settings.login_slowdown_max_in))


def places(email: str, account: Account | None) -> list[Place]:
    """The places in which an attempt counts. `account`: the one of that address, if there is one."""
    settings = provider().settings
    if account is not None and account.uuid == _known_device_of():
        mark = request.cookies[DEVICE_COOKIE]
        return [Place(digest(f"device\x1f{mark}"), settings.login_free_failures)]
    name, address = email.strip().casefold(), _network(request.remote_addr or "")
    return [
        Place(digest(f"pair\x1f{name}\x1f{address}"), settings.login_free_failures),
        Place(digest(f"address\x1f{address}"), settings.login_free_failures * SHARED_ADDRESS_TOLERANCE),
    ]


def _network(address: str) -> str:
    """What one subscriber is given: an IPv4 address, or 64 bits of IPv6."""
    try:
        return ipaddress.IPv6Address(address).exploded[:19]
    except ValueError:
        return address


def must_wait(session: Session, settings: Settings, where: Sequence[Place], at: dt.datetime) -> int:
    """Whole seconds until an attempt from there is looked at again; 0 when it is now."""
    rows = session.scalars(sa.select(LoginFailures).where(LoginFailures.place.in_([place.key for place in where])))
    counted = {row.place: row for row in rows}
    waits = [
        wait_after(settings, counted[place.key].count, place.free) - (at - counted[place.key].latest_at).total_seconds()
        for place in where
        if place.key in counted
    ]
    return max([0, *(math.ceil(wait) for wait in waits)])


def count_failure(session: Session, settings: Settings, where: Sequence[Place], at: dt.datetime) -> None:
    """One more failure in each place. Places left alone for twice the longest wait are forgotten."""
    longest = max(2 * settings.login_slowdown_max_in, settings.mail_window_in)
    session.execute(sa.delete(LoginFailures).where(LoginFailures.latest_at < at - dt.timedelta(seconds=longest)))
    _count(session, where, at)


def may_send(session: Session, settings: Settings, to: str, at: dt.datetime) -> bool:
    """Whether one more mail that a visitor asks for may leave; if so, it is counted."""
    free = settings.mail_free_sends
    where = [
        Place(digest(f"mail-to\x1f{to.strip().casefold()}"), free),
        Place(digest(f"mail-for\x1f{_network(request.remote_addr or '')}"), free * SHARED_ADDRESS_TOLERANCE),
    ]
    of_these = LoginFailures.place.in_([place.key for place in where])
    over = at - dt.timedelta(seconds=settings.mail_window_in)
    session.execute(sa.delete(LoginFailures).where(of_these, LoginFailures.latest_at <= over))
    counted = {row.place: row.count for row in session.scalars(sa.select(LoginFailures).where(of_these))}
    if any(counted.get(place.key, 0) >= place.free for place in where):
        return False
    _count(session, where, at)
    return True


def _count(session: Session, where: Sequence[Place], at: dt.datetime) -> None:
    for place in where:
        more = sa.update(LoginFailures).where(LoginFailures.place == place.key)
        more = more.values(count=LoginFailures.count + 1, latest_at=at).returning(LoginFailures.count)
        if session.execute(more).first() is not None:
            continue
        try:
            with session.begin_nested():
                session.add(LoginFailures(place=place.key, count=1, latest_at=at))
        except IntegrityError:  # counted at the same moment by another attempt (PostgreSQL)
            session.execute(more)


def forget_failures(session: Session, where: Sequence[Place]) -> None:
    """After a login: forget what was counted for this name there. The address as a whole keeps its count."""
    session.execute(sa.delete(LoginFailures).where(LoginFailures.place == where[0].key))


def know_device(response: Response, account: Account) -> None:
    """Remember that this account logged in in this browser."""
    settings = provider().settings
    response.set_cookie(
        DEVICE_COOKIE,
        _serializer().dumps([account.uuid, provider().entropy.bytes(8).hex()]),
        max_age=DEVICE_KNOWN_IN * 86_400,
        path=f"{settings.path}/",
        httponly=True,
        samesite="Lax",
        secure=settings.secure,
    )


def _known_device_of() -> str | None:
    """The uuid of the account that logged in before in this browser, if its cookie says so."""
    try:
        uuid, _mark = _serializer().loads(request.cookies.get(DEVICE_COOKIE, ""))
    except (BadSignature, TypeError, ValueError):
        return None
    return str(uuid)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt="glc/device")
