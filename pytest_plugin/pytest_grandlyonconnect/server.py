"""The simulator behind the tests: one that runs already, or one started for this run of tests."""

from __future__ import annotations

import contextlib
import os
import random
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any

from pytest_grandlyonconnect.errors import GlcError, NotServed, Refused
from pytest_grandlyonconnect.space import Space
from pytest_grandlyonconnect.wire import call

START_TIMEOUT_IN = 60
STOP_TIMEOUT_IN = 10
ATTEMPTS = 3
"""Somebody else may take the free port in the instant before the simulator does."""
MOST_WORKERS = 128
"""How many may ask at once."""

HOW = (
    "Install grandlyonconnect-simulator, or name its command with --glc-command (glc_command in pytest's "
    "configuration), or point --glc-url (glc_url, GLC_TESTKIT_URL) at a simulator that runs `glc serve --testkit`."
)


@dataclass(frozen=True)
class Server:
    """A running `glc serve --testkit`."""

    url: str
    """Its base address, with a final slash."""
    key: str | None = None
    """The key that makes spaces, where the simulator asks for one."""

    def health(self) -> dict[str, Any]:
        """Whether it is ready, and its version. Raises `NotServed`."""
        try:
            said: dict[str, Any] = call("GET", f"{self.url}_testkit/health", longest_in=5)
        except Refused as error:
            raise NotServed(
                f"what answers at {self.url} has no test powers ({error.status}): start it with `glc serve --testkit`"
            ) from error
        return said

    def space(self, **options: Any) -> Space:
        """Make a provider of its own; whoever makes it deletes it. It also expires by itself after an hour.

        Options, all optional: `dialect` ("grandlyonconnect", "grandlyonconnect-2018", "standard"), `seeded`,
        `issuer_slash`, `browser_url`, `backchannel_url`, `now`, `frozen`, `expires_in` (seconds), `settings` (dict),
        `fresh_keys`, `login` (the account that is logged in without being asked).
        """
        return Space(call("POST", f"{self.url}_testkit/spaces", options, key=self.key))

    def faults(self) -> list[dict[str, Any]]:
        """The catalogue: every fault that there is, what it does and what a correct site must do."""
        said = call("GET", f"{self.url}_testkit/faults")
        return said["faults"] if isinstance(said, dict) else list(said)


class OwnServer:
    """A simulator of this run: started when first asked for, stopped when the run ends."""

    def __init__(self, command: str | None) -> None:
        self._command = command
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._url: str | None = None
        self._error: str | None = None

    def url(self) -> str:
        """Where it listens. Raises `NotServed`, and the same again without another try, when it cannot be started."""
        with self._turn:
            if self._error:
                raise NotServed(self._error)
            if self._url is None:
                try:
                    self._url = self._start(found_command(self._command))
                except NotServed as error:
                    self._error = str(error)
                    self.stop()
                    raise
            return self._url

    def stop(self) -> None:
        """End it, if it was started."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_IN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _start(self, command: list[str]) -> str:
        self._folder = tempfile.TemporaryDirectory(prefix="glc-testkit-", ignore_cleanup_errors=True)
        log = Path(self._folder.name) / "glc.log"
        for _ in range(ATTEMPTS):
            port = free_port()
            whole = [*command, "serve", "--testkit", "--port", str(port)]
            with log.open("wb") as output:
                try:
                    self._process = subprocess.Popen(  # noqa: S603 — the command that the developer named
                        [*dying_with_us(), *whole],
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        cwd=self._folder.name,
                        env=surroundings(os.environ),
                        start_new_session=True,  # Ctrl-C reaches the tests, which stop it when they are done
                    )
                except OSError as error:
                    raise NotServed(f"`{shlex.join(whole)}` cannot be run: {error}. {HOW}") from error
            url = f"http://localhost:{port}/"
            if self._ready(url):
                return url
            said = log.read_text(errors="replace").strip()[-2000:]
            if f"port {port}" not in said:
                break
        raise NotServed(f"`{shlex.join(whole)}` did not start. It said:\n{said or '(nothing)'}\n{HOW}")

    def _ready(self, url: str) -> bool:
        """Wait until it answers; False when it ended instead, or takes too long."""
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_IN
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if Server(url).health().get("ready"):
                    return True
            except GlcError:
                pass
            time.sleep(0.03)
        self._process.kill()
        self._process.wait()
        return False


class Desk:
    """Where the workers of one run ask for its simulator, so that they all get the same (pytest-xdist).

    It is kept by the process that waits for all of them; the simulator is that process's child, whichever worker
    asked first or died since.
    """

    def __init__(self, own: OwnServer) -> None:
        self._own = own
        self._key = os.urandom(16)
        self._listener = Listener(("127.0.0.1", 0), backlog=MOST_WORKERS, authkey=self._key)
        self._closed = False
        threading.Thread(target=self._answer, daemon=True).start()

    @property
    def place(self) -> dict[str, Any]:
        """How to find it, in values that travel to workers."""
        host, port = self._listener.address
        return {"host": host, "port": port, "key": self._key.hex()}

    @staticmethod
    def ask(place: dict[str, Any]) -> str:
        """The simulator's address, from a worker. Raises `NotServed`."""
        with Client((place["host"], place["port"]), authkey=bytes.fromhex(place["key"])) as connection:
            found, said = connection.recv()
        if not found:
            raise NotServed(said)
        return str(said)

    def close(self) -> None:
        """Answer nobody any more."""
        self._closed = True
        self._listener.close()

    def _answer(self) -> None:
        while not self._closed:
            with contextlib.suppress(OSError, EOFError, AuthenticationError), self._listener.accept() as connection:
                try:
                    answer = (True, self._own.url())
                except NotServed as error:
                    answer = (False, str(error))
                connection.send(answer)


def found_command(named: str | None) -> list[str]:
    """The command `glc` as words: the one that is named, else next to this Python, else on PATH."""
    if named:
        words = shlex.split(named)
        if not words or not shutil.which(words[0]):
            raise NotServed(f"there is no command `{named}` to start GrandLyonConnect's simulator with. {HOW}")
        return [str(shutil.which(words[0])), *words[1:]]
    for folder in (str(Path(sys.executable).parent), None):
        if found := shutil.which("glc", path=folder):
            return [found]
    raise NotServed(f"the command `glc` is not installed here. {HOW}")


def free_port() -> int:
    """A port of this machine that nobody listens on now.

    Below those that systems hand out to callers: one of these could be taken before the simulator listens there.
    """
    for port in random.sample(range(20_000, 32_768), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise NotServed("a hundred ports of this machine were tried, and none is free.")


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the simulator: ours, without what would mix our Python's packages into its own."""
    return {name: value for name, value in environment.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}


def dying_with_us() -> list[str]:
    """A command prefix by which the kernel stops it even if the tests are killed (Linux only)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv and sys.platform == "linux" else []
