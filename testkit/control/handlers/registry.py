"""The registry of a space as a file: partners, agreements, processings and clients of one's own."""

from __future__ import annotations

import dataclasses
from typing import Any

from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import InputError
from glc.services import services
from partner_registry.agents import OPERATOR
from partner_registry.ports import ports
from testkit.control.operation import Call, operation

YAML = "application/yaml"


@operation("GET", "/registry", "Read the space's registry as a file (docs/registry-yaml.md)", tells=YAML)
def export_all(call: Call) -> Any:
    """Without secrets."""
    from partner_registry.exchange.export import export

    with call.space.inside():
        return Response(export(db.session(), ports().person), mimetype=YAML)


@operation("POST", "/registry/import", "Add what a file of the registry holds", takes=(YAML,), status=201)
def load(call: Call) -> Any:
    """Partners, agreements, processings, clients: all of it or nothing; an error names its key. People whom it names
    and who are not there are made. The only way to have partners in an empty space."""
    from partner_registry.exchange.import_ import import_registry

    try:
        text = call.raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("this is not UTF-8") from error
    with call.space.inside():
        done = import_registry(
            db.session(),
            OPERATOR,
            text,
            file="(body)",
            at=services().clock.now(),
            ports=ports(),
            entropy=services().entropy,
            make_accounts=True,
        )
        return dataclasses.asdict(done)
