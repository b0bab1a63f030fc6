"""Faults: the catalogue, and those that are switched on."""

from __future__ import annotations

from typing import Any

from glc.database import db
from glc.errors import InputError
from partner_registry.models import Client, Flow
from testkit.control import schemas
from testkit.control.handlers.clients import find_client
from testkit.control.operation import Call, operation
from testkit.faults.catalogue import CATALOGUE
from testkit.scripts import find_account

TOLD = ("name", "family", "summary", "resume_fr", "rp_must", "why", "pourquoi_fr", "section", "endpoints")


@operation("GET", "/faults", "List every fault there is", key="nobody")
def catalogue(_call: Call) -> Any:
    """With what a correct site must do."""
    return {
        "faults": [
            {name: getattr(each, name) for name in TOLD} | {"options": {**each.options}} for each in CATALOGUE.values()
        ]
    }


@operation("GET", "/faults", "List the faults that are switched on, and how often each acted")
def list_faults(call: Call) -> Any:
    """Spent ones too, until they are cleared."""
    return {"faults": [each.told() for each in call.space.faults.all()]}


@operation("POST", "/faults", "Switch a fault on", body=schemas.FaultAsked, status=201)
def add(call: Call) -> Any:
    """For a client, an account, an endpoint, the next so many times, or until it is cleared."""
    asked = call.body.model_dump()
    with call.space.inside():
        if asked["client_id"] is not None:
            _check_flow(asked, find_client(asked["client_id"]))
        if asked["account"] is not None:
            asked["account"] = find_account(db.session(), asked["account"]).uuid
    return call.space.faults.add(asked.pop("name"), **asked).told()


def _check_flow(asked: dict[str, Any], client: Client) -> None:
    """Refuse a fault of a token that a client is never given there."""
    spec = CATALOGUE.get(asked["name"])
    signed = spec is not None and spec.signed is not None
    if signed and asked["endpoint"] == "authorize" and client.latest.flow is Flow.CODE:
        raise InputError(f"the client {client.client_id} is given no ID Token at authorize (flow code), but at token")


@operation("DELETE", "/faults", "Switch every fault off")
def clear(call: Call) -> None:
    """What they did stays done."""
    call.space.faults.clear()


@operation("DELETE", "/faults/{number}", "Switch a fault off")
def remove(call: Call) -> None:
    """By its number."""
    number = call.path["number"]
    call.space.faults.clear(int(number) if number.isdecimal() else -1)
