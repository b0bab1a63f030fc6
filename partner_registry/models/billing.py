"""Tables of what is charged, and of what was."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, relationship

from glc.database import Base, column, enum_type, key_column
from glc.errors import Conflict
from glc.i18n import N_
from partner_registry.models.agreements import Agreement, Offer


class PopulationKind(enum.Enum):
    """Which legal population counts: an attribute of the tariff (reading A2)."""

    MUNICIPAL = "municipale"
    TOTAL = "totale"


class Tariff(Base):
    """A grid of yearly fees and the years it applies to. A new framework has a new one (reading A17)."""

    __tablename__ = "tariff"

    id: Mapped[int] = key_column()
    name: Mapped[str] = column("Name", sa.String(60), unique=True)
    reference: Mapped[str] = column("Where it is written (R16)", sa.String(200), default="")
    first_year: Mapped[int] = column("First year it applies to")
    last_year: Mapped[int] = column("Last year it applies to")
    population_kind: Mapped[PopulationKind] = column("Which population counts", enum_type(PopulationKind))
    founders_discount_year: Mapped[int | None] = column("Year in which founding partners pay less (R29)")
    founders_discount_percent: Mapped[int] = column("By how much, per cent", default=0)
    brackets: Mapped[list[TariffBracket]] = relationship(
        back_populates="tariff", order_by="TariffBracket.lower_bound", cascade="all, delete-orphan"
    )


class TariffBracket(Base):
    """One line of a grid: population bracket, lower bound included (reading A1), and its two fees."""

    __tablename__ = "tariff_bracket"
    __table_args__ = (sa.UniqueConstraint("tariff_id", "code"), sa.UniqueConstraint("tariff_id", "lower_bound"))

    id: Mapped[int] = key_column()
    tariff_id: Mapped[int] = column("Tariff", sa.ForeignKey(Tariff.id), index=True)
    code: Mapped[str] = column("Code", sa.String(20))
    lower_bound: Mapped[int] = column("Smallest number of inhabitants in it")
    wording: Mapped[str] = column("As the convention words it", sa.String(60))
    global_cents: Mapped[int] = column("Yearly fee of the global offer, cents, taxes included")
    restricted_cents: Mapped[int] = column("Yearly fee of the restricted offer, cents, taxes included")
    tariff: Mapped[Tariff] = relationship(back_populates="brackets")


class BillingRun(Base):
    """One campagne: the lines of a year, prepared by one person and validated by another. A year has one draft."""

    __tablename__ = "billing_run"
    __table_args__ = (
        sa.Index(
            "ix_billing_run_one_draft",
            "year",
            unique=True,
            sqlite_where=sa.text("validated_at IS NULL AND discarded_at IS NULL"),
            postgresql_where=sa.text("validated_at IS NULL AND discarded_at IS NULL"),
        ),
    )

    id: Mapped[int] = key_column()
    year: Mapped[int] = column("Year (exercice)", index=True)
    tariff_id: Mapped[int | None] = column("Tariff it was validated with", sa.ForeignKey(Tariff.id))
    prepared_at: Mapped[dt.datetime] = column("When it was prepared")
    preparer_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)
    validated_at: Mapped[dt.datetime | None] = column(
        "When it was validated: its lines are frozen", active_history=True
    )
    validator_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)
    issued_at: Mapped[dt.datetime | None] = column("When it was issued", active_history=True)
    discarded_at: Mapped[dt.datetime | None] = column("When a draft was set aside", active_history=True)
    discarded_reason: Mapped[str] = column("Why", sa.Text(), default="")
    anomalies: Mapped[list[str]] = column("What was to be looked at when it was validated, in French", default=list)
    tariff: Mapped[Tariff | None] = relationship()
    lines: Mapped[list[BillingLine]] = relationship(back_populates="run", order_by="BillingLine.id")


class BillingLine(Base):
    """What one agreement owes for one year, with the full basis of calculation: a snapshot that stands by itself.

    Written when a run is validated; before, lines are computed. A line is undone by a counter-entry of the opposite
    amount, never changed. `attempt` counts the lines of an agreement and year: one living line each is all the
    database accepts.
    """

    __tablename__ = "billing_line"
    __table_args__ = (
        sa.Index(
            "ix_billing_line_one_living",
            "agreement_id",
            "year",
            "attempt",
            unique=True,
            sqlite_where=sa.text("counters_id IS NULL"),
            postgresql_where=sa.text("counters_id IS NULL"),
        ),
    )

    id: Mapped[int] = key_column()
    run_id: Mapped[int] = column("Campagne", sa.ForeignKey(BillingRun.id), index=True)
    agreement_id: Mapped[int] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    year: Mapped[int] = column("Year (exercice)")
    attempt: Mapped[int] = column("1, or one more after each counter-entry")
    counters_id: Mapped[int | None] = column("Line that this one undoes", sa.ForeignKey("billing_line.id"), unique=True)
    reason: Mapped[str] = column("Why it undoes that line", sa.Text(), default="")
    written_at: Mapped[dt.datetime] = column("When it was written: validation of the run, or counter-entry")
    from_on: Mapped[dt.date] = column("First day of effect in the year; the whole year is due (reading A11)")
    until_on: Mapped[dt.date] = column("Last day of effect in the year")
    tariff: Mapped[str] = column("Grid, and where it is written (R16)", sa.String(300))
    agreement_number: Mapped[str] = column("Number of the agreement", sa.String(60))
    partner_name: Mapped[str] = column("Legal name of the debtor on 1 January", sa.String(200))
    siren: Mapped[str] = column("SIREN of the debtor", sa.String(9))
    siret: Mapped[str | None] = column("SIRET of the debtor, where known", sa.String(14))
    insee_code: Mapped[str] = column("INSEE code of the debtor", sa.String(5))
    chorus_service_code: Mapped[str] = column("Service code", sa.String(100), default="")
    commitment_number: Mapped[str] = column("Engagement", sa.String(100), default="")
    budget: Mapped[str] = column("Debtor's imputation", sa.String(300), default="")
    council_decision: Mapped[str] = column("Council decisions that found the claim", sa.Text(), default="")
    population: Mapped[int] = column("Inhabitants counted")
    population_kind: Mapped[PopulationKind] = column("Which population", enum_type(PopulationKind))
    census_year: Mapped[int] = column("Year of the census")
    population_source: Mapped[str] = column("Where the figure comes from", sa.String(200), default="")
    bracket: Mapped[str] = column("Code of the bracket", sa.String(20))
    bracket_wording: Mapped[str] = column("The bracket, as the convention words it", sa.String(60))
    offer: Mapped[Offer] = column("Offer on 1 January (reading A12)", enum_type(Offer))
    base_cents: Mapped[int] = column("Fee of the grid, cents, taxes included")
    discount_percent: Mapped[int] = column("Discount of the founding partners, per cent (R29)")
    discount_cents: Mapped[int] = column("Discount, cents")
    due_cents: Mapped[int] = column("Due, cents; negative in a counter-entry")
    basis: Mapped[str] = column("How it was found, in words", sa.Text())
    run: Mapped[BillingRun] = relationship(back_populates="lines")
    agreement: Mapped[Agreement] = relationship()
    counters: Mapped[BillingLine | None] = relationship(remote_side="BillingLine.id")


_FROZEN = N_("ce qui est validé ne se modifie ni ne s’efface : passez une contre-écriture, puis une nouvelle campagne")


def _refuse_changes(session: Session, _context: object, _instances: object) -> None:
    """Whatever code tries, a line stays as it was written, and of a run that was validated all that is still to come
    is that it is issued."""
    changed = [each for each in session.dirty if session.is_modified(each)]
    for each in (*changed, *session.deleted):
        frozen = isinstance(each, BillingLine) or (isinstance(each, BillingRun) and not _may_change(each))
        if frozen or (isinstance(each, BillingRun) and each in session.deleted):
            raise Conflict(_FROZEN)


def _may_change(run: BillingRun) -> bool:
    state = sa.inspect(run)
    histories = {each.key: state.attrs[each.key].history for each in state.mapper.column_attrs}
    changed = {name for name, history in histories.items() if history.has_changes()}
    was = {name: history.deleted[0] if history.deleted else getattr(run, name) for name, history in histories.items()}
    if was["validated_at"] is None and was["discarded_at"] is None:
        return True
    to_come = {"issued_at"} if was["issued_at"] is None and was["discarded_at"] is None else set()
    return changed <= to_come


def _refuse_statements(state: ORMExecuteState) -> None:
    """The same for an UPDATE or DELETE of many rows at once, which no flush sees."""
    mapper = state.bind_mapper if state.is_update or state.is_delete else None
    if mapper is not None and mapper.class_ in {BillingLine, BillingRun}:
        raise Conflict(_FROZEN)


sa.event.listen(Session, "before_flush", _refuse_changes)
sa.event.listen(Session, "do_orm_execute", _refuse_statements)
