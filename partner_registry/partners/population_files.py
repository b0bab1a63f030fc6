"""A year's legal populations as one file, read as spreadsheets write them (reading A3)."""

from __future__ import annotations

import csv
import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from glc.errors import InputError
from glc.sentences import N_
from partner_registry.agents import Agent, require
from partner_registry.billing.dues import communes_on
from partner_registry.models import Commune, LegalPopulation
from partner_registry.partners.populations import record_population

COLUMNS = {
    "insee": ("insee", "codeinsee", "codgeo", "depcom"),
    "municipal": ("populationmunicipale", "municipale", "pmun"),
    "total": ("populationtotale", "totale", "ptot"),
}
"""What the columns that count may be called, in small letters and digits; the others are anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One line: both populations of one commune."""

    line: int
    insee: str
    municipal: int
    total: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a file: communes recorded or corrected, those that said the same already, those still unknown."""

    changed: int
    same: int
    unknown: int


def record_year(
    session: Session, by: Agent, year: int, content: bytes, *, census_year: int, source: str, at: dt.datetime
) -> Recorded:
    """Record the populations of a file that are a commune's of the Métropole, all of them or none: it may be the whole
    country's. Raises `Forbidden`; `InputError`, saying which line is wrong."""
    require(by, "population.record")
    communes = {each.insee_code: each for each in communes_on(session, dt.date(year, 1, 1))}
    found: dict[str, Figures] = {}
    for each in read_figures(content, year):
        if each.insee in found:
            raise _wrong(N_("ligne %(line)s : la commune %(insee)s y est deux fois"), line=each.line, insee=each.insee)
        if each.insee in communes:
            found[each.insee] = each
    if not found:
        raise _wrong(N_("aucune commune de la Métropole n’est dans ce fichier pour %(year)s"), year=year)
    known = {insee: session.get(LegalPopulation, (each.siren, dt.date(year, 1, 1))) for insee, each in communes.items()}
    changed = 0
    for insee, figures in found.items():
        row = known[insee]
        wanted = {"municipal": figures.municipal, "total": figures.total, "census_year": census_year, "source": source}
        if row is None or any(getattr(row, name) != value for name, value in wanted.items()):
            _record(session, by, communes[insee], year, figures.line, wanted, at)
            changed += 1
    unknown = sum(row is None for insee, row in known.items() if insee not in found)
    return Recorded(changed, len(found) - changed, unknown)


def _record(
    session: Session, by: Agent, commune: Commune, year: int, line: int, wanted: dict[str, Any], at: dt.datetime
) -> None:
    try:
        record_population(session, by, commune, year, at=at, **wanted)
    except InputError as error:
        if error.values.get("field") not in {"municipal", "total"}:
            raise
        told = N_("ligne %(line)s, %(name)s : %(why)s")
        raise _wrong(told, line=line, name=commune.name, why=error) from error


def read_figures(content: bytes, year: int) -> Iterator[Figures]:
    """The lines of a CSV file, whatever its separator; a line that says it is in force from another day than the year's
    1 January does not count. Raises `InputError`, saying which column is missing, or which line is wrong."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # what spreadsheets here still write
    first, *rest = text.splitlines() or [""]
    separator = max(";,\t", key=first.count)
    names = [_plain(each) for each in first.split(separator)]
    chosen = {wanted: next((each for each in known if each in names), None) for wanted, known in COLUMNS.items()}
    insee, municipal, total = chosen.values()
    if insee is None or municipal is None or total is None:
        raise _wrong(N_("la première ligne nomme les colonnes : insee, population_municipale, population_totale"))
    for line, row in enumerate(csv.DictReader(rest, names, delimiter=separator, restval=""), start=2):
        if row.get("inforcefrom") in {None, f"{year}-01-01"}:
            yield Figures(
                line=line,
                insee=row[insee].strip(),
                municipal=_inhabitants(row[municipal], line),
                total=_inhabitants(row[total], line),
            )


def _inhabitants(typed: str, line: int) -> int:
    digits = re.sub(r"\s", "", typed)
    if not re.fullmatch("[0-9]{1,9}", digits):
        raise _wrong(N_("ligne %(line)s : « %(typed)s » n’est pas un nombre d’habitants"), line=line, typed=typed)
    return int(digits)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]", "", letters)


def _wrong(told: str, **values: Any) -> InputError:
    return InputError(told, field="content", **values)
