"""What a year brings in, line by line, with the basis of each amount in words (décret 2012-1246, article 24)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import start_of_day
from partner_registry.agreements import effective_on, last_day
from partner_registry.models import Agreement, AgreementKind, Commune, LegalPopulation, Offer, Partner, PartnerKind
from partner_registry.tariff import GNM_2019, Fee, PopulationKind, Tariff, fee

OFFER_WORDS = {Offer.GLOBAL: "offre globale", Offer.RESTRICTED: "offre restreinte"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
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
    lines: tuple[Line, ...]
    without_population: tuple[str, ...]

    @property
    def total_cents(self) -> int:
        """The sum of what is due."""
        return sum(line.fee.due_cents for line in self.lines)


def preview_agreements(session: Session, year: int, *, tariff: Tariff = GNM_2019) -> Preview:
    """The lines of the framework agreements of the tariff's years in effect at some time of the year. The Métropole
    has no agreement with itself, hence no line (reading A16); outside the tariff's years there is nothing to bill."""
    if not tariff.first_year <= year <= tariff.last_year:
        return Preview(year, (), ())
    agreements = session.scalars(
        sa.select(Agreement)
        .join(Partner)
        .where(Partner.kind == PartnerKind.COMMUNE, Agreement.kind == AgreementKind.FRAMEWORK)
        .order_by(Partner.name)
    )
    due = [each for each in agreements if _in_effect(each, year) and each.starts_on.year >= tariff.first_year]
    asked = [(each.partner.siren, each.offer, each.founding_partner) for each in due]
    return _preview(session, year, asked, tariff, tariff.population_kind)


def preview_communes(
    session: Session, year: int, offer: Offer, *, tariff: Tariff = GNM_2019, kind: PopulationKind | None = None
) -> Preview:
    """What every commune of the Métropole would pay that year for an offer, founders with their discount."""
    founders = set(
        session.scalars(sa.select(Partner.siren).join(Agreement).where(Agreement.founding_partner.is_(True)))
    )
    first = dt.date(year, 1, 1)
    communes = session.scalars(
        sa.select(Commune)
        .join(LegalPopulation)
        .where(LegalPopulation.in_force_on == first)
        .where(sa.or_(Commune.exists_until_on.is_(None), Commune.exists_until_on >= first))
        .order_by(Commune.insee_code)
    )
    asked = [(commune.siren, offer, commune.siren in founders) for commune in communes]
    return _preview(session, year, asked, tariff, kind or tariff.population_kind)


def _preview(
    session: Session, year: int, asked: list[tuple[str, Offer, bool]], tariff: Tariff, kind: PopulationKind
) -> Preview:
    lines, unknown = [], []
    for siren, offer, founding in asked:
        commune = session.get_one(Commune, siren)
        population = session.get(LegalPopulation, (siren, dt.date(year, 1, 1)))
        if population is None:
            unknown.append(commune.name)
            continue
        count = population.municipal if kind is PopulationKind.MUNICIPAL else population.total
        price = fee(tariff, year, count, offer, founding=founding)
        lines.append(
            Line(
                insee=commune.insee_code,
                name=commune.name,
                population=count,
                census_year=population.census_year,
                fee=price,
                basis=_in_words(count, kind, population.census_year, price, tariff),
            )
        )
    return Preview(year, tuple(lines), tuple(unknown))


def _in_effect(agreement: Agreement, year: int) -> bool:
    first = effective_on(agreement)
    year_begins, next_begins = start_of_day(dt.date(year, 1, 1)), start_of_day(dt.date(year + 1, 1, 1))
    return first is not None and start_of_day(first) < next_begins and start_of_day(last_day(agreement)) >= year_begins


def _in_words(population: int, kind: PopulationKind, census_year: int, price: Fee, tariff: Tariff) -> str:
    text = (
        f"{_grouped(population)} hab. ({kind.value}, {census_year}) → tranche {price.bracket.wording}, "
        f"{OFFER_WORDS[price.offer]} {_euros(price.base_cents)}"
    )
    if price.discount_cents:
        percent = tariff.founders_discount_percent
        text += f" ; remise partenaires initiaux {percent} % : {_euros(price.due_cents)}"
    return text


def _euros(cents: int) -> str:
    whole, rest = divmod(cents, 100)
    return f"{_grouped(whole)}{f',{rest:02d}' if rest else ''} €"


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")
