"""What a year would bring in, before anything is recorded: line by line, with the basis of each amount."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import InputError
from glc.i18n import N_
from partner_registry.billing.drafts import in_words
from partner_registry.billing.dues import Counted, communes_on, counted, facts_of_year
from partner_registry.billing.tariff import Fee, Grid, fee, grid_of, tariff_for
from partner_registry.models import Agreement, Offer, Partner, PartnerIdentity, PopulationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLine:
    """One commune's fee for one year. `basis` says in French how it was found."""

    insee: str
    name: str
    population: int
    census_year: int
    fee: Fee
    basis: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The lines of a year, and the communes whose population is unknown: those block a run, never count as zero."""

    year: int
    lines: tuple[PreviewLine, ...]
    without_population: tuple[str, ...]

    @property
    def total_cents(self) -> int:
        """The sum of what is due."""
        return sum(line.fee.due_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Asked:
    insee: str
    name: str
    population: Counted | None
    offer: Offer
    founding: bool


def preview_agreements(session: Session, year: int) -> Preview:
    """The lines of the agreements of the year's framework in effect at some time of the year, billed or not. Outside
    every tariff's years there is nothing to bill (R33, reading A17)."""
    tariff = tariff_for(session, year)
    if tariff is None:
        return Preview(year, (), ())
    grid = grid_of(tariff)
    asked = [
        _Asked(each.insee_code, each.name, each.population, each.offer, each.founding_partner)
        for each in facts_of_year(session, grid, year)
    ]
    return _preview(year, asked, grid)


def preview_communes(session: Session, year: int, offer: Offer, *, kind: PopulationKind | None = None) -> Preview:
    """What every commune of the Métropole would pay that year for an offer, founders with their discount. Raises
    `InputError` outside every tariff's years."""
    tariff = tariff_for(session, year)
    if tariff is None:
        raise InputError(
            N_("aucune grille ne couvre %(year)s : un nouveau cadre a une nouvelle grille (A17)"), year=year
        )
    grid = grid_of(tariff)
    founders = set(
        session.scalars(
            sa.select(PartnerIdentity.siren).join(Partner).join(Agreement).where(Agreement.founding_partner.is_(True))
        )
    )
    asked = [
        _Asked(
            each.insee_code,
            each.name,
            counted(session, kind or grid.population_kind, each.siren, year),
            offer,
            each.siren in founders,
        )
        for each in communes_on(session, dt.date(year, 1, 1))
    ]
    return _preview(year, asked, grid)


def _preview(year: int, asked: list[_Asked], grid: Grid) -> Preview:
    lines, unknown = [], []
    for each in asked:
        if each.population is None:
            unknown.append(each.name)
            continue
        price = fee(grid, year, each.population.inhabitants, each.offer, founding=each.founding)
        lines.append(
            PreviewLine(
                insee=each.insee,
                name=each.name,
                population=each.population.inhabitants,
                census_year=each.population.census_year,
                fee=price,
                basis=in_words(each.population, price),
            )
        )
    return Preview(year, tuple(lines), tuple(unknown))
