"""A billing run, from draft to issued: its lines, what is to be looked at, counter-entries."""

from __future__ import annotations

from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import Conflict
from glc.i18n import N_, gettext
from partner_registry.agents import Agent
from partner_registry.billing import runs as rules
from partner_registry.billing.drafts import OFFER_WORDS
from partner_registry.billing.runs import RunState, run_state
from partner_registry.models import Agreement, BillingRun
from partner_registry.web import links
from partner_registry.web.act_page import act_page
from partner_registry.web.base import agents_only, done, metropole_only, now, page, registry
from partner_registry.web.billing import STATE_COLOURS, crumbs, population_pages
from partner_registry.web.clients import name_of
from partner_registry.web.forms import RegistryForm, carried_out, reason


def run_seen(agent: Agent, number: int) -> BillingRun:
    """The run of that number. Raises `NotFound`, also for who may not see it."""
    metropole_only(agent)
    return rules.find_run(db.session(), number)


@registry.get("/billing/runs/<int:number>/")
@agents_only
def billing_run(agent: Agent, number: int) -> Response:
    """A run: its lines, what is to be looked at, what may be done."""
    return _show(agent, run_seen(agent, number), RegistryForm())


def _show(agent: Agent, run: BillingRun, form: RegistryForm) -> Response:
    session, state = db.session(), run_state(run)
    draft = rules.draft_of(session, run) if state is RunState.DRAFT else None
    lines = () if state is RunState.DISCARDED else rules.lines_of(session, run)
    undone = {each.counters_id for each in run.lines if each.counters_id is not None}
    return page(
        "billing_run.html",
        agent,
        form.status,
        form=form,
        run=run,
        state=state.value,
        colour=STATE_COLOURS[state],
        state_words=rules.STATE_WORDS[state],
        draft=draft,
        awaits=_awaits(agent, run, draft) if draft else "",
        unknown=population_pages(draft.blocked, run.year) if draft else [],
        lines=lines,
        total=sum(each.due_cents for each in lines),
        undone=undone,
        agreements={each.agreement_id: session.get(Agreement, each.agreement_id) for each in lines},
        offer_words=OFFER_WORDS,
        name_of=name_of,
        here=links.billing_run(run),
        crumbs=crumbs(),
    )


def _awaits(agent: Agent, run: BillingRun, draft: rules.Draft) -> str:
    """Why this agent cannot validate a draft now; empty when they may."""
    try:
        rules.refuse_unready(draft, now())
    except Conflict as error:
        return error.told(gettext)
    if agent.account_id == run.preparer_id:
        return gettext("vous avez préparé cette campagne : un collègue la valide.")
    return ""


@registry.post("/billing/runs/<int:number>/validate")
@agents_only
def billing_validate(agent: Agent, number: int) -> Response:
    """Freeze a draft's lines."""
    run, form = run_seen(agent, number), RegistryForm()
    if carried_out(form, lambda: rules.validate_run(db.session(), agent, run, at=now())):
        return done(N_("la campagne est validée : ses lignes ne changent plus."), links.billing_run(run))
    return _show(agent, run, form)


@registry.post("/billing/runs/<int:number>/issue")
@agents_only
def billing_issue(agent: Agent, number: int) -> Response:
    """Send a validated run out."""
    run, form = run_seen(agent, number), RegistryForm()
    if carried_out(form, lambda: rules.issue_run(db.session(), agent, run, at=now())):
        return done(N_("la campagne est émise."), links.billing_run(run))
    return _show(agent, run, form)


class WhyForm(RegistryForm):
    """A reason, and nothing else."""

    reason = reason()


@registry.route("/billing/runs/<int:number>/discard", methods=["GET", "POST"])
@agents_only
def billing_discard(agent: Agent, number: int) -> Response:
    """Set a draft aside."""
    run, form = run_seen(agent, number), WhyForm()
    if carried_out(form, lambda: rules.discard_run(db.session(), agent, run, at=now(), reason=form.reason.data)):
        return done(N_("le brouillon est écarté."), links.billing_run(run))
    return act_page(
        agent,
        form,
        title=N_("Écarter le brouillon de %(year)s"),
        lead=[N_("Rien n’est facturé ; vous pourrez préparer une autre campagne.")],
        button=N_("Écarter ce brouillon"),
        back=links.billing_run(run),
        crumbs=[*crumbs(), (_name(run), links.billing_run(run))],
        danger=True,
        year=run.year,
    )


def _name(run: BillingRun) -> str:
    return f"{run.year} (n° {run.id})"


@registry.route("/billing/lines/<int:number>/counter", methods=["GET", "POST"])
@agents_only
def billing_counter(agent: Agent, number: int) -> Response:
    """Undo an issued line by a counter-entry."""
    metropole_only(agent)
    line, form = rules.find_line(db.session(), number), WhyForm()
    back = links.billing_run(line.run)
    if carried_out(form, lambda: rules.counter_line(db.session(), agent, line, at=now(), reason=form.reason.data)):
        return done(N_("la contre-écriture est passée."), back)
    return act_page(
        agent,
        form,
        title=N_("Annuler la ligne de %(name)s pour %(year)s"),
        lead=[
            N_("Une ligne émise ne change jamais : une ligne du montant opposé l’annule, avec votre motif."),
            N_("Une nouvelle campagne de la même année pourra facturer de nouveau cette convention."),
        ],
        button=N_("Passer la contre-écriture"),
        back=back,
        crumbs=[*crumbs(), (_name(line.run), back)],
        danger=True,
        name=line.partner_name,
        year=line.year,
    )
