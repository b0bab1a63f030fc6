"""`glc audit verify`: what a scheduled job runs, and how it learns that the trail was touched (issue 3, point 9)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from glc.cli import glc

Run = Callable[..., Result]


@pytest.fixture
def path(commanded: Flask) -> Path:
    """A database of the test's own."""
    return Path(commanded.config["SQLALCHEMY_DATABASE_URI"].database)


@pytest.fixture
def run(commanded: Flask) -> Run:
    """Run `glc` on it."""
    return lambda *arguments: CliRunner().invoke(glc, arguments)


def test_a_trail_that_was_touched_is_exit_code_1_and_says_where(run: Run, path: Path) -> None:
    """Whoever holds the database can edit it: not unseen."""
    run("partner", "domains", "lyon", "lyon.example")
    run("partner", "domains", "lyon", "grandlyon.example")
    whole = run("audit", "verify")
    assert (whole.exit_code, whole.stdout.startswith("The trail is whole: 2 entries")) == (0, True)
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE audit_entry SET actor = 'personne' WHERE id = 1")
    database.close()
    broken = run("audit", "verify", "--json")
    assert broken.exit_code == 1
    assert "entry 1" in json.loads(broken.stdout)["problems"][0]


def test_a_digest_noted_earlier_must_still_be_there(run: Run) -> None:
    """So that a chain written anew from its beginning shows too."""
    run("partner", "domains", "lyon", "lyon.example")
    head = json.loads(run("audit", "verify", "--json").stdout)["head"]
    run("partner", "domains", "lyon", "grandlyon.example")
    assert run("audit", "verify", "--expect", head).exit_code == 0
    assert run("audit", "verify", "--expect", "0" * 63 + "1").exit_code == 1
