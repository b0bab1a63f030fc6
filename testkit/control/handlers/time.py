"""The space's clock."""

from __future__ import annotations

from typing import Any

from glc.errors import InputError
from testkit.control import schemas
from testkit.control.operation import Call, operation
from testkit.space import Space


@operation("GET", "/clock", "Read the space's clock")
def read(call: Call) -> Any:
    """The instant it tells, and whether it stands still."""
    return told(call.space)


@operation("PUT", "/clock", "Put the clock somewhere, have it stand still or go on", body=schemas.ClockAsked)
def put(call: Call) -> Any:
    """It rules codes, tokens, sessions, secrets, agreements, keys."""
    if call.body.now is None and call.body.frozen is None:
        raise InputError("say what the clock shall do: now (an instant with its zone), frozen (true or false), or both")
    call.space.clock.set(call.body.now, frozen=call.body.frozen)
    return told(call.space)


@operation("POST", "/clock/advance", "Move the clock by a duration", body=schemas.AdvanceAsked)
def advance(call: Call) -> Any:
    """Forwards, or backwards when it is below zero."""
    call.space.clock.advance(call.body.duration)
    return told(call.space)


def told(space: Space) -> dict[str, Any]:
    """The clock as it is told."""
    return {"now": space.clock.now(), "frozen": space.clock.frozen}
