"""Tables of the notifications sent to partners' and the Métropole's programs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, relationship

from glc.database import Base, column, key_column
from partner_registry.models.partners import Partner


class WebhookEndpoint(Base):
    """An address that is told of events, each message signed with a secret shown once."""

    __tablename__ = "webhook_endpoint"

    id: Mapped[int] = key_column()
    partner_id: Mapped[int | None] = column(
        "Only this partner's events; empty: every event", sa.ForeignKey(Partner.id), index=True
    )
    url: Mapped[str] = column("Address", sa.String(1024))
    events: Mapped[list[str]] = column("Names of the events it wants, `agreement.*` allowed; empty: all", default=list)
    sealed_secret: Mapped[str] = column(
        "Secret that signs, sealed under the master key", sa.Text(), sealed="webhook-secret"
    )
    created_at: Mapped[dt.datetime] = column("When it was registered")
    failures: Mapped[int] = column("Failed attempts in a row", default=0)
    disabled_at: Mapped[dt.datetime | None] = column("Since when nothing is sent any more")
    disabled_reason: Mapped[str] = column("Why", sa.String(200), default="")
    partner: Mapped[Partner | None] = relationship()
    deliveries: Mapped[list[WebhookDelivery]] = relationship(back_populates="endpoint", order_by="WebhookDelivery.id")


class WebhookDelivery(Base):
    """One event to tell one address, and how that went."""

    __tablename__ = "webhook_delivery"

    id: Mapped[int] = key_column()
    endpoint_id: Mapped[int] = column("Whom", sa.ForeignKey(WebhookEndpoint.id), index=True)
    event: Mapped[str] = column("Name of the event", sa.String(60))
    event_id: Mapped[str] = column("Identifier of the event: the same at each attempt and replay", sa.String(36))
    payload: Mapped[dict[str, Any]] = column("What is told", sa.JSON())
    created_at: Mapped[dt.datetime] = column("When it happened")
    next_attempt_at: Mapped[dt.datetime | None] = column("When to try (again); empty: done or given up", index=True)
    attempts: Mapped[int] = column("Attempts so far", default=0)
    delivered_at: Mapped[dt.datetime | None] = column("When it was taken")
    last_status: Mapped[int | None] = column("HTTP status of the last attempt")
    last_error: Mapped[str] = column("What went wrong at the last attempt", sa.String(300), default="")
    endpoint: Mapped[WebhookEndpoint] = relationship(back_populates="deliveries")
