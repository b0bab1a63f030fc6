"""The legal populations of a year, recorded by an administrator (reading A3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from registry.conftest import People
from sqlalchemy.orm import Session

from glc.audit import AuditEntry
from glc.clock import ManualClock
from glc.errors import Forbidden, InputError
from partner_registry.billing.dues import counted
from partner_registry.models import Commune, PopulationKind
from partner_registry.partners.population_files import Recorded, record_year
from partner_registry.partners.populations import record_population

FIGURES: dict[str, Any] = {"municipal": 43_000, "total": 43_700, "census_year": 2023, "source": "INSEE, 12/2025"}


def siren_of(session: Session, name: str) -> str:
    return session.scalars(sa.select(Commune.siren).where(Commune.name == name)).one()


def test_a_population_is_recorded_corrected_and_both_stay_in_the_trail(
    registry: Any, people: People, clock: ManualClock
) -> None:
    """Both kinds, with their source; the trail says what was there before."""
    with registry() as session:
        bron = session.get_one(Commune, siren_of(session, "Bron"))
        record_population(session, people.admin, bron, 2026, at=clock.now(), **FIGURES)
        record_population(session, people.admin, bron, 2026, at=clock.now(), **FIGURES | {"municipal": 43_001})
        found = counted(session, PopulationKind.MUNICIPAL, bron.siren, 2026)
        assert found is not None
        assert (found.inhabitants, found.census_year, found.source) == (43_001, 2023, "INSEE, 12/2025")
        first, second = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "population.recorded"))
        assert first.after == FIGURES | {"siren": bron.siren, "in_force_on": "2026-01-01"}
        assert (second.before, second.after) == ({"municipal": 43_000}, {"municipal": 43_001})
        assert bron.populations[-1].municipal == 43_001


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"municipal": 0}, "plus grand que zéro"),
        ({"total": 42_999}, "n’est pas plus petite"),
        ({"census_year": 2026}, "2023 d’ordinaire"),
        ({"source": "  "}, "d’où viennent"),
    ],
)
def test_figures_that_cannot_be_are_refused(
    registry: Any, people: People, clock: ManualClock, wrong: dict[str, Any], told: str
) -> None:
    """What is refused says which figure, and why."""
    with registry() as session:
        bron = session.get_one(Commune, siren_of(session, "Bron"))
        with pytest.raises(InputError, match=told):
            record_population(session, people.admin, bron, 2026, at=clock.now(), **FIGURES | wrong)


def test_a_commune_that_is_no_more_has_no_population_and_only_administrators_record_one(
    registry: Any, people: People, clock: ManualClock
) -> None:
    """Reading A10: Oullins has been Oullins-Pierre-Bénite since 1 January 2024."""
    with registry() as session:
        oullins = session.get_one(Commune, siren_of(session, "Oullins"))
        with pytest.raises(InputError, match="n’existe pas au 1er janvier 2026"):
            record_population(session, people.admin, oullins, 2026, at=clock.now(), **FIGURES)
        with pytest.raises(Forbidden):
            record_population(session, people.reviewer, oullins, 2020, at=clock.now(), **FIGURES)


PUBLISHED = Path("partner_registry/data/populations.csv").read_bytes()
SPREADSHEET = "Code INSEE;Commune;Population municipale;Population totale\n69029;Bron;43\u00a0000;43 700\n01001;Ain;1;1"
CENSUS: dict[str, Any] = {"census_year": 2023, "source": "INSEE, 12/2025"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_year_is_recorded_from_a_spreadsheet_s_file(
    registry: Any, people: People, clock: ManualClock, encoding: str
) -> None:
    """Reading A3: both kinds with their source; who is no commune of the Métropole is passed over; asking again
    changes nothing."""
    content = SPREADSHEET.encode(encoding)
    with registry() as session:
        first = record_year(session, people.admin, 2026, content, at=clock.now(), **CENSUS)
        again = record_year(session, people.admin, 2026, content, at=clock.now(), **CENSUS)
        assert (first, again) == (Recorded(1, 0, 57), Recorded(0, 1, 57))
        found = counted(session, PopulationKind.TOTAL, siren_of(session, "Bron"), 2026)
        assert found is not None
        assert (found.inhabitants, found.census_year, found.source) == (43_700, 2023, "INSEE, 12/2025")
        recorded = sa.select(sa.func.count()).where(AuditEntry.action == "population.recorded")
        assert session.scalar(recorded) == 1


def test_of_a_file_of_several_years_one_is_recorded(registry: Any, people: People, clock: ManualClock) -> None:
    """Reading A3: the figures in force on 1 January of that year, as the file that came with the program has them."""
    with registry() as session:
        made = record_year(
            session, people.admin, 2021, PUBLISHED, census_year=2018, source="INSEE, 12/2020", at=clock.now()
        )
        assert made == Recorded(59, 0, 0)
        lyon = counted(session, PopulationKind.MUNICIPAL, siren_of(session, "Lyon"), 2021)
        assert lyon is not None
        assert lyon.inhabitants == 518_635


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "la première ligne nomme les colonnes"),
        ("insee;municipale\n69029;1", "population_totale"),
        ("insee;municipale;totale\n69029;quarante;2", "ligne 2 : « quarante »"),
        ("insee;municipale;totale\n69029;12,5;20", "ligne 2 : « 12,5 »"),
        ("insee;municipale;totale\n69029", "ligne 2 : «  »"),
        ("insee;municipale;totale\n01001;1;1\n69029;20;10", "ligne 3, Bron : la population totale compte"),
        ("insee;municipale;totale\n69029;1;2\n69029;1;2", "ligne 3 : la commune 69029 y est deux fois"),
        ("insee;municipale;totale\n69381;1;2", "aucune commune de la Métropole"),
    ],
)
def test_a_file_with_a_wrong_line_is_refused_whole(
    registry: Any, people: People, clock: ManualClock, content: str, told: str
) -> None:
    """Mistake 5: what is missing is never zero; the message names the line."""
    with registry() as session:
        with pytest.raises(InputError, match=told):
            record_year(session, people.admin, 2026, content.encode(), at=clock.now(), **CENSUS)
        session.rollback()
        assert counted(session, PopulationKind.MUNICIPAL, siren_of(session, "Bron"), 2026) is None
        with pytest.raises(Forbidden):
            record_year(session, people.reviewer, 2026, content.encode(), at=clock.now(), **CENSUS)
