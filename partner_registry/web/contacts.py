"""Pages of a partner's contacts, and the page behind the link that verifies an address."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from glc.database import db
from glc.i18n import N_
from glc.settings import Settings
from glc.web import request_id
from partner_registry.agents import Agent
from partner_registry.completeness import CONTACT_WORDS
from partner_registry.models import Contact, ContactRole, Partner
from partner_registry.partners import contact_links
from partner_registry.partners.contacts import add_contact, end_contact, verify_contact
from partner_registry.ports import ports
from partner_registry.web import links
from partner_registry.web.acts import Act, take
from partner_registry.web.base import agents_only, crumbs_to, now, partner_seen, registry, today
from partner_registry.web.forms import RegistryForm, carried_out
from partner_registry.web.partner_forms import ContactForm
from partner_registry.web.partners import contact_seen


def _add(session: Session, by: Agent, partner: Partner, *, settings: Settings, at: Any, **values: Any) -> None:
    """Add a contact, and write to it at once."""
    contact = add_contact(session, by, partner, at=at, **values)
    contact_links.send_link(session, by, contact, at=at, settings=settings, box=ports().contact_links)


def _send(session: Session, by: Agent, contact: Contact, *, settings: Settings, at: Any) -> None:
    contact_links.send_link(session, by, contact, at=at, settings=settings, box=ports().contact_links)


ADD = Act(
    name="new",
    title=N_("Ajouter un contact"),
    lead=N_("Il remplace celui qui avait le même rôle. Un courriel lui demande de confirmer son adresse."),
    button=N_("Ajouter le contact"),
    done=N_("Le contact est ajouté ; un lien de confirmation est parti à son adresse."),
    action="contact.edit",
    rule=_add,
    form=ContactForm,
    mailed=True,
)
VERIFY = Act(
    name="verify",
    title=N_("Envoyer un lien de confirmation"),
    lead=N_("Le contact reçoit un courriel ; son adresse est vérifiée quand il ouvre le lien et confirme."),
    button=N_("Envoyer le lien"),
    done=N_("Le lien de confirmation est parti."),
    action="contact.edit",
    rule=_send,
    mailed=True,
)
END = Act(
    name="end",
    title=N_("Retirer un contact"),
    lead=N_("Il reste dans l’historique du partenaire. Un rôle obligatoire devra être pourvu à nouveau."),
    button=N_("Retirer le contact"),
    done=N_("Le contact est retiré."),
    action="contact.edit",
    rule=end_contact,
)


@registry.route("/partners/<slug>/contacts/new", methods=["GET", "POST"])
@agents_only
def new_contact(agent: Agent, slug: str) -> Response:
    """Add a contact, or replace the one that has that role."""
    partner = partner_seen(agent, slug)
    asked = request.args.get("role", "")
    form = ContactForm(role=ContactRole[asked] if asked in ContactRole.__members__ else None)
    return take(agent, ADD, partner, partner, back=links.contacts(partner), crumbs=crumbs_to(partner), form=form)


@registry.route("/partners/<slug>/contacts/<int:number>/<any(verify, end):name>", methods=["GET", "POST"])
@agents_only
def contact_act(agent: Agent, slug: str, number: int, name: str) -> Response:
    """Write to a contact, or end it."""
    contact = contact_seen(agent, slug, number)
    partner = contact.partner
    return take(
        agent,
        VERIFY if name == "verify" else END,
        contact,
        partner,
        back=links.contacts(partner),
        crumbs=crumbs_to(partner),
        about=contact,
        contact_words=CONTACT_WORDS,
    )


@registry.route("/contacts/verify/<token>/", methods=["GET", "POST"])
def verify_address(token: str) -> Response:
    """What whoever reads a contact's address opens: it says what for, and one button confirms. Nobody logs in."""
    contact = contact_links.contact_behind(db.session(), token, at=now(), box=ports().contact_links)
    if contact is None:
        return Response(render_template("registry/contact_verify.html", contact=None), 410, mimetype="text/html")
    reader = Agent(name=f"contact:{contact.id}", via="web", request_id=request_id())
    form = RegistryForm()
    carried_out(form, lambda: verify_contact(db.session(), reader, contact, at=now()))
    html = render_template(
        "registry/contact_verify.html",
        contact=contact,
        form=form,
        identity=contact.partner.identity_on(today()),
        words=CONTACT_WORDS,
    )
    return Response(html, form.status, mimetype="text/html")
