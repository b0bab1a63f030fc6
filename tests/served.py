"""Programs that answer by HTTP, run for as long as a test needs them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

from ports import free_port

GLC = [sys.executable, "-c", "from glc.cli import main; main()"]
LONGEST_IN = 60
"""Seconds that a start, an answer and an end may take: the machine may be slow and busy."""


@contextmanager
def served(
    command: list[str], folder: Path, *urls: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a folder, from when each address answers to the end of the block; what it says is in `log`."""
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
    try:
        for url in urls:
            _wait_until_it_answers(url, process, log)
        yield process
    finally:
        process.terminate()
        process.wait(LONGEST_IN)


@contextmanager
def served_testkit(folder: Path) -> Iterator[str]:
    """`glc serve --testkit` on a free port, until the end of the block; its address."""
    port = free_port()
    url = f"http://localhost:{port}/"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GLC_")}
    command = [*GLC, "serve", "--testkit", "--port", str(port)]
    with served(command, folder, f"{url}_testkit/health", environment=environment):
        yield url


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LONGEST_IN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=LONGEST_IN):
                return
        except HTTPError:  # it has nothing there, or elsewhere: it answers
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer\n{log.read_text()}")
