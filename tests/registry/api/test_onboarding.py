"""A commune taken on board by programs alone."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from accounts.mailbox import Mailbox
from flask import Flask
from flows import Citizen, Site
from onboarding import COMPLETE, PDF
from programs import Hire, Program
from sqlalchemy.engine import Engine

from partner_registry.clients.registration import GLC_CLAIMS
from partner_registry.models import Role

CONTACTS = {"CONTROLLER": "maire", "DPO": "dpo", "TECHNICAL": "dsi", "SECURITY": "rssi"}
FILE = "/agreements/CONV-villeurbanne"
TODAY = "2026-03-02"


@pytest.fixture
def verified(app: Flask, engine: Engine) -> Callable[[], None]:
    """Follow the links that were mailed to the contacts of Villeurbanne."""

    def follow() -> None:
        reader = Citizen(app.test_client())
        for box in CONTACTS.values():
            (link,) = Mailbox(engine).links(f"{box}@villeurbanne.example")
            reader.submit(reader.get(link))

    return follow


def apply(applicant: Program) -> str:
    """What the commune does until it submits its file; return the path of its processing."""
    for role, box in CONTACTS.items():
        applicant.create(
            "/partners/villeurbanne/contacts", role=role, name="Un service", email=f"{box}@villeurbanne.example"
        )
    applicant.act("/partners/villeurbanne", method="PATCH", portal_url="https://www.villeurbanne.example/accueil")
    claims = {rule["name"]: "pour la démarche" for rule in GLC_CLAIMS}
    processing = applicant.create(
        "/processings",
        partner="villeurbanne",
        name="Compte",
        purposes=[{"text": "Inscrire aux activités", "claims": claims}],
        **COMPLETE,
    )
    applicant.create(
        "/agreements",
        partner="villeurbanne",
        number="CONV-villeurbanne",
        framework="Cadre d’essai",
        offer="RESTRICTED",
        starts_on=TODAY,
        hard_end_on="2029-12-31",
    )
    return f"/processings/{processing['id']}"


def conclude(reviewer: Program) -> None:
    """What the Métropole records from approval to notification."""
    for body in ("PARTNER", "METROPOLE"):
        reviewer.act(FILE, "/decisions", body=body, number="2026/12", decided_on=TODAY)
    content = base64.b64encode(PDF).decode()
    reviewer.create(f"{FILE}/documents", kind="AGREEMENT", name="convention.pdf", content=content)
    reviewer.act(FILE, "/sign", on=TODAY, signatories="Le Maire, le Président")
    reviewer.act(FILE, "/transmit", on=TODAY, receipt="AR-1")
    reviewer.act(FILE, "/notify", on=TODAY, means="LRAR")


def test_two_agents_take_a_commune_on_board_to_a_production_login(
    app: Flask, hire: Hire, reviewer: Program, verified: Callable[[], None], citizen: Citizen
) -> None:
    """Issue 3: everything from the application to the first login in production, by REST (6.2)."""
    reviewer.create("/partners", code="69266", portal_url="https://www.villeurbanne.example/")
    applicant = hire("applicant", Role.APPLICANT, acts_for="villeurbanne")
    dpo = hire("dpo", Role.DPO)

    processing = apply(applicant)
    lacking = applicant.act(FILE, "/submit", expected=422)
    assert {each["key"] for each in lacking["missing"]} == {"contacts"}
    verified()
    assert applicant.get(f"{FILE}/missing") == {"step": "submission", "missing": []}
    assert applicant.act(FILE, "/submit")["status"] == "agreement_submitted"
    assert applicant.act(FILE, "/approve", expected=403)["status"] == 403

    assert [each["key"] for each in reviewer.get(f"{FILE}/missing")["missing"]] == ["opinion"]
    dpo.act(processing, "/opinion", favourable=True, text="Rien à redire")
    reviewer.act(processing, "/validate")
    assert reviewer.act(FILE, "/approve")["status"] == "agreement_approved"
    conclude(reviewer)
    assert applicant.get(FILE)["status"] == "agreement_in_force"

    client = applicant.create(
        "/clients",
        partner="villeurbanne",
        environment="PRODUCTION",
        name="Villeurbanne en ligne",
        redirect_uris=["https://www.villeurbanne.example/callback"],
    )
    path = f"/clients/{client['client_id']}"
    applicant.act(f"{path}/versions/1", "/submit")
    applicant.act(f"{path}/versions/1", "/publish", expected=403)
    reason = "le site est jugé sur pièces"
    published = reviewer.act(f"{path}/versions/1", "/publish", waiver_reason=reason)
    assert (published["state"], published["waiver_reason"]) == ("PUBLISHED", reason)
    assert reviewer.get(path)["access"] == "open"

    site = Site(client["client_id"], client["client_secret"], "https://www.villeurbanne.example/callback")
    tokens = site.redeem(app.test_client(), citizen.code(site.request())).json
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    claims = app.test_client().get("/idp/oidc/user_info", headers=bearer).json
    assert claims["family_name"] == "Dupré"


def test_what_was_done_by_programs_is_on_record_as_such(reviewer: Program, hire: Hire) -> None:
    """Issue 3, point 9: who, by which door, in which request, before and after."""
    answer = reviewer.send("POST", "/partners", json={"code": "69266"})
    auditor = hire("auditor", Role.AUDITOR)
    entry = auditor.get("/audit/entries?subject=partner:villeurbanne")["items"][0]
    reviewer.act("/partners/villeurbanne", method="PATCH", support_url="https://aide.example/")
    parts = auditor.get("/audit/entries?subject=partner:villeurbanne&action=partner.*")["items"]
    assert [each["action"] for each in parts] == ["partner.edited", "partner.registered"]
    assert (entry["actor"], entry["via"], entry["action"]) == (reviewer.email, "api", "partner.registered")
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    verdict, newest = auditor.get("/audit/verification"), auditor.get("/audit/entries?limit=1")["items"][0]
    assert (verdict["problems"], verdict["head"]) == ([], newest["digest"])
    assert auditor.get(f"/audit/verification?expected_head={'0' * 63}1")["problems"]
