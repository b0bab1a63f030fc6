"""Serving the site from this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from demo.recette_site.config import SiteConfig
from demo.recette_site.site import create_site

logger = logging.getLogger("recette_site")


class RequestHandler(WSGIRequestHandler):
    """Logs without query strings, which carry codes and states."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        """One line for each answer."""
        path = getattr(self, "path", "").partition("?")[0]
        logger.info("%s %s %s", getattr(self, "command", None) or "-", ascii(path)[1:-1], getattr(code, "value", code))


def server_of(config: SiteConfig, host: str, port: int) -> BaseWSGIServer:
    """A server of the site, listening. Raises OSError when the port is taken."""
    return make_server(host, port, create_site(config), threaded=True, request_handler=RequestHandler)


@contextmanager
def serving(config: SiteConfig, host: str, port: int) -> Iterator[None]:
    """Serve the site until the end of the block."""
    server = server_of(config, host, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
