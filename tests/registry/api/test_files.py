"""Amendments, dated acts and processings by programs."""

from __future__ import annotations

from onboarding import COMPLETE, PDF
from programs import Hire, Program

from partner_registry.models import Role

RUNNING = "/agreements/SIMULATEUR-2024-bron"


def test_an_amendment_runs_through_the_same_acts_while_the_agreement_stays_in_force(
    applicant: Program, reviewer: Program, hire: Hire
) -> None:
    """Issue 3, point 2: reopening or examining changes nothing of what runs; the new terms come with their day."""
    changes = {"offer": "RESTRICTED", "hard_end_on": "2030-12-31"}
    made = applicant.create(f"{RUNNING}/amendments", purpose="Offre", changes=changes, effective_on="2027-01-01")
    path = f"{RUNNING}/amendments/{made['number']}"
    assert made["changes"] == changes
    applicant.act(path, "/submit")
    reviewer.act(path, "/request-changes", reason="précisez")
    applicant.act(path, "/submit")
    assert reviewer.act(path, "/approve")["status"] == "agreement_approved"
    for body in ("PARTNER", "METROPOLE"):
        reviewer.act(path, "/decisions", body=body, number="2026/1", decided_on="2026-03-01")
    reviewer.send("POST", f"{path}/documents?kind=AGREEMENT", data=PDF, content_type="application/pdf")
    for act, content in (("sign", {}), ("transmit", {"receipt": "AR"}), ("notify", {"means": "LRAR"})):
        reviewer.act(path, f"/{act}", on="2026-03-02", **content)
    agreement = reviewer.get(RUNNING)
    assert (agreement["status"], agreement["amendments"]) == ("agreement_in_force", [1])
    assert agreement["terms"]["offer"] == "GLOBAL"
    later = reviewer.get(f"{RUNNING}?at=2027-06-01T00:00:00Z")["terms"]
    assert (later["offer"], later["hard_end_on"]) == ("RESTRICTED", "2030-12-31")
    assert [each["number"] for each in applicant.get(f"{RUNNING}/amendments")["items"]] == [1]


def test_an_agreement_is_suspended_resumed_denounced_and_ended(admin: Program, reviewer: Program) -> None:
    """Registry reference, 6.2, with what it cuts told before."""
    assert admin.get(f"{RUNNING}/impact") == {"production": [], "sandbox": [], "active_users": 0}
    admin.act(RUNNING, "/suspend", expected=422, reason="incident", confirmation="lyon")
    suspended = admin.act(RUNNING, "/suspend", reason="incident", confirmation="bron", ends_at="2026-03-09T00:00:00Z")
    assert (suspended["status"], suspended["status_until"]) == ("agreement_suspended", "2026-03-09T00:00:00Z")
    admin.act(RUNNING, "/resume", reason="réglé")
    denounced = reviewer.act(RUNNING, "/denounce", received_on="2026-03-01", sender="Le Maire")
    assert (denounced["status"], denounced["last_on"]) == ("agreement_denounced", "2026-12-31")
    ended = admin.act(RUNNING, "/terminate", last_on="2026-03-31", cause="fusion", confirmation="bron")
    assert ended["last_on"] == "2026-03-31"
    listed = admin.get("/agreements?partner=bron&status=agreement_terminated&at=2026-04-02T00:00:00Z")["items"]
    assert [each["number"] for each in listed] == ["SIMULATEUR-2024-bron"]


def test_a_draft_is_changed_and_its_gap_is_bridged_by_a_derogation(
    applicant: Program, reviewer: Program, admin: Program, hire: Hire
) -> None:
    """A6: dated, with a reason; only an administrator grants it, and only for what is approved."""
    terms = {"framework": "Essai", "offer": "GLOBAL", "starts_on": "2026-04-01", "hard_end_on": "2029-12-31"}
    applicant.create("/agreements", partner="bron", number="SUITE", predecessor="GNM-2019-bron", **terms)
    changed = applicant.act("/agreements/SUITE", method="PATCH", offer="RESTRICTED", predecessor=None)
    assert (changed["offer"], changed["predecessor"]) == ("RESTRICTED", None)
    days = {"from_on": "2026-03-02", "until_on": "2026-03-31", "reason": "continuité"}
    applicant.act("/agreements/SUITE", "/derogations", expected=403, **days)
    admin.act("/agreements/SUITE", "/derogations", expected=409, **days)
    applicant.act("/agreements/SUITE", "/submit")
    reviewer.act("/agreements/SUITE", "/approve")
    granted = admin.act("/agreements/SUITE", "/derogations", **days)["derogations"]
    assert [(each["from_on"], each["until_on"]) for each in granted] == [("2026-03-02", "2026-03-31")]


def test_a_processing_is_changed_by_one_that_replaces_it(applicant: Program, reviewer: Program, hire: Hire) -> None:
    """What was validated never changes; the new one takes its place on the day it is validated."""
    dpo = hire("dpo", Role.DPO)
    purpose = {"text": "Inscrire", "claims": {"email": "prévenir"}}
    processor = {
        "name": "Hébergeur",
        "subject": "Hébergement",
        "checklist": list("abcdefgh"),
        "contract_on": "2025-01-01",
    }
    made = applicant.create("/processings", partner="bron", name="Sport", purposes=[purpose], **COMPLETE)
    path = f"/processings/{made['id']}"
    applicant.act(path, method="PATCH", processors=[processor], name="Sports")
    dpo.act(path, "/opinion", favourable=True, text="bien")
    assert reviewer.act(path, "/validate")["validated_on"] == "2026-03-02"
    applicant.act(path, method="PATCH", expected=409, name="Autre")

    copy = applicant.create(f"{path}/replacements")
    assert (copy["name"], copy["replaces"], len(copy["processors"])) == ("Sports", made["id"], 1)
    applicant.act(f"/processings/{copy['id']}", method="PATCH", purposes=[])
    assert applicant.get(f"/processings/{copy['id']}/missing")["missing"]
    valid = [each["id"] for each in applicant.get("/processings?valid=true")["items"]]
    assert made["id"] in valid
    assert copy["id"] not in valid
    assert applicant.act(path, "/withdraw", reason="abandon")["withdrawn_on"] == "2026-03-02"
