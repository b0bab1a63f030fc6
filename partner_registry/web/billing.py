"""What the years bring in: previews, the door to the runs that bill them, and what is recorded of each year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from flask import request
from werkzeug.wrappers import Response

from glc.clock import paris_date
from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from partner_registry.agents import Agent
from partner_registry.billing import runs as rules
from partner_registry.billing.drafts import OFFER_WORDS
from partner_registry.billing.dues import communes_on, excluded_from
from partner_registry.billing.runs import RunState, run_state
from partner_registry.billing.tariff import grid_of, tariff_for
from partner_registry.models import Agreement, BillingRun, Offer
from partner_registry.web import links
from partner_registry.web.act_page import act_page
from partner_registry.web.base import NOTHING, Crumbs, agents_only, done, metropole_only, now, page, registry
from partner_registry.web.clients import name_of
from partner_registry.web.fields import ChoiceField, YesNoField
from partner_registry.web.forms import RegistryForm, Required, carried_out, number, reason

STATE_COLOURS = {
    RunState.DRAFT: "draft",
    RunState.VALIDATED: "validated",
    RunState.ISSUED: "issued",
    RunState.DISCARDED: "discarded",
}
YEARS_AHEAD = 3
"""How many years are previewed besides this one."""


def crumbs() -> Crumbs:
    """The way to the billing pages."""
    return [(gettext("Facturation"), links.billing())]


class PrepareForm(RegistryForm):
    """The year of a run."""

    year = number(N_("Exercice"), hint=N_("L’année entière est due par convention en vigueur (A11)."))


@registry.route("/billing/", methods=["GET", "POST"])
@agents_only
def billing_home(agent: Agent) -> Response:
    """The next years' previews, the runs, and the door to a new one."""
    metropole_only(agent)
    this_year = paris_date(now()).year
    form = PrepareForm(data={"year": this_year})
    made: list[BillingRun] = []

    def act() -> None:
        made.append(rules.prepare_run(db.session(), agent, form.year.data, at=now()))

    if carried_out(form, act):
        return done(N_("le brouillon est préparé."), links.billing_run(made[0]))
    years = sorted({*range(this_year, this_year + YEARS_AHEAD + 1), *_asked_years()})
    return page(
        "billing.html",
        agent,
        form.status,
        form=form,
        previews=[
            (year, rules.preview_agreements(db.session(), year), tariff_for(db.session(), year)) for year in years
        ],
        this_year=this_year,
        tariff=tariff_for(db.session(), this_year),
        runs=[(each, run_state(each)) for each in reversed(rules.runs(db.session()))],
        state_words=rules.STATE_WORDS,
        colours=STATE_COLOURS,
        name_of=name_of,
    )


def _asked_years() -> list[int]:
    """The year before and after the one asked for, with it: so that one walks to any year."""
    asked = request.args.get("year", "")
    if not (asked.isdecimal() and len(asked) == 4):
        return []
    return [int(asked) + step for step in (-1, 0, 1)]


def check_year(year: int) -> None:
    """Raise `NotFound` for what is no year."""
    if not 2000 <= year <= 2999:
        raise NotFound(N_("donnez une année de quatre chiffres"))


@registry.get("/billing/preview/<int:year>/")
@agents_only
def billing_preview(agent: Agent, year: int) -> Response:
    """A year's fees, line by line: of the agreements in effect, or of every commune with `?offer=`."""
    metropole_only(agent)
    check_year(year)
    session, tariff = db.session(), tariff_for(db.session(), year)
    asked = request.args.get("offer", "")
    offer = Offer[asked] if asked in Offer.__members__ and tariff is not None else None
    grid = grid_of(tariff) if tariff is not None else None
    preview = rules.preview_communes(session, year, offer) if offer else rules.preview_agreements(session, year)
    return page(
        "billing_preview.html",
        agent,
        year=year,
        tariff=tariff,
        offer=offer,
        offer_words=OFFER_WORDS,
        preview=preview,
        unknown=population_pages(preview.without_population, year),
        excluded=[] if offer else list(excluded_from(session, grid, year)),
        crumbs=crumbs(),
    )


def population_pages(names: Iterable[str], year: int) -> list[tuple[str, str]]:
    """Communes by their names, each with the address where its population of a year is recorded."""
    known = {each.name: each.siren for each in communes_on(db.session(), dt.date(year, 1, 1))}
    return [(name, f"{links.populations(year)}{known.get(name, '')}") for name in names]


class BracketForm(RegistryForm):
    """The bracket that is confirmed, and why."""

    bracket = ChoiceField(N_("Nouvelle tranche"), validators=[Required()], validate_choice=False)
    reason = reason(hint=N_("Un numéro d’avenant, ou une raison : elle est inscrite dans la base du calcul."))


def _agreement(agent: Agent, number: int, year: int) -> Agreement:
    metropole_only(agent)
    check_year(year)
    found = db.session.get(Agreement, number)
    if found is None:
        raise NotFound(NOTHING)
    return found


@registry.route("/billing/agreements/<int:number>/<int:year>/bracket", methods=["GET", "POST"])
@agents_only
def billing_bracket(agent: Agent, number: int, year: int) -> Response:
    """Confirm that an agreement changes bracket."""
    agreement, tariff = _agreement(agent, number, year), tariff_for(db.session(), year)
    form = BracketForm()
    form.bracket.choices = [(each.code, each.wording) for each in tariff.brackets] if tariff is not None else []

    def act() -> None:
        code, why = form.bracket.data or "", form.reason.data
        rules.confirm_bracket(db.session(), agent, agreement, year, code, at=now(), reason=why)

    back = back_to_run()
    if carried_out(form, act):
        return done(N_("le changement de tranche est confirmé."), back)
    return act_page(
        agent,
        form,
        title=N_("Confirmer la tranche de %(number)s en %(year)s"),
        lead=[
            N_("La population a fait changer la commune de tranche, donc de prix : un administrateur confirme (A4).")
        ],
        button=N_("Confirmer ce changement"),
        back=back,
        crumbs=crumbs(),
        number=agreement.number,
        year=year,
    )


class BudgetForm(RegistryForm):
    """Whether the credits were voted."""

    voted = YesNoField(N_("Le partenaire a-t-il voté les crédits ?"))


@registry.route("/billing/agreements/<int:number>/<int:year>/budget", methods=["GET", "POST"])
@agents_only
def billing_budget(agent: Agent, number: int, year: int) -> Response:
    """Record whether the partner voted the credits of a year."""
    agreement = _agreement(agent, number, year)
    kept = next((each.budget_voted for each in agreement.years if each.year == year), None)
    form = BudgetForm(data={"voted": kept})

    def act() -> None:
        rules.set_budget_voted(db.session(), agent, agreement, year, form.voted.data, at=now())

    back = back_to_run()
    if carried_out(form, act):
        return done(N_("le vote des crédits est enregistré."), back)
    return act_page(
        agent,
        form,
        title=N_("Crédits de %(number)s pour %(year)s"),
        lead=[N_("La dépense dépend du vote des crédits (R11). Un refus est signalé ; il ne bloque rien.")],
        button=N_("Enregistrer"),
        back=back,
        crumbs=crumbs(),
        number=agreement.number,
        year=year,
    )


def back_to_run() -> str:
    """The run that the visitor came from, where the address names one."""
    run = request.args.get("run", "")
    return f"{links.billing()}runs/{run}/" if run.isdecimal() else links.billing()
