"""What a handler is given: who asks, when, for what; and pages of lists."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import InputError, NotFound
from glc.i18n import N_
from partner_registry.agents import Agent, visible
from partner_registry.api.operation import JSON, Operation
from partner_registry.api.parameters import LARGEST
from partner_registry.api.schemas.base import Positioned
from partner_registry.models import Partner

Row = TypeVar("Row")
CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as far as handlers need to know it."""

    operation: Operation
    session: Session
    agent: Agent
    at: dt.datetime
    path: Mapping[str, Any]
    media: str = JSON
    """The type of content to answer with."""

    @property
    def today(self) -> dt.date:
        """The civil date in Lyon."""
        return paris_date(self.at)

    def one(self, query: sa.Select[Row]) -> Row:
        """The row of a query, locked until the end of the request when it is there to be changed. Raises
        `NotFound`."""
        found = self.session.scalars(query.with_for_update() if self.operation.changes else query).first()
        return expect(found)

    def named(self, slug: str) -> Partner:
        """Any partner, named in what is sent. Raises `InputError`."""
        found = self.session.scalar(sa.select(Partner).where(Partner.slug == slug))
        if found is None:
            raise no_partner(slug)
        return found

    def own(self, slug: str) -> Partner:
        """A partner named in what is sent, if this agent may see it. Raises `InputError`."""
        found = self.named(slug)
        if not self.sees(found):
            raise no_partner(slug)
        return found

    def expect_visible(self, partner: Partner) -> None:
        """Raise `NotFound` unless this agent may see the record of a partner: others' do not exist."""
        if not self.sees(partner):
            raise _nothing()

    def sees(self, partner: Partner) -> bool:
        """Whether this agent may see the record of a partner."""
        return visible(self.agent, partner)

    def theirs(self, query: sa.Select[Row], partner_id: Any) -> sa.Select[Row]:
        """A query narrowed to what is today of a partner that this agent may see: mergers hand it on. `partner_id` is
        the column that says whose it was."""
        if self.agent.of_metropole:
            return query
        everyone = self.session.scalars(sa.select(Partner))
        return query.where(partner_id.in_([each.id for each in everyone if self.sees(each.holder_on(self.today))]))


def no_partner(slug: str) -> InputError:
    """The refusal of a name that no partner has, or none that they may see."""
    return InputError(N_("aucun partenaire ne s’appelle %(slug)s"), slug=slug)


def expect(found: Row | None) -> Row:
    """What was found. Raises `NotFound` for nothing."""
    if found is None:
        raise _nothing()
    return found


def _nothing() -> NotFound:
    return NotFound(N_("il n’y a rien de tel, ou rien que vous puissiez voir"))


class Shown:
    """A row with what is told of it besides its columns."""

    def __init__(self, row: object, **besides: object) -> None:
        self.__dict__.update(besides, _row=row)

    def __getattr__(self, name: str) -> object:
        return getattr(self.__dict__["_row"], name)


@dataclass(frozen=True, slots=True)
class Created:
    """A new row, and what is told of it this once."""

    row: object
    once: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, and what to ask for the next ones."""

    items: list[object]
    cursor: str | None


def page(
    call: Call,
    position: Positioned,
    query: sa.Select[Row],
    key: sa.orm.InstrumentedAttribute[Any],
    show: Callable[[Row], object],
    *,
    keep: Callable[[Row], bool] | None = None,
    newest_first: bool = False,
) -> Page:
    """A page in the order of a unique column `key`; a cursor holds the key of the last row told, so that rows that come
    or go meanwhile shift nothing. `keep` filters by what no column says. Raises `InputError` for a cursor not ours."""
    found = _rows(call.session, query, key, _read_cursor(position.cursor, key), newest_first)
    kept = (row for row in found if keep is None or keep(row))
    rows = [row for row, _ in zip(kept, range(position.limit + 1), strict=False)]
    more = len(rows) > position.limit
    rows = rows[: position.limit]
    return Page([show(row) for row in rows], _cursor(getattr(rows[-1], key.key)) if more else None)


def _rows(session: Session, query: sa.Select[Row], key: Any, after: object, newest_first: bool) -> Iterator[Row]:
    """Every row from there on, some at a time."""
    while True:
        asked = query.order_by(key.desc() if newest_first else key).limit(CHUNK)
        if after is not None:
            asked = asked.where(key < after if newest_first else key > after)
        rows = session.scalars(asked).all()
        yield from rows
        if len(rows) < CHUNK:
            return
        after = getattr(rows[-1], key.key)


def _cursor(last: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode().rstrip("=")


def _read_cursor(text: str | None, key: Any) -> object:
    if text is None:
        return None
    try:
        last = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        last = None
    expected = key.property.columns[0].type.python_type
    known = type(last) is expected and (last <= LARGEST if expected is int else "\0" not in last)
    if not known:
        raise InputError(N_("ce curseur n’est pas de nous : reprenez la liste à son début"), field="cursor")
    return last
