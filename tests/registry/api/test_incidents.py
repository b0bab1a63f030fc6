"""Breaches of personal data, recorded and followed by programs (GDPR 33 and 34)."""

from __future__ import annotations

import pytest
from accounts.mailbox import Mailbox
from programs import Hire, Program
from sqlalchemy.engine import Engine

from glc.clock import ManualClock
from partner_registry.data_protection.incidents import CHANGEABLE
from partner_registry.models import Role


@pytest.fixture
def dpo(hire: Hire) -> Program:
    """The program of the Métropole's DPO."""
    return hire("dpo", Role.DPO)


def test_a_breach_is_followed_from_the_first_hour_to_its_end(
    dpo: Program, admin: Program, clock: ManualClock, engine: Engine
) -> None:
    """GDPR 33: 72 hours, whom to warn, what was done; closed once nothing is missing."""
    site = admin.create("/clients", partner="bron", name="Site", redirect_uris=["https://bron.example/back"])
    sent = {"aware_at": "2026-03-02T08:00:00Z", "nature": "Base copiée", "clients": [site["client_id"]]}
    made = dpo.create("/incidents", **sent, high_risk=True)
    path = f"/incidents/{made['id']}"
    assert made["due_at"] == "2026-03-05T08:00:00Z"
    (warned,) = dpo.get(f"{path}/dpos")["partners"]
    assert (warned["dpo_email"], warned["services"]) == ("dpo@bron.example", [f"Site ({site['client_id']})"])
    lacking = dpo.act(path, "/close", expected=422)["missing"]
    assert [each["detail"] for each in lacking] == [each["detail"] for each in dpo.get(f"{path}/missing")["missing"]]

    assert dpo.act(path, "/warn")["dpos_warned_at"] == "2026-03-02T11:00:00Z"
    assert Mailbox(engine).of("dpo@bron.example")[-1].subject.startswith("Violation de données")
    clock.advance(days=4)
    late = {"authority_notified_at": "2026-03-06T10:00:00Z"}
    dpo.act(path, method="PATCH", expected=422, **late)
    dpo.act(path, method="PATCH", **late, late_reason="week-end", consequences="usurpation", measures="clés changées")
    dpo.act(path, method="PATCH", people_told_at="2026-03-06T10:30:00Z", people_affected=12)
    assert dpo.act(path, "/close")["closed_at"]
    assert dpo.get("/incidents?closed=false")["items"] == []
    assert dpo.act(path, "/reopen", reason="d’autres comptes")["closed_at"] is None


def test_incidents_are_for_the_metropole_and_its_dpo_writes_them(
    applicant: Program, reviewer: Program, dpo: Program
) -> None:
    """`agents.PERMISSIONS`: incident.edit."""
    sent = {"aware_at": "2026-03-02T08:00:00Z", "nature": "Base copiée"}
    assert applicant.send("GET", "/incidents").status_code == 403
    reviewer.create("/incidents", 403, **sent)
    dpo.create("/incidents", 422, **sent, clients=["nobody"])
    assert reviewer.get(f"/incidents/{dpo.create('/incidents', **sent)['id']}")["nature"] == "Base copiée"


def test_all_that_may_change_of_a_breach_can_be_sent(dpo: Program) -> None:
    """A field that the rules gain is missed here."""
    schema = dpo.send("GET", "/openapi.json").json["components"]["schemas"]["IncidentChanges"]
    assert schema["properties"].keys() == CHANGEABLE | {"reason"}
