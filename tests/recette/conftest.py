"""A testkit that is served once a worker, and the strict site in front of a space of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from ports import free_port
from served import LONGEST_IN, served_testkit

from demo.recette_site.config import SiteConfig
from demo.recette_site.serving import serving


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
        url = f"{self.space['control_url']}{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=LONGEST_IN)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="session")
def testkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a `glc serve --testkit`."""
    with served_testkit(tmp_path_factory.mktemp("testkit")) as url:
        yield url


@pytest.fixture
def target(testkit: str) -> Callable[..., Any]:
    """Make a space and serve the strict site in front of it, with the mistakes that are named."""

    @contextmanager
    def make(*mistakes: str, dialect: str = "standard", **registered: Any) -> Iterator[Target]:
        port = free_port()
        home = f"http://localhost:{port}/"
        asked = {"dialect": dialect, "settings": {"backchannel_wait_in": 5}}
        answer = requests.post(f"{testkit}_testkit/spaces", json=asked, timeout=LONGEST_IN)
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
