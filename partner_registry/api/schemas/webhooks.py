"""Addresses that are told of events, and how that went."""

from __future__ import annotations

from typing import Any

from pydantic import Field, create_model

from partner_registry.api.schemas.base import Positioned, Sent, Words, absent, of, told
from partner_registry.models import Partner, WebhookDelivery, WebhookEndpoint

EndpointTold = told(
    "WebhookEndpoint",
    WebhookEndpoint,
    "id url created_at failures disabled_at disabled_reason",
    events=list[str],
    partner=(str | None, "Short name of the partner whose events it is told; null: everybody's"),
)
EndpointAndSecret = create_model(
    "WebhookEndpointAndSecret",
    __base__=EndpointTold,
    secret=(str, Field(description="What signs each message (X-Hub-Signature-256), told this once")),
)
DeliveryTold = told(
    "WebhookDelivery",
    WebhookDelivery,
    "id event event_id created_at next_attempt_at attempts delivered_at last_status last_error",
    payload=dict[str, Any],
)


class NewEndpoint(Sent):
    """An address to tell."""

    url: str = of(WebhookEndpoint.url, min_length=1)
    events: Words = of(WebhookEndpoint.events, [])
    partner: str | None = absent(Partner.slug)


class Endpoints(Positioned):
    """Which addresses to list."""

    partner: str | None = absent(Partner.slug)


class Deliveries(Positioned):
    """Which deliveries to list, newest first."""

    event: str | None = absent(WebhookDelivery.event)
    delivered: bool | None = Field(default=None, description="Only those that were taken, or only those that were not")
