"""Sending what the outbox holds: signed, tried again later and later, given up on an address that never answers.

A message is signed with its endpoint's secret, `X-Hub-Signature-256: sha256=` and the HMAC of the body (as DataPass
does). It may arrive twice, when a process dies between sending and noting it: the event's identifier tells.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from glc.clock import epoch, paris_date
from glc.database import reading_session
from glc.errors import GlcError
from glc.logs import logger
from glc.mail import send_mail
from glc.settings import Settings
from partner_registry.agents import Agent
from partner_registry.completeness import current_contacts
from partner_registry.events.webhooks import disable
from partner_registry.models import Contact, ContactRole, Partner, PartnerKind, WebhookDelivery, WebhookEndpoint
from partner_registry.ports import Box

RETRY_AFTER = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))
"""How long an address is left alone after its first, second… failure in a row (assumed)."""
FAILURES_BEFORE_DISABLED = len(RETRY_AFTER) + 1
"""Failed attempts in a row, whatever the message, after which an address is told nothing more."""
ATTEMPTS = FAILURES_BEFORE_DISABLED
"""How often one message is tried on an address that takes the others."""
CLAIMED_FOR = dt.timedelta(hours=1)
"""How long a process that sends a message keeps others from it, if it never says what became of it: longer than a
round of `AT_ONCE` calls to addresses that do not answer."""
AT_ONCE = 50

JOB = Agent(name="glc", operator=True, via="job")

Post = Callable[[str, bytes, Mapping[str, str]], int]
"""Send a body to an address with headers; the answer's status. Raises `FetchError`."""


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed message, ready to be sent."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def deliver_due(engine: Engine, at: dt.datetime, post: Post, box: Box, settings: Settings) -> int:
    """Send what is due; return how many messages were taken. Several processes may do this at once: each message is
    claimed by one conditional UPDATE before it is sent. Commits by itself."""
    with reading_session(engine) as session:
        due = session.scalars(
            sa.select(WebhookDelivery.id)
            .join(WebhookEndpoint)
            .where(WebhookDelivery.next_attempt_at <= at, WebhookEndpoint.disabled_at.is_(None))
            .order_by(WebhookDelivery.attempts, WebhookDelivery.id)
            .limit(AT_ONCE)
        ).all()
    return sum(_attempt(engine, number, at, post, box, settings) for number in due)


def signature(secret: bytes, body: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def _attempt(engine: Engine, number: int, at: dt.datetime, post: Post, box: Box, settings: Settings) -> bool:
    """Send one message and note what became of it; whether it was taken. Nothing is locked while the other side takes
    its time."""
    try:
        message = _claim(engine, number, at, box)
        if message is None:
            return False
        status = post(message.url, message.body, message.headers)
        error = "" if 200 <= status < 300 else f"HTTP {status}"
    except GlcError as refused:  # not called, no answer, or a secret that no longer opens
        status, error = None, refused.message[:300]
    with Session(engine) as session:
        _note_attempt(session, number, at, status, error, settings)
        session.commit()
    return not error


def _claim(engine: Engine, number: int, at: dt.datetime, box: Box) -> Message | None:
    """The message, if it is still to be sent: another process may have it, or its address may be given up by now."""
    enabled = sa.select(WebhookEndpoint.id).where(WebhookEndpoint.disabled_at.is_(None))
    with Session(engine) as session:
        claimed = session.execute(
            sa.update(WebhookDelivery)
            .where(WebhookDelivery.id == number, WebhookDelivery.next_attempt_at <= at)
            .where(WebhookDelivery.endpoint_id.in_(enabled))
            .values(next_attempt_at=at + CLAIMED_FOR, attempts=WebhookDelivery.attempts + 1)
        )
        session.commit()
        if not claimed.rowcount:  # type: ignore[attr-defined]
            return None
    with reading_session(engine) as session:
        delivery = session.get_one(WebhookDelivery, number)
        body = json.dumps(delivery.payload, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": signature(box.open(delivery.endpoint.sealed_secret), body),
            "X-GLC-Event": delivery.event,
            "X-GLC-Event-Id": delivery.event_id,
            "X-GLC-Delivery": str(delivery.id),
            "X-GLC-Timestamp": str(epoch(at)),
        }
        return Message(delivery.endpoint.url, body, headers)


def _note_attempt(
    session: Session, number: int, at: dt.datetime, status: int | None, error: str, settings: Settings
) -> None:
    delivery = session.get_one(WebhookDelivery, number)
    endpoint = session.get_one(WebhookEndpoint, delivery.endpoint_id, with_for_update=True)
    delivery.last_status, delivery.last_error = status, error
    if not error:
        delivery.delivered_at, delivery.next_attempt_at, endpoint.failures = at, None, 0
        return
    endpoint.failures += 1
    retry_at = at + RETRY_AFTER[min(endpoint.failures, len(RETRY_AFTER)) - 1]
    delivery.next_attempt_at = retry_at
    _leave_alone(session, endpoint, retry_at)
    if endpoint.failures >= FAILURES_BEFORE_DISABLED and endpoint.disabled_at is None:
        disable(session, JOB, endpoint, at=at, reason=f"{endpoint.failures} échecs de suite ; le dernier : {error}")
        _tell(session, settings, endpoint, at)
    elif delivery.attempts >= ATTEMPTS:
        delivery.next_attempt_at = None


def _leave_alone(session: Session, endpoint: WebhookEndpoint, retry_at: dt.datetime) -> None:
    """Put off what else waits for an address that just failed: a short outage is one failure, however much waits."""
    waiting = sa.and_(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.next_attempt_at < retry_at)
    session.execute(sa.update(WebhookDelivery).where(waiting).values(next_attempt_at=retry_at))


def _tell(session: Session, settings: Settings, endpoint: WebhookEndpoint, at: dt.datetime) -> None:
    """Mail the technical contact of the partner whose address it is; the Métropole's where there is none."""
    metropole = session.scalar(sa.select(Partner).where(Partner.kind == PartnerKind.METROPOLE))
    today = paris_date(at)
    found = next((each for each in map(_technical, (endpoint.partner, metropole), (today, today)) if each), None)
    if found is None:
        logger().error("webhook.disabled", endpoint=endpoint.id, reason="nobody to tell")
        return
    send_mail(
        session,
        settings,
        to=found.email,
        subject="Notifications coupées",
        text=f"L’adresse {endpoint.url} ne répond plus : {endpoint.disabled_reason}.\n\n"
        "Rien ne lui est plus envoyé. Réparez-la, puis demandez à la Métropole de la rétablir : "
        "ce qui attendait sera envoyé.",
        at=at,
    )


def _technical(partner: Partner | None, day: dt.date) -> Contact | None:
    contacts = current_contacts(partner.holder_on(day), day) if partner is not None else []
    return next((each for each in contacts if each.role is ContactRole.TECHNICAL), None)
