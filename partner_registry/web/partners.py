"""Pages of the partners: the list, the chart of the communes, a partner's record and its acts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import request
from werkzeug.wrappers import Response

from glc.clock import end_of_day, paris_date
from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from partner_registry import overview
from partner_registry.agents import Agent, may, require, visible
from partner_registry.agreements.instruction import file_status, status_in_words
from partner_registry.agreements.status import last_day
from partner_registry.billing.tariff import tariff_for
from partner_registry.completeness import CONTACT_WORDS, REQUIRED_CONTACTS, current_contacts
from partner_registry.models import (
    Agreement,
    Client,
    Commune,
    Contact,
    Incident,
    LegalPopulation,
    Partner,
    PartnerKind,
    Processing,
)
from partner_registry.partners import life
from partner_registry.partners.life import agreements_of, line_of
from partner_registry.partners.succession import succeed
from partner_registry.web import links, words
from partner_registry.web.acts import Act, take
from partner_registry.web.base import (
    NOTHING,
    Crumbs,
    agents_only,
    crumbs_to,
    done,
    now,
    page,
    partner_seen,
    registry,
    today,
)
from partner_registry.web.clients import access_of, clients_of
from partner_registry.web.forms import carried_out
from partner_registry.web.partner_forms import (
    OFFERS,
    DomainsForm,
    EditForm,
    FilterForm,
    RegisterForm,
    RenameForm,
    SucceedForm,
)


@registry.get("/")
@agents_only
def partner_list(agent: Agent) -> Response:
    """Every partner the agent may see, narrowed by what they ask for, and where every commune stands."""
    form = FilterForm(request.args)
    form.validate()
    day = form.on.data
    at = min(now(), end_of_day(day) - dt.timedelta(microseconds=1)) if day and day <= today() else now()
    grid = overview.grid_on(db.session(), paris_date(at))
    form.offer_brackets(grid.brackets if grid else ())
    known = overview.everyone(db.session())
    seen = [each for each in known if each.registered_at <= at and visible(agent, each)]
    found = [row for row in overview.rows(db.session(), seen, at) if _asked(row, form)]
    places = overview.places(db.session(), at) if agent.of_metropole else []
    return page(
        "partners.html",
        agent,
        rows=found,
        total=len(seen),
        form=form,
        at=at,
        asked_day=day,
        places=places,
        tariff=tariff_for(db.session(), paris_date(at).year),
        counted=overview.counted(places),
        Relation=overview.Relation,
        told_status=told_status(at),
        offers=OFFERS,
    )


def told_status(at: dt.datetime) -> Callable[[Agreement], str]:
    """What tells the status of agreements at an instant, in the visitor's language."""
    return lambda agreement: status_in_words(agreement, at, gettext)


def _asked(row: overview.Row, form: Any) -> bool:
    wanted = (form.q.data or "").casefold()
    texts = (row.identity.name, row.identity.legal_name, row.identity.siren, row.identity.insee_code or "")
    return (
        (not wanted or any(wanted in text.casefold() for text in texts))
        and (not form.status.data or (row.status is not None and row.status.value == form.status.data))
        and (not form.bracket.data or (row.bracket is not None and row.bracket.code == form.bracket.data))
        and (not form.offer.data or (row.offer is not None and row.offer.value == form.offer.data))
    )


@registry.route("/partners/new", methods=["GET", "POST"])
@agents_only
def register_partner(agent: Agent) -> Response:
    """Register a commune of the Métropole."""
    require(agent, "partner.register")
    form = RegisterForm()
    made: list[Partner] = []
    register = life.register_partner
    if carried_out(form, lambda: made.append(register(db.session(), agent, at=now(), **form.values()))):
        name = made[0].identities[-1].name
        told = N_("%(name)s est enregistrée. Ajoutez ses contacts et ses traitements, puis ouvrez sa convention.")
        return done(told, links.partner(made[0]), name=name)
    known = {each.siren for partner in db.session.scalars(sa.select(Partner)) for each in partner.identities}
    communes = db.session.scalars(
        sa.select(Commune)
        .where(sa.or_(Commune.exists_until_on.is_(None), Commune.exists_until_on >= today()))
        .order_by(Commune.name)
    )
    free = [each for each in communes if each.siren not in known]
    crumbs: Crumbs = [(gettext("Partenaires"), links.partners())]
    return page("partner_new.html", agent, form.status, form=form, communes=free, crumbs=crumbs)


@registry.get("/partners/<slug>/")
@agents_only
def partner_page(agent: Agent, slug: str) -> Response:
    """A partner's record."""
    partner, at = partner_seen(agent, slug), now()
    siren = partner.identity_on(today()).siren
    populations = sa.select(LegalPopulation).where(LegalPopulation.siren == siren)
    there = {each.role for each in current_contacts(partner, today())}
    clients = clients_of(partner)
    return page(
        "partner.html",
        agent,
        partner=partner,
        identity=partner.identity_on(today()),
        row=overview.rows(db.session(), [partner], at)[0],
        told_status=told_status(at),
        w=words,
        offers=OFFERS,
        crumbs=[(gettext("Partenaires"), links.partners())],
        contacts=current_contacts(partner, today()),
        former=[each for each in partner.contacts if each.ended_on is not None and each.ended_on <= today()],
        absent=[CONTACT_WORDS[role] for role in REQUIRED_CONTACTS if role not in there],
        contact_words=CONTACT_WORDS,
        agreements=[(each, file_status(each, at), last_day(each)) for each in agreements_of(partner)],
        processings=[(each, words.processing_state(each, today())) for each in _processings(partner)],
        clients=[(each, words.client_state(each, at), access_of(each, at)) for each in clients],
        incidents=_incidents(clients),
        populations=db.session.scalars(populations.order_by(LegalPopulation.in_force_on.desc())).all(),
        acts=[act for act in PARTNER_ACTS.values() if may(agent, act.action, partner) and _has_sense(act, partner)],
    )


def _has_sense(act: Act, partner: Partner) -> bool:
    """Whether an act can succeed: a commune is succeeded once, the Métropole never."""
    return act.name != "succeed" or (partner.kind is PartnerKind.COMMUNE and partner.holder_on(today()) is partner)


def _processings(partner: Partner) -> list[Processing]:
    """The processings that are the partner's today, or of those it succeeds."""
    line = [each for each in line_of(partner) if each.holder_on(today()) is partner.holder_on(today())]
    return [processing for each in line for processing in each.processings]


def _incidents(clients: list[Client]) -> list[Incident]:
    numbers = [each.id for each in clients]
    query = sa.select(Incident).where(Incident.clients.any(Client.id.in_(numbers)))
    return list(db.session.scalars(query.order_by(Incident.aware_at.desc())))


PARTNER_ACTS = {
    act.name: act
    for act in (
        Act(
            name="edit",
            title=N_("Modifier le site et l’aide"),
            lead=N_("Les usagers coupés d’un service y sont renvoyés."),
            button=N_("Enregistrer"),
            done=N_("La fiche est modifiée."),
            action="partner.edit",
            rule=life.edit_partner,
            form=EditForm,
            prefilled=True,
        ),
        Act(
            name="domains",
            title=N_("Modifier les domaines"),
            lead=N_("Les services de production n’ont d’adresse que sur ces domaines et sur celui de son site."),
            button=N_("Enregistrer"),
            done=N_("Les domaines sont enregistrés."),
            action="partner.rename",
            rule=life.set_domains,
            form=DomainsForm,
            prefilled=True,
        ),
        Act(
            name="rename",
            title=N_("Changer de nom"),
            lead=N_("Le SIREN ne change pas. Pour une fusion, désignez un successeur : son SIREN est nouveau."),
            button=N_("Enregistrer le nouveau nom"),
            done=N_("Le nouveau nom est enregistré."),
            action="partner.rename",
            rule=life.rename_partner,
            form=RenameForm,
        ),
        Act(
            name="succeed",
            title=N_("Désigner un successeur"),
            lead=N_("Conventions, services et identifiants des usagers passent au successeur ; rien n’est interrompu."),
            button=N_("Enregistrer la succession"),
            done=N_("La succession est enregistrée."),
            action="partner.succeed",
            rule=succeed,
            form=SucceedForm,
        ),
    )
}


@registry.route("/partners/<slug>/<any(edit, domains, rename, succeed):name>", methods=["GET", "POST"])
@agents_only
def partner_act(agent: Agent, slug: str, name: str) -> Response:
    """One act of a partner's record, on its own page."""
    partner, act = partner_seen(agent, slug), PARTNER_ACTS[name]
    form = None
    if name == "succeed":
        form = SucceedForm()
        form.offer_successors(agent, partner)
    return take(agent, act, partner, partner, back=links.partner(partner), crumbs=crumbs_to(partner), form=form)


def contact_seen(agent: Agent, slug: str, number: int) -> Contact:
    """A contact of a partner that the agent may see. Raises `NotFound`."""
    partner = partner_seen(agent, slug)
    contact = db.session.get(Contact, number)
    if contact is None or contact.partner_id != partner.id:
        raise NotFound(NOTHING)
    return contact
