"""Many tests at once, on one simulator, each with a provider of its own. (Issue « Testkit », proof.)"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PLUGIN = HERE.parents[1] / "pytest_plugin"
LONGEST_IN = 600


def test_five_hundred_tests_on_eight_workers_never_meet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same client, the same address, other times, keys, names and faults: nothing of one is seen by another."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GLC_"))}
    command = [
        *(
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "8",
            "-q",
            "-p",
            "pytest_grandlyonconnect.plugin",
            "-p",
            "no:cacheprovider",
        ),
        *(
            "--import-mode=importlib",
            "--rootdir",
            str(tmp_path),
            "--glc-command",
            str(Path(sys.executable).with_name("glc")),
        ),
        str(HERE / "five_hundred" / "each_its_own.py"),
    ]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(PLUGIN)},
        capture_output=True,
        text=True,
        timeout=LONGEST_IN,
        check=False,
    )
    last = done.stdout.strip().rpartition("\n")[2]
    with capsys.disabled():
        sys.stdout.write(f"\nfive hundred tests on eight workers: {last}\n")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"500 passed", last), last
