"""What pytest gets: three options, three fixtures, and the diagram in a failing test's report."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from pytest_grandlyonconnect.errors import GlcError, NotServed
from pytest_grandlyonconnect.report import told_of
from pytest_grandlyonconnect.server import Desk, OwnServer, Server
from pytest_grandlyonconnect.space import Space

SPACES = pytest.StashKey[list[Space]]()
OWN = pytest.StashKey[OwnServer]()
DESK = pytest.StashKey[Desk]()
PLACE = "grandlyonconnect"
"""Under what name workers of pytest-xdist are told where to ask for the run's simulator."""

MakeSpace = Callable[..., Space]

URL_VARIABLE = "GLC_TESTKIT_URL"
OPTIONS = {
    "glc_url": f"base URL of a running `glc serve --testkit` (also {URL_VARIABLE}); one is started when left out",
    "glc_command": "the command that starts the simulator, `glc` when left out",
    "glc_key": "the key that makes spaces, where the running simulator asks for one",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each option has an ini value of the same name."""
    group = parser.getgroup("grandlyonconnect", "GrandLyonConnect")
    for name, about in OPTIONS.items():
        group.addoption(f"--{name.replace('_', '-')}", dest=name, default=None, help=about)
        parser.addini(name, about, default=None)


def pytest_configure(config: pytest.Config) -> None:
    """The process that reports keeps the simulator; its workers ask it."""
    if not hasattr(config, "workerinput"):
        config.stash[OWN] = OwnServer(_option(config, "glc_command"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist whom to ask."""
    config: pytest.Config = node.config
    if DESK not in config.stash:
        config.stash[DESK] = Desk(config.stash[OWN])
    node.workerinput[PLACE] = config.stash[DESK].place


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the simulator of this run."""
    if DESK in config.stash:
        config.stash[DESK].close()
    if OWN in config.stash:
        config.stash[OWN].stop()


@pytest.fixture(scope="session")
def glc_server(pytestconfig: pytest.Config) -> Server:
    """The simulator: the one that `--glc-url` names, else one of this run, shared by all its workers."""
    try:
        server = _server(pytestconfig)
        server.health()
    except NotServed as error:
        missing = str(error)
    else:
        return server
    pytest.fail(missing, pytrace=False)


@pytest.fixture
def glc_space(glc_server: Server, request: pytest.FixtureRequest) -> Iterator[MakeSpace]:
    """Make providers that only this test knows: `glc_space(dialect="standard")`; see `Server.space` for what else can
    be told. They are deleted when the test ends."""
    made: list[Space] = request.node.stash.setdefault(SPACES, [])

    def make(**options: Any) -> Space:
        made.append(glc_server.space(**options))
        return made[-1]

    yield make
    while made:
        made.pop().delete()


@pytest.fixture
def glc(glc_space: MakeSpace) -> Space:
    """A provider that only this test knows, with the real service's behaviour and ready-made accounts."""
    return glc_space()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failing test's report shows what its providers saw."""
    report = yield
    if report.failed and report.when != "teardown":
        for space in item.stash.get(SPACES, []):
            try:
                said = told_of(space)
            except GlcError as error:
                said = str(error)
            report.sections.append(("GrandLyonConnect", said))
    return report


def _option(config: pytest.Config, name: str) -> str | None:
    return config.getoption(name) or config.getini(name) or None


def _server(config: pytest.Config) -> Server:
    named = _option(config, "glc_url") or os.environ.get(URL_VARIABLE)
    if named:
        return Server(named.rstrip("/") + "/", _option(config, "glc_key"))
    if place := getattr(config, "workerinput", {}).get(PLACE):
        return Server(Desk.ask(place))
    return Server(config.stash[OWN].url())
