"""The versions of a client's configuration: drafted in one form, compared, submitted, published by somebody else."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from glc.services import services
from partner_registry.agents import Agent, may
from partner_registry.clients.acceptances import cases_of, evidence_of, store_run
from partner_registry.clients.registration import registration_of
from partner_registry.clients.versions import (
    diff,
    draft_version,
    is_accepted,
    publish_at_once,
    publish_version,
    reject_version,
    roll_back,
    submit_version,
)
from partner_registry.models import Client, ClientVersion, Environment, VersionState
from partner_registry.ports import ports
from partner_registry.web import links, words
from partner_registry.web.act_page import act_page
from partner_registry.web.base import NOTHING, agents_only, done, now, page, registry, today
from partner_registry.web.clients import client_seen, inside, name_of
from partner_registry.web.forms import RegistryForm, carried_out, paragraph, pressed, reason
from partner_registry.web.version_forms import GROUPS, AcceptanceForm, DraftForm, shown, typed


@registry.route("/clients/<client_id>/draft", methods=["GET", "POST"])
@agents_only
def client_draft(agent: Agent, client_id: str) -> Response:
    """Draft a configuration, beginning with the newest one or with `?from=` an earlier one.

    In the sandbox it is put in use at once; in production it is submitted, then published by somebody else.
    """
    client = client_seen(agent, client_id)
    begun = _version(client, request.args.get("from", "")) or client.versions[-1]
    form = DraftForm(data=shown(registration_of(begun)))
    sandbox = client.environment is Environment.SANDBOX
    made: list[ClientVersion] = []

    def act() -> None:
        version = draft_version(db.session(), agent, client, typed(form), at=now())
        if sandbox:
            publish_at_once(db.session(), agent, version, at=now())
        made.append(version)

    if not pressed("more") and carried_out(form, act):
        message = N_("cette configuration est en service.") if sandbox else N_("le brouillon est enregistré.")
        return done(message, f"{links.client(client)}versions/{made[0].number}/")
    return page(
        "client_draft.html",
        agent,
        form.status,
        form=form,
        client=client,
        begun=begun,
        groups=GROUPS,
        sandbox=sandbox,
        crumbs=inside(client),
    )


def _version(client: Client, number: str) -> ClientVersion | None:
    return next((each for each in client.versions if str(each.number) == number), None)


def version_seen(agent: Agent, client_id: str, number: str) -> ClientVersion:
    """A version of a client that the agent may see. Raises `NotFound`."""
    found = _version(client_seen(agent, client_id), number)
    if found is None:
        raise NotFound(N_("ce client n’a pas de version %(number)s"), number=number)
    return found


def _version_url(version: ClientVersion) -> str:
    return f"{links.client(version.client)}versions/{version.number}/"


class VersionForm(RegistryForm):
    """The buttons of a version's page; what publishing takes when no acceptance run passed."""

    waiver_reason = paragraph(
        N_("Motif de la dispense"),
        required=False,
        hint=N_(
            "Par exemple : le site a passé la recette le mois dernier, seul son nom change. "
            "Il reste sur la version et au journal, avec votre nom et la date."
        ),
    )


def _version_page(agent: Agent, version: ClientVersion, form: VersionForm) -> Response:
    client = version.client
    current = client.published
    within = services().settings.acceptance_within
    form.waiver_reason.flags.required = True  # it is asked for where it is needed only
    return page(
        "client_version.html",
        agent,
        form.status,
        version=version,
        client=client,
        partner=client.partner_on(today()),
        form=form,
        differences=diff(current, version) if current is not None and current is not version else None,
        current=current,
        accepted=is_accepted(version, now(), within),
        acceptance_days=within.days if within else None,
        crumbs=inside(client),
        name_of=name_of,
        here=_version_url(version),
        rejected=version.state is VersionState.ARCHIVED and version.published_at is None,
        w=words,
    )


@registry.get("/clients/<client_id>/versions/<number>/")
@agents_only
def client_version(agent: Agent, client_id: str, number: str) -> Response:
    """One version: what it holds, how it differs from the one in use, what may be done with it."""
    return _version_page(agent, version_seen(agent, client_id, number), VersionForm())


@registry.post("/clients/<client_id>/versions/<number>/submit")
@agents_only
def version_submit(agent: Agent, client_id: str, number: str) -> Response:
    """Ask for publication."""
    version, form = version_seen(agent, client_id, number), VersionForm()
    if carried_out(form, lambda: submit_version(db.session(), agent, version, at=now())):
        return done(N_("la version attend qu’une seconde personne la publie."), _version_url(version))
    return _version_page(agent, version, form)


@registry.post("/clients/<client_id>/versions/<number>/publish")
@agents_only
def version_publish(agent: Agent, client_id: str, number: str) -> Response:
    """Put a version in use."""
    version, form = version_seen(agent, client_id, number), VersionForm()

    def act() -> None:
        within, reason = services().settings.acceptance_within, form.waiver_reason.data
        publish_version(db.session(), agent, version, at=now(), acceptance_within=within, waiver_reason=reason)

    if carried_out(form, act):
        return done(N_("la version %(number)s est en service."), _version_url(version), number=version.number)
    return _version_page(agent, version, form)


@registry.route("/clients/<client_id>/versions/<number>/acceptance", methods=["GET", "POST"])
@agents_only
def version_acceptance(agent: Agent, client_id: str, number: str) -> Response:
    """Store the signed result of an acceptance run."""
    version, form = version_seen(agent, client_id, number), AcceptanceForm()

    def act() -> None:
        text = form.content.data.read().decode("utf-8", "replace")
        store_run(db.session(), agent, version, text, at=now(), read=ports().acceptances.read)

    if carried_out(form, act):
        return done(N_("le résultat de la recette est gardé."), _version_url(version))
    return act_page(
        agent,
        form,
        title=N_("Déposer le résultat d’une recette"),
        lead=[
            N_("La recette joue contre le site de bonnes et de mauvaises connexions, puis signe son verdict."),
            N_("Le résultat est gardé tel quel sur la version %(number)s ; il ne sera ni modifié ni effacé."),
        ],
        button=N_("Déposer ce résultat"),
        back=_version_url(version),
        crumbs=inside(version.client),
        number=version.number,
    )


@registry.get("/clients/<client_id>/versions/<number>/acceptances/<int:run>/")
@agents_only
def acceptance_run(agent: Agent, client_id: str, number: str, run: int) -> Response:
    """One acceptance run: what was played, and what was seen of each case, the failed ones first."""
    version = version_seen(agent, client_id, number)
    found = next((each for each in version.acceptances if each.id == run), None)
    if found is None:
        raise NotFound(NOTHING)
    order = ("failed", "skipped", "passed")
    return page(
        "acceptance_run.html",
        agent,
        run=found,
        version=version,
        evidence=evidence_of(found),
        cases=sorted(cases_of(found), key=lambda each: order.index(each.verdict)),
        crumbs=[*inside(version.client), (gettext("Version %(number)s") % {"number": number}, _version_url(version))],
        name_of=name_of,
        w=words,
    )


class WhyForm(RegistryForm):
    """A reason, and nothing else."""

    reason = reason()


@registry.route("/clients/<client_id>/versions/<number>/reject", methods=["GET", "POST"])
@agents_only
def version_reject(agent: Agent, client_id: str, number: str) -> Response:
    """Set a pending version aside."""
    version, form = version_seen(agent, client_id, number), WhyForm()
    if carried_out(form, lambda: reject_version(db.session(), agent, version, at=now(), reason=form.reason.data)):
        return done(N_("la version %(number)s est refusée."), _version_url(version), number=version.number)
    return act_page(
        agent,
        form,
        title=N_("Refuser la version %(number)s"),
        lead=[N_("La version en service ne change pas. L’auteur lit votre motif et peut rédiger une autre version.")],
        button=N_("Refuser cette version"),
        back=_version_url(version),
        crumbs=inside(version.client),
        danger=True,
        number=version.number,
    )


@registry.route("/clients/<client_id>/versions/<number>/rollback", methods=["GET", "POST"])
@agents_only
def version_rollback(agent: Agent, client_id: str, number: str) -> Response:
    """Put an earlier configuration in use again, as a new version."""
    version, form = version_seen(agent, client_id, number), WhyForm()
    client = version.client

    def act() -> None:
        roll_back(db.session(), agent, client, version.number, at=now(), reason=form.reason.data)

    if carried_out(form, act):
        return done(
            N_("la configuration de la version %(number)s est de nouveau en service."),
            links.client(client),
            number=number,
        )
    return act_page(
        agent,
        form,
        title=N_("Revenir à la version %(number)s"),
        lead=[
            N_("Sa configuration est remise en service à l’instant, sous un nouveau numéro."),
            N_("Comme elle a déjà été publiée, une seule personne suffit."),
        ],
        button=N_("Revenir à cette version"),
        back=_version_url(version),
        crumbs=inside(client),
        number=version.number,
    )


@registry.get("/clients/<client_id>/compare")
@agents_only
def client_compare(agent: Agent, client_id: str) -> Response:
    """What differs between any two versions."""
    client = client_seen(agent, client_id)
    older = version_seen(agent, client_id, request.args.get("older", ""))
    newer = version_seen(agent, client_id, request.args.get("newer", ""))
    return page(
        "client_compare.html",
        agent,
        client=client,
        older=older,
        newer=newer,
        differences=diff(older, newer),
        may_edit=may(agent, "client.draft", client.partner_on(today())),
        crumbs=inside(client),
        w=words,
    )
