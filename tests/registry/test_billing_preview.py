"""What a year brings in: the worked examples of the five founding communes, and the whole territory."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from glc.database import reading_session
from glc.errors import InputError
from partner_registry.billing.runs import Preview, preview_agreements, preview_communes
from partner_registry.models import LegalPopulation, Offer, PopulationKind
from partner_registry.partners.territory import DATA

FOUNDERS = ["Bron", "Dardilly", "Lyon", "Oullins", "Vaulx-en-Velin"]
EXAMPLES = {
    ("Bron", Offer.GLOBAL): (7_000, 14_000, 63_000),
    ("Bron", Offer.RESTRICTED): (5_400, 10_800, 48_600),
    ("Dardilly", Offer.GLOBAL): (2_700, 5_400, 24_300),
    ("Dardilly", Offer.RESTRICTED): (2_100, 4_200, 18_900),
    ("Oullins", Offer.GLOBAL): (5_400, 10_800, 48_600),
    ("Oullins", Offer.RESTRICTED): (4_200, 8_400, 37_800),
    ("Vaulx-en-Velin", Offer.GLOBAL): (7_000, 14_000, 63_000),
    ("Vaulx-en-Velin", Offer.RESTRICTED): (5_400, 10_800, 48_600),
    ("Lyon", Offer.GLOBAL): (9_000, 18_000, 81_000),
    ("Lyon", Offer.RESTRICTED): (7_000, 14_000, 63_000),
}
"""The worked examples (reference, part 2), euros: 2019, each year from 2020 to 2023, and the five years together."""


@pytest.fixture
def registry(app: Flask) -> Session:
    """The seeded registry, to read."""
    return reading_session(app.extensions["glc"].engine)


def _due(preview: Preview) -> dict[str, int]:
    return {line.name: line.fee.due_cents // 100 for line in preview.lines}


def test_lyon_restricted_pays_7_000_in_2019_and_14_000_in_2020(registry: Session) -> None:
    """R30; the bracket and the offer too, for 14 000 stands twice in the grid."""
    for year, euros in ((2019, 7_000), (2020, 14_000)):
        (lyon,) = [line for line in preview_agreements(registry, year).lines if line.name == "Lyon"]
        assert (lyon.fee.due_cents, lyon.fee.bracket.code, lyon.fee.offer) == (
            euros * 100,
            "FROM_80000",
            Offer.RESTRICTED,
        )


def test_the_basis_of_the_calculation_is_said_in_words(registry: Session) -> None:
    """A bill states the basis of its amount."""
    (lyon,) = [line for line in preview_agreements(registry, 2019).lines if line.name == "Lyon"]
    assert lyon.basis.replace("\u202f", " ").replace("\xa0", " ") == (
        "515 695 hab. (municipale, 2016) → tranche > 80 000, offre restreinte 14 000 € ; "
        "remise partenaires initiaux 50 % : 7 000 €"
    )


@pytest.mark.parametrize(("year", "euros"), [(2019, 29_100), (2020, 58_200), (2023, 58_200), (2024, 0), (2018, 0)])
def test_the_five_founders_year_by_year(registry: Session, year: int, euros: int) -> None:
    """R8, R29, R33: half in 2019, nothing after the framework's end; the Métropole never has a line (A16)."""
    preview = preview_agreements(registry, year)
    assert preview.total_cents == euros * 100
    assert [line.name for line in preview.lines] == (FOUNDERS if euros else [])


@pytest.mark.parametrize("kind", PopulationKind)
@pytest.mark.parametrize(("name", "offer"), EXAMPLES, ids=[f"{name}-{offer.value}" for name, offer in EXAMPLES])
def test_five_years_of_each_founder_and_offer(registry: Session, name: str, offer: Offer, kind: PopulationKind) -> None:
    """The worked examples, with the population in force on 1 January of each year (A3); either population gives the
    founders the same (A2); R29, R30, A9."""
    due = [_due(preview_communes(registry, year, offer, kind=kind))[name] for year in range(2019, 2024)]
    half, whole, together = EXAMPLES[name, offer]
    assert due == [half, whole, whole, whole, whole]
    assert sum(due) == together


def test_the_five_founders_bring_261_900_euros_in_five_years(registry: Session) -> None:
    """Reference, part 2, with the offers that are assumed for four of them."""
    assert sum(preview_agreements(registry, year).total_cents for year in range(2018, 2025)) == 26_190_000


@pytest.mark.parametrize("year", [2019, 2020])
def test_who_is_no_founder_pays_the_whole_fee_in_2019_too(registry: Session, year: int) -> None:
    """Reference, part 2: Villeurbanne; R29, A5."""
    (line,) = [each for each in preview_communes(registry, year, Offer.RESTRICTED).lines if each.name == "Villeurbanne"]
    assert (line.fee.bracket.code, line.fee.discount_cents, line.fee.due_cents) == ("FROM_80000", 0, 1_400_000)


def test_a_commune_just_above_a_bound_is_in_the_bracket_above(registry: Session) -> None:
    """Reference, part 2: Charbonnières-les-Bains, 5 016 inhabitants; A1."""
    found = {line.population: line.fee.bracket.code for line in preview_communes(registry, 2019, Offer.GLOBAL).lines}
    assert found[5_016] == "FROM_5000"


def _by_hand(year: int, offer: Offer, kind: PopulationKind) -> list[tuple[str, str, int, int, str, int, int]]:
    """The same year from the data file and the convention's text alone: INSEE code, name, population, census,
    bracket, fee, what is due, in euros."""
    grid = [
        (80_000, "FROM_80000", 18_000, 14_000),
        (40_000, "FROM_40000", 14_000, 10_800),
        (20_000, "FROM_20000", 10_800, 8_400),
        (10_000, "FROM_10000", 8_400, 6_500),
        (5_000, "FROM_5000", 5_400, 4_200),
        (0, "LT_5000", 1_800, 1_400),
    ]
    found = []
    with (Path(DATA) / "populations.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["in_force_from"] != f"{year}-01-01":
                continue
            population = int(row[f"population_{kind.value}"])
            _, code, whole, restricted = next(line for line in grid if population >= line[0])
            price = whole if offer is Offer.GLOBAL else restricted
            due = price // 2 if row["name"] in FOUNDERS and year == 2019 else price
            found.append((row["insee"], row["name"], population, int(row["census_year"]), code, price, due))
    return sorted(found)


@pytest.mark.parametrize("kind", PopulationKind)
@pytest.mark.parametrize("offer", Offer)
@pytest.mark.parametrize("year", range(2019, 2024))
def test_every_commune_offer_and_year_is_what_a_reckoning_by_hand_gives(
    registry: Session, year: int, offer: Offer, kind: PopulationKind
) -> None:
    """R13, R17 to R29, readings A1 to A3, A5, A9, A10: 59 communes, both offers, five years, both populations."""
    preview = preview_communes(registry, year, offer, kind=kind)
    by_hand = _by_hand(year, offer, kind)
    assert [
        (
            line.insee,
            line.name,
            line.population,
            line.census_year,
            line.fee.bracket.code,
            line.fee.base_cents // 100,
            line.fee.due_cents // 100,
        )
        for line in preview.lines
    ] == by_hand
    assert len(by_hand) == 59
    assert preview.total_cents == 100 * sum(row[-1] for row in by_hand)


def test_some_communes_change_bracket_within_the_framework_in_both_directions(registry: Session) -> None:
    """Reading A4: what is to be confirmed does happen, up and down; never for the founders."""
    brackets = {
        year: {line.name: line.fee.bracket.lower_bound for line in preview_communes(registry, year, Offer.GLOBAL).lines}
        for year in range(2019, 2024)
    }
    moves = {
        (name, after[name] > bound)
        for before, after in zip(list(brackets.values())[:-1], list(brackets.values())[1:], strict=True)
        for name, bound in before.items()
        if after[name] != bound
    }
    assert {up for _, up in moves} == {True, False}
    assert not {name for name, _ in moves} & set(FOUNDERS)


def test_no_commune_is_priced_in_a_year_without_a_tariff(registry: Session) -> None:
    """R33, reading A17."""
    with pytest.raises(InputError, match="aucune grille ne couvre 2024"):
        preview_communes(registry, 2024, Offer.GLOBAL)


def test_every_commune_of_the_metropole_has_a_line(registry: Session) -> None:
    """Reading A10: 59 communes, whatever the year of the framework; nobody else."""
    for year in range(2019, 2024):
        preview = preview_communes(registry, year, Offer.GLOBAL)
        assert len({line.insee for line in preview.lines}) == 59
        assert preview.without_population == ()
        assert not any(line.insee.startswith("6938") for line in preview.lines), "arrondissements are no communes"


def test_the_kind_of_population_can_change_a_bracket(registry: Session) -> None:
    """Reading A2: it never does for the founders, it does for some communes."""
    by_kind = {kind: preview_communes(registry, 2019, Offer.GLOBAL, kind=kind) for kind in PopulationKind}
    brackets = [{line.name: line.fee.bracket for line in preview.lines} for preview in by_kind.values()]
    different = {name for name in brackets[0] if brackets[0][name] != brackets[1][name]}
    assert different
    assert not different & set(FOUNDERS)


def test_an_unknown_population_is_told_and_never_counted_as_zero(app: Flask) -> None:
    """It blocks a run."""
    engine = app.extensions["glc"].engine
    with Session(engine) as session:
        session.execute(
            sa.delete(LegalPopulation).where(
                LegalPopulation.siren == "216900290", LegalPopulation.in_force_on == dt.date(2020, 1, 1)
            )
        )
        session.commit()
        preview = preview_agreements(session, 2020)
    assert preview.without_population == ("Bron",)
    assert "Bron" not in _due(preview)


def test_an_unknown_population_of_any_commune_is_told(app: Flask) -> None:
    """Reading A1: nobody disappears from the list of all communes either."""
    with Session(app.extensions["glc"].engine) as session:
        session.execute(
            sa.delete(LegalPopulation).where(
                LegalPopulation.siren == "216900290", LegalPopulation.in_force_on == dt.date(2020, 1, 1)
            )
        )
        preview = preview_communes(session, 2020, Offer.GLOBAL)
        assert (preview.without_population, len(preview.lines)) == (("Bron",), 58)
