"""What `glc serve --testkit` answers with: the root space at the issuer, the others below it, and beside them the
control interface and the inspector."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glc.clock import Clock, SystemClock
from glc.entropy import Entropy, SystemEntropy
from glc.settings import LOOPBACK_HOSTS, Settings
from glc.worker import LOOK_IN
from testkit.control import CONTROL
from testkit.control.app import Control
from testkit.prepared import Prepared, Workshop
from testkit.spaces import MOUNT, Spaces

INSPECTOR = "/inspector"
OPEN_TO_ALL = """
  Whoever reaches this port can make spaces: choose a key (GLC_TESTKIT_KEY), or keep the port to this machine.
"""
ROOM_FOR_SPACES = 512 * 1024 * 1024
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Testkit:
    """The WSGI application of a process, below the issuer's path. `close` gives back what it keeps on the disk."""

    __test__ = False  # pytest takes what is called Test… for tests

    def __init__(
        self, settings: Settings, workshop: Workshop, *, clock: Clock | None = None, entropy: Entropy | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="glc-testkit-", dir=_memory())
        entropy = entropy or SystemEntropy()
        prepared = Prepared(Path(self._folder.name), settings, clock or SystemClock(), workshop)
        self.spaces = Spaces(settings, prepared, entropy)
        self.control = Control(self.spaces)
        self._settings, self._entropy = settings, entropy
        self._inspector: Wsgi | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path.startswith(MOUNT):
            name, found, _ = path[len(MOUNT) :].partition("/")
            space = self.spaces.find(name)
            if space is None:
                return _gone(name, start_response)
            _mount(environ, f"{MOUNT}{name}", "/" if not found else None)
            return space(environ, start_response)
        if path == CONTROL or path.startswith(f"{CONTROL}/"):
            if self._settings.testkit_port and environ.get("SERVER_PORT") != str(self._settings.testkit_port):
                return _elsewhere(self._settings.testkit_port, start_response)
            return self.control(environ, start_response)
        if path == INSPECTOR or path.startswith(f"{INSPECTOR}/"):
            _mount(environ, INSPECTOR, "/" if path == INSPECTOR else None)
            return self._inspect(environ, start_response)
        return self.spaces.root(environ, start_response)

    def welcome(self) -> str:
        """What whoever starts it needs to know."""
        settings, root = self._settings, self.spaces.root
        control = settings.base_url
        if settings.testkit_port:
            control = f"http://{settings.host}:{settings.testkit_port}{settings.path}/"
        warning = "" if settings.testkit_key or settings.host in LOOPBACK_HOSTS else OPEN_TO_ALL
        return f"""
GrandLyonConnect, simulator: TEST POWERS ARE ON — whoever holds a key can log in as anybody

  Root space (issuer)   {settings.issuer}
  Its control key       {root.control_key if not settings.testkit_key else "(the setting testkit_key)"}
  Make another space    POST {control}{CONTROL[1:]}/spaces
  What can be done      {control}{CONTROL[1:]}/openapi.json
  Inspector             {settings.base_url}inspector/{root.id}/
{warning}
  Nothing is kept: every space is forgotten when this stops. Stop with Ctrl-C.
"""

    @contextmanager
    def working(self) -> Iterator[None]:
        """Do what spaces do by themselves until the end of the block."""
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(LOOK_IN):
                self.spaces.run_jobs(stop.is_set)

        thread = threading.Thread(target=work, name="glc-testkit", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(3)

    def close(self) -> None:
        """Forget every space."""
        self.spaces.close()
        self._folder.cleanup()

    def _inspect(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self._inspector is None:
            from testkit.inspector import create_inspector

            path = f"{self._settings.path}{INSPECTOR}"
            self._inspector = create_inspector(
                self.spaces, self._entropy, path=path, secure=self._settings.secure
            ).wsgi_app
        return self._inspector(environ, start_response)


def _mount(environ: dict[str, Any], prefix: str, path: str | None) -> None:
    environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}{prefix}"
    environ["PATH_INFO"] = path or environ["PATH_INFO"][len(prefix) :]


def _gone(name: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    return _problem(
        404,
        "Not Found",
        f"there is no space {name!r}, or no more: spaces are forgotten when they expire, and when "
        "the simulator starts anew",
        start_response,
    )


def _elsewhere(port: int, start_response: Callable[..., Any]) -> Iterable[bytes]:
    return _problem(404, "Not Found", f"the control interface answers on port {port} only", start_response)


def _problem(status: int, title: str, detail: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    start_response(f"{status} {title}", headers)
    return [body]


def _memory() -> str | None:
    """Where files live in memory, if there is such a place with room for some thousand spaces, as containers have not:
    spaces come and go."""
    place = Path("/dev/shm")  # noqa: S108 — a folder of our own is made in it
    return str(place) if place.is_dir() and shutil.disk_usage(place).free >= ROOM_FOR_SPACES else None
