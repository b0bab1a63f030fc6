"""The container, without Docker: a client of Docker that runs on this machine what it is asked to run."""

from __future__ import annotations

import os
from pathlib import Path

from environments import GLC, Environment, run

PROGRAM = """
import subprocess, sys
import testcontainers.core.container as core


class Docker:
    def __init__(self):
        self.client = self

    def create(self, image, command, ports, **_):
        print([image, command, {str(inside).partition("/")[0]: outside for inside, outside in ports.items()}])
        return Container(command)

    def start(self, container):
        container.process = subprocess.Popen([sys.argv[1], *container.command[1:]])

    def close(self):
        pass


class Container:
    short_id = id = "a-container"

    def __init__(self, command):
        self.command = command

    def remove(self, **_):
        self.process.terminate()
        self.process.wait()


core.DockerClient = Docker

from pytest_grandlyonconnect.testcontainers import GrandLyonConnectContainer

with GrandLyonConnectContainer("registry.example/glc") as container:
    space = container.server.space()
    print(space.issuer.startswith(f"http://localhost:{container.glc_port}/"), container.glc_port)
    space.delete()
"""


def test_it_serves_the_testkit_on_one_port_inside_and_outside(sites: Environment, tmp_path: Path) -> None:
    """Issuers name the port, so that it must be the same for the browser and for the site."""
    surroundings = os.environ | {"TESTCONTAINERS_RYUK_DISABLED": "true"}
    said = run(sites.python, "-c", PROGRAM, GLC, cwd=tmp_path, env=surroundings).splitlines()
    held, port = said[-1].split()
    assert held == "True"
    command = ["glc", "serve", "--testkit", "--host", "0.0.0.0", "--port", port]
    assert said[0] == str(["registry.example/glc", command, {port: int(port)}])
