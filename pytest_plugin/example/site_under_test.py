"""The smallest site that logs in with GrandLyonConnect: standard library only, ID Token signed with the client's
secret (HS256, the real service's default). A true site uses its framework's OpenID Connect library."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen


class NotLoggedIn(Exception):
    """What the provider sent is not what it should be."""


@dataclass
class Site:
    """A site and what it remembers of one visitor between the two halves of the login."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str = "http://localhost:3000/callback"
    visitor: dict[str, str] = field(default_factory=dict)

    def discovered(self) -> dict[str, Any]:
        """The provider's addresses."""
        return self.fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")

    def login(self) -> str:
        """Where to send the visitor who wants to log in."""
        self.visitor = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        parameters = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": "openid profile email",
            "redirect_uri": self.redirect_uri,
            "state": self.visitor["state"],
            "nonce": self.visitor["nonce"],
            "code_challenge": b64(hashlib.sha256(self.visitor["verifier"].encode()).digest()),
            "code_challenge_method": "S256",
        }
        return f"{self.discovered()['authorization_endpoint']}?{urlencode(parameters)}"

    def callback(self, url: str) -> dict[str, Any]:
        """Who came back. Raises `NotLoggedIn`."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if not hmac.compare_digest(said.get("state", ""), self.visitor["state"]):
            raise NotLoggedIn("this is not the answer to our request")
        if "error" in said:
            raise NotLoggedIn(said["error"])
        provider = self.discovered()
        tokens = self.fetch(
            provider["token_endpoint"],
            urlencode(
                {
                    "grant_type": "authorization_code",
                    "code": said["code"],
                    "redirect_uri": self.redirect_uri,
                    "code_verifier": self.visitor["verifier"],
                }
            ).encode(),
            "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode(),
        )
        claims = self.verified(tokens["id_token"])
        user = self.fetch(provider["userinfo_endpoint"], None, f"Bearer {tokens['access_token']}")
        if user["sub"] != claims["sub"]:
            raise NotLoggedIn("userinfo speaks of somebody else")
        return user

    def verified(self, id_token: str) -> dict[str, Any]:
        """What the ID Token says (OpenID Connect Core 1.0, 3.1.3.7)."""
        signed, _, signature = id_token.rpartition(".")
        header, claims = (json.loads(unb64(part)) for part in signed.split("."))
        expected = hmac.new(self.client_secret.encode(), signed.encode(), hashlib.sha256).digest()
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        right = {
            "algorithm": header["alg"] == "HS256",
            "signature": hmac.compare_digest(unb64(signature), expected),
            "issuer": claims["iss"] == self.issuer,
            "audience": audience == [self.client_id],
            "expiry": claims["exp"] > time.time(),
            "nonce": claims.get("nonce") == self.visitor["nonce"],
        }
        if wrong := [name for name, fine in right.items() if not fine]:
            raise NotLoggedIn(f"the ID Token is not right: {', '.join(wrong)}")
        return claims

    @staticmethod
    def fetch(url: str, form: bytes | None = None, authorization: str = "") -> Any:
        """The provider's answer."""
        with urlopen(Request(url, form, {"Authorization": authorization} if authorization else {})) as answer:
            return json.load(answer)


def b64(data: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The reverse."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
