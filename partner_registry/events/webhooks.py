"""Webhooks: the addresses of programs that are told what happens in the registry, with the secret that signs."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.entropy import Entropy, random_token, random_uuid
from glc.errors import Conflict, InputError
from glc.i18n import N_
from glc.urls import origin
from partner_registry.agents import Agent, require, require_reason
from partner_registry.events.outbox import add_delivery, add_message
from partner_registry.models import Partner, WebhookDelivery, WebhookEndpoint
from partner_registry.ports import Box
from partner_registry.trail import note

PING = "ping"
PATTERN = re.compile(r"[a-z_]+\.(?:[a-z_]+|\*)")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def subscribe(
    session: Session,
    by: Agent,
    *,
    url: str,
    events: list[str],
    partner: Partner | None,
    at: dt.datetime,
    entropy: Entropy,
    box: Box,
) -> tuple[WebhookEndpoint, str]:
    """Have an address told of events; return it with the secret that signs, shown once. A `ping` is queued.

    Raises `Forbidden`; `InputError` for an address that is not https (http on this machine only) or a bad pattern.
    """
    require(by, "webhook.edit")
    check_address(url, events)
    secret = random_token(entropy)
    endpoint = WebhookEndpoint(
        url=url, events=events, partner=partner, sealed_secret=box.seal(secret.encode()), created_at=at
    )
    session.add(endpoint)
    session.flush()
    _noted(session, by, at, "webhook.subscribed", endpoint)
    add_message(session, endpoint, PING, random_uuid(entropy), subject_of(endpoint), partner, {"events": events}, at=at)
    return endpoint, secret


def disable(session: Session, by: Agent, endpoint: WebhookEndpoint, *, at: dt.datetime, reason: str) -> None:
    """Tell an address nothing more. Raises `Forbidden`, `InputError` (no reason), `Conflict`."""
    require(by, "webhook.edit")
    reason = require_reason(reason)
    if endpoint.disabled_at is not None:
        raise Conflict(N_("cette adresse n’est déjà plus prévenue"))
    endpoint.disabled_at, endpoint.disabled_reason = at, reason[:200]
    _noted(session, by, at, "webhook.disabled", endpoint, reason)


def enable(session: Session, by: Agent, endpoint: WebhookEndpoint, *, at: dt.datetime) -> None:
    """Tell an address again; what waited is sent, what happened meanwhile is not. Raises `Forbidden`, `Conflict`."""
    require(by, "webhook.edit")
    if endpoint.disabled_at is None:
        raise Conflict(N_("cette adresse est déjà prévenue"))
    endpoint.disabled_at, endpoint.disabled_reason, endpoint.failures = None, "", 0
    waiting = sa.and_(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.next_attempt_at > at)
    session.execute(sa.update(WebhookDelivery).where(waiting).values(next_attempt_at=at))
    _noted(session, by, at, "webhook.enabled", endpoint)


def replay(session: Session, by: Agent, delivery: WebhookDelivery, *, at: dt.datetime) -> WebhookDelivery:
    """Send a message once more, under the same event identifier; what became of the first one stays on record.

    Raises `Forbidden`, `Conflict` (disabled).
    """
    require(by, "webhook.edit")
    endpoint = delivery.endpoint
    if endpoint.disabled_at is not None:
        raise Conflict(N_("cette adresse n’est plus prévenue : rétablissez-la d’abord"))
    made = add_delivery(session, endpoint, delivery.event, delivery.event_id, delivery.payload, at=at)
    _noted(session, by, at, "webhook.replayed", endpoint)
    return made


def subject_of(endpoint: WebhookEndpoint) -> str:
    """What the audit trail calls an endpoint."""
    return f"webhook:{endpoint.id}"


def _noted(
    session: Session, by: Agent, at: dt.datetime, action: str, endpoint: WebhookEndpoint, reason: str = ""
) -> None:
    """Note an act on an endpoint, by its origin alone: many addresses hold a secret in their path or query."""
    after = {"origin": origin(endpoint.url), "events": endpoint.events}
    note(session, by, at, action, subject_of(endpoint), partner=endpoint.partner, after=after, reason=reason)


def check_address(url: str, events: list[str]) -> None:
    """Raise `InputError` for an address that is not https (http on this machine only) or a bad pattern."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # read for its check
    except ValueError as error:
        raise InputError(N_("%(url)s n’est pas une adresse"), url=url) from error
    if not host or "@" in parts.netloc or not url.isprintable() or " " in url or len(url) > 1024:
        raise InputError(N_("%(url)s n’est pas une adresse"), url=url)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise InputError(N_("l’adresse à prévenir est en https : %(url)s"), url=url)
    for event in events:
        if not PATTERN.fullmatch(event):
            raise InputError(
                N_("« %(event)s » n’est pas un nom d’événement : agreement.signed, ou agreement.*"), event=event
            )
