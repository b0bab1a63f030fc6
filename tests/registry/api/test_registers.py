"""Registers of processing, for programs and spreadsheets (GDPR 30)."""

from __future__ import annotations

from programs import Program


def test_a_partner_reads_its_own_register_and_the_metropole_everybodys(applicant: Program, reviewer: Program) -> None:
    """GDPR 30(1): per controller; without the people of a partner (registry reference, 6.3, mistake 20)."""
    register = applicant.get("/partners/bron/register")
    assert register["body"]["name"] == "Ville de Bron"
    assert {each["name"] for each in register["processings"]} >= {"Compte usager du site"}
    assert applicant.send("GET", "/partners/lyon/register").status_code == 404
    assert reviewer.get("/partners/lyon/register")["body"]["dpo"] == "dpo@lyon.example"
    assert "technique" not in reviewer.send("GET", "/partners/lyon/register").text


def test_a_register_is_as_of_a_day(reviewer: Program) -> None:
    """What was validated then."""
    assert reviewer.get("/partners/bron/register?on=2016-01-01")["processings"] == []
    assert reviewer.send("GET", "/partners/bron/register?on=hier").status_code == 422


def test_what_the_metropole_does_for_others_and_who_receives_data_is_for_its_agents(
    applicant: Program, reviewer: Program
) -> None:
    """GDPR 30(2), and the list of recipients: production clients that are let in."""
    acts = reviewer.get("/registers/processor")
    assert acts["body"]["partner"] == "metropole"
    assert {each["controllers"][0]["partner"] for each in acts["processings"]} >= {"bron", "lyon"}
    assert reviewer.get("/registers/recipients?at=2020-01-01T00:00:00Z") == {"recipients": []}
    for path in ("/registers/processor", "/registers/recipients"):
        assert applicant.send("GET", path).status_code == 403


def test_registers_are_told_to_spreadsheets_in_the_language_asked_for(reviewer: Program) -> None:
    """CSV with a byte order mark."""
    for path in ("/partners/bron/register", "/registers/processor", "/registers/recipients"):
        answer = reviewer.send("GET", path, headers={"Accept": "text/csv", "Accept-Language": "fr"})
        assert (answer.status_code, answer.mimetype) == (200, "text/csv")
        assert answer.data.startswith("\ufeff".encode())
    assert "Destinataire" in answer.text
