"""What a browser and a site send for one operation, written out so that it costs next to nothing to send."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.load import Answer, Journey, Wrong

DISCOVERY = "/.well-known/openid-configuration"
REDIRECT_URI = "https://bench.example/callback"


@dataclass(frozen=True, slots=True)
class Site:
    """A registered client."""

    client_id: str
    secret: str

    @property
    def authorize(self) -> str:
        """Its authorization request: path and query."""
        request = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": "openid profile email",
            "redirect_uri": REDIRECT_URI,
            "state": "the-state",
            "nonce": "the-nonce",
        }
        return f"/idp/oidc/authorize?{urlencode(request)}"

    def redeem(self, code: str) -> bytes:
        """Its token request for a code."""
        pair = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return post("/idp/oidc/token", form, f"Authorization: Basic {pair}\r\n")


@dataclass(slots=True)
class Browser:
    """The cookies of one browser."""

    cookies: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def header(self) -> str:
        """Its Cookie header."""
        pairs = b"; ".join(name + b"=" + value for name, value in self.cookies.items())
        return f"Cookie: {pairs.decode()}\r\n" if pairs else ""

    def follow(self, request: bytes) -> Generator[bytes, Answer, Answer]:
        """Send a request and follow redirects until there is a page, or the way leads back to the site."""
        for _ in range(10):
            answer = yield request
            for cookie in answer.headers(b"set-cookie"):
                name, _, value = cookie.partition(b";")[0].partition(b"=")
                self.cookies[name] = value
            target = answer.header(b"location").decode()
            if not target or target.startswith(REDIRECT_URI):
                return answer
            parts = urlsplit(target)
            request = get(f"{parts.path}?{parts.query}", self.header)
        raise Wrong("too many redirects")

    def submit(self, page: Answer, **values: str) -> Generator[bytes, Answer, Answer]:
        """Fill in the form that the page is about."""
        page.require(200, b"<form")
        main = page.body.decode().partition("<main")[2]
        action = re.search(r'<form[^>]* action="([^"]*)"', main)
        token = re.search(r'name="csrf_token"[^>]* value="([^"]*)"', main)
        if not action or not token:
            raise Wrong(f"no form to fill in: {main[:2000]}")
        return self.follow(post(html.unescape(action[1]), {"csrf_token": token[1], **values}, self.header))


def get(path: str, headers: str = "") -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()


def post(path: str, form: dict[str, str], headers: str = "") -> bytes:
    """A form sent with POST."""
    body = urlencode(form)
    kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{kind}{headers}\r\n{body}".encode()


def code_in(answer: Answer) -> str:
    """The code that an authorization answer carries. Raises `Wrong`."""
    answer.require(302, b"code=")
    return parse_qs(urlsplit(answer.header(b"location").decode()).query)["code"][0]


def discovery() -> Journey:
    """Ask for the discovery document."""
    answer = yield get(DISCOVERY)
    answer.require(200, b'"issuer"')


def authorization(site: Site, browser: Browser, keep: Callable[[str], None]) -> Journey:
    """Ask for a code, being logged in."""
    keep(code_in((yield get(site.authorize, browser.header))))


def redemption(site: Site, code: str, keep: Callable[[str], None] = lambda _: None) -> Journey:
    """Exchange a code for tokens."""
    answer = yield site.redeem(code)
    answer.require(200, b'"id_token"')
    keep(json.loads(answer.body)["access_token"])


def flow(site: Site, browser: Browser) -> Journey:
    """Code and tokens, being logged in: what a second visit costs."""
    answer = yield get(site.authorize, browser.header)
    answer = yield site.redeem(code_in(answer))
    answer.require(200, b'"id_token"')


def userinfo(access_token: str) -> Journey:
    """Ask who a token stands for."""
    answer = yield get("/idp/oidc/user_info", f"Authorization: Bearer {access_token}\r\n")
    answer.require(200, b'"sub"')


def first_login(site: Site, browser: Browser, account: dict[str, str], *, remember: bool = False) -> Journey:
    """Log in with a password, agree to what is shared, get the tokens."""
    page = yield from browser.follow(get(site.authorize))
    page.require(200, b"login-submit")
    page = yield from browser.submit(page, **account)
    page.require(200, b"a2-oidc-authorization-form")
    answers = {"accept": "1"} | ({"do_not_ask_again": "on"} if remember else {})
    arrival = yield from browser.submit(page, **answers)
    answer = yield site.redeem(code_in(arrival))
    answer.require(200, b'"id_token"')
