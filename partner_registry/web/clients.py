"""A partner's clients: their list, registering one, its page, and what it would get at an instant."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import request
from werkzeug.wrappers import Response

from glc.clock import paris_date
from glc.database import db
from glc.i18n import N_, gettext
from glc.services import services
from partner_registry.agents import Agent
from partner_registry.clients.bindings import can_be_cancelled
from partner_registry.clients.life import register_client
from partner_registry.clients.registration import GLC_CLAIMS, ClientRegistration
from partner_registry.clients.secrets import living_secrets
from partner_registry.completeness import declared
from partner_registry.data_protection.processings import claims_of
from partner_registry.gate import Access, Gate, gate_at
from partner_registry.models import Client, ClientTransfer, Environment, GnmService, Partner
from partner_registry.partners.life import line_of
from partner_registry.ports import ports
from partner_registry.terms import terms_for
from partner_registry.web import links, once, words
from partner_registry.web.base import (
    Crumbs,
    agents_only,
    crumbs_to,
    done,
    now,
    page,
    partner_seen,
    registry,
    shown_to,
    today,
)
from partner_registry.web.forms import RegistryForm, carried_out, choice, instant, lines, text
from partner_registry.web.version_forms import AcceptanceForm

APPROVAL_ENDS_SOON = dt.timedelta(days=90)
LOGOUTS_SHOWN = 20


def client_seen(agent: Agent, client_id: str) -> Client:
    """The client of that identifier, if its partner of today is the agent's to see. Raises `NotFound`."""
    client = db.session.scalar(sa.select(Client).where(Client.client_id == client_id))
    shown_to(agent, client.partner_on(today()) if client is not None else None)
    assert client is not None
    return client


def clients_of(partner: Partner) -> list[Client]:
    """The clients that are a partner's today: its own, and those it received."""
    line = [each.id for each in line_of(partner)]
    received = Client.transfers.any(ClientTransfer.to_partner_id.in_(line))
    query = sa.select(Client).where(sa.or_(Client.partner_id.in_(line), received)).order_by(Client.registered_at)
    return [each for each in db.session.scalars(query) if each.partner_on(today()) is partner.holder_on(today())]


def crumbs(client: Client) -> Crumbs:
    """The way to a client's page."""
    partner = client.partner_on(today())
    return [*crumbs_to(partner), (gettext("Clients"), links.clients(partner))]


def inside(client: Client) -> Crumbs:
    """The way to a page below a client's."""
    return [*crumbs(client), (client.latest.name, links.client(client))]


@registry.get("/partners/<slug>/clients/")
@agents_only
def client_list(agent: Agent, slug: str) -> Response:
    """A partner's clients with their state."""
    partner = partner_seen(agent, slug)
    rows = [(each, words.client_state(each, now()), access_of(each, now())) for each in clients_of(partner)]
    name = partner.identity_on(today()).name
    return page("client_list.html", agent, partner=partner, name=name, rows=rows, crumbs=crumbs_to(partner), w=words)


def access_of(client: Client, at: dt.datetime) -> Gate:
    """What the gate says of a client, published or not."""
    gate = gate_at(client, at)
    return gate if client.published is not None else Gate(Access.CLOSED, "never_published", gate.agreement)


class RegisterForm(RegistryForm):
    """A new client: what it takes to begin; the rest has good defaults, and the draft's form."""

    environment = choice(
        N_("Pour quoi faire ?"),
        words.ENVIRONMENT_WORDS,
        hint=N_("Le bac à sable sert aussitôt ; une production est publiée par une seconde personne."),
    )
    service = choice(N_("Service du guichet"), words.SERVICE_WORDS)
    name = text(N_("Nom du service"), longest=100, hint=N_("Les usagers le lisent au moment de se connecter."))
    redirect_uris = lines(
        N_("Adresses de retour après connexion"),
        hint=N_("Une par ligne ; en production : https, adresse exacte, sur un domaine du partenaire."),
    )
    post_logout_redirect_uris = lines(
        N_("Adresses de retour après déconnexion"), required=False, hint=N_("Une par ligne.")
    )


@registry.route("/partners/<slug>/clients/new", methods=["GET", "POST"])
@agents_only
def client_new(agent: Agent, slug: str) -> Response:
    """Register a client; its secret is shown on the page that follows."""
    partner = partner_seen(agent, slug)
    asked = request.args.get("environment", "")
    begin_with = {"environment": Environment[asked]} if asked in Environment.__members__ else {}
    form = RegisterForm(data={"service": GnmService.GRANDLYONCONNECT, **begin_with})
    registered: list[Client] = []

    def act() -> None:
        client, secret = register_client(
            db.session(),
            agent,
            partner.slug,
            ClientRegistration(
                name=form.name.data,
                redirect_uris=tuple(form.redirect_uris.data),
                post_logout_redirect_uris=tuple(form.post_logout_redirect_uris.data),
                claims=tuple(rule for rule in GLC_CLAIMS if rule["name"] in claims_of(declared(partner))),
            ),
            at=now(),
            entropy=services().entropy,
            seal=ports().client_secrets.seal,
            environment=form.environment.data,
            service=form.service.data,
        )
        once.keep(f"client:{client.client_id}", secret)
        registered.append(client)

    if carried_out(form, act):
        return done(N_("le client est enregistré."), f"{links.client(registered[0])}secrets")
    way = [*crumbs_to(partner), (gettext("Clients"), links.clients(partner))]
    return page("client_new.html", agent, form.status, form=form, partner=partner, crumbs=way)


@registry.get("/clients/<client_id>/")
@agents_only
def client_page(agent: Agent, client_id: str) -> Response:
    """Everything about a client, with the doors to what may be done."""
    client = client_seen(agent, client_id)
    at = now()
    return page(
        "client.html",
        agent,
        client=client,
        partner=client.partner_on(today()),
        version=client.published,
        crumbs=crumbs(client),
        state=words.client_state(client, at),
        gate=access_of(client, at),
        secrets=living_secrets(client, at),
        approval=approval_warning(client, today()),
        acceptance=AcceptanceForm(),
        logouts=ports().told_logouts(db.session(), client.client_id, LOGOUTS_SHOWN),
        cancellable={each.valid_from_on for each in client.bindings if can_be_cancelled(each, at)},
        today=today(),
        name_of=name_of,
        w=words,
    )


def approval_warning(client: Client, day: dt.date) -> str:
    """What is wrong with a production service's RGS homologation, as a French template; empty when nothing is."""
    if client.environment is not Environment.PRODUCTION or client.archived_at is not None:
        return ""
    until = client.security_approved_until_on
    if until is None:
        return N_("L’homologation de sécurité (RGS) de ce service n’est pas renseignée.")
    if until < day:
        return N_("L’homologation de sécurité (RGS) de ce service a pris fin le %(until)s.")
    if until - day < APPROVAL_ENDS_SOON:
        return N_("L’homologation de sécurité (RGS) de ce service prend fin le %(until)s.")
    return ""


def name_of(account_id: int | None) -> str:
    """The name of an account's person; none for the command line or an erased account."""
    person = ports().person(db.session(), account_id) if account_id is not None else None
    return (person.name or person.email) if person is not None else ""


class TermsForm(RegistryForm):
    """At which instant."""

    class Meta:
        """Read only: nothing to protect against other sites."""

        csrf = False

    at = instant(N_("À cet instant"))


@registry.get("/clients/<client_id>/terms")
@agents_only
def client_terms(agent: Agent, client_id: str) -> Response:
    """What this client would get at an instant: the gate's answer, whole."""
    client = client_seen(agent, client_id)
    form = TermsForm(request.args or None, data={"at": now()})
    valid = not request.args or form.validate()
    at = form.at.data if valid else None
    return page(
        "client_terms.html",
        agent,
        200 if valid else 400,
        client=client,
        crumbs=inside(client),
        form=form,
        at=at,
        terms=terms_for(db.session(), client.client_id, at) if at else None,
        gate=access_of(client, at) if at else None,
        day=paris_date(at) if at else None,
        w=words,
    )
