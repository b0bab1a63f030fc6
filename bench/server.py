"""The real `glc serve`, on a database made for it, kept on one core where the system allows."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.journeys import DISCOVERY, REDIRECT_URI, Site, get
from bench.load import Wrong

ACCOUNT = {"username": "bench@citoyen.example", "password": "un mot de passe de banc d’essai"}
START_TIMEOUT_IN = 30
STOP_TIMEOUT_IN = 10

_SIGN = """
import sys, time
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
key, scheme, algorithm = rsa.generate_private_key(65537, 2048), padding.PKCS1v15(), SHA256()
begun, used, made = time.perf_counter(), time.process_time(), 0
while time.perf_counter() < begun + float(sys.argv[1]):
    key.sign(b"." * 800, scheme, algorithm)
    made += 1
print(made / (time.perf_counter() - begun), (time.process_time() - used) / made)
"""


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core the server has, and which one the load client; None where programs cannot be kept on one."""

    server: int | None
    client: int | None

    def start(self, command: list[str], **options: object) -> subprocess.Popen[bytes]:
        """Start a program on the server's core: a child has its parent's."""
        _move_to(self.server)
        try:
            return subprocess.Popen(command, **options)  # type: ignore[call-overload, no-any-return]
        finally:
            _move_to(self.client)

    def sign(self, seconds: float) -> tuple[float, float]:
        """RS256 signatures that the server's core makes in a second, and the processor time of one, in seconds."""
        signing = self.start([sys.executable, "-c", _SIGN, str(seconds)], stdout=subprocess.PIPE)
        rate, cost = signing.communicate(timeout=seconds + START_TIMEOUT_IN)[0].split()
        return float(rate), float(cost)

    def seconds_to_run(self, code: str) -> float:
        """How long Python takes to start, run a line and end, on the server's core."""
        begun = time.perf_counter()
        self.start([sys.executable, "-c", code]).wait(START_TIMEOUT_IN)
        return time.perf_counter() - begun


@contextlib.contextmanager
def two_cores() -> Iterator[Cores]:
    """The first and the last core this process may use; at the end it may use all of them again."""
    if not hasattr(os, "sched_getaffinity"):
        yield Cores(None, None)
        return
    allowed = os.sched_getaffinity(0)
    try:
        yield Cores(min(allowed), max(allowed))
    finally:
        os.sched_setaffinity(0, allowed)


def _move_to(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database with an account and two clients, and the way to serve it."""

    database: str
    port: int
    trusted: Site
    """Whose consent question the account has answered for good, once `first_login(remember=True)` was walked."""
    asking: Site
    cores: Cores

    @property
    def address(self) -> tuple[str, int]:
        """Where the server listens."""
        return ("127.0.0.1", self.port)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Running]:
        """Serve; once it answers, hand over the running server; stop it at the end."""
        command = [*GLC, "serve", "--port", str(self.port), "--database", self.database]
        begun = time.perf_counter()
        process = self.cores.start(command, stderr=subprocess.DEVNULL, env=environment())
        try:
            self._wait(process)
            yield Running(process, time.perf_counter() - begun)
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_IN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_IN
        while process.poll() is None and time.monotonic() < deadline:
            try:
                with socket.create_connection(self.address, timeout=START_TIMEOUT_IN) as connection:
                    connection.sendall(get(DISCOVERY))
                    if connection.recv(65536).startswith(b"HTTP/1.1 200"):
                        return
            except ConnectionError:
                time.sleep(0.002)
        raise Wrong(f"the server does not answer; try: glc serve --port {self.port} --database {self.database}")


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers, and how many seconds after its start it did for the first time."""

    process: subprocess.Popen[bytes]
    started_in: float

    def memory(self) -> float | None:
        """Resident memory of the server and its children, in MiB; None where there is no /proc."""
        try:
            return sum(map(_resident, _family(self.process.pid))) / 1024
        except FileNotFoundError:
            return None

    def processor_time(self) -> float | None:
        """Processor time that the server and its children have taken, in seconds; None where there is no /proc."""
        try:
            return sum(map(_ticks, _family(self.process.pid))) / os.sysconf("SC_CLK_TCK")
        except FileNotFoundError:
            return None


def _family(pid: int) -> list[int]:
    children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _words(task / "children")]
    return [pid, *(member for child in children for member in _family(child))]


def _resident(pid: int) -> int:
    words = _words(Path(f"/proc/{pid}/status"))
    return int(words[words.index("VmRSS:") + 1])


def _ticks(pid: int) -> int:
    """User and system time: fields 14 and 15 of /proc/[pid]/stat, whose second one may hold spaces."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _words(path: Path) -> list[str]:
    return path.read_text().split()


def prepare(folder: Path, cores: Cores) -> Prepared:
    """Make a database in that folder with what the journeys need, by the command line as an operator would."""
    database = f"sqlite:///{folder / 'bench.sqlite3'}"
    _glc(database, "database", "upgrade")
    _glc(database, "seed")
    names = {"--given-name": "Camille", "--family-name": "Dupré"}
    person = {"--email": ACCOUNT["username"], "--password": ACCOUNT["password"], **names}
    _glc(database, "account", "create", *(word for pair in person.items() for word in pair))
    trusted, asking = _register(database, "Déjà accepté"), _register(database, "Demande à chaque fois")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Prepared(database, port, trusted, asking, cores)


def _register(database: str, name: str) -> Site:
    options = ["--partner", "lyon", "--name", name, "--redirect-uri", REDIRECT_URI, "--id-token-alg", "RS256"]
    client = _glc(database, "client", "register", *options)
    return Site(client["client_id"], client["client_secret"])


GLC = [sys.executable, "-c", "from glc.cli import main; main()"]


def _glc(database: str, *words: str) -> dict[str, str]:
    command = [*GLC, *words, "--database", database, "--json"]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    if ran.returncode:
        raise Wrong(f"glc {' '.join(words[:2])}: {ran.stderr}")
    found: dict[str, str] = json.loads(ran.stdout)
    return found


def environment() -> dict[str, str]:
    """Ours without its settings: the defaults are what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GLC_")}
