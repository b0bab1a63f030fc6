"""A site that registers itself, spoken by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flows import Site
from werkzeug.test import TestResponse

REGISTER = "/idp/oidc/register"
CALLBACK = "https://site.example/callback"


@dataclass
class Newcomer:
    """A site that says what it is: `said` is a registration that is good, unless changed."""

    app: Flask

    def post(self, token: str = "", **said: Any) -> TestResponse:
        """Ask for a registration; None leaves a member out."""
        usual = {"redirect_uris": [CALLBACK], "client_name": "Un site neuf"}
        sent = {name: value for name, value in (usual | said).items() if value is not None}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.app.test_client().post(REGISTER, json=sent, headers=headers)

    def register(self, **said: Any) -> dict[str, Any]:
        """Register; what the provider answers, checked (RFC 7591, section 3.2.1)."""
        answer = self.post(**said)
        assert answer.status_code == 201, answer.text
        assert answer.mimetype == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        made: dict[str, Any] = answer.json
        assert made["client_id"]
        assert isinstance(made["client_id_issued_at"], int)
        assert ("client_secret" in made) == ("client_secret_expires_at" in made)
        return made

    def refused(self, **said: Any) -> str:
        """Ask for what is refused; the error, checked (section 3.2.2)."""
        answer = self.post(**said)
        assert (answer.status_code, answer.mimetype) == (400, "application/json"), answer.text
        assert answer.json["error_description"].isascii()
        return str(answer.json["error"])

    def manage(self, made: dict[str, Any], method: str = "GET", **options: Any) -> TestResponse:
        """Call a registration's own address, with its own token unless told otherwise."""
        path = urlsplit(made["registration_client_uri"]).path
        token = options.pop("token", made["registration_access_token"])
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.app.test_client().open(path, method=method, headers=headers, **options)

    @staticmethod
    def site(made: dict[str, Any]) -> Site:
        """The site, as the rest of the tests knows sites."""
        uri = made["redirect_uris"][0]
        return Site(made["client_id"], made.get("client_secret", ""), uri, made["scope"])
