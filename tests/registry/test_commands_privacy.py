"""Registers, breaches, webhooks and the whole registry by command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from glc.cli import glc


@pytest.fixture
def run(commanded: Flask) -> Any:
    """`glc` on a copy of the seeded database."""

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(glc, arguments)

    return invoke


def read(result: Result) -> Any:
    """What was printed as JSON."""
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_the_registers_and_the_recipients_are_printed(run: Any) -> None:
    """GDPR 30(1) and 30(2); who receives data is made from the clients with access."""
    register = read(run("register", "controller", "lyon", "--json"))
    assert "Compte usager du site" in json.dumps(register, ensure_ascii=False)
    assert "Toodego" in json.dumps(read(run("register", "processor", "--json")), ensure_ascii=False)
    assert read(run("register", "recipients", "--json")) == []
    uri = ("--redirect-uri", "http://localhost:3000/retour")
    read(run("client", "register", "--partner", "lyon", "--name", "Piscines", *uri, "--json"))
    assert read(run("register", "recipients", "--json")) == [], "a trial receives invented people's data only"


def test_a_breach_is_recorded_warned_completed_and_closed(run: Any) -> None:
    """GDPR 33: the deadline is printed; what is missing to close is said."""
    uri = ("--redirect-uri", "http://localhost:3000/retour")
    client = read(run("client", "register", "--partner", "lyon", "--name", "Piscines", *uri, "--json"))["client_id"]
    said = ("--aware-at", "2026-03-01T10:00", "--nature", "Journal publié", "--client", client)
    made = read(run("incident", "record", *said, "--json"))
    assert made["due_at"] == "2026-03-04T09:00:00+00:00"
    assert made["to_warn"] == [{"partner": "lyon", "dpo": "dpo@lyon.example"}]
    number = str(made["number"])
    assert read(run("incident", "warn", number, "--json"))[0]["dpo_contact"] == "dpo@lyon.example"
    refused = run("incident", "close", number)
    assert refused.exit_code == 1 or refused.exception is not None
    told = ("--notified-at", "2026-03-02T10:00", "--consequences", "aucune", "--measures", "journal retiré")
    assert read(run("incident", "update", number, *told, "--json"))["measures"] == "journal retiré"
    assert read(run("incident", "close", number, "--json"))["closed_at"]
    assert read(run("incident", "list", "--json"))[0]["number"] == made["number"]


def test_an_address_is_told_of_events_until_it_is_disabled(run: Any) -> None:
    """The secret is printed once; messages are listed and sent again under the same identifier."""
    made = read(run("webhook", "subscribe", "https://programme.example/", "--event", "client.*", "--json"))
    number = str(made["number"])
    assert made["secret"]
    assert "secret" not in read(run("webhook", "list", "--json"))[0]
    (ping,) = read(run("webhook", "deliveries", number, "--json"))
    again = read(run("webhook", "replay", str(ping["number"]), "--json"))
    assert again["event"] == "ping"
    assert again["number"] != ping["number"]
    assert read(run("webhook", "disable", number, "--reason", "maintenance", "--json"))["disabled_at"]
    assert read(run("webhook", "enable", number, "--json"))["disabled_at"] is None


def test_the_registry_is_exported_and_imported_by_command(run: Any, tmp_path: Path) -> None:
    """Issue, point 8: the import of an export says that there is nothing to add; a dry run adds nothing."""
    file = tmp_path / "registre.yaml"
    assert run("registry", "export", str(file)).exit_code == 0
    assert "Nothing changes" in run("registry", "import", str(file)).output
    short = tmp_path / "court.yaml"
    identity = '{valid_from_on: 2015-01-01, name: Vénissieux, legal_name: Ville de Vénissieux, siren: "216902593"}'
    short.write_text(f"partners:\n- slug: venissieux\n  kind: COMMUNE\n  identities:\n  - {identity}\n", "utf-8")
    assert read(run("registry", "import", str(short), "--dry-run", "--json"))["added"] == {
        "partner": 1,
        "partner_identity": 1,
    }
    assert read(run("registry", "import", str(short), "--json"))["added"]["partner"] == 1
    assert "Nothing changes" in run("registry", "import", str(short)).output
