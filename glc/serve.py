"""`glc serve`: the provider behind granian, one process with a few threads unless asked for more; or the test kit."""

from __future__ import annotations

import gc
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import click
from flask import Flask

from glc.clock import Clock
from glc.commands import database_option, prepare
from glc.errors import GlcError, SettingsError
from glc.settings import Settings, load_settings

if TYPE_CHECKING:
    from testkit.server import Testkit

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

WAITING_REQUESTS = 128
"""How many requests may wait at once for the rest of their body or for their turn."""

STOP_TIMEOUT_IN = 3
"""How long requests that were begun may take to end once the server is told to stop, in seconds."""


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--issuer", metavar="URL", help="Issuer and public base URL; follows --port when left out.")
@click.option("--dialect", metavar="NAME", help="grandlyonconnect, grandlyonconnect-2018 or standard.")
@click.option("--testkit", is_flag=True, default=None, help="Serve throw-away providers with test powers instead.")
@click.option("--testkit-port", type=click.IntRange(1, 65535), help="A port of their own for the test powers.")
@database_option
def serve(
    host: str | None,
    port: int | None,
    issuer: str | None,
    dialect: str | None,
    database_url: str | None,
    testkit: bool | None,
    testkit_port: int | None,
) -> None:
    """Serve the provider. Refuses a database that is not migrated.

    With --testkit, serves isolated providers that hold invented people, never the database: docs/testkit.md.
    """
    options = {"host": host, "port": port, "dialect": dialect, "database_url": database_url, "issuer": issuer}
    options |= {"testkit": testkit, "testkit_port": testkit_port}
    settings = load_settings(options)
    if issuer is None and port is not None and settings.issuer == Settings().issuer:
        settings = load_settings(options | {"issuer": f"http://localhost:{port}/"})
    check_port(settings.host, settings.port)
    if settings.testkit_port:
        check_port(settings.host, settings.testkit_port, "--testkit-port")
    (run_testkit if settings.testkit else run)(settings)
    leave()


def run(settings: Settings) -> None:
    """Serve until interrupted (SIGINT or SIGTERM). Whoever calls this ends with `leave`."""
    from glc.logs import configure_logs, logger
    from glc.worker import Worker
    from idp.dialects import dialect_named

    configure_logs(settings)
    dialect_named(settings.dialect)
    prepare(settings)
    if not settings.master_key:
        logger().warning("master_key.development", remedy="set GLC_MASTER_KEY; glc keys new-master-key makes one")
    server = _server(_processes() if settings.workers > 1 else _server_in_this_process(), settings, settings.port)
    logger().info("serving", issuer=settings.issuer, dialect=settings.dialect)
    if settings.workers > 1:
        try:
            server.serve(_work_in_a_process, target_loader=partial(load_app, settings), wrap_loader=False)
        except SystemExit as left:
            raise GlcError(
                "the server's processes end as soon as they begin; one alone says why: GLC_WORKERS=1"
            ) from left
        return
    app, wsgi = load_app(settings)
    with Worker(app).running(stop_timeout_in=STOP_TIMEOUT_IN):
        server.serve(target_loader=lambda: wsgi, wrap_loader=False)


def run_testkit(settings: Settings) -> None:
    """Serve spaces until interrupted. Requests take no turns: a slow one, which is a test power, holds up nobody."""
    from glc.logs import configure_logs, logger
    from glc.web import LONG_BODY, SHORT_BODY

    configure_logs(settings)
    kit = load_testkit(settings)
    wsgi = _below(settings, InTurn(kit, settings.threads + WAITING_REQUESTS, lambda _path: LONG_BODY, SHORT_BODY))
    server = _server(_server_in_this_process(), settings, settings.port)
    click.echo(kit.welcome())
    logger().info("serving.testkit", issuer=settings.issuer, dialect=settings.dialect)
    gc.freeze()
    gc.enable()
    try:
        with kit.working(), _control_on_its_port(settings, _below(settings, kit)):
            server.serve(target_loader=lambda: wsgi, wrap_loader=False)
    finally:
        kit.close()


def load_testkit(settings: Settings, *, clock: Clock | None = None) -> Testkit:
    """The test kit, able to make providers. Whoever calls this ends with its `close`."""
    from glc.app import create_app
    from glc.commands import migrate
    from testkit.prepared import Workshop
    from testkit.server import Testkit

    return Testkit(settings, Workshop(create_app, migrate, prepare), clock=clock)


@contextmanager
def _control_on_its_port(settings: Settings, wsgi: Wsgi) -> Iterator[None]:
    """The same application on the test powers' own port, which alone then answers for them."""
    if not settings.testkit_port:
        yield
        return
    from werkzeug.serving import make_server

    host = _resolve(settings.host)[1]
    server = make_server(host, settings.testkit_port, wsgi, threaded=True)
    server.log = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _server(server_type: Any, settings: Settings, port: int) -> Any:
    from granian.constants import Interfaces

    server = server_type(
        "glc.serve:load_app",
        address=_resolve(settings.host)[1],
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads + WAITING_REQUESTS,
        workers_kill_timeout=STOP_TIMEOUT_IN,
        respawn_failed_workers=True,
        log_enabled=False,
    )
    # To granian SIGHUP means « load the program again »; here it is a terminal that was closed, unless `nohup` said so.
    to_outlive = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    server.signal_handler_reload = (lambda *_: None) if to_outlive else server.signal_handler_interrupt
    return server


def _below(settings: Settings, wsgi: Any) -> Any:
    """Mounted under the issuer's path."""
    if not settings.path:
        return wsgi
    from werkzeug.exceptions import NotFound
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    return DispatcherMiddleware(NotFound(), {settings.path: wsgi})


def _work_in_a_process(
    number: int, process_name: str | None, load: Callable[[], tuple[Flask, Wsgi]], *others: object
) -> None:
    """What granian does in each process, and the jobs beside it, which its parent leaves less time to end."""
    from granian.server import MPServer

    from glc.worker import Worker

    app, wsgi = load()
    with Worker(app).running(stop_timeout_in=STOP_TIMEOUT_IN / 2):
        MPServer._spawn_wsgi_worker(number, process_name, lambda: wsgi, *others)


def leave() -> None:
    """End the process even if a thread still waits for a client that never ends its request."""
    if threading.active_count() > 1:
        os._exit(0)


def load_app(settings: Settings) -> tuple[Flask, Wsgi]:
    """The application of one worker, and what answers its requests: it, in turns, mounted under the issuer's path."""
    from glc.app import create_app
    from glc.logs import configure_logs
    from glc.web import SHORT_BODY, longest_body

    configure_logs(settings)  # a worker that is a process of its own was not told yet
    app = create_app(settings)
    wsgi = _below(settings, InTurn(app, settings.threads, longest_body, SHORT_BODY))
    gc.freeze()  # what start-up made stays: no search for garbage looks at it again
    gc.enable()  # see glc.cli.main
    return app, wsgi


class InTurn:
    """WSGI middleware: a request is served when its whole body is here and one of a few turns is free.

    Otherwise a client that sends half a body and waits would keep a turn from everybody else. Bodies are cut just
    past the longest accepted one, so that the application sees, whatever their framing, that they are too long; what
    is longer than `in_memory` bytes waits on the disk.
    """

    def __init__(self, app: Wsgi, turns: int, longest_body: Callable[[str], int], in_memory: int) -> None:
        self._app = app
        self._turns = threading.Semaphore(turns)
        self._longest_body = longest_body
        self._in_memory = in_memory

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chunked = environ.pop("HTTP_TRANSFER_ENCODING", None)
        if not chunked and environ.get("CONTENT_LENGTH", "0") == "0":
            with self._turns:
                return self._app(environ, start_response)
        with self._received(environ["wsgi.input"], self._longest_body(environ["PATH_INFO"]) + 1) as body:
            if chunked:
                environ["CONTENT_LENGTH"] = str(body.tell())
            body.seek(0)
            environ["wsgi.input"] = body
            with self._turns:
                return self._app(environ, start_response)

    def _received(self, stream: Any, most: int) -> IO[bytes]:
        """At most that many bytes of the body."""
        body = tempfile.SpooledTemporaryFile(self._in_memory)  # noqa: SIM115 — whoever asked closes it
        while most and (part := stream.read(min(most, self._in_memory + 1))):
            most -= body.write(part)
        return body


def check_port(host: str, port: int, option: str = "--port") -> None:
    """Raise `SettingsError` naming the option that changes it when the port is taken."""
    try:
        family, address = _resolve(host)
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"port {port} on {host} cannot be used ({reason}); choose another one with {option}"
        ) from error


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    """The family and address behind a host's name: the IPv4 one when there are two, as `localhost` often has."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    family, _, _, _, place = min(found, key=lambda each: each[0] is not socket.AF_INET)
    return family, str(place[0])


def _processes() -> Any:
    """granian's server of several processes, which replaces one that was killed, and says so."""
    from granian.server import MPServer

    class Processes(MPServer):
        def _respawn_workers(self, workers: Any, *how: Any, **more: Any) -> None:
            from glc.logs import logger

            logger().error("process.lost", number=len(workers), remedy="was it killed for want of memory?")
            super()._respawn_workers(workers, *how, **more)

    return Processes


def _server_in_this_process() -> Any:
    """granian's server whose worker is a thread: it starts faster, and takes less memory, than a process that watches
    over another one. granian keeps it for Pythons without a global lock, which several such workers would share."""
    from granian.server import MTServer

    class InThisProcess(MTServer):
        def _check_gil(self) -> None:
            pass

        def _stop_workers(self) -> None:
            worker: Any
            for worker in self.wrks:
                worker.terminate()
                worker.join(STOP_TIMEOUT_IN)

    return InThisProcess
