"""Imports point down, never sideways; time, chance and the environment are handed in (docs/architecture.md)."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("glc", "idp", "keys", "partner_registry", "consent", "testkit", "demo")

JOINING = {"glc.app", "glc.cli", "glc.commands", "glc.serve", "glc.demo"}
"""The modules of glc that may see every folder; all its others are the foundation."""

FOUNDATION = "the foundation"
ALLOWED = {
    FOUNDATION: {FOUNDATION},
    "keys": {"keys", FOUNDATION},
    "partner_registry": {"partner_registry", FOUNDATION},
    "consent": {"consent", FOUNDATION},
    "idp": {"idp", "keys", "partner_registry", "consent", FOUNDATION},
    "testkit": {"testkit", "idp", "keys", "partner_registry", "consent", FOUNDATION},
    "demo": {"demo"},
}
HELD = {"time": "glc.clock", "chance": "glc.entropy", "environment": "glc.settings"}
"""Who alone may reach for each of these."""
EXEMPT = {"demo", "glc.demo"}
"""The example sites, and the command that starts them as programs of their own."""


def test_imports_follow_the_arrows_of_the_house() -> None:
    """House, section 2. A folder's commands also use `glc.commands`, which every command line stands on."""
    wrong = []
    for module, path in _modules():
        for imported in _imports(module, path):
            if _folder(module) == "joining" or (".commands" in module and imported == "glc.commands"):
                continue
            if _folder(imported) not in ALLOWED[_folder(module)]:
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


def test_only_the_provider_imports_authlib() -> None:
    """House, section 2: `idp` is the only folder that speaks OAuth; the example sites are clients of their own."""
    importers = {_folder(module) for module, path in _modules() if "authlib" in _foreign(path)}
    assert importers <= {"idp", "demo"}


def test_one_client_calls_the_addresses_that_sites_give() -> None:
    """What may be called is decided in one place (glc/fetch.py)."""
    clients = {"requests", "httpx", "urllib3", "http.client", "urllib.request"}
    assert {module for module, path in _modules() if clients & _whole(path)} - {"glc.fetch", "glc.wire"} <= {
        "demo.lyon_fr.provider",
        "demo.lyon_fr.problems",
        "demo.recette_site.provider",
        "testkit.recette.control",
        "testkit.recette.scenarios",
        "testkit.recette.walker",
    }


def test_what_few_pages_need_is_not_imported_at_start(prepared_database: Path, tmp_path: Path) -> None:
    """Architecture, « Decisions »: a test suite starts this program often."""
    database = shutil.copy(prepared_database, tmp_path)
    start = f"import sys, glc.app, glc.serve; glc.serve.load_app(glc.app.Settings(database_url='sqlite:///{database}'))"
    names = "*{module.partition('.')[0] for module in sys.modules}, *sys.modules"
    started = subprocess.run([sys.executable, "-c", f"{start}; print({names})"], capture_output=True, check=True)
    found = {*started.stdout.decode().split()}
    assert {"pydantic", "yaml", "reportlab", "PIL", "requests", "urllib3", "glc.fetch"} & found == set()
    assert "flask" in found


@pytest.mark.parametrize("need", HELD)
def test_time_chance_and_environment_are_handed_in(need: str) -> None:
    """House, section 4."""
    house = [(module, path) for module, path in _modules() if not {module, _folder(module)} & EXEMPT]
    users = {f"{module}: {name}" for module, path in house for name in _uses(path, need)}
    assert {each for each in users if not each.startswith(f"{HELD[need]}:")} == set()
    assert users, "the test finds nothing at all, not even the one place where it is right"


@pytest.mark.parametrize(
    ("need", "source"),
    [
        ("time", "import datetime as dt\nat = dt.datetime.now()"),
        ("time", "from time import time"),
        ("chance", "import secrets"),
        ("chance", "import uuid\nuuid.uuid4()"),
        ("environment", "import os\nos.environ['X']"),
        ("environment", "from os import getenv"),
    ],
)
def test_the_search_finds_what_it_looks_for(tmp_path: Path, need: str, source: str) -> None:
    """A search that could not find anything would prove nothing."""
    module = tmp_path / "module.py"
    module.write_text(source)
    assert list(_uses(module, need))


def _modules() -> Iterator[tuple[str, Path]]:
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def _folder(module: str) -> str:
    top = module.partition(".")[0]
    if top != "glc":
        return top
    return "joining" if module in JOINING else FOUNDATION


def _imports(module: str, path: Path) -> Iterator[str]:
    """Our modules that a file imports anywhere, inside functions and for type checkers included."""
    known = {name for name, _ in _modules()}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] in OURS)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively: say the whole name"
            source = str(node.module)
            if source.partition(".")[0] in OURS:
                inner = [f"{source}.{name.name}" for name in node.names]
                yield from (name if name in known else source for name in inner)


def _foreign(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _whole(path)}


def _whole(path: Path) -> set[str]:
    """Every module that a file imports, ours or not."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return plain | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


WANTED = {
    "time": {"now", "utcnow", "today", "time.time", "time.monotonic", "time.localtime", "time.gmtime"},
    "chance": {"secrets", "random", "os.urandom", "uuid.uuid4", "uuid.uuid1"},
    "environment": {"os.environ", "os.getenv", "os.environb"},
}


def _uses(path: Path, need: str) -> Iterator[str]:
    """Where a file reaches for the machine's time, randomness or environment."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            names = [f"{owner}.{node.attr}"]
            if node.attr in {"now", "utcnow", "today"} and owner.rpartition(".")[2] in {"datetime", "date"}:
                names.append(node.attr)
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{name.name}" for name in node.names)]
        yield from (f"{name} (line {node.lineno})" for name in names if name in WANTED[need])
