"""A citizen's browser and a commune's site, spoken by hand: nothing here knows how the provider is made.

`Site` is a Relying Party that sends exactly what it is told to; `Citizen` follows the provider's pages as a browser
without scripts would, and stops when it leaves the provider.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "un mot de passe d’essai"
ISSUER = "http://localhost:8040/"


@dataclass
class Site:
    """A registered client: its identifiers and what it usually sends."""

    client_id: str
    secret: str
    redirect_uri: str = "https://site.example/callback"
    scope: str = "openid profile email"

    def request(self, **changes: str | None) -> str:
        """The path and query of an authorization request; None removes a parameter."""
        parameters: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": self.scope,
            "state": "un-état",
            "redirect_uri": self.redirect_uri,
            **changes,
        }
        return "/idp/oidc/authorize?" + urlencode({k: v for k, v in parameters.items() if v is not None})

    @property
    def basic(self) -> dict[str, str]:
        """The Authorization header of client_secret_basic."""
        pair = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def redeem(self, client: FlaskClient, code: str, **changes: str) -> TestResponse:
        """Exchange a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri, **changes}
        return client.post("/idp/oidc/token", data=form, headers=self.basic)

    def refresh(self, client: FlaskClient, token: str) -> TestResponse:
        """Exchange a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return client.post("/idp/oidc/token", data=form, headers=self.basic)


@dataclass
class Arrival:
    """Where the browser left the provider to: the site's address and the answer it carries."""

    url: str

    @property
    def query(self) -> dict[str, str]:
        """The answer in the query."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def fragment(self) -> dict[str, str]:
        """The answer in the fragment."""
        return dict(parse_qsl(urlsplit(self.url).fragment, keep_blank_values=True))


@dataclass
class Citizen:
    """Somebody in front of a browser without scripts."""

    client: FlaskClient
    email: str = "camille.dupre@citoyen.example"
    password: str = PASSWORD
    visited: list[str] = field(default_factory=list)

    def get(self, url: str, **options: Any) -> TestResponse | Arrival:
        """Open an address and follow redirects as long as they stay on the provider."""
        return self._follow(self.client.get(url, **options))

    def submit(self, page: TestResponse, form_id: str | None = None, press: str | None = None, **values: str) -> Any:
        """Fill in a form of the page, press a button (by name), follow."""
        soup = BeautifulSoup(page.text, "html.parser")
        form = soup.find("form", id=form_id) if form_id else soup.find("main").find("form")
        assert form is not None, page.text
        sent = {
            item["name"]: item.get("value", "")
            for item in form.find_all("input")
            if item.get("name") and item.get("type") not in {"checkbox", "radio", "submit"}
        }
        sent |= {item["name"]: item["value"] for item in form.find_all("input", checked=True)}
        sent |= {item["name"]: item.get_text().removeprefix("\n") for item in form.find_all("textarea")}
        for choice in form.find_all("select"):
            chosen = choice.find("option", selected=True) or choice.find("option")
            sent[choice["name"]] = chosen.get("value", "")
        sent |= values
        if press:
            button = form.find("button", attrs={"name": press})
            assert button is not None, f"no button named {press}"
            sent[press] = button.get("value", "")
        return self._follow(self.client.post(form.get("action") or page.request.full_path, data=sent))

    def log_in(self, page: TestResponse) -> Any:
        """Fill in the login page."""
        return self.submit(page, username=self.email, password=self.password)

    def authorize(self, request: str, *, remember: bool = False) -> Arrival:
        """Walk through login and consent as needed, accepting, until back at the site."""
        step = self.get(request)
        for _ in range(6):
            if isinstance(step, Arrival):
                return step
            step = self.advance(step, remember=remember)
        raise AssertionError("the login goes round in circles")

    def advance(self, page: TestResponse, *, remember: bool = False) -> TestResponse | Arrival:
        """Do what a page asks on the way to the site: log in, or accept."""
        if "a2-oidc-authorization-form" in page.text:
            extra = {"do_not_ask_again": "on"} if remember else {}
            return self.submit(page, "a2-oidc-authorization-form", "accept", **extra)
        if "login-submit" in page.text:
            return self.log_in(page)
        raise AssertionError(f"unexpected page {page.request.url}: {page.text[:3000]}")

    def code(self, request: str) -> str:
        """The code that the site receives in the end."""
        arrival = self.authorize(request)
        assert "code" in arrival.query, arrival.url
        return arrival.query["code"]

    def _follow(self, response: TestResponse) -> TestResponse | Arrival:
        for _ in range(12):
            self.visited.append(response.request.full_path)
            if response.status_code not in {301, 302, 303, 307, 308}:
                return response
            target = response.headers["Location"]
            parts = urlsplit(target)
            if parts.netloc and f"{parts.scheme}://{parts.netloc}/" != ISSUER:
                return Arrival(target)
            response = self.client.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        raise AssertionError("too many redirects: " + " → ".join(self.visited[-5:]))


def payload(token: str) -> dict[str, Any]:
    """What an ID Token says, unverified."""
    return jwt.decode(token, options={"verify_signature": False})


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def text_of(page: TestResponse) -> str:
    """The words of a page."""
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").split())


def link(page: TestResponse, element_id: str) -> str | None:
    """Where the link of that id leads."""
    found = BeautifulSoup(page.text, "html.parser").find(id=element_id)
    return found.get("href") if found else None


def parameter(url: str, name: str) -> str:
    """One parameter of an address."""
    return parse_qs(urlsplit(url).query)[name][0]
