"""A processing's page, what is declared of it, and what is decided about it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from glc.database import db
from glc.i18n import N_, gettext
from partner_registry.agents import Agent, may
from partner_registry.completeness import CONTRACT_POINTS, missing_in_processing, processor_name
from partner_registry.data_protection import processings as rules
from partner_registry.data_protection.processings import holder_of
from partner_registry.models import Client, LegalBasis, Partner, Processing
from partner_registry.terms import claims_lost
from partner_registry.web import links, words
from partner_registry.web.act_page import act_page
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
from partner_registry.web.clients import name_of
from partner_registry.web.forms import RegistryForm, carried_out, reason
from partner_registry.web.processing_forms import DOCUMENT_WORDS, GROUPS, OpinionForm, ProcessingForm

SELF_EXPLAINED = {"csrf_token", "joint_controllers"}


def processing_seen(agent: Agent, number: int) -> Processing:
    """The processing of that number, if its partner of today is the agent's to see. Raises `NotFound`."""
    processing = db.session.get(Processing, number)
    shown_to(agent, holder_of(processing, now()) if processing is not None else None)
    assert processing is not None
    return processing


def crumbs(partner: Partner) -> Crumbs:
    """The way to a partner's processings."""
    return [*crumbs_to(partner), (gettext("Traitements"), links.processings(partner))]


def inside(processing: Processing) -> Crumbs:
    """The way to a page below a processing's."""
    return [*crumbs(holder_of(processing, now())), (processing.name, links.processing(processing))]


def clients_serving(processing: Processing) -> list[Client]:
    """The clients that serve a processing and are not archived."""
    query = sa.select(Client).where(Client.processings.contains(processing), Client.archived_at.is_(None))
    return list(db.session.scalars(query.order_by(Client.id)))


@registry.get("/processings/<int:number>/")
@agents_only
def processing_page(agent: Agent, number: int) -> Response:
    """Everything about a processing."""
    return _show(agent, processing_seen(agent, number), RegistryForm())


def _show(agent: Agent, processing: Processing, form: RegistryForm) -> Response:
    partner = holder_of(processing, now())
    open_ = processing.validated_on is None and processing.withdrawn_on is None
    return page(
        "processing.html",
        agent,
        form.status,
        form=form,
        processing=processing,
        partner=partner,
        crumbs=crumbs(partner),
        state=words.processing_state(processing, today()),
        open=open_,
        editing=open_ and may(agent, "processing.draft", partner),
        missing=missing_in_processing(processing),
        clients=clients_serving(processing),
        replaced_by=db.session.scalars(sa.select(Processing).where(Processing.replaces_id == processing.id)).all(),
        points=CONTRACT_POINTS,
        document_words=DOCUMENT_WORDS,
        processor_name=processor_name,
        name_of=name_of,
        here=links.processing(processing),
        today=today(),
        w=words,
    )


def _offer_partners(form: ProcessingForm, but: Partner) -> dict[str, Partner]:
    """Let the form name other partners as joint controllers."""
    others = db.session.scalars(sa.select(Partner).where(Partner.successor_id.is_(None)).order_by(Partner.slug))
    offered = {each.slug: each for each in others if each is not but}
    form.joint_controllers.choices = [
        SelectChoice(slug, each.identity_on(today()).name) for slug, each in offered.items()
    ]
    return offered


def _typed(form: ProcessingForm, offered: dict[str, Partner]) -> dict[str, Any]:
    facts = {field.name: field.data for field in form if field.name not in SELF_EXPLAINED}
    for name in ("privacy_notice_url", "joint_essence_url"):
        facts[name] = facts[name] or None
    facts["source"] = facts["source"] or "GrandLyonConnect"
    facts["joint_controllers"] = [offered[slug] for slug in form.joint_controllers.data or () if slug in offered]
    return facts


def _form_page(agent: Agent, form: ProcessingForm, partner: Partner, processing: Processing | None) -> Response:
    return page(
        "processing_form.html",
        agent,
        form.status,
        form=form,
        partner=partner,
        processing=processing,
        groups=GROUPS,
        crumbs=inside(processing) if processing is not None else crumbs(partner),
        back=links.processing(processing) if processing is not None else links.processings(partner),
    )


@registry.route("/partners/<slug>/processings/new", methods=["GET", "POST"])
@agents_only
def processing_new(agent: Agent, slug: str) -> Response:
    """Declare a processing."""
    partner = partner_seen(agent, slug)
    form = ProcessingForm(data={"legal_basis": LegalBasis.PUBLIC_TASK, "source": "GrandLyonConnect"})
    offered = _offer_partners(form, partner)
    made: list[Processing] = []

    def act() -> None:
        made.append(rules.draft_processing(db.session(), agent, partner, at=now(), **_typed(form, offered)))

    if carried_out(form, act):
        return done(N_("le traitement est déclaré ; dites maintenant ses finalités."), links.processing(made[0]))
    return _form_page(agent, form, partner, None)


@registry.route("/processings/<int:number>/edit", methods=["GET", "POST"])
@agents_only
def processing_edit(agent: Agent, number: int) -> Response:
    """Change the facts of a processing that is not validated yet."""
    processing = processing_seen(agent, number)
    partner = holder_of(processing, now())
    joint = [each.slug for each in processing.joint_controllers]
    form = ProcessingForm(
        data={name: getattr(processing, name) for name in rules.EDITABLE} | {"joint_controllers": joint}
    )
    offered = _offer_partners(form, partner)

    def act() -> None:
        rules.edit_processing(db.session(), agent, processing, at=now(), **_typed(form, offered))

    if carried_out(form, act):
        return done(N_("le traitement est modifié."), links.processing(processing))
    return _form_page(agent, form, partner, processing)


@registry.route("/processings/<int:number>/opinion", methods=["GET", "POST"])
@agents_only
def processing_opinion(agent: Agent, number: int) -> Response:
    """Give the DPO's opinion."""
    processing, form = processing_seen(agent, number), OpinionForm()

    def act() -> None:
        rules.give_opinion(
            db.session(),
            agent,
            processing,
            favourable=bool(form.favourable.data),
            text=form.text.data,
            at=now(),
        )

    if carried_out(form, act):
        return done(N_("l’avis est enregistré."), links.processing(processing))
    return act_page(
        agent,
        form,
        title=N_("Avis du DPO sur « %(name)s »"),
        lead=[
            N_("Le traitement n’est validé qu’après un avis favorable. S’il est modifié ensuite, l’avis est redemandé.")
        ],
        button=N_("Enregistrer l’avis"),
        back=links.processing(processing),
        crumbs=inside(processing),
        name=processing.name,
    )


@registry.post("/processings/<int:number>/validate")
@agents_only
def processing_validate(agent: Agent, number: int) -> Response:
    """Validate a processing: it may receive data from today on."""
    processing, form = processing_seen(agent, number), RegistryForm()
    if carried_out(form, lambda: rules.validate_processing(db.session(), agent, processing, at=now())):
        return done(N_("le traitement est validé : ses données peuvent être transmises."), links.processing(processing))
    return _show(agent, processing, form)


@registry.post("/processings/<int:number>/replace")
@agents_only
def processing_replace(agent: Agent, number: int) -> Response:
    """Copy a validated processing, to change the copy."""
    processing, form = processing_seen(agent, number), RegistryForm()
    made: list[Processing] = []

    def act() -> None:
        made.append(rules.replace_processing(db.session(), agent, processing, at=now()))

    if carried_out(form, act):
        return done(
            N_("voici une copie à modifier : elle remplacera l’autre le jour où elle sera validée."),
            links.processing(made[0]),
        )
    return _show(agent, processing, form)


class WithdrawForm(RegistryForm):
    """Why a processing stops."""

    reason = reason()


@registry.route("/processings/<int:number>/withdraw", methods=["GET", "POST"])
@agents_only
def processing_withdraw(agent: Agent, number: int) -> Response:
    """Stop a processing, after saying which claims of which clients stop with it."""
    processing, form = processing_seen(agent, number), WithdrawForm()

    def act() -> None:
        rules.withdraw_processing(db.session(), agent, processing, at=now(), reason=form.reason.data)

    if carried_out(form, act):
        return done(N_("le traitement est retiré."), links.processing(processing))
    return act_page(
        agent,
        form,
        title=N_("Retirer « %(name)s »"),
        lead=[N_("Ses données ne sont plus transmises à partir d’aujourd’hui ; tout le reste continue.")],
        warnings=withdrawal_impact(processing),
        button=N_("Retirer ce traitement"),
        back=links.processing(processing),
        crumbs=inside(processing),
        danger=True,
        name=processing.name,
    )


def withdrawal_impact(processing: Processing) -> list[str]:
    """One sentence a client: which claims it stops getting."""
    told = []
    for client in clients_serving(processing):
        lost = claims_lost(client, processing, now())
        if lost:
            names = {"client": client.latest.name, "claims": ", ".join(map(words.claim_in_words, lost))}
            told.append(gettext("%(client)s ne recevra plus : %(claims)s.") % names)
    return [each.replace("%", "%%") for each in told] or [N_("Aucun client n’en reçoit de données aujourd’hui.")]
