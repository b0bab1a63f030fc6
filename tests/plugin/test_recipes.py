"""Every recipe of docs/recipes, run as it stands."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from environments import ROOT, Environment, run
from filelock import FileLock
from needs import needs
from pytest_grandlyonconnect.server import free_port

RECIPES = ROOT / "docs" / "recipes"


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[str], Path]:
    """Copy a recipe, so that it leaves nothing behind."""
    left = shutil.ignore_patterns("__pycache__", "node_modules")
    return lambda name: Path(shutil.copytree(RECIPES / name, tmp_path / name, ignore=left))


@pytest.mark.parametrize(("name", "plugin"), [("flask", ("-p", "no:django")), ("django", ())])
def test_a_python_site(
    sites: Environment, copy_of: Callable[[str], Path], testkit: str, name: str, plugin: tuple[str, ...]
) -> None:
    """Authlib, mozilla-django-oidc."""
    done = sites.pytest(copy_of(name), f"--glc-url={testkit}", *plugin)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_a_python_site_in_a_browser(sites: Environment, copy_of: Callable[[str], Path], testkit: str) -> None:
    """Playwright, with the machine's Chromium."""
    chromium = needs("chromium")
    project = copy_of("playwright")
    shutil.copy(RECIPES / "flask" / "site_flask.py", project)
    (project / "conftest.py").write_text(
        "import pytest\n\n\n@pytest.fixture(scope='session')\ndef browser_type_launch_args():\n"
        f"    return {{'executable_path': {str(chromium)!r}, 'args': ['--no-sandbox']}}\n"
    )
    done = sites.pytest(project, f"--glc-url={testkit}", "-p", "no:django")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_a_node_site(copy_of: Callable[[str], Path], testkit: str) -> None:
    """npm's openid-client, as its lock file pins it."""
    node = needs("node")
    kept = ROOT / "build" / "recipes" / "node"
    kept.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        lock = (RECIPES / "node" / "package-lock.json").read_bytes()
        if not (kept / "ready").exists() or (kept / "ready").read_bytes() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(RECIPES / "node" / name, kept)
            run("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=kept)
            (kept / "ready").write_bytes(lock)
    project = copy_of("node")
    (project / "node_modules").symlink_to(kept / "node_modules")
    environment = os.environ | {"GLC_TESTKIT_URL": testkit}
    if run(node, "--version") < "v20":  # which keeps the Web Crypto that openid-client uses behind a flag
        environment["NODE_OPTIONS"] = "--experimental-global-webcrypto"
    said = run(node, "--test", "--test-reporter=tap", cwd=project, env=environment)
    assert "# pass 3" in said, said


def test_a_php_site(copy_of: Callable[[str], Path], testkit: str) -> None:
    """PHP without any library."""
    needs("php")
    _needs_shell_tools()
    environment = os.environ | {"GLC_TESTKIT_URL": testkit, "PORT": str(free_port())}
    said = run("sh", copy_of("php") / "test.sh", env=environment)
    assert said.splitlines() == ["ok: Non connecté : access_denied", "ok: Non connecté : nonce", "ok: Bonjour Camille"]


def test_curl(copy_of: Callable[[str], Path], testkit: str) -> None:
    """By hand."""
    _needs_shell_tools()
    project = copy_of("curl")
    said = run("sh", project / "login.sh", cwd=project, env=os.environ | {"GLC_TESTKIT_URL": testkit})
    assert json.loads(said)["given_name"] == "Camille"
    assert sorted(path.name for path in project.iterdir()) == ["login.sh"]


def _needs_shell_tools() -> None:
    for tool in ("curl", "jq", "openssl"):
        needs(tool)
