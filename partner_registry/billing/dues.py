"""What an agreement's fee for one year depends on, read from the registry: `Facts`, one value an agreement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import end_of_day, start_of_day
from glc.sentences import N_, Translate, fill
from partner_registry.agreements.status import amended_on, effective_on, last_day, terms_on
from partner_registry.billing.tariff import Grid
from partner_registry.models import (
    Agreement,
    AgreementKind,
    AgreementYear,
    BillingLine,
    Commune,
    CouncilBody,
    LegalPopulation,
    Offer,
    Partner,
    PartnerKind,
    PopulationKind,
)
from partner_registry.seed import FOUNDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A legal population in force on 1 January of the year (reading A3)."""

    kind: PopulationKind
    inhabitants: int
    census_year: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one agreement's fee for one year depends on, and nothing else.

    The debtor is whoever it was on 1 January, or on the agreement's first day if that is later: a merger's successor
    pays from then on. The offer is that day's (reading A12).
    """

    agreement_id: int
    agreement_number: str
    name: str
    partner_name: str
    siren: str
    siret: str | None
    insee_code: str
    chorus_service_code: str
    commitment_number: str
    budget: str
    budget_voted: bool | None
    council_decision: str
    from_on: dt.date
    until_on: dt.date
    offer: Offer
    later_offers: tuple[tuple[dt.date, Offer], ...]
    founding_partner: bool
    founder: bool
    suspended: bool
    population: Counted | None
    bracket_before: str | None
    confirmed_bracket: str | None
    confirmed_reason: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """Who has no line, and why."""

    name: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def told(self, translate: Translate = str) -> str:
        """The reason, in another language when its gettext is given."""
        return f"{self.name}{translate(N_(' : '))}{fill(self.template, self.values, translate)}"


def framework_agreements(session: Session) -> list[Agreement]:
    """Every framework agreement of a commune: the Métropole has none with itself (reading A16)."""
    query = (
        sa.select(Agreement)
        .join(Partner)
        .where(Partner.kind == PartnerKind.COMMUNE, Agreement.kind == AgreementKind.FRAMEWORK)
        .order_by(Agreement.number)
    )
    return list(session.scalars(query))


def days_of(agreement: Agreement, year: int) -> tuple[dt.date, dt.date] | None:
    """The first and the last day of the year on which an agreement is in effect; None when there is none."""
    first = effective_on(agreement)
    if first is None:
        return None
    begins, ends = max(first, dt.date(year, 1, 1)), min(last_day(agreement), dt.date(year, 12, 31))
    return (begins, ends) if begins <= ends else None


def living_lines(session: Session, year: int) -> dict[int, BillingLine]:
    """The lines of a year that no counter-entry undid, by agreement: at most one each."""
    undone = sa.select(BillingLine.counters_id).where(BillingLine.counters_id.is_not(None))
    query = sa.select(BillingLine).where(
        BillingLine.year == year, BillingLine.counters_id.is_(None), BillingLine.id.not_in(undone)
    )
    return {line.agreement_id: line for line in session.scalars(query)}


def facts_of_year(session: Session, grid: Grid, year: int) -> list[Facts]:
    """The facts of every agreement of the grid's framework in effect in the year."""
    before = living_lines(session, year - 1)
    return [
        facts_of(session, grid, year, each, days, before.get(each.id))
        for each in framework_agreements(session)
        if each.framework == grid.name and (days := days_of(each, year)) is not None
    ]


def excluded_from(session: Session, grid: Grid | None, year: int) -> Iterator[Excluded]:
    """Who has no line in the year, and why: the Métropole, whose agreement is over or not begun, whose framework has
    no grid."""
    for partner in session.scalars(sa.select(Partner).where(Partner.kind == PartnerKind.METROPOLE)):
        name = partner.identity_on(dt.date(year, 1, 1)).name
        yield Excluded(name, N_("aucune convention avec elle-même, rien à facturer (A16)"))
    for each in framework_agreements(session):
        in_effect = days_of(each, year) is not None
        if in_effect and (grid is None or each.framework != grid.name):
            told = N_("le cadre « %(framework)s » n’a pas de grille en %(year)s")
            yield Excluded(each.number, told, {"framework": each.framework, "year": year})
        elif not in_effect and grid is not None and each.framework == grid.name:
            yield Excluded(each.number, N_("pas en vigueur en %(year)s"), {"year": year})


def facts_of(
    session: Session,
    grid: Grid,
    year: int,
    agreement: Agreement,
    days: tuple[dt.date, dt.date],
    billed_before: BillingLine | None,
) -> Facts:
    """The facts of one agreement, in effect on those days of the year; the line it was billed the year before."""
    first, last = days
    identity = agreement.partner.holder_on(first).identity_on(first)
    recorded = next((each for each in agreement.years if each.year == year), AgreementYear(year=year))
    sirens = {each.siren for each in agreement.partner.identities}
    return Facts(
        agreement_id=agreement.id,
        agreement_number=agreement.number,
        name=identity.name,
        partner_name=identity.legal_name,
        siren=identity.siren,
        siret=identity.siret,
        insee_code=identity.insee_code or "",
        chorus_service_code=agreement.chorus_service_code,
        commitment_number=agreement.commitment_number,
        budget=_budget(agreement),
        budget_voted=recorded.budget_voted,
        council_decision=_decisions(agreement),
        from_on=first,
        until_on=last,
        offer=terms_on(agreement, first).offer,
        later_offers=_later_offers(agreement, first, last),
        founding_partner=agreement.founding_partner,
        founder=not sirens.isdisjoint(founder.siren for founder in FOUNDERS),
        suspended=any(
            each.starts_at < end_of_day(last) and (each.ends_at is None or each.ends_at > start_of_day(first))
            for each in agreement.suspensions
        ),
        population=counted(session, grid.population_kind, identity.siren, year),
        bracket_before=billed_before.bracket if billed_before else _bracket(session, grid, agreement, year - 1),
        confirmed_bracket=recorded.confirmed_bracket,
        confirmed_reason=recorded.confirmed_reason or "",
    )


def counted(session: Session, kind: PopulationKind, siren: str, year: int) -> Counted | None:
    """A commune's population in force on 1 January of a year (reading A3); None when it is unknown, never another
    year's."""
    row = session.get(LegalPopulation, (siren, dt.date(year, 1, 1)))
    if row is None:
        return None
    inhabitants = row.municipal if kind is PopulationKind.MUNICIPAL else row.total
    return Counted(kind=kind, inhabitants=inhabitants, census_year=row.census_year, source=row.source)


def communes_on(session: Session, day: dt.date) -> list[Commune]:
    """The communes of the Métropole on a day (reading A10)."""
    query = (
        sa.select(Commune)
        .where(sa.or_(Commune.exists_from_on.is_(None), Commune.exists_from_on <= day))
        .where(sa.or_(Commune.exists_until_on.is_(None), Commune.exists_until_on >= day))
        .order_by(Commune.insee_code)
    )
    return list(session.scalars(query))


def _bracket(session: Session, grid: Grid, agreement: Agreement, year: int) -> str | None:
    """The bracket of an agreement in a year that billed no living line; None when it was not in effect."""
    days = days_of(agreement, year)
    if days is None:
        return None
    debtor = agreement.partner.holder_on(days[0]).identity_on(days[0])
    population = counted(session, grid.population_kind, debtor.siren, year)
    return grid.bracket_of(population.inhabitants).code if population else None


def _later_offers(agreement: Agreement, first: dt.date, last: dt.date) -> tuple[tuple[dt.date, Offer], ...]:
    """The days after the first on which another offer begins."""
    days = sorted({day for each in agreement.amendments if (day := amended_on(each)) and first < day <= last})
    found, offer = [], terms_on(agreement, first).offer
    for day in days:
        if (later := terms_on(agreement, day).offer) is not offer:
            found.append((day, later))
            offer = later
    return tuple(found)


def _budget(agreement: Agreement) -> str:
    """The debtor's imputation (R11)."""
    parts = {
        "programme": agreement.budget_program,
        "opération": agreement.budget_operation,
        "nature": agreement.budget_nature,
        "fonction": agreement.budget_function,
    }
    return ", ".join(f"{label} {code}" for label, code in parts.items() if code)


def _decisions(agreement: Agreement) -> str:
    """The council decisions, the partner's first; a date only when the sitting's is known (R2)."""
    whose = {CouncilBody.PARTNER: "commune", CouncilBody.METROPOLE: "Métropole"}
    ordered = sorted(agreement.decisions, key=lambda each: list(whose).index(each.body))
    return " ; ".join(
        f"{each.number}{each.decided_on.strftime(' du %d/%m/%Y') if each.decided_on else ''} ({whose[each.body]})"
        for each in ordered
    )
