"""`glc serve`: the provider behind granian, one process with a few threads unless asked for more."""

from __future__ import annotations

import gc
import socket
from functools import partial
from typing import Any

import click

from glc.commands import database_option, prepare
from glc.errors import SettingsError
from glc.settings import Settings, load_settings


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


def run(settings: Settings) -> None:
    """Serve until interrupted (SIGINT or SIGTERM)."""
    from granian.constants import Interfaces
    from granian.server import MPServer, MTServer

    from glc.logs import configure_logs, logger

    class InThisProcess(MTServer):
        """granian's server whose workers are threads: with one worker it starts faster, and takes less memory, than
        a process that watches over another. granian keeps it for Pythons without a global lock only because several
        such workers would share that lock."""

        def _check_gil(self) -> None:
            pass

    configure_logs(settings)
    prepare(settings)
    if not settings.master_key:
        logger().warning("master_key.development", remedy="set GLC_MASTER_KEY; glc keys new-master-key makes one")
    server_type: Any = MPServer if settings.workers > 1 else InThisProcess
    server = server_type(
        "glc.serve:load_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        log_enabled=False,
    )
    logger().info("serving", issuer=settings.issuer, dialect=settings.dialect)
    server.serve(target_loader=partial(load_app, settings), wrap_loader=False)


def load_app(settings: Settings) -> Any:
    """The WSGI application of one worker, mounted under the issuer's path."""
    from glc.app import create_app
    from glc.logs import configure_logs

    configure_logs(settings)  # a worker that is a process of its own was not told yet
    app: Any = create_app(settings)
    if settings.path:
        from werkzeug.exceptions import NotFound
        from werkzeug.middleware.dispatcher import DispatcherMiddleware

        app = DispatcherMiddleware(NotFound(), {settings.path: app})
    gc.freeze()  # what start-up made stays: no search for garbage looks at it again
    gc.enable()  # see glc.cli.main
    return app


def check_port(host: str, port: int, option: str = "--port") -> None:
    """Raise `SettingsError` naming the option that changes it when the port is taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"port {port} on {host} cannot be used ({error.strerror}); choose another one with {option}"
            ) from error
