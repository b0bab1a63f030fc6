"""Tests that need a program pip cannot bring. Where it is missing they are skipped, and the run ends by naming them;
in CI (environment variable CI=true) their absence fails the run."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from machine import chromium, node, postgresql_bin, program

PROGRAMS: dict[str, Callable[[], Path | None]] = {
    "postgresql": postgresql_bin,
    "chromium": chromium,
    "node": node,
    **{name: functools.partial(program, name) for name in ("php", "curl", "jq", "openssl")},
}
REMEDY = "make test-dependencies"
_REASON = "this machine lacks "


def needs(program: str) -> Path:
    """Where a program is; skip the test that asks when the machine lacks it."""
    found = PROGRAMS[program]()
    if found is None:
        pytest.skip(f"{_REASON}{program}: {REMEDY}")
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that could not run, and the one command that mends it."""
    names = _not_run(terminalreporter)
    if not names:
        return
    terminalreporter.section("not run", red=_in_ci(), yellow=not _in_ci())
    for name in names:
        terminalreporter.line(name)
    tests = "this test" if len(names) == 1 else f"these {len(names)} tests"
    terminalreporter.line(f"{tests} could not run here; mend it with: {REMEDY}".capitalize())


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, fail a run that had to leave tests out. Workers of xdist leave that to the process that reports."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workerinput"):
        return
    if _in_ci() and _not_run(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() == "true"


def _not_run(reporter: pytest.TerminalReporter) -> list[str]:
    """The names of the tests that `needs` skipped."""
    reports: Iterable[pytest.TestReport] = reporter.stats.get("skipped", ())
    return sorted({report.nodeid for report in reports if _REASON in str(report.longrepr)})
