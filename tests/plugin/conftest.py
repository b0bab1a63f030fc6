"""The plugin as its users have it: built, installed without the simulator, and pointed at our `glc`."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from environments import GLC, ROOT, UV, Environment, run
from filelock import FileLock
from pytest_grandlyonconnect.server import OwnServer

RECIPES = ROOT / "docs" / "recipes"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built from a copy so that nothing is left in the folder."""
    place = tmp_path_factory.mktemp("wheel")
    source = shutil.copytree(ROOT / "pytest_plugin", place / "source")
    run(UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", place, source)
    return next(place.glob("*.whl"))


@pytest.fixture(scope="session")
def empty_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment where the plugin was installed, alone."""
    made = Environment(tmp_path_factory.mktemp("alone") / "venv")
    run(UV, "venv", "--quiet", "--python", sys.executable, made.folder)
    made.install(wheel)
    return made


@pytest.fixture(scope="session")
def sites(wheel: Path) -> Environment:
    """An environment with what the recipes and containers need, kept from run to run in build/."""
    wanted = [*sorted(RECIPES.glob("*/requirements.txt"))]
    extra = ["testcontainers>=4", "pytest-xdist"]
    digest = hashlib.sha256("".join([sys.version, *extra, *(path.read_text() for path in wanted)]).encode()).hexdigest()
    made = Environment(ROOT / "build" / "recipes" / digest[:12])
    made.folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(made.folder.with_suffix(".lock")):
        if not (made.folder / "ready").exists():
            run(UV, "venv", "--quiet", "--clear", "--python", sys.executable, made.folder)
            made.install(wheel, *extra, *(part for path in wanted for part in ("-r", path)))
            (made.folder / "ready").touch()
        made.install("--reinstall", "--no-deps", wheel)
    return made


@pytest.fixture(scope="session")
def testkit() -> Iterator[str]:
    """The address of a `glc serve --testkit`."""
    own = OwnServer(str(GLC))
    try:
        yield own.url()
    finally:
        own.stop()
