"""`glc webhook`: programs that are told of events."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import NotFound
from glc.i18n import N_
from partner_registry.commands.shared import Act, acts, as_table, as_text, facts, reads, reason_option
from partner_registry.events.webhooks import disable as disable_endpoint
from partner_registry.events.webhooks import enable as enable_endpoint
from partner_registry.events.webhooks import replay as replay_delivery
from partner_registry.events.webhooks import subscribe as subscribe_endpoint
from partner_registry.models import WebhookDelivery, WebhookEndpoint
from partner_registry.partners.life import find_partner
from partner_registry.ports import ports


@click.group()
def webhook() -> None:
    """Programs that are told what happens in the registry. `glc serve` sends the messages."""


@webhook.command("list")
@reads(as_table("number", "url", "partner", "disabled_at"))
def list_endpoints(act: Act) -> list[dict[str, Any]]:
    """List the addresses that are told of events."""
    return [_described(each) for each in act.session.scalars(sa.select(WebhookEndpoint).order_by(WebhookEndpoint.id))]


@webhook.command()
@click.argument("url")
@click.option("--event", "events", multiple=True, metavar="NAME", help="agreement.signed, or agreement.*; none: all.")
@click.option("--partner", metavar="SLUG", help="This partner's events only.")
@acts(lambda value: as_text(value) + "\nThe secret is shown this once: copy it now.")
def subscribe(act: Act, url: str, events: tuple[str, ...], partner: str | None) -> dict[str, Any]:
    """Have an address told of events; the secret that signs the messages is printed once."""
    made, secret = subscribe_endpoint(
        act.session,
        act.by,
        url=url,
        events=list(events),
        partner=find_partner(act.session, partner) if partner else None,
        at=act.at,
        entropy=act.entropy,
        box=ports().webhook_secrets,
    )
    return _described(made) | {"secret": secret}


@webhook.command()
@click.argument("number", type=int)
@reason_option
@acts()
def disable(act: Act, number: int, reason: str) -> dict[str, Any]:
    """Tell an address nothing more."""
    found = _find(act.session, number)
    disable_endpoint(act.session, act.by, found, at=act.at, reason=reason)
    return _described(found)


@webhook.command()
@click.argument("number", type=int)
@acts()
def enable(act: Act, number: int) -> dict[str, Any]:
    """Tell an address again."""
    found = _find(act.session, number)
    enable_endpoint(act.session, act.by, found, at=act.at)
    return _described(found)


@webhook.command()
@click.argument("number", type=int)
@reads(as_table("number", "event", "created_at", "delivered_at", "attempts", "last_error"))
def deliveries(act: Act, number: int) -> list[dict[str, Any]]:
    """List the messages of an address and how each went, newest first."""
    return [{"number": each.id, **facts(each)} for each in reversed(_find(act.session, number).deliveries)]


@webhook.command()
@click.argument("delivery", type=int)
@acts()
def replay(act: Act, delivery: int) -> dict[str, Any]:
    """Send a message once more, under the same event identifier."""
    found = act.session.get(WebhookDelivery, delivery)
    if found is None:
        raise NotFound(N_("aucun message n’a le numéro %(number)s ; liste : glc webhook deliveries"), number=delivery)
    made = replay_delivery(act.session, act.by, found, at=act.at)
    return {"number": made.id, **facts(made)}


def _find(session: Session, number: int) -> WebhookEndpoint:
    found = session.get(WebhookEndpoint, number)
    if found is None:
        raise NotFound(N_("aucune adresse n’a le numéro %(number)s ; liste : glc webhook list"), number=number)
    return found


def _described(found: WebhookEndpoint) -> dict[str, Any]:
    return {"number": found.id, **facts(found), "partner": found.partner.slug if found.partner else None}
