"""What tests need from the machine and pip cannot bring: a browser, and a PostgreSQL server of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL

START_TIMEOUT_IN = 60
STOP_TIMEOUT_IN = 30


def chromium() -> Path | None:
    """The browser to drive: the one named by CHROMIUM and no other, else the first known one on PATH."""
    named = os.environ.get("CHROMIUM")
    candidates = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next((Path(found) for found in map(shutil.which, candidates) if found), None)


def node() -> Path | None:
    """Node, with its npm."""
    found = shutil.which("node")
    return Path(found) if found and shutil.which("npm") else None


def program(name: str) -> Path | None:
    """A command on PATH."""
    found = shutil.which(name)
    return Path(found) if found else None


def postgresql_bin() -> Path | None:
    """The folder of PostgreSQL's server programs: the newest of Debian's, else where `initdb` is on PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@dataclass(frozen=True, slots=True)
class TemporaryPostgres:
    """A running cluster that only this test run knows; made by `temporary_postgres`."""

    folder: Path
    """Holds the Unix socket; the server listens nowhere else, so no port can be busy and no one else can come in."""

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database that exists."""
        return URL.create(
            "postgresql+psycopg", username="postgres", database=database, query={"host": str(self.folder)}
        ).render_as_string()

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Make an empty database, or a copy of `template` (to which nobody may be connected), and return its URL.

        A database of that name is dropped first, with whoever is connected to it.
        """
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        return self.url(name)

    def connect(self) -> psycopg.Connection:
        """An administrator's connection, in autocommit. Raises `psycopg.OperationalError` while there is no server."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)


@contextlib.contextmanager
def temporary_postgres(programs: Path) -> Iterator[TemporaryPostgres]:
    """Start a new PostgreSQL cluster from `programs` (see `postgresql_bin`); stop and remove it at the end.

    It trusts whoever reaches its socket and trades durability for speed. Raises `RuntimeError` with the server's own
    words when it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="glc-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server_user = _server_user(folder)
        initdb: list[str | Path] = [
            programs / "initdb",
            *("--pgdata", folder / "data", "--username=postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]
        made = subprocess.run(initdb, cwd=folder, capture_output=True, text=True, check=False, **server_user)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")

        settings = {
            "listen_addresses": "",
            "unix_socket_directories": folder,
            "max_connections": 200,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        options = [f"--{key}={value}" for key, value in settings.items()]
        log = folder / "log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [*_dying_with_us(), programs / "postgres", "-D", folder / "data", *options],
                cwd=folder,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches the tests, which stop the server when they are done
                **server_user,
            )
        try:
            postgres = TemporaryPostgres(folder)
            _wait_until_ready(postgres, server, log)
            yield postgres
        finally:
            _stop(server)


def _server_user(folder: Path) -> dict[str, Any]:
    """The arguments of `subprocess` that run a program as `folder`'s new owner: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        owner = pwd.getpwnam("nobody")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _dying_with_us() -> list[str]:
    """A command prefix by which the kernel stops the server even if the tests are killed (Linux only)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT", "--"] if setpriv else []


def _wait_until_ready(postgres: TemporaryPostgres, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_IN
    while True:
        try:
            postgres.connect().close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}") from error
            time.sleep(0.02)
        else:
            return


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stop at once and for sure: nothing in the cluster is worth a clean shutdown."""
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(STOP_TIMEOUT_IN)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
