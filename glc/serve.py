"""`glc serve`: the provider behind granian, one process with a few threads unless asked for more."""

from __future__ import annotations

import gc
import io
import os
import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import click

from glc.commands import database_option, prepare
from glc.errors import SettingsError
from glc.settings import Settings, load_settings

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

WAITING_REQUESTS = 128
"""How many requests may wait at once for the rest of their body or for their turn."""

STOP_TIMEOUT_IN = 3
"""How long requests that were begun may take to end once the server is told to stop, in seconds."""


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--issuer", metavar="URL", help="Public base URL, with its final slash; follows --port when left out.")
@click.option("--dialect", metavar="NAME", help="grandlyonconnect or grandlyonconnect-2018.")
@database_option
def serve(
    host: str | None, port: int | None, issuer: str | None, dialect: str | None, database_url: str | None
) -> None:
    """Serve the provider. Refuses a database that is not migrated."""
    options = {"host": host, "port": port, "dialect": dialect, "database_url": database_url, "issuer": issuer}
    settings = load_settings(options)
    if issuer is None and port is not None and settings.issuer == Settings().issuer:
        settings = load_settings(options | {"issuer": f"http://localhost:{port}/"})
    check_port(settings.host, settings.port)
    run(settings)
    leave()


def run(settings: Settings) -> None:
    """Serve until interrupted (SIGINT or SIGTERM). Whoever calls this ends with `leave`."""
    from granian.constants import Interfaces
    from granian.server import MPServer

    from glc.logs import configure_logs, logger
    from idp.dialects import dialect_named

    configure_logs(settings)
    dialect_named(settings.dialect)
    prepare(settings)
    if not settings.master_key:
        logger().warning("master_key.development", remedy="set GLC_MASTER_KEY; glc keys new-master-key makes one")
    server_type: Any = MPServer if settings.workers > 1 else _server_in_this_process()
    server = server_type(
        "glc.serve:load_app",
        address=_resolve(settings.host)[1],
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads + WAITING_REQUESTS,
        workers_kill_timeout=STOP_TIMEOUT_IN,
        log_enabled=False,
    )
    logger().info("serving", issuer=settings.issuer, dialect=settings.dialect)
    server.serve(target_loader=partial(load_app, settings), wrap_loader=False)


def leave() -> None:
    """End the process even if a thread still waits for a client that never ends its request."""
    if threading.active_count() > 1:
        os._exit(0)


def load_app(settings: Settings) -> Wsgi:
    """The WSGI application of one worker, mounted under the issuer's path."""
    from glc.app import create_app
    from glc.logs import configure_logs
    from glc.web import MAX_BODY

    configure_logs(settings)  # a worker that is a process of its own was not told yet
    app: Any = create_app(settings)
    if settings.path:
        from werkzeug.exceptions import NotFound
        from werkzeug.middleware.dispatcher import DispatcherMiddleware

        app = DispatcherMiddleware(NotFound(), {settings.path: app})
    gc.freeze()  # what start-up made stays: no search for garbage looks at it again
    gc.enable()  # see glc.cli.main
    return InTurn(app, settings.threads, MAX_BODY)


class InTurn:
    """WSGI middleware: a request is served when its whole body is here and one of a few turns is free.

    Otherwise a client that sends half a body and waits would keep a turn from everybody else. Bodies are cut just
    past the longest accepted one, so that the application sees, whatever their framing, that they are too long.
    """

    def __init__(self, app: Wsgi, turns: int, longest_body: int) -> None:
        self._app = app
        self._turns = threading.Semaphore(turns)
        self._longest_body = longest_body

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chunked = environ.pop("HTTP_TRANSFER_ENCODING", None)
        if chunked or environ.get("CONTENT_LENGTH", "0") != "0":
            body = environ["wsgi.input"].read(self._longest_body + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            if chunked:
                environ["CONTENT_LENGTH"] = str(len(body))
        with self._turns:
            return self._app(environ, start_response)


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
