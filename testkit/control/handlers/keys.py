"""Signing keys of a space."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from glc.database import db
from glc.errors import NotFound
from glc.services import services
from keys.keeper import keeper
from partner_registry.agents import OPERATOR
from testkit.control import schemas
from testkit.control.operation import Call, operation

REASON = "test kit"


@operation("GET", "/keys", "List the keys and what each does now")
def list_keys(call: Call) -> Any:
    """Public facts only."""
    with call.space.inside():
        return {"keys": [dataclasses.asdict(each) for each in keeper().facts(db.session(), services().clock.now())]}


@operation("POST", "/keys/rotate", "Have a new key sign", body=schemas.RotationAsked)
def rotate(call: Call) -> Any:
    """At once, which catches out sites that never fetch keys anew; or as in production, with notice."""
    with call.space.inside():
        made = keeper().rotate(
            db.session(),
            OPERATOR,
            call.body.alg,
            at=services().clock.now(),
            reason=REASON,
            at_once=call.body.at_once,
        )
        return dataclasses.asdict(made)


@operation("POST", "/keys/{kid}/withdraw", "Take a key out of the published set at once; another one signs")
def withdraw(call: Call) -> Any:
    """What it signed cannot be verified any more."""
    with call.space.inside():
        gone = keeper().compromise(db.session(), OPERATOR, call.path["kid"], at=services().clock.now(), reason=REASON)
        return dataclasses.asdict(gone)


@operation("POST", "/keys/{kid}/duplicate", "Publish another key under the same kid (the fault jwks_duplicate_kid)")
def duplicate(call: Call) -> Any:
    """Until that fault is cleared. Raises `NotFound` for a kid that is not published for signatures."""
    kid, ring = call.path["kid"], call.space.house.ring
    ring.refresh()
    if kid not in {key["kid"] for key in json.loads(ring.jwks)["keys"] if key["use"] == "sig"}:
        raise NotFound(f"no key {kid!r} is published")
    return call.space.faults.add("jwks_duplicate_kid", options={"kid": kid}).told()
