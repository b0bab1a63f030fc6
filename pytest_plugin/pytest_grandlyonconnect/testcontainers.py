"""The simulator in a container, for whoever has Docker rather than Python's `glc`: `pip install
pytest-grandlyonconnect[testcontainers]`.

    with GrandLyonConnectContainer() as container:
        glc = container.server.space()
"""

from __future__ import annotations

import time
from typing import Any, Self

from testcontainers.core.container import DockerContainer

from pytest_grandlyonconnect.errors import NotServed
from pytest_grandlyonconnect.server import START_TIMEOUT_IN, Server, free_port

IMAGE = "grandlyonconnect-simulator"


class GrandLyonConnectContainer(DockerContainer):  # type: ignore[misc] # no types without the optional package
    """`glc serve --testkit` from an image, on the same port inside and outside: issuers name it, so that browser and
    site reach the provider under one address."""

    def __init__(self, image: str = IMAGE, port: int | None = None, **options: Any) -> None:
        super().__init__(image, **options)
        self.glc_port = port or free_port()
        self.with_bind_ports(self.glc_port, self.glc_port)
        self.with_command(["glc", "serve", "--testkit", "--host", "0.0.0.0", "--port", str(self.glc_port)])  # noqa: S104

    @property
    def server(self) -> Server:
        """The running simulator."""
        return Server(f"http://localhost:{self.glc_port}/")

    def start(self) -> Self:
        """Start it and wait until `/_testkit/health` says that it is ready. Raises `NotServed` with its log."""
        super().start()
        deadline = time.monotonic() + START_TIMEOUT_IN
        while True:
            try:
                if self.server.health().get("ready"):
                    return self
                reason = "it is not ready"
            except NotServed as error:
                reason = str(error)
            if time.monotonic() > deadline:
                log = b"".join(self.get_logs()).decode(errors="replace")[-2000:]
                self.stop()
                raise NotServed(f"the container does not start: {reason}\n{log}")
            time.sleep(0.05)
