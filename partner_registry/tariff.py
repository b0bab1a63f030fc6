"""The yearly fee: a population bracket and a level of service make a price (R13, R17 to R30).

Amounts are integer cents, taxes included; no VAT rate is documented, so none is ever computed (reading A15).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from glc.errors import InputError
from partner_registry.models import Offer


class PopulationKind(enum.Enum):
    """Which legal population counts: an attribute of the tariff (reading A2)."""

    MUNICIPAL = "municipale"
    TOTAL = "totale"


class Bracket(enum.Enum):
    """Population brackets, lower bound included (reading A1: the convention leaves the exact bounds open)."""

    LT_5000 = ("LT_5000", 0, "< 5 000")
    FROM_5000 = ("FROM_5000", 5_000, "> 5 000 et < 10 000")
    FROM_10000 = ("FROM_10000", 10_000, "> 10 000 et < 20 000")
    FROM_20000 = ("FROM_20000", 20_000, "> 20 000 et < 40 000")
    FROM_40000 = ("FROM_40000", 40_000, "> 40 000 et < 80 000")
    FROM_80000 = ("FROM_80000", 80_000, "> 80 000")

    def __init__(self, code: str, lower_bound: int, wording: str) -> None:
        self.code = code
        self.lower_bound = lower_bound
        self.wording = wording


def bracket_of(population: int) -> Bracket:
    """The bracket of a number of inhabitants. Raises `InputError` for what is no number of inhabitants."""
    if isinstance(population, bool) or not isinstance(population, int) or population < 0:
        raise InputError(f"{population!r} is not a number of inhabitants: a whole number, zero or more")
    return [bracket for bracket in Bracket if bracket.lower_bound <= population][-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A grid of yearly fees, the years it applies to, and the discount of the first partners (R29)."""

    name: str
    first_year: int
    last_year: int
    population_kind: PopulationKind
    cents: Mapping[tuple[Bracket, Offer], int]
    founders_discount_year: int
    founders_discount_percent: int


def _grid(*rows: tuple[Bracket, int, int]) -> dict[tuple[Bracket, Offer], int]:
    offers = (Offer.GLOBAL, Offer.RESTRICTED)
    return {(row[0], offer): euros * 100 for row in rows for offer, euros in zip(offers, row[1:], strict=True)}


GNM_2019 = Tariff(
    name="GNM 2019-2023",
    first_year=2019,
    last_year=2023,
    population_kind=PopulationKind.MUNICIPAL,
    cents=_grid(
        (Bracket.LT_5000, 1_800, 1_400),  # R17, R18
        (Bracket.FROM_5000, 5_400, 4_200),  # R19, R20
        (Bracket.FROM_10000, 8_400, 6_500),  # R21, R22
        (Bracket.FROM_20000, 10_800, 8_400),  # R23, R24
        (Bracket.FROM_40000, 14_000, 10_800),  # R25, R26
        (Bracket.FROM_80000, 18_000, 14_000),  # R27, R28
    ),
    founders_discount_year=2019,
    founders_discount_percent=50,
)
"""Annexe 3 of the convention. Only 2019 and 2020 are printed there; the same grid for 2021 to 2023 is reading A9."""


@dataclass(frozen=True, slots=True)
class Fee:
    """What a year costs, and how that was found."""

    bracket: Bracket
    offer: Offer
    base_cents: int
    discount_cents: int

    @property
    def due_cents(self) -> int:
        """What is to be paid."""
        return self.base_cents - self.discount_cents


def fee(tariff: Tariff, year: int, population: int, offer: Offer, *, founding: bool) -> Fee:
    """The fee of one year: the whole year whenever it was joined (reading A11), halved for the founding communes in
    the first year only (R29, reading A5). Raises `InputError` outside the tariff's years."""
    if not tariff.first_year <= year <= tariff.last_year:
        raise InputError(f"tariff {tariff.name} covers {tariff.first_year} to {tariff.last_year}, not {year}")
    bracket = bracket_of(population)
    base = tariff.cents[bracket, offer]
    discounted = founding and year == tariff.founders_discount_year
    return Fee(bracket, offer, base, base * tariff.founders_discount_percent // 100 if discounted else 0)
