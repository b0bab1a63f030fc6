"""What the registry's commands have in common: who acts, one transaction, and how a result is printed."""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import PARIS, UTC, paris_date
from glc.commands import application, database_option, json_option, show
from glc.database import Base, db
from glc.entropy import Entropy
from glc.errors import Forbidden, NotFound
from glc.i18n import N_
from glc.services import services
from glc.settings import Settings
from partner_registry.agents import OPERATOR, Agent, agent_of
from partner_registry.agreements.instruction import File
from partner_registry.models import Agreement, Amendment, Processing
from partner_registry.ports import Person, ports
from partner_registry.trail import KEPT_OUT

Command = Callable[..., Any]
Shown = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Act:
    """What a command acts with: an open transaction, whoever acts, and the instant."""

    session: Session
    by: Agent
    at: dt.datetime

    @property
    def today(self) -> dt.date:
        """The civil date in Lyon."""
        return paris_date(self.at)

    @property
    def settings(self) -> Settings:
        """The application's settings."""
        return services().settings

    @property
    def entropy(self) -> Entropy:
        """The application's randomness."""
        return services().entropy


def person_at(session: Session, email: str) -> Person:
    """The account of an address. Raises `NotFound`, saying how to make one."""
    person = ports().person_at(session, email)
    if person is None:
        raise NotFound(N_("aucun compte n’a l’adresse %(email)s ; pour en créer un : glc account create"), email=email)
    return person


def acting(session: Session, email: str | None, at: dt.datetime) -> Agent:
    """Whoever acts: the operator, or the agent of that address. Raises `NotFound`, `Forbidden` (no role)."""
    if email is None:
        return OPERATOR
    person = person_at(session, email)
    agent = agent_of(session, person.account_id, person.email, at, via="cli")
    if not agent.roles:
        raise Forbidden(N_("votre compte n’a pas de rôle dans le registre : demandez-en un à son administrateur"))
    return agent


def acts(shown: Shown | None = None) -> Callable[[Command], Command]:
    """Make a function of an `Act` and of its options a command that changes the registry, all or nothing.

    What the function returns is printed, as JSON or by `shown`.
    """

    def decorate(function: Command) -> Command:
        @click.option("--as", "acting_as", metavar="EMAIL", help="Agent who acts.  [default: the operator]")
        @database_option
        @json_option
        @functools.wraps(function)
        def command(*, acting_as: str | None, database_url: str | None, as_json: bool, **options: Any) -> None:
            with application(database_url):
                session, at = db.session(), services().clock.now()
                result = function(Act(session, acting(session, acting_as, at), at), **options)
                session.commit()
            show_result(result, as_json, shown)

        return command

    return decorate


def reads(shown: Shown | None = None) -> Callable[[Command], Command]:
    """The same for a command that changes nothing and waits for nobody: the operator reads everything."""

    def decorate(function: Command) -> Command:
        @database_option
        @json_option
        @functools.wraps(function)
        def command(*, database_url: str | None, as_json: bool, **options: Any) -> None:
            with application(database_url, reads=True):
                result = function(Act(db.session(), OPERATOR, services().clock.now()), **options)
            show_result(result, as_json, shown)

        return command

    return decorate


def with_options(
    options: Sequence[Callable[[Command], Command]], *, changing: bool = False
) -> Callable[[Command], Command]:
    """Give a command those options, in their order. One that is `changing` what there is tells no default: what is left
    out stays as it was."""

    def decorate(command: Command) -> Command:
        decorated = functools.reduce(lambda given, option: option(given), reversed(options), command)
        for each in vars(decorated)["__click_params__"] if changing else ():
            if isinstance(each, click.Option) and each.help:
                each.help = each.help.partition("[default: ")[0].rstrip()
        return decorated

    return decorate


def show_result(result: Any, as_json: bool, shown: Shown | None) -> None:
    """Print a result: JSON with instants in UTC, or text with Lyon's."""
    show(plain(result, UTC) if as_json else plain(result, PARIS), as_json, shown or as_text)


def facts(row: Base, *left_out: str) -> dict[str, Any]:
    """A row's own columns but numbers of other rows, secrets, documents' contents, and those left out."""
    columns = [each.key for each in sa.inspect(type(row)).column_attrs]
    hidden = KEPT_OUT | {"id", *left_out}
    return {name: getattr(row, name) for name in columns if name not in hidden and not name.endswith("_id")}


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value not in (None, ())}


def plain(value: Any, zone: dt.tzinfo) -> Any:
    """A value made of what JSON knows."""
    if isinstance(value, dict):
        return {name: plain(each, zone) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each, zone) for each in value]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, dt.date) else value


def as_text(value: Any, indent: str = "") -> str:
    """A value for people: one line a fact, without those that are empty."""
    if isinstance(value, dict):
        return "\n".join(_line(name, each, indent) for name, each in value.items() if each not in (None, "", [], {}))
    if isinstance(value, list):
        return "\n".join(f"{indent}- {_inline(each)}" for each in value)
    return f"{indent}{_inline(value)}"


def as_table(*names: str) -> Shown:
    """Print a list of records as columns."""

    def shown(records: Any) -> str:
        rows = [[_inline(record[name]) for name in names] for record in records]
        widths = [max((len(row[place]) for row in rows), default=0) for place in range(len(names))]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines)

    return shown


def _line(name: str, value: Any, indent: str) -> str:
    nested = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value))
    if nested:
        return f"{indent}{name}:\n{as_text(value, indent + '  ')}"
    return f"{indent}{name}: {_inline(value)}"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_inline(each)}" for name, each in value.items() if each not in (None, "", [], {}))
    if isinstance(value, list):
        return " ".join(map(_inline, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


class _Day(click.ParamType[dt.date]):
    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day: write 2026-03-31", param, ctx)


class _Instant(click.ParamType[dt.datetime]):
    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        try:
            read = dt.datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no instant: write 2026-03-31T14:00, Lyon's time", param, ctx)
        return (read if read.tzinfo else read.replace(tzinfo=PARIS)).astimezone(UTC)


DAY = _Day()
"""A civil date in Lyon."""
INSTANT = _Instant()
"""An instant; Lyon's time unless it says its own zone. A day alone: its first second."""

at_option = click.option("--at", "seen_at", type=INSTANT, metavar="INSTANT", help="As it stood then.  [default: now]")


def email_of(session: Session, account_id: int | None) -> str | None:
    """The address of an account; None for nobody, and once it is erased."""
    person = ports().person(session, account_id) if account_id is not None else None
    return person.email if person else None


reason_option = click.option("--reason", required=True, help="Why; it stays in the trail.")


class _Choice(click.Choice[Any]):
    def normalize_choice(self, choice: Any, ctx: click.Context | None) -> str:  # noqa: ARG002 — click's signature
        return str(choice.name if isinstance(choice, enum.Enum) else choice).upper()


def choice(values: type[enum.Enum]) -> click.Choice[Any]:
    """An option's value among those of an enumeration, in capitals or not."""
    return _Choice(values)


def find_agreement(session: Session, number: str) -> Agreement:
    """The agreement of that number. Raises `NotFound`."""
    found = session.scalar(sa.select(Agreement).where(Agreement.number == number))
    if found is None:
        raise NotFound(N_("aucune convention n’a le numéro %(number)s ; liste : glc agreement list"), number=number)
    return found


def find_file(session: Session, name: str) -> File:
    """The agreement of that number, or the amendment of NUMBER/1. Raises `NotFound`."""
    number, _, rank = name.rpartition("/")
    query = sa.select(Amendment).join(Agreement)
    query = query.where(Agreement.number == number, Amendment.number == (int(rank) if rank.isdecimal() else 0))
    return session.scalar(query) or find_agreement(session, name)


def find_processing(session: Session, number: int) -> Processing:
    """The processing of that number. Raises `NotFound`."""
    found = session.get(Processing, number)
    if found is None:
        raise NotFound(N_("aucun traitement n’a le numéro %(number)s ; liste : glc processing list"), number=number)
    return found
