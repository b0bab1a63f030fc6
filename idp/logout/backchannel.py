"""Telling clients that a session ended, server to server (OpenID Connect Back-Channel Logout 1.0): each is sent a
signed logout token at once, and again later and later if it did not take it.

A logout may arrive twice, when a process dies between sending it and noting that; each attempt has a `jti` of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from authlib.oauth2 import OAuth2Error

from glc.clock import epoch
from glc.database import reading, writing
from glc.entropy import random_uuid
from glc.errors import GlcError
from glc.logs import logger
from idp import sessions
from idp.models import BackchannelLogout, BrowserSession
from idp.parameters import FORM
from idp.provider import Provider, provider
from idp.tokens import signing
from partner_registry.models import Client
from partner_registry.terms import ReleaseTerms

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_LIFETIME_IN = 120
"""Seconds: the most that section 2.4 recommends."""
TAKEN = frozenset({200, 204})
"""Section 2.8, and what frameworks answer with an empty body."""
RETRY_AFTER = tuple(dt.timedelta(seconds=seconds) for seconds in (10, 60, 300, 1_800, 7_200))
"""How long a client is left alone after the first, second… attempt that it did not take (assumed)."""
ATTEMPTS = len(RETRY_AFTER) + 1
"""After that many it is given up: whoever learns of a logout hours late has no use for it."""
AT_ONCE = 16
"""Calls at a time."""
MOST_IN_A_ROUND = 4 * AT_ONCE
EVERY_IN = 2
"""Seconds from one look for logouts that are due to the next."""


def send(house: Provider, numbers: Collection[int], wait_in: float) -> None:
    """Send some logouts at the same time, and wait so many seconds at most; what takes longer goes on by itself.

    Whoever calls this has no transaction open: each attempt writes."""
    if not numbers:
        return
    from concurrent.futures import ThreadPoolExecutor, wait

    pool = ThreadPoolExecutor(min(len(numbers), AT_ONCE), "backchannel")
    wait([pool.submit(_attempt, house, number) for number in numbers], wait_in)
    pool.shutdown(wait=False)


def send_due() -> int:
    """The job: send what is due; return how many logouts were looked at. Several processes may do this at once."""
    house = provider()
    due = (
        sa.select(BackchannelLogout.id)
        .where(BackchannelLogout.next_attempt_at <= house.clock.now())
        .order_by(BackchannelLogout.attempts, BackchannelLogout.id)
        .limit(MOST_IN_A_ROUND)
    )
    with reading(house.engine) as connection:
        numbers = connection.scalars(due).all()
    send(house, numbers, MOST_IN_A_ROUND * house.settings.fetch_timeout_in)
    return len(numbers)


def logout_token(house: Provider, terms: ReleaseTerms, subject: str, sid: str, at: dt.datetime) -> str:
    """A logout token (section 2.4): signed as the client's ID Tokens are, encrypted if they are, and of a type of its
    own, so that nobody takes one for the other."""
    issued = epoch(at)
    claims = {
        "iss": house.settings.issuer,
        "aud": terms.client_id,
        "iat": issued,
        "exp": issued + TOKEN_LIFETIME_IN,
        "jti": random_uuid(house.entropy),
        "events": {EVENT: {}},
        "sub": subject,
        "sid": sid,
    }
    signed = signing.sign(house, terms, terms.id_token_alg, signing.serialise(claims), at, typ="logout+jwt")
    alg = terms.protocol.id_token_encrypted_response_alg
    return (
        signing.encrypted(house, terms, signed, alg, terms.protocol.id_token_encrypted_response_enc) if alg else signed
    )


def _attempt(house: Provider, number: int) -> None:
    """Send one logout and note what became of it. Nothing is locked while the client takes its time."""
    try:
        claimed = _claim(house, number)
        if claimed is not None:
            _note(house, claimed, *_call(house, claimed))
    except Exception as error:  # the database is away: the claim runs out, and it is tried again
        logger().error("backchannel.failed", exc_info=error)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A logout that this process alone sends."""

    number: int
    attempt: int
    subject: str
    session_uid: str
    client_id: str


def _claim(house: Provider, number: int) -> _Claimed | None:
    """What to send, if it is still to be sent: another process may have it by now."""
    at = house.clock.now()
    claimed_for = dt.timedelta(seconds=2 * house.settings.fetch_timeout_in + 60)
    with writing(house.engine) as connection:
        claimed = connection.execute(
            sa.update(BackchannelLogout)
            .where(BackchannelLogout.id == number, BackchannelLogout.next_attempt_at <= at)
            .values(next_attempt_at=at + claimed_for, attempts=BackchannelLogout.attempts + 1)
        )
        if not claimed.rowcount:
            return None
        return _Claimed(*connection.execute(_to_send.where(BackchannelLogout.id == number)).one())


_to_send = (
    sa.select(
        BackchannelLogout.id,
        BackchannelLogout.attempts,
        BackchannelLogout.subject,
        BrowserSession.uid,
        Client.client_id,
    )
    .join(BrowserSession, BrowserSession.id == BackchannelLogout.session_id)
    .join(Client, Client.id == BackchannelLogout.client_id)
)


def _call(house: Provider, told: _Claimed) -> tuple[int | None, str]:
    """The status of the client's answer, and what was wrong, if anything was."""
    at = house.clock.now()
    terms = house.terms(told.client_id, at)
    if terms is None or not terms.protocol.backchannel_logout_uri:
        return None, "the client has no backchannel_logout_uri any more"
    sid = sessions.sid(house, told.session_uid, told.client_id)
    try:
        form = urlencode({"logout_token": logout_token(house, terms, told.subject, sid, at)})
        answer = house.fetcher.post(terms.protocol.backchannel_logout_uri, form.encode(), {"Content-Type": FORM})
    except GlcError as error:
        return None, error.message
    except OAuth2Error as error:  # the keys to encrypt for cannot be had
        return None, str(error.description)
    except Exception as error:  # a fault of ours must not have it sent for ever
        logger().error("backchannel.failed", client_id=told.client_id, exc_info=error)
        return None, type(error).__name__
    return answer.status, "" if answer.status in TAKEN else f"HTTP {answer.status}"


def _note(house: Provider, told: _Claimed, status: int | None, error: str) -> None:
    at = house.clock.now()
    given_up = bool(error) and told.attempt >= ATTEMPTS
    values: dict[str, Any] = {"last_status": status, "last_error": error[:300]}
    if error and not given_up:
        values["next_attempt_at"] = at + RETRY_AFTER[told.attempt - 1]
    else:
        values |= {"next_attempt_at": None, "subject": "", "given_up_at" if given_up else "delivered_at": at}
    with writing(house.engine) as connection:
        connection.execute(sa.update(BackchannelLogout).where(BackchannelLogout.id == told.number).values(values))
    logger().info(
        "backchannel.given_up" if given_up else "backchannel.refused" if error else "backchannel.delivered",
        client_id=told.client_id,
        session=told.session_uid[:8],
        attempt=told.attempt,
        status=status,
        error=error,
    )
