"""The addresses that are told of events: subscribed with a secret shown once, their messages, replayed or cut."""

from __future__ import annotations

import sqlalchemy as sa
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from glc.services import services
from partner_registry.agents import Agent, require
from partner_registry.events import webhooks as rules
from partner_registry.models import Partner, WebhookDelivery, WebhookEndpoint
from partner_registry.ports import ports
from partner_registry.web import links, once
from partner_registry.web.act_page import act_page
from partner_registry.web.act_words import ACT_WORDS
from partner_registry.web.base import NOTHING, Crumbs, agents_only, done, now, page, registry, today
from partner_registry.web.fields import ChoiceField
from partner_registry.web.forms import RegistryForm, carried_out, lines, reason, text

SHOWN = 50
"""Messages on an address's page."""


class SubscribeForm(RegistryForm):
    """An address, what it wants to know, and of whom."""

    url = text(N_("Adresse à prévenir"), longest=1024, hint=N_("En https."))
    events = lines(
        N_("Événements"),
        required=False,
        hint=N_("Un par ligne : agreement.signed, ou agreement.* pour toutes les conventions. Vide : tous."),
    )
    partner = ChoiceField(N_("D’un seul partenaire"), validate_choice=False)


@registry.route("/agents/webhooks/", methods=["GET", "POST"])
@agents_only
def webhook_list(agent: Agent) -> Response:
    """The addresses there are, and the form that adds one."""
    require(agent, "webhook.edit")
    form = SubscribeForm()
    partners = {each.slug: each for each in db.session.scalars(sa.select(Partner).order_by(Partner.slug))}
    form.partner.choices = [
        SelectChoice("", gettext("Non : de tous")),
        *[SelectChoice(slug, each.identity_on(today()).name) for slug, each in partners.items()],
    ]
    made: list[WebhookEndpoint] = []

    def act() -> None:
        endpoint, secret = rules.subscribe(
            db.session(),
            agent,
            url=form.url.data,
            events=form.events.data,
            partner=partners.get(form.partner.data or ""),
            at=now(),
            entropy=services().entropy,
            box=ports().webhook_secrets,
        )
        once.keep(f"webhook:{endpoint.id}", secret)
        made.append(endpoint)

    if carried_out(form, act):
        return done(N_("l’adresse sera prévenue ; un message d’essai est parti."), links.webhook(made[0]))
    endpoints = db.session.scalars(sa.select(WebhookEndpoint).order_by(WebhookEndpoint.id)).all()
    return page(
        "webhooks.html", agent, form.status, form=form, endpoints=endpoints, acts=ACT_WORDS, crumbs=_crumbs()[:1]
    )


def _crumbs() -> Crumbs:
    return [(gettext("Agents"), links.agents()), (gettext("Notifications"), links.webhooks())]


def webhook_seen(agent: Agent, number: int) -> WebhookEndpoint:
    """The address of that number. Raises `Forbidden`, `NotFound`."""
    require(agent, "webhook.edit")
    found = db.session.get(WebhookEndpoint, number)
    if found is None:
        raise NotFound(NOTHING)
    return found


@registry.get("/agents/webhooks/<int:number>/")
@agents_only
def webhook_page(agent: Agent, number: int) -> Response:
    """An address: its secret right after it was added, its messages."""
    return _show(agent, webhook_seen(agent, number), RegistryForm())


def _show(agent: Agent, endpoint: WebhookEndpoint, form: RegistryForm) -> Response:
    newest = sa.select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    deliveries = db.session.scalars(newest.order_by(WebhookDelivery.id.desc()).limit(SHOWN)).all()
    return page(
        "webhook.html",
        agent,
        form.status,
        form=form,
        endpoint=endpoint,
        deliveries=deliveries,
        clear=once.take(f"webhook:{endpoint.id}"),
        here=links.webhook(endpoint),
        acts=ACT_WORDS,
        crumbs=_crumbs(),
    )


@registry.post("/agents/webhooks/<int:number>/deliveries/<int:delivery>/replay")
@agents_only
def webhook_replay(agent: Agent, number: int, delivery: int) -> Response:
    """Send a message once more."""
    endpoint, form = webhook_seen(agent, number), RegistryForm()
    found = db.session.get(WebhookDelivery, delivery)
    if found is None or found.endpoint_id != endpoint.id:
        raise NotFound(NOTHING)
    if carried_out(form, lambda: rules.replay(db.session(), agent, found, at=now())):
        return done(N_("le message sera renvoyé."), links.webhook(endpoint))
    return _show(agent, endpoint, form)


@registry.post("/agents/webhooks/<int:number>/enable")
@agents_only
def webhook_enable(agent: Agent, number: int) -> Response:
    """Tell an address again."""
    endpoint, form = webhook_seen(agent, number), RegistryForm()
    if carried_out(form, lambda: rules.enable(db.session(), agent, endpoint, at=now())):
        return done(N_("l’adresse est de nouveau prévenue ; ce qui attendait est envoyé."), links.webhook(endpoint))
    return _show(agent, endpoint, form)


class DisableForm(RegistryForm):
    """Why an address is told nothing more."""

    reason = reason()


@registry.route("/agents/webhooks/<int:number>/disable", methods=["GET", "POST"])
@agents_only
def webhook_disable(agent: Agent, number: int) -> Response:
    """Tell an address nothing more."""
    endpoint, form = webhook_seen(agent, number), DisableForm()
    if carried_out(form, lambda: rules.disable(db.session(), agent, endpoint, at=now(), reason=form.reason.data)):
        return done(N_("l’adresse n’est plus prévenue."), links.webhook(endpoint))
    return act_page(
        agent,
        form,
        title=N_("Ne plus prévenir %(url)s"),
        lead=[N_("Rien ne lui est plus envoyé. Vous pourrez la rétablir : ce qui attendait sera alors envoyé.")],
        button=N_("Couper les notifications"),
        back=links.webhook(endpoint),
        crumbs=_crumbs(),
        danger=True,
        url=endpoint.url,
    )
