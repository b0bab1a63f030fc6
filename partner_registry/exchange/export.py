"""Writing the whole registry as YAML: the same registry gives the same bytes."""

from __future__ import annotations

import base64
import datetime as dt
import enum
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import UTC
from glc.database import Base
from partner_registry.exchange.nodes import SEALED, TOP, Filled, Node, is_account
from partner_registry.exchange.text import dump
from partner_registry.ports import Person

PersonOf = Callable[[Session, int], Person | None]
"""The account of a number, None once it is erased."""


def export(session: Session, person: PersonOf, *, with_sealed_secrets: bool = False) -> str:
    """The registry as YAML. What an import would fill in alike is left out."""
    writer = _Writer(session, person, with_sealed_secrets)
    return dump({name: writer.all_of(node) for name, node in TOP.items()})


class _Writer:
    def __init__(self, session: Session, person: PersonOf, sealed: bool) -> None:
        self.session, self.person, self.sealed = session, person, sealed

    def all_of(self, node: Node) -> list[dict[str, Any]]:
        """Every row of a table, in the order of what names them."""
        written = self.rows(self.session.scalars(sa.select(node.model)), node)
        return sorted(written, key=lambda entry: [_sortable(entry.get(name)) for name in node.key])

    def rows(self, rows: Iterable[Base], node: Node) -> list[dict[str, Any]]:
        """Some rows, in the order in which they were recorded."""
        return [self.entry(row, node) for row in sorted(rows, key=lambda row: getattr(row, "id", 0))]

    def entry(self, row: Base, node: Node) -> dict[str, Any]:
        """One row, with those below it."""
        written: dict[str, Any] = {}
        for name, column in node.columns.items():
            value = self.value(row, column)
            if name in SEALED and not self.sealed:
                continue
            if name in node.key or not _is_usual(node, name, column, value):
                written[name] = plain(value)
        for name, label in node.links.items():
            linked = getattr(row, name)
            if isinstance(linked, list):
                if linked or name in node.always:
                    written[name] = sorted(map(label, linked))
            elif linked is not None:
                written[name] = label(linked)
        for name, below in node.below.items():
            rows = self.rows(getattr(row, name), below)
            if (rows or name in node.always) and (name not in SEALED or self.sealed):
                written[name] = rows
        return written

    def value(self, row: Base, column: sa.Column[Any]) -> Any:
        """A column's value; for an account, its address."""
        value = getattr(row, column.name)
        if not is_account(column) or value is None:
            return value
        person = self.person(self.session, value)
        return person.email if person else None


def _is_usual(node: Node, name: str, column: sa.Column[Any], value: Any) -> bool:
    try:
        usual = node.left_out(name, column)
    except KeyError:
        return False
    return not isinstance(usual, Filled) and bool(usual == value)


def _sortable(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, dt.datetime) else str(value)


def plain(value: Any) -> Any:
    """A value as YAML has it: text, number, day, instant, list, mapping."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.encodebytes(value).decode()
    return value
