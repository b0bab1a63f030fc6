"""What else is done with a client: bound, given processings, approved, transferred, switched off, archived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from glc.database import db
from glc.errors import InputError, NotFound
from glc.i18n import N_
from partner_registry.agents import Agent
from partner_registry.agreements.status import effective_on
from partner_registry.clients import bindings, life, transfers
from partner_registry.models import Agreement, Partner
from partner_registry.partners.life import agreements_of, line_of
from partner_registry.ports import ports
from partner_registry.web import links
from partner_registry.web.act_page import act_page
from partner_registry.web.base import NOTHING, agents_only, done, now, registry, today
from partner_registry.web.clients import client_seen, inside
from partner_registry.web.fields import CheckboxesField, ChoiceField
from partner_registry.web.forms import RegistryForm, Required, carried_out, day, reason, text

ACTIVE_WITHIN = dt.timedelta(days=30)


class BindForm(RegistryForm):
    """Which agreement, from which day to which."""

    agreement = ChoiceField(N_("Convention"), validators=[Required()], validate_choice=False)
    from_on = day(N_("À partir du"))
    to_on = day(N_("Jusqu’au"), required=False, hint=N_("Vide : jusqu’à la fin de la convention."))


@registry.route("/clients/<client_id>/bind", methods=["GET", "POST"])
@agents_only
def client_bind(agent: Agent, client_id: str) -> Response:
    """Put a client under an agreement from a day on."""
    client = client_seen(agent, client_id)
    offered = {str(each.id): each for each in agreements_of(client.partner_on(today()))}
    form = BindForm()
    form.agreement.choices = [SelectChoice(number, _spell(each)) for number, each in offered.items()]

    def act() -> None:
        agreement = offered.get(form.agreement.data or "")
        if agreement is None:
            raise InputError(N_("choisissez une convention de la liste"))
        bindings.bind(
            db.session(), agent, client, agreement, from_on=form.from_on.data, to_on=form.to_on.data, at=now()
        )

    if carried_out(form, act):
        return done(N_("la liaison est enregistrée."), links.client(client))
    return act_page(
        agent,
        form,
        title=N_("Lier %(name)s à une convention"),
        lead=[
            N_("L’accès du service suit la convention de chaque jour."),
            N_("Une liaison encore ouverte à une autre convention prend fin la veille ; les usagers restent."),
        ],
        button=N_("Lier à cette convention"),
        back=links.client(client),
        crumbs=inside(client),
        name=client.latest.name,
    )


def _spell(agreement: Agreement) -> str:
    first = effective_on(agreement) or agreement.starts_on
    return f"{agreement.number} ({first:%d/%m/%Y} → {agreement.hard_end_on:%d/%m/%Y})"


class ServeForm(RegistryForm):
    """The processings that a client serves."""

    processings = CheckboxesField(
        N_("Traitements servis"),
        validate_choice=False,
        description=N_("Le client ne reçoit que les données que leurs finalités déclarent."),
    )


@registry.route("/clients/<client_id>/processings", methods=["GET", "POST"])
@agents_only
def client_serve(agent: Agent, client_id: str) -> Response:
    """Say which processings of its partner a client serves."""
    client = client_seen(agent, client_id)
    line = line_of(client.partner_on(today()))
    offered = {str(each.id): each for partner in line for each in partner.processings if each.withdrawn_on is None}
    form = ServeForm(data={"processings": [str(each.id) for each in client.processings]})
    form.processings.choices = [SelectChoice(number, each.name) for number, each in offered.items()]

    def act() -> None:
        wanted = [offered[number] for number in form.processings.data or () if number in offered]
        life.serve(db.session(), agent, client, wanted, at=now())

    if carried_out(form, act):
        return done(N_("le client sert désormais ces traitements."), links.client(client))
    return act_page(
        agent,
        form,
        title=N_("Traitements servis par %(name)s"),
        lead=[N_("Ce que vous décochez ne donne plus de données au service, dès la prochaine connexion.")],
        button=N_("Enregistrer"),
        back=links.client(client),
        crumbs=inside(client),
        name=client.latest.name,
    )


class SecurityForm(RegistryForm):
    """The RGS homologation of a service."""

    approval = text(
        N_("Autorité d’homologation et adresse de l’attestation"),
        longest=300,
        required=False,
        hint=N_("Par exemple : le maire, https://www.lyon.example/homologation."),
    )
    until_on = day(N_("Dernier jour de l’homologation"), required=False)


@registry.route("/clients/<client_id>/security", methods=["GET", "POST"])
@agents_only
def client_security(agent: Agent, client_id: str) -> Response:
    """Record the RGS homologation."""
    client = client_seen(agent, client_id)
    form = SecurityForm(data={"approval": client.security_approval, "until_on": client.security_approved_until_on})

    def act() -> None:
        life.approve_security(
            db.session(), agent, client, approval=form.approval.data, until_on=form.until_on.data, at=now()
        )

    if carried_out(form, act):
        return done(N_("l’homologation est enregistrée."), links.client(client))
    return act_page(
        agent,
        form,
        title=N_("Homologation de sécurité de %(name)s"),
        lead=[N_("Un téléservice public est homologué avant d’ouvrir (RGS). Le registre prévient avant la fin.")],
        button=N_("Enregistrer"),
        back=links.client(client),
        crumbs=inside(client),
        name=client.latest.name,
    )


class TransferForm(RegistryForm):
    """To whom, from which day, why."""

    partner = ChoiceField(N_("Nouveau partenaire"), validators=[Required()], validate_choice=False)
    on = day(N_("À partir du"))
    reason = reason()


@registry.route("/clients/<client_id>/transfer", methods=["GET", "POST"])
@agents_only
def client_transfer(agent: Agent, client_id: str) -> Response:
    """Hand a client to another partner."""
    client, form = client_seen(agent, client_id), TransferForm()
    others = db.session.scalars(sa.select(Partner).where(Partner.successor_id.is_(None)).order_by(Partner.slug))
    offered = {each.slug: each for each in others if each is not client.partner_on(today())}
    form.partner.choices = [SelectChoice(slug, each.identity_on(today()).name) for slug, each in offered.items()]

    def act() -> None:
        to_partner = offered.get(form.partner.data or "")
        if to_partner is None:
            raise InputError(N_("choisissez un partenaire de la liste"))
        transfers.transfer(db.session(), agent, client, to_partner, on=form.on.data, at=now(), reason=form.reason.data)

    if carried_out(form, act):
        return done(N_("le transfert est enregistré."), links.client(client))
    return act_page(
        agent,
        form,
        title=N_("Transférer %(name)s à un autre partenaire"),
        lead=[
            N_("Les identifiants du client et des usagers restent ; les secrets aussi : renouvelez-les ensuite."),
            N_("Les liaisons aux conventions prennent fin la veille : liez le client à celle du nouveau partenaire."),
            N_("Choisissez enfin, parmi les traitements du nouveau partenaire, ceux que le client sert."),
        ],
        button=N_("Transférer ce client"),
        back=links.client(client),
        crumbs=inside(client),
        danger=True,
        name=client.latest.name,
    )


class WhyForm(RegistryForm):
    """A reason, and nothing else."""

    reason = reason()


@registry.route("/clients/<client_id>/<any(bindings, transfers):noun>/<day>/cancel", methods=["GET", "POST"])
@agents_only
def client_cancel(agent: Agent, client_id: str, noun: str, day: str) -> Response:
    """Take back a binding or a transfer that is to come."""
    client, form = client_seen(agent, client_id), WhyForm()
    try:
        first = dt.date.fromisoformat(day)
    except ValueError as error:
        raise NotFound(NOTHING) from error
    cancel = bindings.cancel_binding if noun == "bindings" else transfers.cancel_transfer
    if carried_out(form, lambda: cancel(db.session(), agent, client, first, at=now(), reason=form.reason.data)):
        return done(N_("c’est annulé."), links.client(client))
    return act_page(
        agent,
        form,
        title=N_("Annuler la liaison de %(name)s prévue le %(day)s")
        if noun == "bindings"
        else N_("Annuler le transfert de %(name)s prévu le %(day)s"),
        lead=[N_("Rien n’a encore pris effet ; la liaison qui devait finir la veille continue.")],
        button=N_("Annuler ce qui est prévu"),
        back=links.client(client),
        crumbs=inside(client),
        danger=True,
        name=client.latest.name,
        day=first.strftime("%d/%m/%Y"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One act that takes a reason and nothing else: its words, and its rule."""

    title: str
    lead: str
    button: str
    done: str
    cuts: bool
    rule: Callable[..., None]


SWITCHES = {
    "disable": Switch(
        title=N_("Désactiver %(name)s"),
        lead=N_(
            "Le service cesse à l’instant de connecter ses usagers : il est inconnu, jusqu’à ce qu’il soit réactivé."
        ),
        button=N_("Désactiver ce client"),
        done=N_("le client est désactivé."),
        cuts=True,
        rule=partial(life.switch, on=False),
    ),
    "enable": Switch(
        title=N_("Réactiver %(name)s"),
        lead=N_(
            "Le service connecte de nouveau ses usagers, si sa convention le permet. Chacun garde son identifiant."
        ),
        button=N_("Réactiver ce client"),
        done=N_("le client est réactivé."),
        cuts=False,
        rule=partial(life.switch, on=True),
    ),
    "archive": Switch(
        title=N_("Archiver %(name)s"),
        lead=N_("C’est définitif : le service devient inconnu à l’instant ; ce qu’il fut reste au registre."),
        button=N_("Archiver ce client"),
        done=N_("le client est archivé."),
        cuts=True,
        rule=life.archive,
    ),
}


@registry.route("/clients/<client_id>/<any(disable, enable, archive):name>", methods=["GET", "POST"])
@agents_only
def client_switch(agent: Agent, client_id: str, name: str) -> Response:
    """Switch a client off or on, or archive it."""
    client, form, switch = client_seen(agent, client_id), WhyForm(), SWITCHES[name]
    if carried_out(form, lambda: switch.rule(db.session(), agent, client, at=now(), reason=form.reason.data)):
        return done(switch.done, links.client(client))
    used = ports().active_users(db.session(), [client.id], now() - ACTIVE_WITHIN)
    return act_page(
        agent,
        form,
        title=switch.title,
        lead=[switch.lead],
        warnings=[N_("Usagers qui s’en sont servis ces 30 derniers jours : %(users)s.")] if switch.cuts else [],
        button=switch.button,
        back=links.client(client),
        crumbs=inside(client),
        danger=switch.cuts,
        name=client.latest.name,
        users=used,
    )
