"""Serve the site: `python -m demo.lyon_fr`. For demonstrations; a real site runs `create_site` behind a WSGI server."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from types import FrameType
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from demo.lyon_fr.config import ConfigError, SiteConfig
from demo.lyon_fr.look import LYON_FR, Look
from demo.lyon_fr.site import create_site


class RequestHandler(WSGIRequestHandler):
    """Logs without query strings, which carry codes and states."""

    logger = logging.getLogger(LYON_FR.slug)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        """One line for each answer."""
        path = getattr(self, "path", "").partition("?")[0]
        method, status = getattr(self, "command", None) or "-", getattr(code, "value", code)
        self.logger.info("%s %s %s", method, ascii(path)[1:-1], status)

    def log_error(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the standard library's)
        """Nothing more: the message may quote the request line, and `log_request` already said the status."""


def stop(_number: int, _frame: FrameType | None) -> None:
    """End the process as after a normal return."""
    sys.exit(0)


def main(look: Look = LYON_FR) -> None:
    """Read options and environment, then serve until SIGINT or SIGTERM."""
    prefix = look.slug.upper()
    parser = argparse.ArgumentParser(
        prog=f"python -m demo.{look.slug}", description="Demonstration of a site using GLC."
    )
    parser.add_argument("--host", default=os.environ.get(f"{prefix}_HOST") or "127.0.0.1", help=f"{prefix}_HOST")
    parser.add_argument("--port", type=int, help=f"default: the port of {prefix}_BASE_URL, else {look.port}")
    options = parser.parse_args()
    try:
        config = SiteConfig.from_environ(os.environ, look)
    except ConfigError as error:
        parser.exit(2, f"{error}\n")
    port = options.port if options.port is not None else urlsplit(config.base_url).port or look.port

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listener = socket.create_server((options.host, port), family=family)
    except OSError as error:
        parser.exit(1, f"Cannot listen on {options.host} port {port} ({error.strerror}): choose another with --port.\n")
    logger = RequestHandler.logger = logging.getLogger(look.slug)
    server = make_server(
        options.host, port, create_site(config), threaded=True, request_handler=RequestHandler, fd=listener.fileno()
    )
    logger.info("serving %s (issuer %s)", config.base_url, config.issuer)
    server.serve_forever()


if __name__ == "__main__":
    main()
