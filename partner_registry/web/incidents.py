"""Breaches of personal data: recorded, completed against the 72-hour clock, and every DPO concerned warned by mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.fields.choices import SelectChoice

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext, ngettext
from glc.services import services
from partner_registry.agents import Agent
from partner_registry.data_protection import incidents as rules
from partner_registry.models import Client, Environment, Incident
from partner_registry.web import links
from partner_registry.web.act_page import act_page
from partner_registry.web.base import NOTHING, Crumbs, agents_only, done, metropole_only, now, page, registry, today
from partner_registry.web.clients import name_of
from partner_registry.web.fields import CheckboxesField
from partner_registry.web.forms import RegistryForm, carried_out, instant, number, paragraph, reason
from partner_registry.web.privacy import crumbs


class _Details(RegistryForm):
    nature = paragraph(N_("Ce qui s’est passé"), hint=N_("Nature de la violation (article 33.3.a)."))
    people_affected = number(N_("Personnes touchées, environ"), required=False, hint=N_("Vide : pas encore connu."))
    consequences = paragraph(N_("Conséquences probables"), required=False)
    measures = paragraph(N_("Mesures prises ou proposées"), required=False)
    high_risk = BooleanField(N_("Risque élevé pour les personnes : elles sont prévenues (article 34)"))

    aware_at = instant(N_("Découverte le"))
    clients = CheckboxesField(
        N_("Services touchés"), validate_choice=False, description=N_("Leurs partenaires auront à le savoir.")
    )

    def offer_clients(self, kept: Iterable[Client] = ()) -> None:
        """Let the form name the clients that are not archived, and those that were named before."""
        found = db.session.scalars(sa.select(Client).where(Client.archived_at.is_(None)).order_by(Client.id))
        self.offered = {str(each.id): each for each in [*found, *kept]}
        self.clients.choices = [SelectChoice(key, _spell(each)) for key, each in self.offered.items()]

    def facts(self) -> dict[str, Any]:
        """What was typed, as the rules want it."""
        typed = {each.name: each.data for each in self if each.name not in {"csrf_token", "clients"}}
        return typed | {"clients": [self.offered[key] for key in self.clients.data or () if key in self.offered]}


class RecordForm(_Details):
    """A new breach."""


class UpdateForm(_Details):
    """What is learnt or done later: the CNIL notified, people told, or why neither."""

    authority_notified_at = instant(N_("CNIL prévenue le"), required=False)
    late_reason = paragraph(N_("Pourquoi plus de 72 heures"), required=False, hint=N_("Seulement si c’est le cas."))
    unnotified_reason = paragraph(
        N_("Pourquoi la CNIL n’a pas à être prévenue"), required=False, hint=N_("Seulement sans risque pour quiconque.")
    )
    people_told_at = instant(N_("Personnes prévenues le"), required=False)
    untold_reason = paragraph(N_("Pourquoi elles n’ont pas à l’être"), required=False, hint=N_("Article 34.3."))
    reason = paragraph(N_("Motif, si l’instant de la découverte change"), required=False)


def _shown(incident: Incident) -> dict[str, Any]:
    """A breach as the form shows it."""
    names = [name for name in rules.CHANGEABLE if name != "clients"]
    return {name: getattr(incident, name) for name in names} | {"clients": [str(each.id) for each in incident.clients]}


def incident_seen(agent: Agent, number: int) -> Incident:
    """The breach of that number. Raises `NotFound`, also for who is not of the Métropole."""
    metropole_only(agent)
    found = db.session.get(Incident, number)
    if found is None:
        raise NotFound(NOTHING)
    return found


def countdown(incident: Incident, at: dt.datetime) -> tuple[str, str]:
    """Where a breach stands against the 72 hours: a kind of notice, and words."""
    due, notified = rules.due_at(incident), incident.authority_notified_at
    if notified is not None:
        on_time = notified <= due
        words = N_("La CNIL a été prévenue dans le délai.") if on_time else N_("La CNIL a été prévenue après le délai.")
        return ("success" if on_time else "warning"), gettext(words)
    if incident.unnotified_reason.strip():
        return "info", gettext("La CNIL n’a pas à être prévenue : %(why)s") % {"why": incident.unnotified_reason}
    if at < due:
        return "warning", gettext("Il reste %(time)s pour prévenir la CNIL.") % {"time": _span(due - at)}
    return "error", gettext(
        "Le délai pour prévenir la CNIL est dépassé de %(time)s : faites-le, et dites pourquoi."
    ) % {"time": _span(at - due)}


def _span(length: dt.timedelta) -> str:
    """A duration in words, to the minute: 2 jours et 5 heures; 40 minutes."""
    minutes = int(length.total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    told = []
    if days:
        told.append(ngettext("%(num)d jour", "%(num)d jours", days) % {"num": days})
    if hours:
        told.append(ngettext("%(num)d heure", "%(num)d heures", hours) % {"num": hours})
    if not days:
        told.append(ngettext("%(num)d minute", "%(num)d minutes", minutes % 60) % {"num": minutes % 60})
    return gettext(" et ").join(told)


def incidents_shown(at: dt.datetime) -> list[tuple[Incident, tuple[str, str]]]:
    """Every breach, newest first, with where it stands."""
    found = db.session.scalars(sa.select(Incident).order_by(Incident.aware_at.desc(), Incident.id.desc()))
    return [(each, countdown(each, at)) for each in found]


@registry.get("/privacy/incidents/")
@agents_only
def incident_list(agent: Agent) -> Response:
    """The internal log of breaches (33(5))."""
    metropole_only(agent)
    return page("incidents.html", agent, rows=incidents_shown(now()), crumbs=crumbs())


@registry.route("/privacy/incidents/new", methods=["GET", "POST"])
@agents_only
def incident_new(agent: Agent) -> Response:
    """Record a breach."""
    metropole_only(agent)
    form = RecordForm(data={"aware_at": now()})
    form.offer_clients()
    made: list[Incident] = []

    def act() -> None:
        made.append(rules.record_incident(db.session(), agent, at=now(), **form.facts()))

    if carried_out(form, act):
        return done(N_("l’incident est enregistré."), links.incident(made[0]))
    return act_page(
        agent,
        form,
        title=N_("Enregistrer un incident"),
        lead=[N_("Les 72 heures pour prévenir la CNIL courent depuis la découverte ; complétez ensuite.")],
        button=N_("Enregistrer l’incident"),
        back=f"{links.privacy()}incidents/",
        crumbs=_way(),
    )


def _spell(client: Client) -> str:
    kind = gettext("production") if client.environment is Environment.PRODUCTION else gettext("bac à sable")
    return f"{client.latest.name} — {client.partner_on(today()).identity_on(today()).name} ({kind})"


@registry.route("/privacy/incidents/<int:number>/", methods=["GET", "POST"])
@agents_only
def incident_page(agent: Agent, number: int) -> Response:
    """A breach: its deadline, whom to warn, and what is completed."""
    incident = incident_seen(agent, number)
    form = UpdateForm(data=_shown(incident))
    form.offer_clients(incident.clients)

    def act() -> None:
        rules.update_incident(db.session(), agent, incident, at=now(), **form.facts())

    if carried_out(form, act):
        return done(N_("l’incident est mis à jour."), links.incident(incident))
    return _show(agent, incident, form)


def _refused(agent: Agent, incident: Incident, refused: RegistryForm) -> Response:
    """The page again, saying what a button's rule refused."""
    form = UpdateForm(formdata=None, data=_shown(incident))
    form.offer_clients(incident.clients)
    form.refused, form.missing, form.status = refused.refused, refused.missing, refused.status
    return _show(agent, incident, form)


def _show(agent: Agent, incident: Incident, form: UpdateForm) -> Response:
    return page(
        "incident.html",
        agent,
        form.status,
        incident=incident,
        form=form,
        due=rules.due_at(incident),
        countdown=countdown(incident, now()),
        warned=rules.dpos_to_warn(incident, today()),
        missing=rules.missing_to_close(incident),
        name_of=name_of,
        crumbs=_way(),
    )


@registry.post("/privacy/incidents/<int:number>/warn")
@agents_only
def incident_warn(agent: Agent, number: int) -> Response:
    """Mail every DPO to warn."""
    incident, form = incident_seen(agent, number), RegistryForm()

    def act() -> None:
        rules.warn_dpos(db.session(), agent, incident, settings=services().settings, at=now())

    if carried_out(form, act):
        return done(N_("un courriel est parti aux DPO."), links.incident(incident))
    return _refused(agent, incident, form)


@registry.post("/privacy/incidents/<int:number>/close")
@agents_only
def incident_close(agent: Agent, number: int) -> Response:
    """Close a breach that everything due was done about."""
    incident, form = incident_seen(agent, number), RegistryForm()
    if carried_out(form, lambda: rules.close_incident(db.session(), agent, incident, at=now())):
        return done(N_("l’incident est clos."), links.incident(incident))
    return _refused(agent, incident, form)


class ReopenForm(RegistryForm):
    """What more was learnt."""

    reason = reason()


@registry.route("/privacy/incidents/<int:number>/reopen", methods=["GET", "POST"])
@agents_only
def incident_reopen(agent: Agent, number: int) -> Response:
    """Open a closed breach again."""
    incident, form = incident_seen(agent, number), ReopenForm()

    def act() -> None:
        rules.reopen_incident(db.session(), agent, incident, at=now(), reason=form.reason.data)

    if carried_out(form, act):
        return done(N_("l’incident est rouvert."), links.incident(incident))
    return act_page(
        agent,
        form,
        title=N_("Rouvrir l’incident n° %(number)s"),
        lead=[N_("Quelque chose de plus a été appris : dites quoi, puis complétez.")],
        button=N_("Rouvrir cet incident"),
        back=links.incident(incident),
        crumbs=_way(),
        number=incident.id,
    )


def _way() -> Crumbs:
    return [*crumbs(), (gettext("Incidents"), f"{links.privacy()}incidents/")]
