"""Changing the master key: everything that is stored sealed is sealed anew under the present one.

Columns say by themselves what seals them (`glc.database.column(sealed=…)`), so that none is forgotten. What no table
holds (authorization codes, cookies of one page, links in mails) is not touched: it opens as long as the previous key is
given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc import audit, revision
from glc.audit import Actor
from glc.database import Base
from glc.errors import Conflict
from glc.i18n import N_
from keys.encryption import MasterKey, SealBroken


def sealed_columns() -> Iterator[sa.Column[str]]:
    """Every column whose values are sealed under the master key."""
    for table in Base.metadata.sorted_tables:
        for each in table.columns:
            if each.info.get("sealed"):
                yield each


def reencrypt(session: Session, master: MasterKey, by: Actor, at: dt.datetime) -> dict[str, int]:
    """Seal every stored value under the present master key; how many were not yet, by column.

    Raises `Conflict`, and nothing is done, when a value opens under none of the keys given.
    """
    revision.move(session)  # the first statement: from here on nobody writes what this would overwrite
    done = {str(each): _seal_anew(session, master, each) for each in sealed_columns()}
    if any(done.values()):
        after = {name: number for name, number in done.items() if number}
        audit.record(session, by, "key.reencrypted", "key:master", at=at, after=after)
    return done


def _seal_anew(session: Session, master: MasterKey, sealed: sa.Column[str]) -> int:
    table, number = sealed.table, 0
    keys = list(table.primary_key)
    for row in session.execute(sa.select(*keys, sealed).where(sealed != "")).mappings().all():
        box = master.box(sealed.info["sealed"].format(**row))
        text = row[sealed.name]
        if box.is_current(text):
            continue
        try:
            clear = box.open(text)
        except SealBroken as error:
            raise Conflict(
                N_("une valeur de %(column)s ne s’ouvre avec aucune des clés maîtresses données"), column=str(sealed)
            ) from error
        same = [each == row[each.name] for each in keys]
        session.execute(sa.update(table).where(*same, sealed == text).values({sealed.name: box.seal(clear)}))
        number += 1
    return number
