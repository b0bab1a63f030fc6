"""Every partner and every commune at a glance: status, bracket, offer, fee, on a day."""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from glc.clock import paris_date, start_of_day
from glc.i18n import N_
from partner_registry.agreements.status import OVER, RUNNING, SET_ASIDE, AgreementStatus, last_day, status_at, terms_on
from partner_registry.billing.previews import Preview, preview_agreements
from partner_registry.billing.tariff import Bracket, Grid, grid_of
from partner_registry.models import (
    Agreement,
    Commune,
    LegalPopulation,
    Offer,
    Partner,
    PartnerIdentity,
    PopulationKind,
    Tariff,
)
from partner_registry.partners.life import agreements_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One partner on a day. `agreement` is the one that counts then; `due_cents` the year's fee, when there is one."""

    partner: Partner
    identity: PartnerIdentity
    successor: Partner | None
    agreement: Agreement | None
    status: AgreementStatus | None
    offer: Offer | None
    bracket: Bracket | None
    due_cents: int | None
    population_unknown: bool
    """Whether a fee is due that nobody can tell: the population of the year is not recorded."""


class Relation(enum.Enum):
    """Where a commune stands, for the chart."""

    CONNECTED = N_("raccordée")
    SUSPENDED = N_("suspendue")
    PREPARED = N_("dossier en cours")
    OVER = N_("convention terminée")
    NONE = N_("pas partenaire")


@dataclass(frozen=True, slots=True)
class Place:
    """A commune of the Métropole on a day."""

    commune: Commune
    bracket: Bracket
    relation: Relation
    partner: Partner | None


_AGREEMENTS = selectinload(Partner.agreements)
_LOADED = (
    selectinload(Partner.identities),
    selectinload(Partner.predecessors),
    _AGREEMENTS.selectinload(Agreement.steps),
    _AGREEMENTS.selectinload(Agreement.amendments),
    _AGREEMENTS.selectinload(Agreement.suspensions),
)


def everyone(session: Session, *more: ORMOption) -> list[Partner]:
    """Every partner by short name, with what says where it stands, in a few statements; `more` loads more."""
    return list(session.scalars(sa.select(Partner).options(*_LOADED, *more).order_by(Partner.slug)))


def rows(session: Session, partners: Iterable[Partner], at: dt.datetime) -> list[Row]:
    """Those partners at an instant, communes in the order of their names after the Métropole."""
    day = paris_date(at)
    inhabitants, grid = populations(session, day), grid_on(session, day)
    preview = preview_agreements(session, day.year)
    brackets = {siren: grid.bracket_of(number) for siren, number in inhabitants.items()} if grid else {}
    found = [_row(partner, at, brackets, preview) for partner in partners]
    return sorted(found, key=lambda each: (each.identity.insee_code is not None, each.identity.name))


def _row(partner: Partner, at: dt.datetime, brackets: dict[str, Bracket], preview: Preview) -> Row:
    day = paris_date(at)
    fees = {line.insee: line.fee.due_cents for line in preview.lines}
    identity = partner.identity_on(day)
    holder = partner.holder_on(day)
    gone = holder is not partner
    agreement = None if gone else current_agreement(partner, at)
    return Row(
        partner=partner,
        identity=identity,
        successor=holder if gone else None,
        agreement=agreement,
        status=status_at(agreement, at) if agreement else None,
        offer=terms_on(agreement, day).offer if agreement else None,
        bracket=brackets.get(identity.siren) if not gone else None,
        due_cents=fees.get(identity.insee_code or "") if not gone else None,
        population_unknown=not gone and identity.name in preview.without_population,
    )


def current_agreement(partner: Partner, at: dt.datetime) -> Agreement | None:
    """The agreement that counts for a partner at an instant: the one in force, else the file that goes furthest, else
    the last that was."""
    found = [(status_at(each, at), each) for each in agreements_of(partner) if each.created_at <= at]
    ranks = ({*RUNNING}, {AgreementStatus.SUSPENDED}, {*AgreementStatus} - RUNNING - OVER - SET_ASIDE, OVER, SET_ASIDE)
    for rank in ranks:
        there = [each for status, each in found if status in rank]
        if there:
            return max(there, key=last_day)
    return None


def grid_on(session: Session, day: dt.date) -> Grid | None:
    """The grid whose brackets sort communes on a day: that year's, else the last one before."""
    known = sa.select(Tariff).where(Tariff.first_year <= day.year).order_by(Tariff.first_year.desc())
    tariff = session.scalar(known.limit(1))
    return grid_of(tariff) if tariff is not None else None


def populations(session: Session, day: dt.date) -> dict[str, int]:
    """The population of each commune (by SIREN) in force on a day, the latest known if that year's is not; of the kind
    that the day's grid counts (reading A2)."""
    grid = grid_on(session, day)
    total = grid is not None and grid.population_kind is PopulationKind.TOTAL
    inhabitants = LegalPopulation.total if total else LegalPopulation.municipal
    rows = session.execute(
        sa.select(LegalPopulation.siren, inhabitants.label("inhabitants"))
        .where(LegalPopulation.in_force_on <= day)
        .order_by(LegalPopulation.in_force_on)
    )
    return {row.siren: row.inhabitants for row in rows}


def places(session: Session, at: dt.datetime) -> list[Place]:
    """Every commune of the Métropole at an instant, with its bracket and where it stands."""
    day = paris_date(at)
    inhabitants, grid = populations(session, day), grid_on(session, day)
    if grid is None:
        return []
    partners = {
        each.identity_on(day).siren: each
        for each in everyone(session)
        if each.holder_on(day) is each and start_of_day(each.identities[0].valid_from_on) <= at
    }
    communes = session.scalars(
        sa.select(Commune)
        .where(sa.or_(Commune.exists_until_on.is_(None), Commune.exists_until_on >= day))
        .where(sa.or_(Commune.exists_from_on.is_(None), Commune.exists_from_on <= day))
        .where(Commune.siren.in_(inhabitants))
        .order_by(Commune.name)
    )
    return [_place(each, partners.get(each.siren), grid.bracket_of(inhabitants[each.siren]), at) for each in communes]


def _place(commune: Commune, partner: Partner | None, bracket: Bracket, at: dt.datetime) -> Place:
    return Place(commune, bracket, _relation(partner, at), partner)


def _relation(partner: Partner | None, at: dt.datetime) -> Relation:
    agreement = current_agreement(partner, at) if partner is not None else None
    if agreement is None:
        return Relation.NONE
    status = status_at(agreement, at)
    if status in RUNNING:
        return Relation.CONNECTED
    if status is AgreementStatus.SUSPENDED:
        return Relation.SUSPENDED
    return Relation.OVER if status in OVER | SET_ASIDE else Relation.PREPARED


def counted(found: Iterable[Place]) -> dict[Bracket, Counter[Relation]]:
    """How many communes of each bracket stand where, smallest bracket first."""
    table: dict[Bracket, Counter[Relation]] = {}
    for place in sorted(found, key=lambda each: each.bracket.lower_bound):
        table.setdefault(place.bracket, Counter())[place.relation] += 1
    return table
