"""Addresses that are told of events, and how that went."""

from __future__ import annotations

import sqlalchemy as sa

from glc.services import services
from partner_registry.api.call import Call, Created, Page, Shown, page
from partner_registry.api.operation import Resource
from partner_registry.api.schemas import webhooks as schemas
from partner_registry.api.schemas.base import Motivated
from partner_registry.events import webhooks as rules
from partner_registry.models import Partner, WebhookDelivery, WebhookEndpoint
from partner_registry.ports import ports


def _show(endpoint: WebhookEndpoint) -> Shown:
    return Shown(endpoint, partner=endpoint.partner.slug if endpoint.partner else None)


def _find_delivery(call: Call) -> WebhookDelivery:
    query = sa.select(WebhookDelivery).where(WebhookDelivery.endpoint_id == call.path["endpoint"])
    return call.one(query.where(WebhookDelivery.id == call.path["delivery"]))


ENDPOINT = Resource(
    schema="webhooks:EndpointTold",
    find=lambda call: call.one(sa.select(WebhookEndpoint).where(WebhookEndpoint.id == call.path["endpoint"])),
    show=lambda endpoint, _call: _show(endpoint),
    path=lambda endpoint, _call: f"/webhooks/{endpoint.id}",
)
DELIVERY = Resource(
    schema="webhooks:DeliveryTold",
    find=_find_delivery,
    show=lambda delivery, _call: delivery,
    path=lambda delivery, _call: f"/webhooks/{delivery.endpoint_id}/deliveries/{delivery.id}",
)


def endpoints(call: Call, asked: schemas.Endpoints) -> Page:
    query = sa.select(WebhookEndpoint)
    if asked.partner is not None:
        query = query.join(Partner).where(Partner.slug == asked.partner)
    return page(call, asked, query, WebhookEndpoint.id, _show)


def subscribe(call: Call, sent: schemas.NewEndpoint) -> Created:
    endpoint, secret = rules.subscribe(
        call.session,
        call.agent,
        url=sent.url,
        events=sent.events,
        partner=call.named(sent.partner) if sent.partner is not None else None,
        at=call.at,
        entropy=services().entropy,
        box=ports().webhook_secrets,
    )
    return Created(endpoint, {"secret": secret})


def disable(call: Call, endpoint: WebhookEndpoint, sent: Motivated) -> None:
    rules.disable(call.session, call.agent, endpoint, at=call.at, reason=sent.reason)


def enable(call: Call, endpoint: WebhookEndpoint) -> None:
    rules.enable(call.session, call.agent, endpoint, at=call.at)


def deliveries(call: Call, endpoint: WebhookEndpoint, asked: schemas.Deliveries) -> Page:
    query = sa.select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    if asked.event is not None:
        query = query.where(WebhookDelivery.event == asked.event)
    if asked.delivered is not None:
        taken = WebhookDelivery.delivered_at
        query = query.where(taken.is_not(None) if asked.delivered else taken.is_(None))
    return page(call, asked, query, WebhookDelivery.id, lambda each: each, newest_first=True)


def replay(call: Call, delivery: WebhookDelivery) -> WebhookDelivery:
    return rules.replay(call.session, call.agent, delivery, at=call.at)
