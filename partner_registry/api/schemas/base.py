"""What every schema stands on. Those of what is told are made from the tables' columns and their comments."""

from __future__ import annotations

import datetime as dt
import re
from types import GenericAlias
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from glc.database import Base

LONGEST_TEXT = 20_000
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2199, 12, 31)


class Sent(BaseModel):
    """What is sent to us: nothing unknown, and nothing that only resembles what is expected."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Asked(BaseModel):
    """What a query holds: texts, read as what they stand for."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """What is told."""

    model_config = ConfigDict(from_attributes=True)


def _read_day(value: object) -> object:
    """A civil date, written as such and nothing else, of our times."""
    if not isinstance(value, str):
        return value
    try:
        day = dt.date.fromisoformat(re.fullmatch(r"\d{4}-\d\d-\d\d", value)[0])  # type: ignore[index]
    except (TypeError, ValueError):
        raise PydanticCustomError("date_parsing", "a date is written YYYY-MM-DD") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise PydanticCustomError("date_out_of_reach", "a date is from 1900 to 2199")
    return day


def _read_instant(value: object) -> object:
    """An instant with its time zone, within reach of the calendar."""
    if not isinstance(value, str):
        return value
    written = re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", value)
    try:
        instant = dt.datetime.fromisoformat(written[0].upper())  # type: ignore[index]
        if not FIRST_DAY <= instant.date() <= LAST_DAY:
            raise ValueError
    except (TypeError, ValueError):
        raise PydanticCustomError("datetime_parsing", "an instant is written as RFC 3339 says") from None
    return instant


Day = Annotated[
    dt.date,
    BeforeValidator(_read_day),
    Field(description="A civil date in Lyon, from 1900 to 2199"),
]
Instant = Annotated[AwareDatetime, BeforeValidator(_read_instant)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[list[Word], Field(max_length=100)]
Uri = Annotated[str, Field(max_length=1024)]
Reason = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, description="Why: it stays in the audit trail")]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Year = Annotated[int, Field(ge=2015, le=2199, description="Year (exercice)")]


class Positioned(Asked):
    """Where to go on in a list."""

    limit: int = Field(default=50, ge=1, le=200, description="How many to tell at most")
    cursor: str | None = Field(default=None, max_length=500, description="Where to go on: from `next`, as it came")


class Motivated(Sent):
    """An act that takes a reason."""

    reason: Reason


def of(column: Any, default: Any = ..., **more: Any) -> Any:
    """A field that is kept in a column: described by its comment, no longer than it."""
    stored = column.property.columns[0]
    if isinstance(stored.type, sa.String) and not isinstance(stored.type, sa.Enum):
        more.setdefault("max_length", stored.type.length or LONGEST_TEXT)
    return Field(default, description=stored.comment, **more)


def left_out(description: str) -> Any:
    """A field that may be left out, of what no single column keeps."""
    return Field(None, description=description)


def absent(column: Any, **more: Any) -> Any:
    """The same, where leaving it out leaves what is kept as it is."""
    return of(column, None, **more)


def told(name: str, table: type[Base], columns: str = "", /, **others: Any) -> type[Told]:
    """The schema of what is told of a row: some of its columns, and other members with their types, each of them a type
    or a pair of a type and a description. A column that holds JSON is given with its type."""
    stored = sa.inspect(table).columns
    fields: dict[str, Any] = {}
    for each in columns.split():
        fields[each] = (_python_type(stored[each]), Field(description=stored[each].comment))
    for each, kind in others.items():
        described = stored[each].comment if each in stored else None
        kind, described = kind if isinstance(kind, tuple) else (kind, described)
        fields[each] = (kind, Field(description=described))
    made: type[Told] = create_model(name, __base__=Told, __doc__=table.__doc__, **fields)
    return made


def many(kind: type[Told]) -> Any:
    """The type of a list of those."""
    return GenericAlias(list, kind)


def _python_type(column: sa.Column[Any]) -> Any:
    found: Any = column.type.enum_class if isinstance(column.type, sa.Enum) else column.type.python_type
    return found | None if column.nullable else found
