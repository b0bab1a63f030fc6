"""The plugin is installed alone, in an environment where nothing of the simulator is, and works there."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from environments import GLC, ROOT, UV, Environment, run

EXAMPLE = ROOT / "pytest_plugin" / "example"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A site with the example's tests, and packages of its own that are named as two of the simulator's."""
    made = tmp_path / "project"
    shutil.copytree(EXAMPLE, made, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("keys", "consent"):
        (made / name).mkdir()
        (made / name / "__init__.py").write_text("OURS = True\n")
    (made / "test_own_packages.py").write_text(
        "import consent\nimport keys\n\n\ndef test_they_are_ours(glc):\n    assert keys.OURS and consent.OURS\n"
    )
    return made


@pytest.fixture
def counted(tmp_path: Path) -> tuple[Path, Path]:
    """A command that starts the simulator, and the file where each start leaves its process id."""
    starts, command = tmp_path / "starts", tmp_path / "counted-glc"
    command.write_text(f'#!/bin/sh\necho $$ >> {starts}\nexec {GLC} "$@"\n')
    command.chmod(0o755)
    return command, starts


def test_nothing_but_pytest_comes_with_it(empty_environment: Environment) -> None:
    """House, section 2: it imports none of the simulator's folders; a site's own dependencies are left alone."""
    listed = run(UV, "pip", "list", "--quiet", "--python", empty_environment.python)
    there = {line.split()[0] for line in listed.splitlines()[2:]}
    assert there == {"pytest-grandlyonconnect", "pytest", "iniconfig", "packaging", "pluggy", "pygments"}


def test_the_example_passes_beside_packages_of_the_same_names(
    empty_environment: Environment, project: Path, counted: tuple[Path, Path]
) -> None:
    """Issue, « Proof »: beside a project that has its own `keys` and `consent`."""
    command, starts = counted
    done = empty_environment.pytest(project, f"--glc-command={command}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"5 passed", done.stdout), done.stdout
    (process,) = starts.read_text().split()
    assert not _runs(int(process))


def test_two_workers_share_one_simulator_which_ends_with_the_run(
    sites: Environment, project: Path, counted: tuple[Path, Path]
) -> None:
    """Safe under pytest-xdist."""
    command, starts = counted
    done = sites.pytest(project, f"--glc-command={command}", "-n", "2", "-p", "no:django")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 workers" in done.stdout
    (process,) = starts.read_text().split()
    assert not _runs(int(process))


def test_a_run_that_asks_for_no_provider_starts_none(
    empty_environment: Environment, tmp_path: Path, counted: tuple[Path, Path]
) -> None:
    """The plugin costs nothing to tests that do not use it."""
    command, starts = counted
    project = tmp_path / "other"
    project.mkdir()
    (project / "test_other.py").write_text("def test_other():\n    pass\n")
    assert empty_environment.pytest(project, f"--glc-command={command}").returncode == 0
    assert not starts.exists()


def test_a_failing_tests_report_shows_what_the_provider_saw(
    empty_environment: Environment, project: Path, testkit: str
) -> None:
    """The flow's diagram, and where to look closer."""
    (project / "test_failing.py").write_text(
        "from test_login import site\n\n\n"
        "def test_it_fails(glc, site):\n"
        "    callback = glc.log_in(site.login(), 'camille')\n"
        "    site.callback(callback)\n"
        "    site.callback(callback)\n"
    )
    done = empty_environment.pytest(project, f"--glc-url={testkit}", "test_failing.py")
    assert done.returncode == 1, done.stdout
    section = done.stdout.partition("- GrandLyonConnect -")[2]
    assert re.search(r"├─+▶│  GET /\S*/idp/oidc/authorize client_id=", section), done.stdout
    assert re.search(r"POST /\S*/idp/oidc/token .*\n.* 400 .*invalid_grant", section), section
    assert re.search(r"✗ code_redeemed_once: .+", section), section
    assert re.search(r"✓ .*pkce_s256", section), section
    assert re.search(rf"inspector: {re.escape(testkit)}inspector/", section), section


def test_what_is_missing_is_said(empty_environment: Environment, project: Path) -> None:
    """No `glc`, or one that is no simulator."""
    done = empty_environment.pytest(project, "-x", "--glc-command=no-such-command")
    assert "there is no command `no-such-command`" in done.stdout
    assert "--glc-command" in done.stdout
    done = empty_environment.pytest(project, "-x", "--glc-command=/bin/ls")
    assert "did not start. It said:" in done.stdout
    done = empty_environment.pytest(project, "-x", "--glc-url=http://localhost:1/")
    assert "does not answer at http://localhost:1/_testkit/health" in done.stdout


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
