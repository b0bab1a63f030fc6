"""The revision: one number that every change of what processes keep in memory moves.

Terms of clients and signing keys are read once and kept by each process, which compares the number that it read them at
with the one that the statements of each request bring along (`REVISION`): a change made by another process holds from
the next request on. Each folder names its own tables with `watch`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session

from glc.database import Base, column, key_column


class Revision(Base):
    """One row, made by the migration, that changes with every change of the watched tables. Whoever changes one waits
    for whoever changed another."""

    __tablename__ = "revision"

    id: Mapped[int] = key_column()
    number: Mapped[int] = column("Counts the changes")


REVISION = sa.select(Revision.number).limit(1).scalar_subquery()
"""The number, as a column for the statements that already run on each request."""

_number = sa.select(Revision.number)
_next = sa.update(Revision).values(number=Revision.number + 1)
_watched: set[type[Base]] = set()


def watch(*tables: type[Base]) -> None:
    """Have every change of these tables that a session makes move the number."""
    _watched.update(tables)


def current(database: Connection | Session) -> int:
    """The number as last committed."""
    return database.scalar(_number) or 0


def move(database: Connection | Session) -> None:
    """Count a change that no session sees; whoever else would change a watched table waits for the end of this
    transaction."""
    database.execute(_next)


def _count_the_change(session: Session, _context: object, _instances: object) -> None:
    changed = (type(each) for group in (session.new, session.dirty, session.deleted) for each in group)
    if not _watched.isdisjoint(changed):
        move(session)


sa.event.listen(Session, "before_flush", _count_the_change)
