"""Shapes of faults of the provider's calls to sites."""

from __future__ import annotations

import dataclasses
import json
from urllib.parse import parse_qsl

from glc.clock import pause
from glc.errors import FetchError
from glc.fetch import Fetched
from testkit.faults.fault import Outgoing, Send


def twice(call: Outgoing, send: Send) -> Fetched:
    """The same call once more; the second answer counts."""
    send(call)
    return send(call)


def dropped(call: Outgoing, send: Send) -> Fetched:  # noqa: ARG001 — nobody sends
    """No call at all."""
    raise FetchError("the call was dropped by a planned fault")


def late(call: Outgoing, send: Send) -> Fetched:
    """The same call, later."""
    pause(float(call.options["seconds"]))
    return send(call)


def as_json(call: Outgoing, send: Send) -> Fetched:
    """The form's members as JSON."""
    body = json.dumps(dict(parse_qsl(call.body.decode("ascii")))).encode()
    return send(dataclasses.replace(call, body=body, headers={**call.headers, "Content-Type": "application/json"}))


def by_get(call: Outgoing, send: Send) -> Fetched:
    """The form in the address."""
    glue = "&" if "?" in call.url else "?"
    return send(dataclasses.replace(call, method="GET", url=f"{call.url}{glue}{call.body.decode('ascii')}", body=b""))


def without_token(call: Outgoing, send: Send) -> Fetched:
    """An empty form."""
    return send(dataclasses.replace(call, body=b""))
