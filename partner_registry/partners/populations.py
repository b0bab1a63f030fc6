"""The legal populations that fees are computed from, as an administrator records them each year (reading A3)."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require
from partner_registry.billing.anomalies import CENSUS_LAG
from partner_registry.models import Commune, LegalPopulation, Partner, PartnerIdentity
from partner_registry.trail import differences, note, snapshot

LARGEST = 99_999_999
"""No commune has more inhabitants: what is above was mistyped."""


def expected_census(year: int) -> int:
    """The census whose figures are in force on a year's 1 January."""
    return year - CENSUS_LAG


def record_population(
    session: Session,
    by: Agent,
    commune: Commune,
    year: int,
    *,
    municipal: int,
    total: int,
    census_year: int,
    source: str,
    at: dt.datetime,
) -> LegalPopulation:
    """Record both legal populations of a commune in force on 1 January of a year, or correct them: lines that a run
    froze keep the figures they were computed from. Raises `Forbidden`; `InputError`, saying which figure is wrong."""
    require(by, "population.record")
    session.refresh(commune, with_for_update=True)  # two agents who record the same year wait for each other
    source = source.strip()
    _check(commune, year, municipal=municipal, total=total, census_year=census_year, source=source)
    day = dt.date(year, 1, 1)
    row = session.get(LegalPopulation, (commune.siren, day))
    before = snapshot(row) if row is not None else {}
    if row is None:
        row = LegalPopulation(siren=commune.siren, in_force_on=day)
        session.add(row)
    row.municipal, row.total, row.census_year, row.source = municipal, total, census_year, source
    session.flush()
    session.expire(commune, ["populations"])
    old, new = differences(before, snapshot(row))
    subject, whose = f"commune:{commune.siren}", _partner_of(session, commune)
    note(session, by, at, "population.recorded", subject, partner=whose, before=old, after=new)
    return row


def _check(commune: Commune, year: int, *, municipal: int, total: int, census_year: int, source: str) -> None:
    day = dt.date(year, 1, 1) if 2000 <= year <= 2999 else None
    if day is None:
        raise InputError(N_("%(year)s n’est pas un exercice : une année de quatre chiffres"), year=year)
    gone = commune.exists_until_on is not None and commune.exists_until_on < day
    if gone or (commune.exists_from_on is not None and day < commune.exists_from_on):
        raise InputError(
            N_("%(name)s n’existe pas au 1er janvier %(year)s : choisissez la commune qui en tient lieu"),
            name=commune.name,
            year=year,
        )
    if not 2000 <= census_year < year:
        raise InputError(
            N_("l’année du recensement précède l’exercice : %(expected)s d’ordinaire pour %(year)s"),
            expected=expected_census(year),
            year=year,
            field="census_year",
        )
    if not 0 < municipal <= LARGEST:
        raise InputError(N_("donnez un nombre d’habitants, plus grand que zéro"), field="municipal")
    if not municipal <= total <= LARGEST:
        raise InputError(
            N_(
                "la population totale compte la municipale et la population comptée à part : elle n’est pas plus petite"
            ),
            field="total",
        )
    if not 0 < len(source) <= 200:
        raise InputError(N_("dites d’où viennent ces chiffres, en deux cents signes au plus"), field="source")


def _partner_of(session: Session, commune: Commune) -> Partner | None:
    query = sa.select(Partner).join(PartnerIdentity).where(PartnerIdentity.siren == commune.siren)
    return session.scalars(query.order_by(Partner.id)).first()
