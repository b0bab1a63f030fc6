"""Messages to programs, queued in the very transaction of the act they tell of: neither is there without the other.

An event is an entry of the audit trail, under its action's name. A message holds neither secrets nor anything about a
person: what wants to know more asks the REST interface.
"""

from __future__ import annotations

import datetime as dt
import uuid
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.audit import AuditEntry
from glc.clock import UTC, paris_date
from glc.database import Base
from partner_registry.models import Partner, WebhookDelivery, WebhookEndpoint


def queue(session: Session, entry: AuditEntry, partner: Partner | None) -> None:
    """Queue an entry of the trail for every endpoint that wants it. What is done to endpoints is told to none."""
    if entry.action.startswith("webhook."):
        return
    for endpoint in session.scalars(sa.select(WebhookEndpoint).where(WebhookEndpoint.disabled_at.is_(None))):
        if wants(endpoint.events, entry.action) and _concerns(endpoint, partner, paris_date(entry.at)):
            data = {"before": _public(entry.before), "after": _public(entry.after)}
            event_id = str(uuid.UUID(entry.digest[:32]))
            add_message(session, endpoint, entry.action, event_id, entry.subject, partner, data, at=entry.at)


def add_message(
    session: Session,
    endpoint: WebhookEndpoint,
    event: str,
    event_id: str,
    subject: str,
    partner: Partner | None,
    data: dict[str, Any],
    *,
    at: dt.datetime,
) -> WebhookDelivery:
    """Queue one message for one endpoint, to be sent at once. Flushes."""
    payload = {
        "id": event_id,
        "event": event,
        "occurred_at": at.astimezone(UTC).isoformat(),
        "subject": subject,
        "partner": partner.holder_on(paris_date(at)).slug if partner is not None else None,
        "data": data,
    }
    return add_delivery(session, endpoint, event, event_id, payload, at=at)


def add_delivery(
    session: Session, endpoint: WebhookEndpoint, event: str, event_id: str, payload: dict[str, Any], *, at: dt.datetime
) -> WebhookDelivery:
    """Queue a message as it is. Flushes."""
    made = WebhookDelivery(
        endpoint=endpoint, event=event, event_id=event_id, payload=payload, created_at=at, next_attempt_at=at
    )
    session.add(made)
    session.flush()
    return made


def wants(patterns: list[str], event: str) -> bool:
    """Whether a list of names and `noun.*` patterns covers an event; an empty list covers all."""
    return not patterns or event in patterns or f"{event.partition('.')[0]}.*" in patterns


def _concerns(endpoint: WebhookEndpoint, partner: Partner | None, day: dt.date) -> bool:
    """Whether an event is of the endpoint's partner, mergers counted; the Métropole's endpoints have none."""
    if endpoint.partner is None:
        return True
    return partner is not None and partner.holder_on(day) is endpoint.partner.holder_on(day)


def _public(values: dict[str, Any]) -> dict[str, Any]:
    """Values of the trail, but for whatever has the name of a column about persons; an import names it by its path."""
    return {name: value for name, value in values.items() if name.rpartition(".")[2] not in _personal()}


@cache
def _personal() -> frozenset[str]:
    columns = (column for table in Base.metadata.tables.values() for column in table.columns)
    return frozenset(column.name for column in columns if column.info.get("personal")) | {"contact"}
