"""Spaces: made, reset, remembered, forgotten; and what needs no space."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from glc.mail import OutboxMail
from testkit.control import schemas
from testkit.control.operation import SPACE, Call, operation
from testkit.space import Space


@operation("GET", "/health", "Whether spaces can be made", key="nobody")
def health(_call: Call) -> Any:
    """Answered once the prepared provider is there: the process is then ready for anything."""
    return {"ready": True, "version": version("grandlyonconnect-simulator")}


@operation("GET", "/openapi.json", "This description", key="nobody")
def describe(call: Call) -> Any:
    """OpenAPI 3.1."""
    from testkit.control.openapi import description

    return description(call.base_url)


@operation("POST", "/spaces", "Make a space", key="spaces", body=schemas.SpaceAsked, status=201)
def make(call: Call) -> Any:
    """The only answer that tells the key."""
    space = call.spaces.make(**call.body.model_dump())
    return told(call, space) | {"control_key": space.control_key}


@operation("GET", "/spaces", "List the spaces, without their keys", key="spaces")
def list_spaces(call: Call) -> Any:
    """In the order in which they were made."""
    return {"spaces": [told(call, each) for each in call.spaces.all()]}


@operation("GET", "", "Tell about the space")
def show(call: Call) -> Any:
    """Its addresses and its time."""
    from testkit.control.handlers.time import told as time_told

    return told(call, call.space) | {"clock": time_told(call.space)}


@operation("DELETE", "", "Forget the space")
def delete(call: Call) -> None:
    """It is gone at once."""
    call.spaces.delete(call.space.id)


@operation("POST", "/reset", "Go back to how it was made: data, keys, time; no fault, no script, an empty journal")
def reset(call: Call) -> Any:
    """For sites whose issuer is fixed."""
    call.space.reset()
    return told(call, call.space)


@operation("POST", "/snapshots", "Remember data, keys and time under a name", body=schemas.SnapshotAsked, status=201)
def snapshot(call: Call) -> Any:
    """What was remembered under that name is replaced."""
    call.space.snapshot(call.body.name)
    return {"name": call.body.name}


@operation("POST", "/snapshots/{name}/restore", "Go back to what was remembered")
def restore(call: Call) -> Any:
    """Faults, scripts and journal go."""
    call.space.restore(call.path["name"])
    return told(call, call.space)


@operation("POST", "/jobs", "Do now what the provider does by itself: webhooks, logouts and keys that are due")
def run_jobs(call: Call) -> Any:
    """Which jobs were due."""
    from glc.worker import run_due

    return {"jobs": run_due(call.space.app)}


@operation("GET", "/mails", "Read the mails that were sent, oldest first", query=("to",))
def mails(call: Call) -> Any:
    """None ever leaves."""
    import sqlalchemy as sa

    from glc.database import db

    with call.space.inside():
        query = sa.select(OutboxMail).order_by(OutboxMail.id)
        if "to" in call.query:
            query = query.where(OutboxMail.recipient == call.query["to"])
        return {
            "mails": [
                {"to": each.recipient, "subject": each.subject, "text": each.text, "at": each.kept_at}
                for each in db.session.scalars(query)
            ]
        }


def told(call: Call, space: Space) -> dict[str, Any]:
    """A space without its key."""
    base = call.base_url.removesuffix("/_testkit")
    return {
        "id": space.id,
        "issuer": space.issuer,
        "base_url": space.settings.base_url,
        "control_url": f"{call.base_url}{SPACE.format(space=space.id)}",
        "inspector_url": f"{base}/inspector/{space.id}/",
        "dialect": space.settings.dialect,
        "seeded": space.seeded,
        "created_at": space.created_at,
        "expires_at": space.expires_at,
    }
