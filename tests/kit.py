"""A test kit without a socket: spaces, the calls that drive them, and a site in front of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import Client, TestResponse

from testkit.server import Testkit

CALLBACK = "https://site.example/callback"


@dataclass
class Room:
    """A space, as whoever made it sees it."""

    kit: Testkit
    told: dict[str, Any]

    @property
    def base(self) -> str:
        """The path below which the provider is."""
        return urlsplit(self.told["issuer"]).path.rstrip("/")

    def send(self, method: str, path: str, content: Any = None, **options: Any) -> TestResponse:
        """A call of the control interface, with the space's key."""
        headers = {"Authorization": f"Bearer {self.told['control_key']}"} | options.pop("headers", {})
        where = urlsplit(self.told["control_url"]).path + path
        sent = {"json": content} if content is not None else {}
        return Client(self.kit).open(where, method=method, headers=headers, **sent, **options)

    def call(self, method: str, path: str, content: Any = None, expected: int | None = None) -> Any:
        """The same, which succeeds, or is refused as expected; what it answers."""
        answer = self.send(method, path, content)
        assert answer.status_code == expected if expected else answer.status_code < 300, answer.text
        return answer.json if answer.data else None

    def client(self, **fields: Any) -> Registered:
        """Register a site."""
        told = self.call("POST", "/clients", {"redirect_uris": [CALLBACK], "id_token_alg": "RS256", **fields})
        return Registered(self, told["client_id"], told["client_secret"], told)


@dataclass
class Registered:
    """A site of a space, and one browser in front of it."""

    room: Room
    client_id: str
    secret: str
    told: dict[str, Any]

    def __post_init__(self) -> None:
        self.browser = Client(self.room.kit)

    def authorize(self, headers: dict[str, str] | None = None, **changes: str) -> TestResponse:
        """What the provider answers the browser that the site sent."""
        asked = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "un-état",
            "nonce": "un-nonce",
            "redirect_uri": CALLBACK,
            **changes,
        }
        return self.browser.get(f"{self.room.base}/idp/oidc/authorize?{urlencode(asked)}", headers=headers)

    def log_in(self, **changes: Any) -> dict[str, str]:
        """What the browser brings back to the site."""
        answer = self.authorize(**changes)
        assert answer.status_code == 302, answer.text
        target = answer.headers["Location"]
        assert target.startswith(CALLBACK), target
        return dict(parse_qsl(urlsplit(target).query))

    def redeem(self, code: str) -> TestResponse:
        """Exchange a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.post("token", form)

    def refresh(self, token: str) -> TestResponse:
        """Exchange a refresh token."""
        return self.post("token", {"grant_type": "refresh_token", "refresh_token": token})

    def post(self, endpoint: str, form: dict[str, str]) -> TestResponse:
        """Ask an endpoint as the client."""
        return Client(self.room.kit).post(
            f"{self.room.base}/idp/oidc/{endpoint}", data=form, auth=(self.client_id, self.secret)
        )

    def userinfo(self, token: str) -> TestResponse:
        """Ask who it is."""
        headers = {"Authorization": f"Bearer {token}"}
        return Client(self.room.kit).get(f"{self.room.base}/idp/oidc/user_info", headers=headers)

    def tokens(self, **changes: Any) -> dict[str, Any]:
        """Log in all the way."""
        answer = self.redeem(self.log_in(**changes)["code"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found
