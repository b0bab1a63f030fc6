"""The legal populations of a year, recorded by an administrator (reading A3)."""

from __future__ import annotations

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
