"""What a failing test's report says of its provider."""

from __future__ import annotations

from typing import Any

from pytest_grandlyonconnect.diagram import draw
from pytest_grandlyonconnect.space import Space


def told_of(space: Space) -> str:
    """Each flow drawn, the verdicts on it, and where to look closer."""
    parts = [f"{space.issuer} ({space.dialect})"]
    flows = space.journal.flows()
    for flow in flows:
        whole = space.journal.flow(flow["id"])
        parts.append("\n".join([_title(whole), draw(whole["exchanges"]), *_verdicts(whole)]))
    if not flows:
        parts.append(space.journal.diagram())
    parts.append(f"inspector: {space.inspector_url}")
    return "\n\n".join(parts)


def _title(flow: dict[str, Any]) -> str:
    about = (("client", flow.get("client_id")), ("account", flow.get("account")), ("outcome", flow.get("outcome")))
    return ", ".join([f"flow {flow['id']}", *(f"{name} {value}" for name, value in about if value)])


def _verdicts(flow: dict[str, Any]) -> list[str]:
    """What is wrong with the site, a line each; what is right, by name."""
    found = flow.get("verdicts") or ()
    wrong = [f"✗ {each['name']}: {each['message']}" for each in found if not each["passed"]]
    right = [each["name"] for each in found if each["passed"]]
    return [*wrong, *([f"✓ {', '.join(right)}"] if right else [])]
