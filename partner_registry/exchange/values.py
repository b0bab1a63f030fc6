"""Reading one value of a file as what its column holds."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import sqlalchemy as sa

from glc.clock import PARIS, UTC
from glc.database import Base, Instant
from partner_registry import models as m


class Unreadable(Exception):
    """A value is not what its column holds: `where` in it, and `why`."""

    def __init__(self, why: str, where: str = "") -> None:
        self.where, self.why = where, why
        super().__init__(why)


def read_value(model: type[Base], column: sa.Column[Any], value: Any) -> Any:
    """The value of a column from what the file says. Raises `Unreadable`."""
    kind = column.type
    if isinstance(kind, sa.JSON):
        return _json(model, column.name, value)
    for each, read, wanted in _READERS:
        if isinstance(kind, each):
            try:
                return read(kind, value)
            except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error) as error:
                raise Unreadable(f"{_shown(value)} is not {_said(kind, wanted)}") from error
    raise TypeError(f"{column} holds nothing that a file can say")


def _shown(value: Any) -> str:
    return repr(value)[:80]


def _said(kind: Any, wanted: str) -> str:
    if isinstance(kind, sa.Enum):
        return f"one of {', '.join(map(str, kind.enums))}"
    longest = getattr(kind, "length", None)
    return wanted + (f" of at most {longest} characters" if longest else "")


def _enum(kind: Any, value: Any) -> enum.Enum:
    found: enum.Enum = kind.enum_class(value)
    return found


def _instant(_kind: Any, value: Any) -> dt.datetime:
    read = dt.datetime.fromisoformat(value)
    return (read if read.tzinfo else read.replace(tzinfo=PARIS)).astimezone(UTC)


def _day(_kind: Any, value: Any) -> dt.date:
    return dt.date.fromisoformat(value)


def _boolean(_kind: Any, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _integer(_kind: Any, value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch("-?[0-9]{1,12}", value):
        raise ValueError
    return int(value)


def _bytes(_kind: Any, value: Any) -> bytes:
    return base64.b64decode("".join(value.split()), validate=True)


def _text(kind: Any, value: Any) -> str:
    if not isinstance(value, str) or len(value) > (kind.length or len(value)):
        raise ValueError
    return value


_READERS: tuple[tuple[Any, Callable[[Any, Any], Any], str], ...] = (
    (sa.Enum, _enum, ""),
    (Instant, _instant, "an instant: 2026-03-02T11:00:00, Lyon's time, or with a zone of its own"),
    (sa.Date, _day, "a day: 2026-03-02"),
    (sa.Boolean, _boolean, "true or false"),
    (sa.Integer, _integer, "a whole number"),
    (sa.LargeBinary, _bytes, "base64"),
    (sa.String, _text, "a text"),
)
"""Each kind of column, how it is read, and what to write instead."""


def _json(model: type[Base], name: str, value: Any) -> Any:
    from pydantic import ValidationError

    try:
        _shape(model, name).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in first["loc"])
        raise Unreadable(f"{_shown(first['input'])}: {first['msg'][:1].lower()}{first['msg'][1:]}", where) from error
    return value


@cache
def _shape(model: type[Base], name: str) -> Any:
    """What a column of JSON holds: a list of texts, unless told otherwise."""
    from pydantic import BaseModel, TypeAdapter

    class ClaimRule(BaseModel, extra="forbid"):
        name: str
        source: str
        scopes: list[str]

    shapes: dict[tuple[type[Base], str], Any] = {
        (m.Purpose, "claims"): dict[str, str],
        (m.Amendment, "changes"): dict[str, str | bool],
        (m.ClientVersion, "claims"): list[ClaimRule],
        (m.ClientVersion, "protocol"): dict[str, Any],
    }
    return TypeAdapter(shapes.get((model, name), list[str]))
