"""Every command of the README is run, in its order, as a newcomer would."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SERVES = {
    "make run": "ARGS=--port={port} --site-port={site_port} --toodego-port={toodego_port}",
    ".venv/bin/glc serve": "--port={port}",
    ".venv/bin/glc serve --testkit": "--port={port}",
}
"""Commands that go on until stopped, and the options that let them run beside others."""
RUN_BY_CI = {"make test", "make setup"}
"""What runs this very test: .ci/run calls the first, which depends on the second."""


def _commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def test_the_readme_s_commands_work_in_their_order(tmp_path: Path) -> None:
    """Install, prepare, register, serve: each exits 0, or answers and stops when told to."""
    commands = _commands()
    assert commands, "the README shows no command"
    environment = os.environ | {"GLC_DATABASE_URL": f"sqlite:///{tmp_path}/glc.sqlite3", "GLC_ARGON2_MEMORY": "8"}
    for command in commands:
        if command in SERVES:
            _serve(command, environment)
        elif command not in RUN_BY_CI:
            done = subprocess.run(shlex.split(command), cwd=ROOT, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("command", sorted(RUN_BY_CI))
def test_commands_that_run_this_test_exist(command: str) -> None:
    """`make -n` knows them."""
    assert command in _commands()
    subprocess.run([*command.split(), "-n"], cwd=ROOT, check=True, capture_output=True)


def _serve(command: str, environment: dict[str, str]) -> None:
    port, site_port, toodego_port = free_port(), free_port(), free_port()
    options = SERVES[command].format(port=port, site_port=site_port, toodego_port=toodego_port)
    process = subprocess.Popen(
        [*shlex.split(command), options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        issuer = _discovered(f"http://localhost:{port}/.well-known/openid-configuration", process)
        assert issuer == f"http://localhost:{port}/"
    finally:
        os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does: make and its children are told together
        output, _ = process.communicate(timeout=60)
    assert "Traceback" not in output, output


def _discovered(url: str, process: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return str(json.load(answer)["issuer"])
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")
