"""The yearly bills from the command line, by two agents (issue 3, points 3 and 8; reference, 5.3)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import add_account
from flask import Flask

from glc.cli import glc as command
from glc.clock import ManualClock
from glc.errors import Conflict, Forbidden, GlcError, InputError, NotFound

ADMIN, REVIEWER, OTHER = (f"{name}@agents.example" for name in ("admin", "reviewer", "other"))
Run = Callable[..., Any]


@pytest.fixture
def raw(commanded: Flask, clock: ManualClock) -> Run:
    """Run `glc …` in spring 2024 on a database of the test's own, with three agents; a refusal is raised."""
    clock.set(dt.datetime(2024, 3, 1, 9, tzinfo=dt.UTC))
    for email in (ADMIN, REVIEWER, OTHER):
        add_account(commanded, clock, email=email, first_name="Agent", last_name=email)

    def done(*arguments: str, stdin: str | None = None) -> bytes:
        answer: Result = CliRunner().invoke(command, arguments, input=stdin)
        if isinstance(answer.exception, GlcError):
            raise answer.exception
        assert answer.exit_code == 0, answer.output
        return answer.stdout_bytes

    for email, role in ((ADMIN, "ADMIN"), (REVIEWER, "REVIEWER"), (OTHER, "REVIEWER")):
        done("agent", "grant", email, role)
    return done


@pytest.fixture
def run(raw: Run) -> Run:
    """The same with --json: the answer as a value."""
    return lambda *arguments, by=None, **more: json.loads(
        raw(*arguments, "--json", *(("--as", by) if by else ()), **more)
    )


@pytest.fixture
def issued(run: Run) -> dict[str, Any]:
    """The run of 2019, issued."""
    made = run("billing", "prepare", "--year", "2019", by=REVIEWER)
    run("billing", "validate", str(made["run"]), by=OTHER)
    found: dict[str, Any] = run("billing", "issue", str(made["run"]), by=REVIEWER)
    return found


def test_a_run_is_prepared_by_one_validated_by_another_and_issued(run: Run) -> None:
    """Reference, 5.3: four eyes; totals printed."""
    made = run("billing", "prepare", "--year", "2020", by=REVIEWER)
    number = str(made["run"])
    assert (made["state"], made["total_cents"], made["anomalies"], made["blocked"]) == ("DRAFT", 5_820_000, [], [])
    for who in (REVIEWER, None):
        with pytest.raises(Forbidden):
            run("billing", "validate", number, by=who)
    validated = run("billing", "validate", number, by=OTHER)
    assert (validated["state"], validated["prepared_by"], validated["validated_by"]) == ("VALIDATED", REVIEWER, OTHER)
    issued = run("billing", "issue", number, by=REVIEWER)
    assert (issued["state"], issued["tariff"]) == ("ISSUED", "GNM 2019-2023")
    assert issued["lines"] == validated["lines"]
    assert run("billing", "show", number) == issued
    (listed,) = run("billing", "list", "--year", "2020")
    assert listed == {name: issued[name] for name in listed} | {"lines": 5}
    assert run("billing", "list", "--year", "2019") == []


def test_the_run_of_2024_is_empty_and_is_set_aside(run: Run, raw: Run) -> None:
    """R33, reading A17."""
    made = run("billing", "prepare", "--year", "2024", by=REVIEWER)
    assert (made["lines"], made["total_cents"]) == ([], 0)
    assert len(made["excluded"]) == 6
    with pytest.raises(Conflict):
        run("billing", "validate", str(made["run"]), by=OTHER)
    assert raw("billing", "preview", "--year", "2024").decode() == "nothing is due in 2024\ntotal 0 €\n"
    gone = run("billing", "discard", str(made["run"]), "--reason", "rien à facturer", by=REVIEWER)
    assert (gone["state"], gone["discarded_reason"]) == ("DISCARDED", "rien à facturer")


def test_a_line_is_undone_and_billed_again(run: Run, issued: dict[str, Any]) -> None:
    """Reference, 5.3."""
    line = issued["lines"][0]
    undone = run("billing", "counter", str(line["id"]), "--reason", "offre mal saisie", by=ADMIN)
    assert (undone["due_cents"], undone["counters_id"], undone["reason"]) == (-700_000, line["id"], "offre mal saisie")
    again = run("billing", "prepare", "--year", "2019", by=REVIEWER)
    assert [(each["agreement_number"], each["due_cents"]) for each in again["lines"]] == [("GNM-2019-bron", 700_000)]
    with pytest.raises(NotFound, match="ligne n° 99"):
        run("billing", "counter", "99", "--reason", "rien", by=ADMIN)


def test_brackets_and_credits_are_recorded_by_year(run: Run) -> None:
    """R11, reading A4."""
    told = run("billing", "credits", "GNM-2019-lyon", "--year", "2020", "--refused", by=REVIEWER)
    assert told == {"agreement": "GNM-2019-lyon", "year": 2020, "budget_voted": False}
    made = run("billing", "prepare", "--year", "2020", by=REVIEWER)
    assert len(made["anomalies"]) == 1
    with pytest.raises(Conflict, match="rien à confirmer"):
        run(
            *("billing", "confirm-bracket", "GNM-2019-lyon", "--year", "2020", "--bracket", "FROM_80000"),
            *("--reason", "recensement"),
            by=ADMIN,
        )


def test_exports_are_written_as_files_or_to_the_screen(raw: Run, issued: dict[str, Any], tmp_path: Path) -> None:
    """Reference, 5.3; mistake 20."""
    number = str(issued["run"])
    file = tmp_path / "2019.csv"
    assert raw("billing", "export", number, "--output", str(file)) == b""
    assert file.read_bytes().startswith("\ufeffCampagne;Ligne;".encode())
    rows = list(csv.DictReader(io.StringIO(raw("billing", "export", number, "--format", "csv").decode())))
    assert sum(int(row["due_cents"]) for row in rows) == issued["total_cents"] == 2_910_000
    assert json.loads(raw("billing", "export", number, "--format", "json")) == issued["lines"]


def test_a_statement_is_written_for_a_partner_of_the_run(raw: Run, issued: dict[str, Any], tmp_path: Path) -> None:
    """Reference, 5.2; reading A16."""
    file = tmp_path / "lyon.pdf"
    raw("billing", "statement", str(issued["run"]), "--partner", "lyon", "--output", str(file))
    assert file.read_bytes().startswith(b"%PDF-")
    with pytest.raises(InputError, match="rien n’est dû en 2019"):
        raw("billing", "statement", str(issued["run"]), "--partner", "metropole", "--output", str(file))


def test_a_tariff_is_shown_and_saved_from_what_was_shown(run: Run, raw: Run, issued: dict[str, Any]) -> None:
    """Mistake 4, reading A17: what billed stays; the next framework's grid starts from it."""
    assert [(each["name"], each["billed"]) for each in run("tariff", "list")] == [("GNM 2019-2023", True)]
    grid = run("tariff", "show", "GNM 2019-2023")
    assert run("tariff", "save", "-", by=ADMIN, stdin=json.dumps(grid)) == grid, "the same again changes nothing"
    following = grid | {"name": "Suite", "first_year": 2024, "last_year": 2028}
    following |= {"founders_discount_year": None, "founders_discount_percent": 0}
    assert run("tariff", "save", "-", by=ADMIN, stdin=json.dumps(following)) == following
    with pytest.raises(Conflict, match="a déjà servi à facturer"):
        run("tariff", "save", "-", by=ADMIN, stdin=json.dumps(grid | {"last_year": 2022}))
    for wrong in ("{", "[]", json.dumps(grid | {"population_kind": "zèbres"}), json.dumps(grid | {"brackets": "x"})):
        with pytest.raises(InputError):
            run("tariff", "save", "-", by=ADMIN, stdin=wrong)
    with pytest.raises(NotFound, match="il n’y a pas de grille"):
        run("tariff", "show", "Rien")


@pytest.mark.parametrize("offer", ["GLOBAL", "RESTRICTED"])
def test_the_totals_of_all_communes_are_printed(run: Run, raw: Run, offer: str) -> None:
    """Issue 3, « Proof »: 59 communes, each year of the framework, for people and for programs."""
    for year in range(2019, 2024):
        arguments = ("billing", "preview", "--year", str(year), "--all-communes", "--offer", offer)
        found = run(*arguments)
        assert len(found["lines"]) == 59
        assert found["total_cents"] == sum(line["due_cents"] for line in found["lines"]) > 0
        assert {*found["lines"][0]} == {
            *("insee", "name", "population", "census_year", "bracket", "offer", "base_cents", "discount_cents"),
            *("due_cents", "basis"),
        }
        total = f"{found['total_cents'] // 100:,}".replace(",", " ")
        assert raw(*arguments).decode().splitlines()[-1] == f"total {total} €"


def test_what_is_shown_to_people_says_the_basis_and_the_total(raw: Run, issued: dict[str, Any]) -> None:
    """Reference, 5.3."""
    text = raw("billing", "show", str(issued["run"])).decode()
    assert text.startswith("run 1, 2019: ISSUED\n")
    assert "515 695 hab. (municipale, 2016) → tranche > 80 000, offre restreinte 14 000 €" in text
    assert text.rstrip().endswith("total 29 100 €")


def test_a_year_s_populations_are_recorded_from_a_file(run: Run, tmp_path: Path) -> None:
    """Reading A3."""
    file = tmp_path / "populations.csv"
    file.write_text("insee,population_municipale,population_totale\n69029,43000,43700\n")
    made = run("billing", "populations", str(file), "--year", "2026", "--source", "INSEE, 12/2025", by=ADMIN)
    assert made == {"year": 2026, "changed": 1, "same": 0, "unknown": 57}


def test_a_population_is_recorded_from_the_command_line(run: Run) -> None:
    """Reading A3: the census is the one of three years before, unless said otherwise."""
    figures = ("--municipal", "43000", "--total", "43700", "--source", "INSEE, 12/2025")
    made = run("billing", "population", "69029", "--year", "2026", *figures, by=ADMIN)
    assert made == {
        "commune": "Bron",
        "siren": "216900290",
        "in_force_on": "2026-01-01",
        "census_year": 2023,
        "municipal": 43_000,
        "total": 43_700,
        "source": "INSEE, 12/2025",
    }
    with pytest.raises(Forbidden):
        run("billing", "population", "69029", "--year", "2026", *figures, by=REVIEWER)
