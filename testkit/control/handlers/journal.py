"""The journal: what was exchanged, waited for, and judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from glc.errors import InputError, NotFound
from testkit.control import schemas
from testkit.control.operation import Call, operation
from testkit.journal.exchange import Exchange
from testkit.request import NAMES

if TYPE_CHECKING:
    from testkit.journal.flows import Flow
    from testkit.journal.verdicts import Verdict


@operation("GET", "/journal", "List exchanges, oldest first", query=("endpoint", "client_id", "flow", "after"))
def exchanges(call: Call) -> Any:
    """Secrets are replaced by marks, the same for the same secret."""
    _know_endpoint(call.query.get("endpoint"))
    found = call.space.journal.exchanges(_number(call.query.get("after", "0"), "after"))
    if "flow" in call.query:
        found = _flow(call, call.query["flow"]).exchanges
    for name in ("endpoint", "client_id"):
        if name in call.query:
            found = [each for each in found if getattr(each, name) == call.query[name]]
    return {"exchanges": [told(each) for each in found]}


@operation("DELETE", "/journal", "Forget the exchanges so far")
def clear(call: Call) -> None:
    """Numbers go on."""
    call.space.journal.clear()


@operation("GET", "/journal/flows", "List the logins that the exchanges make up")
def flows(call: Call) -> Any:
    """Each with its outcome and what is wrong with it."""
    from testkit.journal import checks

    found = _flows(call)
    judged = checks.verdicts_of_all(found)
    return {"flows": [_flow_told(each, judged[each.id]) for each in found]}


@operation("GET", "/journal/flows/{flow}", "Show a login, with its exchanges")
def flow(call: Call) -> Any:
    """In their order."""
    from testkit.journal import checks

    found = _flow(call, call.path["flow"])
    judged = checks.verdicts(found, _flows(call))
    return _flow_told(found, judged) | {"exchanges": [told(each) for each in found.exchanges]}


@operation("GET", "/journal/flows/{flow}/har", "Export a login as an HTTP archive")
def har(call: Call) -> Any:
    """HAR 1.2, without secrets."""
    from testkit.journal import har as archives

    return archives.har(_flow(call, call.path["flow"]))


@operation("POST", "/journal/wait", "Wait until exchanges are there", body=schemas.WaitAsked)
def wait(call: Call) -> Any:
    """Instead of sleeping: answered as soon as enough of them are, or when the time is over."""
    asked = call.body
    _know_endpoint(asked.endpoint)
    names = ("endpoint", "client_id", "status")

    def fitting(found: Sequence[Exchange]) -> list[Exchange]:
        wanted = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
        return [each for each in found if all(getattr(each, name) == value for name, value in wanted.items())]

    found = fitting(
        call.space.journal.wait(lambda each: len(fitting(each)) >= asked.count, asked.after, asked.timeout_in)
    )
    return {"met": len(found) >= asked.count, "exchanges": [told(each) for each in found]}


@operation("POST", "/journal/assertions", "Judge what the site did", body=schemas.AssertionsAsked)
def judge(call: Call) -> Any:
    """Each assertion by its name, with options where it has some."""
    from testkit.journal import checks

    found = call.space.journal.exchanges(call.body.after)
    if call.body.client_id is not None:
        found = [each for each in found if each.client_id in {None, call.body.client_id}]
    try:
        judged = checks.judge(found, call.body.assertions)
    except checks.UnknownAssertion as error:
        raise InputError(str(error)) from error
    results = _both(judged)
    return {"passed": all(each["passed"] for each in results), "results": results}


def told(exchange: Exchange) -> dict[str, Any]:
    """An exchange as JSON."""
    values = {spec.name: getattr(exchange, spec.name) for spec in dataclasses.fields(exchange)}
    values["tokens"] = [
        {"where": each.where, "header": dict(each.header), "claims": dict(each.claims)} for each in exchange.tokens
    ]
    return values | {"marks": sorted(exchange.marks)}


def _flows(call: Call) -> list[Flow]:
    from testkit.journal import flows as joined

    return joined.flows(call.space.journal.exchanges())


def _flow(call: Call, number: str) -> Flow:
    found = [each for each in _flows(call) if str(each.id) == number]
    if not found:
        raise NotFound(f"the journal has no flow {number!r}")
    return found[0]


def _flow_told(flow: Flow, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    judged = [each for each in verdicts if each.passed is not None]
    names = ("id", "client_id", "account", "began_at", "ended_at", "outcome")
    return {name: getattr(flow, name) for name in names} | {
        "exchanges": [each.id for each in flow.exchanges],
        "verdicts": _both(judged),
    }


def _both(judged: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Verdicts in both languages."""
    from testkit.journal import checks

    french = checks.results(judged, "fr")
    return [told | {"message_fr": each["message"]} for told, each in zip(checks.results(judged), french, strict=True)]


def _know_endpoint(name: str | None) -> None:
    """Refuse what no exchange is called, rather than wait for it."""
    if name not in {None, *NAMES}:
        raise InputError(f"no endpoint is called {name!r}; there are: {', '.join(NAMES)}")


def _number(text: str, name: str) -> int:
    if not text.isdecimal():
        raise InputError(f"{name} is a number")
    return int(text)
