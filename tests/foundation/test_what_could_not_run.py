"""The end of a run on a machine that lacks a program (tests/needs.py), seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("ci", "status", "workers"), [("", 0, []), ("true", 1, ["-n", "1"])], ids=["at home", "in CI, with xdist"]
)
def test_a_missing_program_is_named_with_its_remedy_and_fails_the_run_in_ci_only(
    tmp_path: Path, ci: str, status: int, workers: list[str]
) -> None:
    """Issue's proof: `make test` ends by naming the tests it could not run; in CI their absence is a failure."""
    (tmp_path / "test_browser.py").write_text(
        "from needs import needs\n\ndef test_a_page():\n    needs('chromium')\n\ndef test_a_rule():\n    pass\n"
    )
    environment = os.environ | {"CHROMIUM": "/nowhere/chromium", "CI": ci, "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "needs", "-p", "no:cacheprovider", *workers, str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == status, run.stdout + run.stderr
    assert "test_browser.py::test_a_page\n" in run.stdout
    assert "test_browser.py::test_a_rule\n" not in run.stdout
    assert "make test-dependencies" in run.stdout.splitlines()[-2]
