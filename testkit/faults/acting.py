"""Faults that do something with the provider besides what they answer: keys changed, grants revoked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from glc.audit import Actor
from testkit.faults.answering import error
from testkit.faults.fault import Answer, Answered, Asked

ACTOR = Actor(name="testkit", via="fault")
Given = TypeVar("Given", Asked, Answered)


def of_a_refresh(shape: Callable[[Given], Any]) -> Callable[[Given], Any]:
    """The same fault for refreshes alone, not for codes."""

    def only(given: Given) -> Any:
        asked = given.asked if isinstance(given, Answered) else given
        if dict(asked.form).get("grant_type") != "refresh_token":
            return given.answer if isinstance(given, Answered) else None
        return shape(given)

    return only


def rotate_first(asked: Asked) -> Answer | None:
    """Have another key sign, from this instant on, in each algorithm; the provider then answers as usual."""
    from glc.database import db
    from keys.keeper import keeper
    from keys.models import KeyAlgorithm

    for algorithm in asked.house.dialect.key_algorithms:
        if KeyAlgorithm(algorithm).signs:
            keeper().rotate(db.session(), ACTOR, algorithm, at=asked.house.clock.now(), at_once=True)
    db.session.commit()
    return None


def family_revoked(asked: Asked) -> Answer | None:
    """Revoke the grant that a refresh token is of, and refuse."""
    import sqlalchemy as sa

    from glc.database import reading
    from idp.grants.grant_life import revoke_grant
    from idp.models import RefreshToken
    from idp.provider import digest

    house = asked.house
    sent = dict(asked.form).get("refresh_token", "")
    with reading(house.engine) as connection:
        grant = connection.scalar(sa.select(RefreshToken.grant_id).where(RefreshToken.digest == digest(sent)))
    if grant is None:
        return None
    revoke_grant(house.engine, grant, house.clock.now())
    return error(400, "invalid_grant")(asked)
