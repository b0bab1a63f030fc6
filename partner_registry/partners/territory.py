"""The communes of the Métropole de Lyon and their legal populations (readings A2, A3, A10)."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from partner_registry.models import Commune, LegalPopulation

SOURCE = "INSEE, populations légales, via Etalab (Licence Ouverte)"
DATA = Path(__file__).parents[1] / "data"


def load_territory(session: Session) -> int:
    """Load every commune and population of the data files that is not there yet; return how many communes were added.

    A commune born of a merger is known from the population file alone: same INSEE code, new SIREN.
    """
    known = set(session.scalars(sa.select(Commune.siren)))
    before = len(known)
    for row in _rows("communes.csv"):
        if row["siren"] not in known:
            known.add(row["siren"])
            session.add(
                Commune(
                    siren=row["siren"],
                    insee_code=row["insee"],
                    name=row["name"],
                    postal_codes=row["postal_codes"].split("|"),
                    website=row["website"] or None,
                    exists_until_on=dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                )
            )
    for row in _rows("populations.csv"):
        if row["siren"] not in known:
            known.add(row["siren"])
            begun = dt.date.fromisoformat(row["in_force_from"])
            commune = Commune(siren=row["siren"], insee_code=row["insee"], name=row["name"], postal_codes=[])
            commune.exists_from_on = begun
            session.add(commune)
    session.flush()
    counted = {tuple(row) for row in session.execute(sa.select(LegalPopulation.siren, LegalPopulation.in_force_on))}
    session.add_all(
        LegalPopulation(
            siren=row["siren"],
            in_force_on=dt.date.fromisoformat(row["in_force_from"]),
            census_year=int(row["census_year"]),
            municipal=int(row["population_municipale"]),
            total=int(row["population_totale"]),
            source=SOURCE,
        )
        for row in _rows("populations.csv")
        if (row["siren"], dt.date.fromisoformat(row["in_force_from"])) not in counted
    )
    session.flush()
    return len(known) - before


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
