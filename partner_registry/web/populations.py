"""The legal populations of a year, commune by commune: what is known of them, and the form that records one."""

from __future__ import annotations

import dataclasses
import datetime as dt

from flask import request
from flask_wtf.file import FileField
from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from partner_registry.agents import Agent, require
from partner_registry.billing.dues import communes_on
from partner_registry.models import Commune, LegalPopulation
from partner_registry.partners.population_files import Recorded, record_year
from partner_registry.partners.populations import expected_census, record_population
from partner_registry.web import links
from partner_registry.web.act_page import act_page
from partner_registry.web.base import NOTHING, agents_only, done, metropole_only, now, page, registry
from partner_registry.web.billing import back_to_run, check_year, crumbs
from partner_registry.web.forms import RegistryForm, Required, carried_out, number, text


@registry.get("/billing/populations/<int:year>/")
@agents_only
def population_list(agent: Agent, year: int) -> Response:
    """Every commune of the year, those whose population is unknown first."""
    metropole_only(agent)
    check_year(year)
    found = [(each, _population(each, year)) for each in communes_on(db.session(), dt.date(year, 1, 1))]
    return page(
        "populations.html",
        agent,
        year=year,
        rows=sorted(found, key=lambda pair: pair[1] is not None),
        unknown=sum(population is None for _commune, population in found),
        crumbs=crumbs(),
    )


def _population(commune: Commune, year: int) -> LegalPopulation | None:
    return db.session.get(LegalPopulation, (commune.siren, dt.date(year, 1, 1)))


class PopulationForm(RegistryForm):
    """Both figures, and where they come from."""

    municipal = number(N_("Population municipale"), hint=N_("Les habitants recensés dans la commune."))
    total = number(N_("Population totale"), hint=N_("La municipale et la population comptée à part."))
    census_year = number(N_("Année du recensement"), hint=N_("Trois ans avant l’exercice, d’ordinaire (A3)."))
    source = text(N_("Source"), hint=N_("Qui les publie, où, quand : elle est inscrite dans la base du calcul."))


class PopulationFileForm(RegistryForm):
    """A file of a year's figures, and where they come from."""

    content = FileField(
        N_("Fichier CSV"),
        validators=[Required()],
        description=N_(
            "Une ligne par commune ; colonnes insee, population_municipale et population_totale. Il peut être celui de "
            "toute la France : seules les communes de la Métropole comptent."
        ),
    )
    census_year = number(N_("Année du recensement"), hint=N_("Trois ans avant l’exercice, d’ordinaire (A3)."))
    source = text(N_("Source"), hint=N_("Qui les publie, où, quand : elle est inscrite dans la base du calcul."))


@registry.route("/billing/populations/<int:year>/file", methods=["GET", "POST"])
@agents_only
def population_file(agent: Agent, year: int) -> Response:
    """Record a year's populations from one file, all of them or none."""
    metropole_only(agent)
    check_year(year)
    require(agent, "population.record")
    form = PopulationFileForm(data={"census_year": expected_census(year)})
    made: list[Recorded] = []

    def act() -> None:
        values = form.values() | {"content": form.content.data.read()}
        made.append(record_year(db.session(), agent, year, at=now(), **values))

    if carried_out(form, act):
        told = N_("populations de %(year)s : %(changed)s enregistrées, %(same)s déjà connues, %(unknown)s inconnues.")
        return done(told, links.populations(year), year=year, **dataclasses.asdict(made[0]))
    return act_page(
        agent,
        form,
        title=N_("Populations de %(year)s : lire un fichier"),
        lead=[N_("Toutes les lignes sont enregistrées, ou aucune ; une ligne fausse est nommée.")],
        button=N_("Enregistrer"),
        back=links.populations(year),
        crumbs=[*crumbs(), (gettext("Populations de %(year)s") % {"year": year}, links.populations(year))],
        year=year,
    )


@registry.route("/billing/populations/<int:year>/<siren>", methods=["GET", "POST"])
@agents_only
def population_edit(agent: Agent, year: int, siren: str) -> Response:
    """Record a commune's legal populations of a year, or correct them."""
    metropole_only(agent)
    check_year(year)
    commune = db.session.get(Commune, siren)
    if commune is None:
        raise NotFound(NOTHING)
    kept = _population(commune, year)
    form = PopulationForm(
        data={name: getattr(kept, name) for name in ("municipal", "total", "census_year", "source")}
        if kept
        else {"census_year": expected_census(year)}
    )

    def act() -> None:
        record_population(db.session(), agent, commune, year, at=now(), **form.values())

    back = back_to_run() if request.args.get("run") else links.populations(year)
    if carried_out(form, act):
        return done(N_("%(name)s : la population de %(year)s est enregistrée."), back, name=commune.name, year=year)
    return act_page(
        agent,
        form,
        title=N_("%(name)s : population au 1er janvier %(year)s"),
        lead=[N_("La participation se calcule sur la population légale en vigueur au 1er janvier (A3).")],
        warnings=[N_("elle est déjà connue : une ligne figée par une campagne ne change pas.")] if kept else [],
        button=N_("Enregistrer"),
        back=back,
        crumbs=[*crumbs(), (gettext("Populations de %(year)s") % {"year": year}, links.populations(year))],
        name=commune.name,
        year=year,
    )
