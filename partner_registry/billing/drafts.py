"""What a year's run would bill: a pure function of the grid and of the facts of each agreement.

The same facts give the same lines in the same order, whatever order they came in. Each amount comes with the basis of
its calculation in words (décret 2012-1246, article 24).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from glc.i18n import N_
from partner_registry.billing.anomalies import Anomaly, Case, anomalies_of
from partner_registry.billing.dues import Counted, Excluded, Facts
from partner_registry.billing.tariff import Fee, Grid, fee
from partner_registry.models import Offer, PopulationKind

OFFER_WORDS = {Offer.GLOBAL: "offre globale", Offer.RESTRICTED: "offre restreinte"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one agreement owes for one year: what a `BillingLine` keeps of it, under the same names."""

    agreement_id: int
    year: int
    from_on: dt.date
    until_on: dt.date
    tariff: str
    agreement_number: str
    partner_name: str
    siren: str
    siret: str | None
    insee_code: str
    chorus_service_code: str
    commitment_number: str
    budget: str
    council_decision: str
    population: int
    population_kind: PopulationKind
    census_year: int
    population_source: str
    bracket: str
    bracket_wording: str
    offer: Offer
    base_cents: int
    discount_percent: int
    discount_cents: int
    due_cents: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A run before it is validated. `blocked` names the communes whose population is unknown: they block it, and
    never count as zero. `excluded` says who owes nothing, and why."""

    year: int
    lines: tuple[Line, ...]
    anomalies: tuple[Anomaly, ...]
    blocked: tuple[str, ...]
    excluded: tuple[Excluded, ...]

    @property
    def total_cents(self) -> int:
        """The sum of what is due."""
        return sum(line.due_cents for line in self.lines)

    @property
    def unresolved(self) -> tuple[Anomaly, ...]:
        """The anomalies that block validation."""
        return tuple(each for each in self.anomalies if each.blocking)


def draw_up(grid: Grid, year: int, facts: Iterable[Facts], excluded: Iterable[Excluded] = ()) -> Draft:
    """The draft of one of the grid's years."""
    lines: list[Line] = []
    anomalies: list[Anomaly] = []
    blocked = []
    for each in sorted(facts, key=lambda each: each.agreement_number):
        if each.population is None:
            blocked.append(each.name)
            continue
        price = fee(grid, year, each.population.inhabitants, each.offer, founding=each.founding_partner)
        lines.append(_line(grid, year, each, each.population, price))
        anomalies += anomalies_of(Case(year, each, each.population, price))
    return Draft(
        year=year,
        lines=tuple(lines),
        anomalies=(*anomalies, *_billed_twice(lines)),
        blocked=tuple(blocked),
        excluded=tuple(sorted(excluded, key=lambda each: each.name)),
    )


def _line(grid: Grid, year: int, facts: Facts, population: Counted, price: Fee) -> Line:
    kept = {name: getattr(facts, name) for name in Line.__dataclass_fields__.keys() & Facts.__dataclass_fields__.keys()}
    return Line(
        **kept
        | {
            "year": year,
            "tariff": " : ".join(part for part in (grid.name, grid.reference) if part),
            "population": population.inhabitants,
            "population_kind": population.kind,
            "census_year": population.census_year,
            "population_source": population.source,
            "bracket": price.bracket.code,
            "bracket_wording": price.bracket.wording,
            "base_cents": price.base_cents,
            "discount_percent": price.discount_percent,
            "discount_cents": price.discount_cents,
            "due_cents": price.due_cents,
            "basis": in_words(population, price) + _confirmation(facts, price),
        }
    )


def _confirmation(facts: Facts, price: Fee) -> str:
    """Why the bracket is another than the year before (reading A4)."""
    changed = facts.bracket_before not in {None, price.bracket.code}
    confirmed = changed and facts.confirmed_bracket == price.bracket.code
    return f" ; changement de tranche confirmé : {facts.confirmed_reason}" if confirmed else ""


def _billed_twice(lines: list[Line]) -> list[Anomaly]:
    """A debtor with two agreements in the year pays for both: somebody should know."""
    times = Counter(line.siren for line in lines)
    told = N_("%(name)s a plus d’une convention dans l’année : chacune est due")
    return [
        Anomaly("debtor_twice", line.agreement_number, told, {"name": line.partner_name})
        for line in lines
        if times[line.siren] > 1
    ]


def in_words(population: Counted, price: Fee) -> str:
    """The basis of an amount."""
    text = (
        f"{grouped(population.inhabitants)} hab. ({population.kind.value}, {population.census_year}) → "
        f"tranche {price.bracket.wording}, {OFFER_WORDS[price.offer]} {euros(price.base_cents)}"
    )
    if price.discount_cents:
        text += f" ; remise partenaires initiaux {price.discount_percent} % : {euros(price.due_cents)}"
    return text


def euros(cents: int) -> str:
    """An amount as people read it: 14 000 €."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{grouped(whole)}{f',{rest:02d}' if rest else ''} €"


def grouped(number: int) -> str:
    """A number in groups of three digits."""
    return f"{number:,}".replace(",", " ")
