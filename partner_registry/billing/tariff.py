"""The yearly fee: a population bracket and a level of service make a price (R13, R17 to R30).

A tariff is dated data: rows with the years they apply to. `Grid` is its value, from which `fee` computes. Amounts are
integer cents, taxes included; no VAT rate is documented, so none is ever computed (reading A15).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require
from partner_registry.models import BillingRun, Offer, PopulationKind, Tariff, TariffBracket
from partner_registry.trail import note


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One line of a grid, lower bound included (reading A1: the convention leaves the exact bounds open)."""

    code: str
    lower_bound: int
    wording: str
    global_cents: int
    restricted_cents: int

    def cents(self, offer: Offer) -> int:
        """The yearly fee of an offer."""
        return self.global_cents if offer is Offer.GLOBAL else self.restricted_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A grid of yearly fees, the years it applies to, and the discount of the first partners (R29)."""

    name: str
    reference: str
    first_year: int
    last_year: int
    population_kind: PopulationKind
    brackets: tuple[Bracket, ...]
    founders_discount_year: int | None
    founders_discount_percent: int

    def bracket_of(self, population: int) -> Bracket:
        """The bracket of a number of inhabitants. Raises `InputError` for what is no number of inhabitants."""
        if isinstance(population, bool) or not isinstance(population, int) or population < 0:
            raise InputError(
                N_("%(given)s n’est pas un nombre d’habitants : un entier, zéro ou plus"), given=repr(population)
            )
        return [bracket for bracket in self.brackets if bracket.lower_bound <= population][-1]


@dataclass(frozen=True, slots=True)
class Fee:
    """What a year costs, and how that was found."""

    bracket: Bracket
    offer: Offer
    base_cents: int
    discount_percent: int

    @property
    def discount_cents(self) -> int:
        """What is taken off."""
        return self.base_cents * self.discount_percent // 100

    @property
    def due_cents(self) -> int:
        """What is to be paid."""
        return self.base_cents - self.discount_cents


def fee(grid: Grid, year: int, population: int, offer: Offer, *, founding: bool) -> Fee:
    """The fee of one year: the whole year whenever it was joined (reading A11), less the founding communes' discount
    in its one year (R29, reading A5). Raises `InputError` outside the grid's years."""
    if not grid.first_year <= year <= grid.last_year:
        raise InputError(
            N_("la grille %(name)s vaut de %(first)s à %(last)s, pas en %(year)s : un autre cadre a une autre grille"),
            name=grid.name,
            first=grid.first_year,
            last=grid.last_year,
            year=year,
        )
    bracket = grid.bracket_of(population)
    discounted = founding and year == grid.founders_discount_year
    return Fee(bracket, offer, bracket.cents(offer), grid.founders_discount_percent if discounted else 0)


def grid_of(tariff: Tariff) -> Grid:
    """A tariff's value."""
    brackets = (
        Bracket(**{name: getattr(each, name) for name in Bracket.__dataclass_fields__}) for each in tariff.brackets
    )
    return Grid(brackets=tuple(brackets), **{name: getattr(tariff, name) for name in _OWN})


_OWN = tuple(name for name in Grid.__dataclass_fields__ if name != "brackets")
"""What a grid says besides its brackets."""


def tariff_for(session: Session, year: int) -> Tariff | None:
    """The tariff of a year; none where no framework has one: nothing is due then (R33, reading A17)."""
    return session.scalar(sa.select(Tariff).where(Tariff.first_year <= year, Tariff.last_year >= year))


def is_billed(session: Session, tariff: Tariff) -> bool:
    """Whether a validated run used it: from then on it never changes."""
    used = sa.select(BillingRun.id).where(BillingRun.tariff_id == tariff.id, BillingRun.validated_at.is_not(None))
    return session.scalar(used.limit(1)) is not None


def save_tariff(
    session: Session,
    by: Agent,
    *,
    at: dt.datetime,
    name: str,
    reference: str,
    first_year: int,
    last_year: int,
    population_kind: PopulationKind,
    brackets: Sequence[Mapping[str, Any]],
    founders_discount_year: int | None = None,
    founders_discount_percent: int = 0,
) -> Tariff:
    """Make the tariff of that name, or change one that billed nothing yet (reading A17). Each bracket is a mapping of
    `Bracket`'s fields. Raises `Forbidden`, `InputError` for a grid with a gap, `Conflict` once it billed something or
    when another tariff has one of its years."""
    require(by, "tariff.edit")
    grid = Grid(
        name=name.strip(),
        reference=reference.strip(),
        first_year=first_year,
        last_year=last_year,
        population_kind=population_kind,
        brackets=tuple(sorted(map(_read_bracket, brackets), key=lambda each: each.lower_bound)),
        founders_discount_year=founders_discount_year,
        founders_discount_percent=founders_discount_percent,
    )
    check_grid(grid)
    row = session.scalar(sa.select(Tariff).where(Tariff.name == grid.name))
    before = grid_of(row) if row is not None else None
    if row is not None and before == grid:
        return row
    if row is not None and is_billed(session, row):
        raise Conflict(
            N_("la grille %(name)s a déjà servi à facturer : un nouveau cadre est une nouvelle grille (A17)"), name=name
        )
    check_years(session, grid)
    row = _write(session, row, grid)
    note(session, by, at, "tariff.saved", f"tariff:{grid.name}", before=described(before), after=described(grid))
    return row


def described(grid: Grid | None) -> dict[str, Any]:
    """A grid as JSON values, the arguments of `save_tariff`."""
    if grid is None:
        return {}
    return dataclasses.asdict(grid) | {
        "population_kind": grid.population_kind.value,
        "brackets": [dataclasses.asdict(each) for each in grid.brackets],
    }


def read_described(values: object) -> dict[str, Any]:
    """What `described` wrote, as the arguments of `save_tariff`. Raises `InputError`, naming what it wants."""
    names = Grid.__dataclass_fields__.keys()
    if not isinstance(values, dict) or values.keys() != names:
        raise InputError(N_("une grille a exactement : %(names)s"), names=list(names))
    kinds = {each.value: each for each in PopulationKind}
    if values["population_kind"] not in kinds:
        raise InputError(N_("la population qui compte est l’une de : %(kinds)s"), kinds=list(kinds))
    brackets = values["brackets"]
    if not isinstance(brackets, list) or not all(isinstance(each, dict) for each in brackets):
        raise InputError(N_("les tranches d’une grille sont une liste"))
    if not isinstance(values["name"], str) or not isinstance(values["reference"], str):
        raise InputError(N_("le nom et la référence d’une grille sont des textes"))
    return {**values, "population_kind": kinds[values["population_kind"]]}


def check_grid(grid: Grid) -> None:
    """Raise `InputError`, saying what to change, unless the grid prices every population in whole euros."""
    for wrong, message in _faults(grid):
        if wrong:
            raise InputError(message)


def _faults(grid: Grid) -> Iterator[tuple[bool, str]]:
    brackets, percent = grid.brackets, grid.founders_discount_percent
    numbers = (grid.first_year, grid.last_year, percent, grid.founders_discount_year or 0)
    yield any(type(each) is not int for each in numbers), N_("les années et le taux sont des nombres entiers")
    yield not 0 < len(grid.name) <= 60, N_("donnez à la grille le nom de son cadre, en soixante signes au plus")
    yield len(grid.reference) > 200, N_("la référence de la grille tient en deux cents signes")
    yield not 2000 <= grid.first_year <= grid.last_year <= 2999, N_("la première année précède la dernière")
    yield not brackets, N_("donnez au moins une tranche")
    yield bool(brackets) and brackets[0].lower_bound != 0, N_("la première tranche commence à 0 habitant, sans trou")
    bounds, codes = {each.lower_bound for each in brackets}, {each.code for each in brackets}
    yield min(len(bounds), len(codes)) < len(brackets), N_("deux tranches ont la même borne ou le même code")
    yield (
        any(not (0 < len(each.code) <= 20 and 0 < len(each.wording) <= 60) for each in brackets),
        N_("chaque tranche a un code et un libellé"),
    )
    yield (
        any(not 0 <= each.restricted_cents <= each.global_cents for each in brackets),
        N_("l’offre restreinte ne coûte pas plus que l’offre globale, et rien n’est négatif"),
    )
    yield (
        any(less.cents(offer) > more.cents(offer) for less, more in pairwise(brackets) for offer in Offer),
        N_("une commune plus peuplée ne paie pas moins : vérifiez l’ordre des montants"),
    )
    yield (
        (grid.founders_discount_year is None) != (percent == 0) or not 0 <= percent <= 100,
        N_("une remise a une année et un taux de 1 à 100, ou ni l’un ni l’autre"),
    )
    yield (
        grid.founders_discount_year is not None
        and not grid.first_year <= grid.founders_discount_year <= grid.last_year,
        N_("l’année de la remise est une de celles de la grille"),
    )
    amounts = [each.cents(offer) for each in brackets for offer in Offer]
    yield (
        any(cents % 100 or cents * percent % 10_000 for cents in amounts),
        N_("les montants, remise déduite, sont des euros entiers, donnés en centimes"),
    )


def check_years(session: Session, grid: Grid) -> None:
    """Raise `Conflict` when another grid prices one of its years."""
    other = session.scalar(
        sa.select(Tariff).where(
            Tariff.name != grid.name, Tariff.first_year <= grid.last_year, Tariff.last_year >= grid.first_year
        )
    )
    if other is not None:
        raise Conflict(
            N_("la grille %(name)s vaut déjà de %(first)s à %(last)s : une année n’a qu’une grille"),
            name=other.name,
            first=other.first_year,
            last=other.last_year,
        )


def _read_bracket(given: Mapping[str, Any]) -> Bracket:
    kinds = {"code": str, "lower_bound": int, "wording": str, "global_cents": int, "restricted_cents": int}
    if given.keys() != kinds.keys() or any(type(given[name]) is not kind for name, kind in kinds.items()):
        raise InputError(N_("une tranche a %(names)s ; bornes et centimes sont des entiers"), names=list(kinds))
    return Bracket(**given)


def _write(session: Session, row: Tariff | None, grid: Grid) -> Tariff:
    values = {name: getattr(grid, name) for name in _OWN}
    if row is None:
        row = Tariff(**values)
        session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.brackets.clear()
    session.flush()  # the old lines go before lines of the same codes come
    row.brackets = [TariffBracket(**dataclasses.asdict(each)) for each in grid.brackets]
    session.flush()
    return row
