"""Generated pages are what the code would generate, and what they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from glc.cli import glc
from glc.demo import AGENTS, PASSWORD

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("page", "command"), [("settings.md", "settings"), ("dialects.md", "dialects"), ("faults.md", "faults")]
)
def test_a_generated_page_is_up_to_date(page: str, command: str) -> None:
    """`glc settings --markdown > docs/settings.md`, `glc dialects --markdown > docs/dialects.md`."""
    made = CliRunner().invoke(glc, [command, "--markdown"])
    assert made.output == (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_every_test_that_the_fidelity_page_names_exists() -> None:
    """A row of docs/fidelity.md without its test would be a promise nobody keeps."""
    named = re.findall(r"([a-z_0-9]+/test_[a-z_0-9]+\.py)((?:(?:, …)?::test_[a-z_0-9]+)*)", _fidelity())
    assert len(named) > 100
    missing = [
        f"{file}::{test}"
        for file, tests in named
        for test in re.findall(r"::(test_[a-z_0-9]+)", tests) or [""]
        if f"def {test}" not in (ROOT / "tests" / file).read_text(encoding="utf-8")
    ]
    assert not missing


def _fidelity() -> str:
    return (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")


def test_the_agents_guide_names_the_accounts_of_the_demonstration() -> None:
    """An agent tries the registry with the guide alone: no terminal to read them off."""
    guide = (ROOT / "docs" / "guide-registre.fr.md").read_text(encoding="utf-8")
    assert [email for email, *_ in AGENTS if f"`{email}`" not in guide] == []
    assert f"`{PASSWORD}`" in guide
