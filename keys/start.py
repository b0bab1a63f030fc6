"""What a database needs before anything is signed: a key of each algorithm, and secrets that outlive the
master key.

Without the ORM: it is looked at by every start.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from glc import revision
from glc.clock import Clock
from glc.database import reading, writing
from glc.entropy import Entropy
from keys import material
from keys.encryption import MasterKey
from keys.models import USUAL, KeyAlgorithm, KeyOrigin, SigningKey, StoredSecret
from keys.ring import COOKIES, SESSION_IDENTIFIER, SUBJECT_SALT

_signing_keys = cast(sa.Table, SigningKey.__table__)
_stored_secrets = cast(sa.Table, StoredSecret.__table__)
_serves = sa.and_(_signing_keys.c.retires_at.is_(None), _signing_keys.c.compromised_at.is_(None))
_SECRETS = (SUBJECT_SALT, COOKIES, SESSION_IDENTIFIER)


def ensure_keys(
    engine: Engine,
    master: MasterKey,
    clock: Clock,
    entropy: Entropy,
    algorithms: Collection[KeyAlgorithm] = USUAL,
) -> list[str]:
    """Make the key of each algorithm that has none yet; return the new ids.

    Safe to call at every start, by several processes at once: whoever moves the revision first makes them all, in one
    transaction, and the others find them.
    """
    with reading(engine) as connection:
        missing = _missing_keys(connection, algorithms)
        if not missing and not _missing_secrets(connection):
            return []
    made = {algorithm: _new_row(algorithm, master, clock) for algorithm in missing}
    with writing(engine) as connection:
        revision.move(connection)
        secrets, rows = _missing_secrets(connection), [made[each] for each in _missing_keys(connection, missing)]
        for name in secrets:
            # A database that an earlier version served had them derived: logins and sessions under way go on.
            value = entropy.bytes(32) if SUBJECT_SALT in secrets else master.derive(name)
            connection.execute(sa.insert(_stored_secrets), {"name": name, "sealed": master.box(name).seal(value)})
        for row in rows:
            connection.execute(sa.insert(_signing_keys), row)
    return [row["kid"] for row in rows]


def _missing_keys(connection: Connection, algorithms: Collection[KeyAlgorithm]) -> list[KeyAlgorithm]:
    query = sa.select(_signing_keys.c.algorithm).where(_serves)
    present = set(connection.scalars(query))
    return [algorithm for algorithm in algorithms if algorithm not in present]


def _missing_secrets(connection: Connection) -> list[str]:
    present = set(connection.scalars(sa.select(_stored_secrets.c.name)))
    return [name for name in _SECRETS if name not in present]


def _new_row(algorithm: KeyAlgorithm, master: MasterKey, clock: Clock) -> dict[str, Any]:
    key, at = material.generate(algorithm), clock.now()
    return {
        "kid": key.thumbprint(),
        "algorithm": algorithm,
        "origin": KeyOrigin.GENERATED,
        "public_jwk": material.public_jwk(key, algorithm),
        "sealed_private_key": material.sealed(master.box(material.BOX), key),
        "created_at": at,
        "activates_at": at,
    }
