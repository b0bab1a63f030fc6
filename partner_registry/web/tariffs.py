"""The grids of yearly fees: shown, and one added for a new framework; what has billed never changes."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from partner_registry.agents import Agent
from partner_registry.billing.tariff import is_billed, save_tariff
from partner_registry.models import Agreement, AgreementKind, PopulationKind, Tariff
from partner_registry.web import links
from partner_registry.web.base import agents_only, done, metropole_only, now, page, registry
from partner_registry.web.billing import crumbs
from partner_registry.web.forms import RegistryForm, carried_out, choice, number, pressed, text
from partner_registry.web.rows import Column, RowsField

POPULATION_WORDS = {
    PopulationKind.MUNICIPAL: N_("population municipale"),
    PopulationKind.TOTAL: N_("population totale"),
}
WHOLE = re.compile(r"[0-9]{1,9}")


@registry.get("/billing/tariffs/")
@agents_only
def tariff_list(agent: Agent) -> Response:
    """Every grid with its brackets, and the frameworks that have none."""
    metropole_only(agent)
    rows = db.session.scalars(sa.select(Tariff).order_by(Tariff.first_year)).all()
    return page(
        "tariffs.html",
        agent,
        tariffs=[(each, is_billed(db.session(), each)) for each in rows],
        without=_frameworks_without_grid(),
        population_words=POPULATION_WORDS,
        crumbs=crumbs(),
    )


def _frameworks_without_grid() -> list[str]:
    priced = sa.select(Tariff.name)
    query = sa.select(Agreement.framework).where(
        Agreement.kind == AgreementKind.FRAMEWORK, Agreement.framework.not_in(priced)
    )
    return list(db.session.scalars(query.distinct().order_by(Agreement.framework)))


class TariffForm(RegistryForm):
    """A grid: the years, the population that counts, the brackets in euros, the founders' discount."""

    name = text(N_("Nom du cadre"), longest=60, hint=N_("Exactement celui que portent ses conventions."))
    reference = text(N_("Où la grille est écrite"), required=False)
    first_year = number(N_("Première année"))
    last_year = number(N_("Dernière année"))
    population_kind = choice(N_("Population qui compte"), POPULATION_WORDS)
    brackets = RowsField(
        N_("Tranches, en euros TTC par an"),
        (
            Column("code", N_("Code")),
            Column("lower_bound", N_("À partir de (habitants)")),
            Column("wording", N_("Libellé")),
            Column("global_euros", N_("Offre globale (€)")),
            Column("restricted_euros", N_("Offre restreinte (€)")),
        ),
        row_label=N_("Tranche %(number)s"),
        description=N_("La première commence à 0 habitant ; la borne est comprise dans la tranche. Euros entiers."),
    )
    founders_discount_year = number(N_("Année de remise des partenaires initiaux"), required=False)
    founders_discount_percent = number(N_("Taux de cette remise, en pour cent"), required=False)

    def validate_brackets(self, field: RowsField) -> None:
        """Raise `ValidationError` for what is no whole number."""
        for row in field.data:
            for key in ("lower_bound", "global_euros", "restricted_euros"):
                if not WHOLE.fullmatch(_digits(row[key])):
                    told = gettext("« %(typed)s » : écrivez un nombre entier.")
                    raise ValidationError(told % {"typed": row[key]})


def _digits(typed: str) -> str:
    return re.sub(r"\s", "", typed)


def _brackets(form: TariffForm) -> list[dict[str, Any]]:
    return [
        {
            "code": row["code"],
            "wording": row["wording"],
            "lower_bound": int(_digits(row["lower_bound"])),
            "global_cents": int(_digits(row["global_euros"])) * 100,
            "restricted_cents": int(_digits(row["restricted_euros"])) * 100,
        }
        for row in form.brackets.data
    ]


def _shown(tariff: Tariff) -> dict[str, Any]:
    names = "name reference first_year last_year population_kind founders_discount_year founders_discount_percent"
    brackets = [
        {
            "code": each.code,
            "wording": each.wording,
            "lower_bound": each.lower_bound,
            "global_euros": each.global_cents // 100,
            "restricted_euros": each.restricted_cents // 100,
        }
        for each in tariff.brackets
    ]
    return {name: getattr(tariff, name) for name in names.split()} | {"brackets": brackets}


@registry.route("/billing/tariffs/new", methods=["GET", "POST"])
@agents_only
def tariff_new(agent: Agent) -> Response:
    """Add a grid."""
    metropole_only(agent)
    return _edit(agent, TariffForm(data={"population_kind": PopulationKind.MUNICIPAL}), None)


@registry.route("/billing/tariffs/<int:number>/edit", methods=["GET", "POST"])
@agents_only
def tariff_edit(agent: Agent, number: int) -> Response:
    """Change a grid that billed nothing yet."""
    metropole_only(agent)
    tariff = db.session.get(Tariff, number)
    if tariff is None:
        raise NotFound(N_("il n’y a pas de grille n° %(number)s"), number=number)
    return _edit(agent, TariffForm(data=_shown(tariff)), tariff)


def _edit(agent: Agent, form: TariffForm, tariff: Tariff | None) -> Response:
    def act() -> None:
        save_tariff(
            db.session(),
            agent,
            at=now(),
            name=form.name.data,
            reference=form.reference.data,
            first_year=form.first_year.data,
            last_year=form.last_year.data,
            population_kind=form.population_kind.data,
            brackets=_brackets(form),
            founders_discount_year=form.founders_discount_year.data,
            founders_discount_percent=form.founders_discount_percent.data or 0,
        )

    if not pressed("more") and carried_out(form, act):
        return done(N_("la grille est enregistrée."), links.tariffs())
    return page(
        "tariff_form.html",
        agent,
        form.status,
        form=form,
        tariff=tariff,
        without=_frameworks_without_grid(),
        crumbs=[*crumbs(), (gettext("Grilles tarifaires"), links.tariffs())],
    )
