"""The provider on a real port, for Relying Parties that are programs of their own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@contextlib.contextmanager
def on_the_wire(app: WSGIApplication, port: int = 0) -> Iterator[int]:
    """Serve an application on a port of this machine, a free one unless told, until the end of the block. Its issuer
    keeps its name."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
