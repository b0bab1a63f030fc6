"""A commune taken on board from the command line, by three people (issue 3, point 8; registry reference, 6.2)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import CHEAP, NOON, add_account
from flask import Flask
from onboarding import PDF
from results import CASES, FAILED, signed

from glc.app import create_app
from glc.cli import glc as command
from glc.clock import ManualClock
from glc.errors import Conflict, Forbidden, GlcError, InputError, NotFound
from glc.settings import Settings

ADMIN, REVIEWER, DPO, APPLICANT = (f"{name}@agents.example" for name in ("admin", "reviewer", "dpo", "applicant"))
URI = "https://www.villeurbanne.example/retour"
NUMBER = "CONV-2026-villeurbanne"

Run = Callable[..., Any]


@pytest.fixture
def run(commanded: Flask, clock: ManualClock) -> Run:
    """Run `glc … --json` on a database of the test's own, at the test's time, with agents; the answer is returned.

    A refusal is raised.
    """
    for email in (ADMIN, REVIEWER, DPO, APPLICANT):
        add_account(commanded, clock, email=email, first_name="Agent", last_name=email)

    def done(*arguments: str, by: str | None = None) -> Any:
        answer: Result = CliRunner().invoke(command, [*arguments, "--json", *(("--as", by) if by else ())])
        if isinstance(answer.exception, GlcError):
            raise answer.exception
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout)

    return done


@pytest.fixture
def agents(run: Run) -> None:
    """An administrator, a reviewer, a DPO, and somebody of Villeurbanne once it is a partner."""
    run("agent", "grant", ADMIN, "ADMIN")
    for email, role in ((REVIEWER, "REVIEWER"), (DPO, "DPO")):
        run("agent", "grant", email, role, by=ADMIN)


@pytest.fixture
def submitted(run: Run, agents: None) -> int:
    """Villeurbanne's file, submitted by its own agent; the number of its processing."""
    portal = ("--portal-url", "https://www.villeurbanne.example/")
    assert run("partner", "register", "69266", *portal, by=REVIEWER)["slug"] == "villeurbanne"
    run("agent", "grant", APPLICANT, "APPLICANT", "--partner", "villeurbanne", by=ADMIN)
    for role in ("CONTROLLER", "DPO", "TECHNICAL", "SECURITY"):
        email = f"{'dpo' if role == 'DPO' else role.lower()}@villeurbanne.example"
        contact = run(
            "partner", "contact", "add", "villeurbanne", role, "--name", "Service", "--email", email, by=APPLICANT
        )
        run("partner", "contact", "verify", str(contact["number"]), by=REVIEWER)
    claims = ("given_name", "family_name", "first_name", "last_name", "gender", "birthdate", "birthplace", "email")
    options = [option for name in (*claims, "email_verified") for option in ("--claim", f"{name}=pour la démarche")]
    processing = run(
        *("processing", "draft", "villeurbanne", "--name", "Inscriptions", "--purpose", "Inscrire vos enfants"),
        *options,
        *("--part-reason", "La commune en décide (R35)", "--legal-reference", "CGCT, article L.2121-29"),
        *("--data-subject", "Familles", "--recipient", "Service des écoles", "--retention-months", "24"),
        *("--privacy-notice-url", "https://www.villeurbanne.example/donnees"),
        *("--no-dpia", "--dpia-reason", "Un seul critère du CEPD"),
        by=APPLICANT,
    )
    assert processing["missing"] == []
    run(
        *("agreement", "draft", "villeurbanne", NUMBER, "--framework", "Cadre d’essai", "--offer", "RESTRICTED"),
        *("--starts-on", "2026-03-02", "--hard-end-on", "2029-12-31"),
        by=APPLICANT,
    )
    assert run("agreement", "missing", NUMBER) == []
    assert run("agreement", "submit", NUMBER, by=APPLICANT)["status"] == "SUBMITTED"
    return int(processing["number"])


def test_the_parts_of_a_processing_are_declared_one_by_one(run: Run, submitted: int, tmp_path: Path) -> None:
    """Issue, point 8; GDPR 26, 28(3), 30(1): what a page asks of a joint processing, a command can say."""
    number = str(submitted)
    joint = ("--part", "JOINT_CONTROLLER", "--joint-controller", "bron", "--joint-contact", "dpo@villeurbanne.example")
    essence = ("--joint-essence-url", "https://www.villeurbanne.example/accord", "--data-category", "Vœux d’école")
    run("processing", "edit", number, *joint, *essence, by=APPLICANT)
    run("processing", "purpose", number, "Réserver la cantine", "--claim", "email=Prévenir", by=APPLICANT)
    told = run("processing", "processor", number, "Hébergeur SA", *("--point", "a"), by=APPLICANT)
    assert [each["text"] for each in told["purposes"]] == ["Inscrire vos enfants", "Réserver la cantine"]
    assert told["data_categories"] == ["Vœux d’école"]
    assert [each.partition(":")[0] for each in told["missing"]] == ["“Inscriptions”"] * 2

    points = [option for point in "abcdefgh" for option in ("--point", point)]
    run("processing", "processor", number, "metropole", *points, "--contract-on", "2026-01-05", by=APPLICANT)
    run("processing", "processor", number, "Hébergeur SA", "--remove", by=APPLICANT)
    run("processing", "purpose", number, "Réserver la cantine", "--remove", by=APPLICANT)
    paper = tmp_path / "accord.pdf"
    paper.write_bytes(PDF)
    complete = run("processing", "document", number, str(paper), "--kind", "JOINT_ARRANGEMENT", by=APPLICANT)
    assert [each["who"] for each in complete["processors"]] == ["metropole"]
    assert (complete["missing"], len(complete["purposes"]), len(complete["documents"])) == ([], 1, 1)
    with pytest.raises(NotFound, match="Inscrire vos enfants"):
        run("processing", "purpose", number, "Autre chose", "--remove", by=APPLICANT)


def test_a_commune_goes_from_registration_to_production_by_command_line(
    run: Run, submitted: int, tmp_path: Path, clock: ManualClock
) -> None:
    """Everything the screens do (issue, point 8): and every act is in the trail."""
    pdf = tmp_path / "convention.pdf"
    pdf.write_bytes(PDF)
    run("processing", "opinion", str(submitted), "Rien à redire", "--favourable", by=DPO)
    assert run("processing", "validate", str(submitted), by=REVIEWER)["state"] == "VALIDATED"
    assert run("agreement", "approve", NUMBER, by=REVIEWER)["status"] == "APPROVED"
    for body in ("PARTNER", "METROPOLE"):
        run("agreement", "decision", NUMBER, "--body", body, "--number", "2026/12", "--on", "2026-03-01", by=REVIEWER)
    kept = run("agreement", "document", NUMBER, str(pdf), by=REVIEWER)["documents"]
    assert [(each["name"], each["size"]) for each in kept] == [("convention.pdf", len(PDF))]
    run("agreement", "sign", NUMBER, "--on", "2026-03-02", "--signatories", "Le Maire", by=REVIEWER)
    run("agreement", "transmit", NUMBER, "--on", "2026-03-02", "--receipt", "AR-1", by=REVIEWER)
    assert run("agreement", "notify", NUMBER, "--on", "2026-03-02", by=REVIEWER)["status"] == "IN_FORCE"

    client = run(
        *("client", "register", "--partner", "villeurbanne", "--environment", "production", "--name", "Inscriptions"),
        *("--redirect-uri", URI),
        by=APPLICANT,
    )
    assert (client["state"], client["agreement"], bool(client["client_secret"])) == ("DRAFT", NUMBER, True)
    run("client", "submit", client["client_id"], by=APPLICANT)
    waiver = ("--waiver", "vérifié à la main")
    assert run("client", "publish", client["client_id"], *waiver, by=REVIEWER)["state"] == "PUBLISHED"

    assert run("partner", "show", "villeurbanne")["agreement"] == "IN_FORCE"
    clock.advance(days=1)
    yesterday = run("agreement", "show", NUMBER, "--at", "2026-03-01T23:59:59")
    assert (yesterday["status"], yesterday["notified_on"], yesterday["documents"]) == ("DRAFT", None, [])
    verdict = run("audit", "verify")
    assert verdict["whole"]
    assert run("audit", "verify", "--expect", verdict["head"])["entries"] > 20
    acts = [(each["action"], each["actor"]) for each in run("audit", "list", "--subject", f"agreement:{NUMBER}")]
    assert acts[0] == ("agreement.notified", REVIEWER)
    assert acts[-1] == ("agreement.drafted", APPLICANT)


def test_the_same_person_never_decides_on_what_they_wrote(run: Run, submitted: int) -> None:
    """Four eyes, as on screen (6.3, mistake 9); a decision that takes a person is not the operator's."""
    with pytest.raises(Forbidden, match="--as"):
        run("agreement", "approve", NUMBER)
    run("agreement", "withdraw", NUMBER, "--reason", "à refaire", by=APPLICANT)
    mine = "CONV-2026-bis"
    run(
        *("agreement", "draft", "villeurbanne", mine, "--framework", "Cadre d’essai", "--offer", "RESTRICTED"),
        *("--starts-on", "2026-03-02", "--hard-end-on", "2029-12-31"),
        by=REVIEWER,
    )
    run("agreement", "submit", mine, by=REVIEWER)
    run("processing", "opinion", str(submitted), "Rien à redire", "--favourable", by=DPO)
    with pytest.raises(Forbidden, match="une autre personne"):
        run("agreement", "approve", mine, by=REVIEWER)
    assert run("agreement", "approve", mine, by=ADMIN)["status"] == "APPROVED"


def test_an_agent_does_on_the_command_line_what_their_role_allows(run: Run, submitted: int) -> None:
    """The same permissions as on screen, another commune's record included."""
    with pytest.raises(Forbidden, match="réservée"):
        run("agreement", "approve", NUMBER, by=APPLICANT)
    with pytest.raises(Forbidden, match="réservée"):
        run("partner", "edit", "lyon", "--portal-url", "https://www.lyon.example/", by=APPLICANT)
    run("agent", "revoke", REVIEWER, "REVIEWER", "--reason", "départ")
    with pytest.raises(Forbidden, match="pas de rôle"):
        run("partner", "register", "69029", by=REVIEWER)
    with pytest.raises(Conflict, match="dernier administrateur"):
        run("agent", "revoke", ADMIN, "ADMIN", "--reason", "départ")


def test_a_refused_command_changes_nothing(run: Run, submitted: int) -> None:
    """One transaction a command: neither the act nor a trail of it."""
    before = run("audit", "verify")["head"]
    with pytest.raises(InputError, match="approuvée"):
        run("agreement", "sign", NUMBER, "--on", "2026-03-02", by=REVIEWER)
    assert run("audit", "verify")["head"] == before


def test_a_partner_in_use_is_cut_off_only_by_whoever_types_its_name(run: Run, agents: None) -> None:
    """Mistake 14: typed confirmation, on a terminal or by an option."""
    lyon = "SIMULATEUR-2024-lyon"
    with pytest.raises(InputError, match="lyon"):
        run("agreement", "suspend", lyon, "--reason", "incident", "--confirm", "oui", by=ADMIN)
    told = run("agreement", "suspend", lyon, "--reason", "incident", "--confirm", "lyon", by=ADMIN)
    assert told["status"] == "SUSPENDED"
    assert run("agreement", "lift", lyon, "--reason", "corrigé", by=ADMIN)["status"] == "IN_FORCE"


def test_what_other_doors_do_is_done_on_the_command_line(run: Run, agents: None) -> None:
    """What a bill says is corrected, a draft's kind and predecessor changed, a service's homologation recorded."""
    bron = "SIMULATEUR-2024-bron"
    told = run("agreement", "correct", bron, "--budget-nature", "62878", "--reason", "coquille", by=ADMIN)
    assert told["budget_nature"] == "62878"
    terms = ("--framework", "Essai", "--offer", "GLOBAL", "--starts-on", "2027-01-01", "--hard-end-on", "2028-12-31")
    run("agreement", "draft", "bron", "CONV-bron", *terms, by=REVIEWER)
    told = run("agreement", "edit", "CONV-bron", "--kind", "EXPERIMENT", "--predecessor", bron, by=REVIEWER)
    assert (told["kind"], told["predecessor"]) == ("EXPERIMENT", bron)
    assert run("agreement", "edit", "CONV-bron", "--predecessor", "", by=REVIEWER)["predecessor"] is None

    uri = ("--redirect-uri", "https://bron.example/retour")
    site = run("client", "register", "--partner", "bron", "--name", "Site", *uri, by=REVIEWER)["client_id"]
    told = run("client", "security", site, "--approval", "le maire", "--until", "2028-12-31", by=REVIEWER)
    assert (told["security_approval"], told["security_approved_until_on"]) == ("le maire", "2028-12-31")


def test_what_a_client_gets_and_why_is_told_at_any_instant(run: Run, agents: None) -> None:
    """Registry reference 6.2: operators read the reason code; A18: by the second, in Lyon's time."""
    site = run("client", "register", "--partner", "lyon", "--name", "S", "--redirect-uri", "http://localhost:3000/r")
    told = {
        at: run("client", "terms", site["client_id"], "--at", at)
        for at in ("2016-01-01", "2026-03-02T12:00:00", "2031-12-31T23:59:59", "2032-01-01T00:00:00")
    }
    assert [(each["access"], each["reason"]) for each in told.values()] == [
        ("not_yet", "no_file_submitted"),
        ("open", "agreement_in_force"),
        ("open", "agreement_in_force"),
        ("over", "agreement_expired"),
    ]
    assert told["2026-03-02T12:00:00"]["controller"] == "Ville de Lyon"
    assert site["client_secret"] not in json.dumps(told)
    with pytest.raises(NotFound, match="nope"):
        run("client", "terms", "nope")


def test_a_planned_binding_and_transfer_are_taken_back_on_the_command_line(run: Run, agents: None) -> None:
    """As by page and by REST."""
    bron, uri = "SIMULATEUR-2024-bron", ("--redirect-uri", "https://bron.example/retour")
    options = ("--environment", "PRODUCTION", "--name", "Site", *uri)
    site = run("client", "register", "--partner", "bron", *options, by=REVIEWER)["client_id"]
    as_it_was = run("client", "history", site)["bindings"]
    run("client", "bind", site, bron, "--from", "2029-06-01", by=REVIEWER)
    run("client", "unbind", site, "--from", "2029-06-01", "--reason", "date fausse", by=REVIEWER)
    run("client", "transfer", site, "lyon", "--on", "2027-01-01", "--reason", "mutualisation", by=ADMIN)
    run("client", "cancel-transfer", site, "--on", "2027-01-01", "--reason", "date fausse", by=ADMIN)
    after = run("client", "history", site)
    assert (after["bindings"], after["transfers"]) == (as_it_was, [])


def test_an_amendment_is_a_file_of_its_own(run: Run, agents: None, tmp_path: Path, clock: ManualClock) -> None:
    """NUMBER/1 is submitted, approved, signed and notified while the agreement runs on; then its terms hold."""
    bron, amendment, pdf = "SIMULATEUR-2024-bron", "SIMULATEUR-2024-bron/1", tmp_path / "avenant.pdf"
    pdf.write_bytes(PDF)
    run(
        *("agreement", "amend", bron, "--purpose", "Offre restreinte", "--effective-on", "2027-01-01"),
        *("--offer", "RESTRICTED"),
        by=REVIEWER,
    )
    run("agreement", "submit", amendment, by=REVIEWER)
    assert run("agreement", "approve", amendment, by=ADMIN)["status"] == "APPROVED"
    for body in ("PARTNER", "METROPOLE"):
        run("agreement", "decision", amendment, "--body", body, "--number", "1", "--on", "2026-03-02", by=REVIEWER)
    run("agreement", "document", amendment, str(pdf), by=REVIEWER)
    run("agreement", "sign", amendment, "--on", "2026-03-02", by=REVIEWER)
    run("agreement", "transmit", amendment, "--on", "2026-03-02", "--receipt", "AR-2", by=REVIEWER)
    assert run("agreement", "notify", amendment, "--on", "2026-03-02", by=REVIEWER)["status"] == "PENDING_START"
    assert run("agreement", "show", bron)["status"] == "IN_FORCE"
    terms = [run("agreement", "show", bron, "--at", day)["offer"] for day in ("2026-12-31", "2027-01-01")]
    assert terms == ["GLOBAL", "RESTRICTED"]


def test_a_token_is_shown_once_and_listed_without_its_text(run: Run, agents: None) -> None:
    """`glc agent token`: what programs present to the REST interface."""
    made = run("agent", "token", REVIEWER, "--name", "tableau de bord", by=REVIEWER)
    listed = run("agent", "tokens", REVIEWER)
    assert [each["name"] for each in listed] == ["tableau de bord"]
    assert made["token"] not in json.dumps(listed)
    run("agent", "revoke-token", str(made["number"]), "--reason", "fini", by=REVIEWER)
    assert run("agent", "tokens")[0]["revoked_at"] == NOON.isoformat()


def test_an_acceptance_run_is_stored_from_a_file(run: Run, submitted: int, tmp_path: Path) -> None:
    """Issue 5, point 7: kept on the newest version, which is then published without a waiver."""
    database = os.environ["GLC_DATABASE_URL"]
    app = create_app(Settings(database_url=database, **CHEAP), clock=ManualClock(NOON))
    register = ("client", "register", "--partner", "lyon", "--environment", "production", "--name", "Lyon")
    client_id = run(*register, "--redirect-uri", "https://lyon.example/retour", by=ADMIN)["client_id"]
    run("client", "submit", client_id, by=ADMIN)
    for name, cases in (("failed", FAILED), ("passed", CASES)):
        with pytest.raises(InputError, match="recette réussie"):
            run("client", "publish", client_id, by=REVIEWER)
        file = tmp_path / f"{name}.jws"
        file.write_text(signed(app, client_id, cases=cases) + "\n")
        kept = run("client", "acceptance", client_id, "--file", str(file), by=ADMIN)
        assert (kept["verdict"], kept["version"], kept["stored_at"]) == (name, 1, "2026-03-02T11:00:00+00:00")
    assert run("client", "publish", client_id, by=REVIEWER)["state"] == "PUBLISHED"
    (version,) = run("client", "history", client_id)["versions"]
    assert [each["verdict"] for each in version["acceptances"]] == ["failed", "passed"]
    assert version["waiver"] == ""
