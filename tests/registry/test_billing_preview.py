"""What a year brings in: the worked examples of the five founding communes, and the whole territory."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from glc.database import reading_session
from partner_registry.billing import Preview, preview_agreements, preview_communes
from partner_registry.models import LegalPopulation, Offer
from partner_registry.tariff import PopulationKind

FOUNDERS = ["Bron", "Dardilly", "Lyon", "Oullins", "Vaulx-en-Velin"]
TOTALS = {
    ("Bron", Offer.GLOBAL): 63_000,
    ("Bron", Offer.RESTRICTED): 48_600,
    ("Dardilly", Offer.GLOBAL): 24_300,
    ("Dardilly", Offer.RESTRICTED): 18_900,
    ("Oullins", Offer.GLOBAL): 48_600,
    ("Oullins", Offer.RESTRICTED): 37_800,
    ("Vaulx-en-Velin", Offer.GLOBAL): 63_000,
    ("Vaulx-en-Velin", Offer.RESTRICTED): 48_600,
    ("Lyon", Offer.GLOBAL): 81_000,
    ("Lyon", Offer.RESTRICTED): 63_000,
}
"""Euros from 2019 to 2023, the first year halved."""


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


@pytest.mark.parametrize(("name", "offer"), TOTALS, ids=[f"{name}-{offer.value}" for name, offer in TOTALS])
def test_five_years_of_each_founder_and_offer(registry: Session, name: str, offer: Offer) -> None:
    """The worked examples, with the population in force on 1 January of each year (A3)."""
    years = range(2019, 2024)
    assert sum(_due(preview_communes(registry, year, offer))[name] for year in years) == TOTALS[name, offer]


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
    different = {name for name in brackets[0] if brackets[0][name] is not brackets[1][name]}
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
