"""Tariffs, previews, billing runs and their lines."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from partner_registry.api.schemas.base import (
    Asked,
    Motivated,
    Number,
    Positioned,
    Sent,
    Told,
    Year,
    absent,
    many,
    of,
    told,
)
from partner_registry.billing.runs import RunState
from partner_registry.models import (
    AgreementYear,
    BillingLine,
    BillingRun,
    Offer,
    PopulationKind,
    Tariff,
    TariffBracket,
)

BracketTold = told("TariffBracket", TariffBracket, "code lower_bound wording global_cents restricted_cents")
TariffTold = told(
    "Tariff",
    Tariff,
    "name reference first_year last_year population_kind founders_discount_year founders_discount_percent",
    brackets=(many(BracketTold), "From the smallest population to the largest"),
    billed=(bool, "Whether it billed something: then it never changes again (A17)"),
)
LineTold = told(
    "BillingLine",
    BillingLine,
    "year from_on until_on tariff agreement_number partner_name siren siret insee_code chorus_service_code "
    "commitment_number budget council_decision population population_kind census_year population_source bracket "
    "bracket_wording offer base_cents discount_percent discount_cents due_cents basis",
    id=(int | None, "Number of the line; null in a draft, whose lines are computed"),
    counters=(int | None, "Number of the line that this one undoes"),
    reason=(str, "Why it undoes that line"),
    written_at=(dt.datetime | None, "When it was written; null in a draft"),
)


class ExcludedTold(Told):
    """Who owes nothing, and why."""

    name: str
    detail: str = Field(description="Why, in French")


class AnomalyTold(Told):
    """Something to look at before validating."""

    detail: str = Field(description="What it is, in French: as it is kept with the run")
    blocking: bool = Field(description="Whether nothing is validated before it is settled")


RunTold = told(
    "BillingRun",
    BillingRun,
    "id year prepared_at validated_at issued_at discarded_at discarded_reason",
    state=(RunState, "Derived from its dates"),
    tariff=(str | None, "Name of the tariff it was validated with"),
    lines=(int, "How many lines it has"),
    total_cents=(int, "Sum of what is due, counter-entries counted"),
    anomalies=(many(AnomalyTold), "What is to be looked at, or was"),
    blocked=(list[str], "Communes whose population is unknown: they block it"),
    excluded=(many(ExcludedTold), "Who owes nothing, and why, in a draft"),
)


class PreviewLineTold(Told):
    """One commune's fee for one year."""

    insee: str
    name: str
    population: int
    census_year: int
    bracket: str
    offer: Offer
    base_cents: int
    discount_cents: int
    due_cents: int
    basis: str = Field(description="How it was found, in words")


class PreviewTold(Told):
    """What a year would bring in."""

    year: int
    lines: list[PreviewLineTold]
    total_cents: int
    without_population: list[str] = Field(description="Communes whose population is unknown: never counted as zero")
    excluded: list[ExcludedTold] = Field(description="Who owes nothing, and why: not told of all communes")


class PreviewAsked(Asked):
    """Which year to preview, and for whom."""

    year: Year
    all_communes: bool = Field(default=False, description="Every commune of the Métropole, instead of the agreements")
    offer: Offer | None = Field(default=None, description="With all_communes: which offer")
    population: PopulationKind | None = Field(default=None, description="With all_communes: which population")


class NewBracket(Sent):
    """One line of a grid."""

    code: str = of(TariffBracket.code, min_length=1)
    lower_bound: Number = of(TariffBracket.lower_bound)
    wording: str = of(TariffBracket.wording, min_length=1)
    global_cents: Number = of(TariffBracket.global_cents)
    restricted_cents: Number = of(TariffBracket.restricted_cents)


class TariffChanges(Sent):
    """A whole grid."""

    reference: str = of(Tariff.reference, "")
    first_year: Year
    last_year: Year
    population_kind: PopulationKind = of(Tariff.population_kind, PopulationKind.MUNICIPAL)
    brackets: Annotated[list[NewBracket], Field(min_length=1, max_length=50)]
    founders_discount_year: Year | None = absent(Tariff.founders_discount_year)
    founders_discount_percent: int = of(Tariff.founders_discount_percent, 0, ge=0, le=100)


class NewTariff(TariffChanges):
    """A new grid."""

    name: str = of(Tariff.name, min_length=1, pattern="^[^/]+$")


class Runs(Positioned):
    """Which runs to list."""

    year: Year | None = None
    state: RunState | None = Field(default=None, description="State they are in")


class NewRun(Sent):
    """A year to bill."""

    year: Year


class LinesAsked(Positioned):
    """Which form lines are told in."""

    spreadsheet: bool = Field(default=False, description="As CSV: with French headings and euros, for a spreadsheet")


class ConfirmedBracket(Motivated):
    """A new bracket, confirmed for a year."""

    bracket: str = of(TariffBracket.code)


class BudgetVoted(Sent):
    """Whether the partner voted the credits."""

    voted: bool | None = of(AgreementYear.budget_voted)
