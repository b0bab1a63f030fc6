"""A testkit that is served once a worker, and the strict site in front of a space of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from ports import free_port

from demo.recette_site.config import SiteConfig
from demo.recette_site.serving import serving

START_TIMEOUT_IN = 60


@dataclass(frozen=True)
class Target:
    """A space, and the strict site that is registered there and served."""

    glc_url: str
    space: dict[str, Any] = field(repr=False)
    client_id: str
    home: str

    @property
    def options(self) -> list[str]:
        """What `glc recette run` must be told."""
        return [
            *("--glc-url", self.glc_url, "--space", self.space["id"], "--control-key", self.space["control_key"]),
            *("--client-id", self.client_id, "--login-url", f"{self.home}login", "--home-url", self.home),
            *("--logged-in-selector", "#logged-in", "--logged-out-selector", "#logged-out"),
            *("--logout-url", f"{self.home}logout"),
        ]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Call the space's control API."""
        headers = {"Authorization": f"Bearer {self.space['control_key']}"}
        answer = requests.request(method, f"{self.space['control_url']}{path}", json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="session")
def testkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a `glc serve --testkit`."""
    folder, port = tmp_path_factory.mktemp("testkit"), free_port()
    url = f"http://localhost:{port}/"
    environment = os.environ | {"GLC_ISSUER": url, "GLC_PORT": str(port)}
    log = (folder / "log").open("w")
    command = [Path(sys.executable).with_name("glc"), "serve", "--testkit", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(f"{url}_testkit/health", process, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


@pytest.fixture
def target(testkit: str) -> Callable[..., Any]:
    """Make a space and serve the strict site in front of it, with the mistakes that are named."""

    @contextmanager
    def make(*mistakes: str, dialect: str = "standard", **registered: Any) -> Iterator[Target]:
        port = free_port()
        home = f"http://localhost:{port}/"
        asked = {"dialect": dialect, "settings": {"backchannel_wait_in": 5}}
        answer = requests.post(f"{testkit}_testkit/spaces", json=asked, timeout=30)
        assert answer.status_code == 201, answer.text
        space = answer.json()
        made = Target(testkit, space, "", home)
        client = made.ask(
            "POST",
            "/clients",
            {
                "partner": "lyon",
                "name": "Site de recette",
                "redirect_uris": [f"{home}callback"],
                "post_logout_redirect_uris": [f"{home}logged-out"],
                "frontchannel_logout_uri": f"{home}frontchannel-logout",
                "id_token_alg": "RS256",
                "refresh_tokens": True,
                "metadata": {"backchannel_logout_uri": f"{home}backchannel-logout"},
                **registered,
            },
        )
        config = SiteConfig(
            space["issuer"],
            client["client_id"],
            client["client_secret"],
            home,
            alg=registered.get("id_token_alg", "RS256"),
            mistakes=frozenset(mistakes),
            timeout_in=2,
            metadata_kept_in=0,
        )
        with serving(config, "127.0.0.1", port):
            yield Target(testkit, space, client["client_id"], home)
        made.ask("DELETE", "")

    return make


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_IN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer\n{log.read_text()}")
