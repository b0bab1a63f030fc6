"""A request as the test kit sees it on the wire, before the provider does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote_plus, urlsplit

from idp.parameters import FORM
from keys import jose

ASKED = "glc.testkit.asked"
"""Where a request finds, in its WSGI environment, what it is to the test kit."""
ENDPOINTS = {
    "/idp/oidc/authorize": "authorize",
    "/idp/oidc/token": "token",
    "/idp/oidc/user_info": "userinfo",
    "/idp/oidc/certs": "jwks",
    "/idp/oidc/logout": "logout",
    "/idp/oidc/introspect": "introspect",
    "/idp/oidc/revoke": "revoke",
    "/idp/oidc/par": "par",
    "/idp/oidc/register": "registration",
    "/.well-known/openid-configuration": "discovery",
    "/.well-known/oauth-authorization-server": "discovery",
    "/login": "login",
    "/register": "register_page",
    "/logout": "logout",
    "/accounts/edit/required": "required_profile",
}
"""What the journal and faults call the provider's addresses; all others are pages."""
NAMES = tuple(dict.fromkeys((*ENDPOINTS.values(), "consent", "page", "static", "backchannel_logout", "fetch")))
"""All that an exchange's endpoint may be called: the last two are calls of the provider to a site."""


def endpoint_of(method: str, path: str, query_string: str = "") -> str:
    """The name of what is asked: `consent` is the answer to that page."""
    if path.startswith("/static/"):
        return "static"
    name = ENDPOINTS.get(path.rstrip("/"), "registration" if path.startswith("/idp/oidc/register/") else "page")
    if name == "authorize" and method == "POST" and "pending=" in query_string:
        return "consent"
    return name


@dataclass(frozen=True)
class Request:
    """What was asked; `url` is whole, as whoever asked wrote it."""

    endpoint: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @classmethod
    def of(cls, environ: dict[str, Any], body: bytes) -> Request:
        """The one of a WSGI environment, whose body was read."""
        path, query = environ.get("PATH_INFO", "/"), environ.get("QUERY_STRING", "")
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        whole = f"{environ['wsgi.url_scheme']}://{host}{environ.get('SCRIPT_NAME', '')}{path}"
        headers = [
            (name[5:].replace("_", "-").title(), str(value)) for name, value in environ.items() if name[:5] == "HTTP_"
        ]
        if environ.get("CONTENT_TYPE"):
            headers.append(("Content-Type", environ["CONTENT_TYPE"]))
        method = environ["REQUEST_METHOD"]
        return cls(
            endpoint_of(method, path, query), method, f"{whole}?{query}" if query else whole, tuple(headers), body
        )

    @cached_property
    def query_string(self) -> str:
        """The query, encoded."""
        return parts_of(self.url).query

    @cached_property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The parameters of the query."""
        return tuple(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def is_form(self) -> bool:
        """Whether the body is a form."""
        return self.header("content-type").partition(";")[0].strip().lower() == FORM

    @property
    def body_text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def form(self) -> tuple[tuple[str, str], ...]:
        """The parameters of the form, if the body is one."""
        return tuple(parse_qsl(self.body_text, keep_blank_values=True)) if self.is_form else ()

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Those of query and form by name."""
        return dict((*self.query, *self.form))

    def header(self, name: str) -> str:
        """One header, named in lower case; empty if there is none."""
        return next((value for each, value in self.headers if each.lower() == name), "")

    @property
    def bearer(self) -> str:
        """The access token of the Authorization header, or of a form."""
        scheme, _, value = self.header("authorization").partition(" ")
        return value if scheme.lower() == "bearer" else self.parameters.get("access_token", "")


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Which client a request says it is of, and how it proves that."""

    client_id: str | None
    method: str | None

    @classmethod
    def of(cls, asked: Request) -> ClientCredentials:
        """As far as the request itself tells; `method` as in client metadata (OpenID Connect Registration 1.0, 2)."""
        scheme, _, encoded = asked.header("authorization").partition(" ")
        if scheme.lower() == "basic":
            return cls(_user_of(encoded), "client_secret_basic")
        sent = asked.parameters
        assertion = sent.get("client_assertion")
        if assertion:
            said = _claims(assertion)
            alg = str(_header(assertion).get("alg", ""))
            method = "client_secret_jwt" if alg.startswith("HS") else "private_key_jwt"
            return cls(sent.get("client_id") or _text(said.get("sub")), method)
        if "client_secret" in sent:
            return cls(sent.get("client_id"), "client_secret_post")
        asks = asked.endpoint in {"token", "introspect", "revoke", "par"}
        return cls(sent.get("client_id"), "none" if asks and "client_id" in sent else None)


def _user_of(encoded: str) -> str | None:
    try:
        user, _, _secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return unquote_plus(user) or None


def _claims(token: str) -> dict[str, Any]:
    try:
        return dict(jose.claims_of(token))
    except jose.JoseError:
        return {}


def _header(token: str) -> dict[str, Any]:
    try:
        return dict(jose.header_of(token))
    except jose.JoseError:
        return {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def parts_of(url: str) -> SplitResult:
    """The parts of an address that somebody sent; none where it is no address."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def audience_of(token: str) -> str | None:
    """The client that an unverified token is for."""
    found = _claims(token).get("aud")
    return _text(found[0] if isinstance(found, list) and found else found)


def first(pairs: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of a parameter."""
    return next((value for each, value in pairs if each == name), None)
