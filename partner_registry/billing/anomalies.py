"""What somebody must look at before a year's run is validated: one check a kind of anomaly, in one table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from glc.sentences import N_, Translate, fill
from partner_registry.billing.dues import Counted, Facts
from partner_registry.billing.tariff import Fee
from partner_registry.models import Offer

CENSUS_LAG = 3
"""Years between a census and the 1 January on which its figures come into force (reading A3)."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something to look at before validating; nothing is validated while one that blocks is there."""

    key: str
    agreement_number: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    blocking: bool = False

    def told(self, translate: Translate = str) -> str:
        """What it is, in another language when its gettext is given."""
        return f"{self.agreement_number}{translate(N_(' : '))}{fill(self.template, self.values, translate)}"


@dataclass(frozen=True, slots=True)
class Case:
    """One line to be, and what it comes from."""

    year: int
    facts: Facts
    population: Counted
    price: Fee

    def anomaly(self, key: str, told: str, *, blocking: bool = False, **values: object) -> Anomaly:
        """An anomaly of this line."""
        return Anomaly(key, self.facts.agreement_number, told, values, blocking)


def anomalies_of(case: Case) -> list[Anomaly]:
    """Every anomaly of one line."""
    return [found for check in CHECKS if (found := check(case)) is not None]


def _bracket_changed(case: Case) -> Anomaly | None:
    """A change of bracket changes the price: an administrator confirms it first (reading A4)."""
    now, before = case.price.bracket.code, case.facts.bracket_before
    if before in {None, now}:
        return None
    if case.facts.confirmed_bracket == now:
        told = N_("la tranche passe de %(before)s à %(now)s, changement confirmé : %(reason)s")
        return case.anomaly("bracket_changed", told, before=before, now=now, reason=case.facts.confirmed_reason)
    told = N_("la tranche passe de %(before)s à %(now)s : un administrateur doit confirmer ce changement (A4)")
    return case.anomaly("bracket_changed", told, blocking=True, before=before, now=now)


def _not_a_founder(case: Case) -> Anomaly | None:
    """The discount is for the five communes of R8 (reading A5); where it would lower a price, it blocks."""
    if not case.facts.founding_partner or case.facts.founder:
        return None
    told = N_("la remise est cochée pour %(name)s, qui n’est pas un partenaire initial : corrigez la convention (A5)")
    return case.anomaly("not_a_founder", told, blocking=case.price.discount_cents > 0, name=case.facts.name)


def _other_census(case: Case) -> Anomaly | None:
    """The figure in force on 1 January comes from the census of three years before (reading A3)."""
    found, expected = case.population.census_year, case.year - CENSUS_LAG
    if found == expected:
        return None
    told = N_("la population vient du recensement de %(found)s, on attend celui de %(expected)s (A3)")
    return case.anomaly("other_census", told, found=found, expected=expected)


def _joined(case: Case) -> Anomaly | None:
    """No prorata: the whole year is due (reading A11)."""
    day = case.facts.from_on
    told = N_("entre en vigueur le %(day)s : l’année entière est due (A11)")
    return case.anomaly("joined_in_the_year", told, day=_written(day)) if (day.month, day.day) != (1, 1) else None


def _left(case: Case) -> Anomaly | None:
    """No prorata either for who leaves (reading A11)."""
    day = case.facts.until_on
    told = N_("prend fin le %(day)s : l’année entière est due (A11)")
    return case.anomaly("left_in_the_year", told, day=_written(day)) if (day.month, day.day) != (12, 31) else None


def _suspended(case: Case) -> Anomaly | None:
    """A suspension cuts access, not what is due."""
    told = N_("suspendue pendant l’année : la participation reste due")
    return case.anomaly("suspended", told) if case.facts.suspended else None


_LATER_OFFER = {
    Offer.GLOBAL: N_("passe à l’offre globale le %(day)s : l’offre du 1er janvier fait le prix de l’année (A12)"),
    Offer.RESTRICTED: N_(
        "passe à l’offre restreinte le %(day)s : l’offre du 1er janvier fait le prix de l’année (A12)"
    ),
}


def _offer_changed(case: Case) -> Anomaly | None:
    """The offer in force on 1 January prices the year (reading A12)."""
    if not case.facts.later_offers:
        return None
    day, offer = case.facts.later_offers[-1]
    return case.anomaly("offer_changed", _LATER_OFFER[offer], day=_written(day))


def _credits_refused(case: Case) -> Anomaly | None:
    """The expenditure is subject to the vote of credits (R11)."""
    told = N_("le partenaire n’a pas voté les crédits (R11)")
    return case.anomaly("credits_not_voted", told) if case.facts.budget_voted is False else None


def _written(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"


CHECKS: tuple[Callable[[Case], Anomaly | None], ...] = (
    _bracket_changed,
    _not_a_founder,
    _other_census,
    _joined,
    _left,
    _suspended,
    _offer_changed,
    _credits_refused,
)
