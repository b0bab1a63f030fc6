"""Who works in the registry: roles given to accounts of the provider, and taken back."""

from __future__ import annotations

import sqlalchemy as sa
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from glc.database import db
from glc.errors import InputError, NotFound
from glc.i18n import N_, gettext
from partner_registry.agents import ROLE_WORDS, Agent, grant_role, held_roles, require, revoke_role
from partner_registry.models import AgentRole, Partner
from partner_registry.ports import ports
from partner_registry.web import links
from partner_registry.web.act_page import act_page
from partner_registry.web.base import agents_only, done, now, page, registry, today
from partner_registry.web.fields import ChoiceField
from partner_registry.web.forms import RegistryForm, carried_out, choice, reason, text


class GrantForm(RegistryForm):
    """An account's address, the role, and for an applicant the partner."""

    email = text(
        N_("Adresse de courriel du compte"),
        longest=255,
        hint=N_("La personne a déjà créé son compte GrandLyonConnect (simulateur)."),
    )
    role = choice(N_("Rôle"), ROLE_WORDS, blank=N_("Choisissez"))
    partner = ChoiceField(N_("Partenaire, pour un demandeur"), validate_choice=False)


@registry.route("/agents/", methods=["GET", "POST"])
@agents_only
def agent_list(agent: Agent) -> Response:
    """Every role held now, and the form that gives one."""
    require(agent, "role.edit")
    form = GrantForm()
    partners = db.session.scalars(sa.select(Partner).where(Partner.successor_id.is_(None)).order_by(Partner.slug))
    offered = {each.slug: each for each in partners}
    form.partner.choices = [
        SelectChoice("", gettext("Aucun")),
        *[SelectChoice(slug, each.identity_on(today()).name) for slug, each in offered.items()],
    ]

    def act() -> None:
        person = ports().person_at(db.session(), form.email.data)
        if person is None:
            raise InputError(
                N_("aucun compte n’a cette adresse : la personne doit d’abord créer le sien"), field="email"
            )
        partner = offered.get(form.partner.data or "")
        grant_role(db.session(), agent, person.account_id, form.role.data, at=now(), partner=partner)

    if carried_out(form, act):
        return done(N_("le rôle est donné."), links.agents())
    return page(
        "agents.html",
        agent,
        form.status,
        form=form,
        rows=[(each, ports().person(db.session(), each.account_id)) for each in held_roles(db.session(), now())],
        role_words=ROLE_WORDS,
        today=today(),
    )


class RevokeForm(RegistryForm):
    """Why a role is taken back."""

    reason = reason()


@registry.route("/agents/roles/<int:number>/revoke", methods=["GET", "POST"])
@agents_only
def agent_revoke(agent: Agent, number: int) -> Response:
    """Take a role back."""
    require(agent, "role.edit")
    held = db.session.get(AgentRole, number)
    if held is None or held not in held_roles(db.session(), now()):
        raise NotFound(N_("ce rôle n’existe pas, ou plus"))
    form = RevokeForm()
    if carried_out(form, lambda: revoke_role(db.session(), agent, held, at=now(), reason=form.reason.data)):
        return done(
            N_("le rôle est retiré."), links.agents() if agent.account_id != held.account_id else links.partners()
        )
    person = ports().person(db.session(), held.account_id)
    return act_page(
        agent,
        form,
        title=N_("Retirer le rôle « %(role)s » à %(who)s"),
        lead=[N_("Ses jetons d’accès perdent ce rôle à l’instant. Ce que la personne a fait reste au journal.")],
        button=N_("Retirer ce rôle"),
        back=links.agents(),
        crumbs=[(gettext("Agents"), links.agents())],
        danger=True,
        role=gettext(ROLE_WORDS[held.role]),
        who=person.email if person is not None else f"n° {held.account_id}",
    )
