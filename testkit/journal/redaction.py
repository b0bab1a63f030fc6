"""What a journal may show: every secret is replaced by its kind and a mark, the same for the same secret."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from keys import jose

SECRET_PARAMETERS = {
    "code": "code",
    "client_secret": "client_secret",
    "password": "password",
    "password1": "password",
    "password2": "password",
    "old_password": "password",
    "code_verifier": "code_verifier",
    "refresh_token": "refresh_token",
    "access_token": "access_token",
    "token": "token",
    "id_token": "id_token",
    "id_token_hint": "id_token",
    "logout_token": "logout_token",
    "client_assertion": "client_assertion",
    "assertion": "assertion",
    "request": "request",
    "request_uri": "request_uri",
    "csrf_token": "csrf_token",
    "registration_access_token": "registration_token",
    "initial_access_token": "registration_token",
    "pending": "pending",
    "session_state": "session_state",
}
"""Parameters and members that are secrets, and the kind of each."""
MARKED_PARAMETERS = frozenset({"state", "nonce", "code_challenge", "sid"})
"""Parameters that are shown, and join exchanges all the same."""
JOINING = frozenset(
    "pending request_uri code access_token refresh_token id_token logout_token state nonce code_challenge sid session "
    "token".split()
)
"""Kinds that join exchanges into flows."""
SESSION_COOKIE = "glc_session"
JWTS = frozenset({"id_token", "logout_token", "client_assertion", "request"})

Pairs = tuple[tuple[str, str], ...]


@dataclass
class Redaction:
    """Redacts one exchange: collects the marks and the tokens met on the way."""

    key: bytes
    """What the marks are keyed with: nobody can try secrets against them."""
    known: dict[str, str]
    """Kinds of the secrets met before in this journal, by their hash: a bare `token` is one of them."""
    marks: set[str] = field(default_factory=set)
    tokens: dict[str, str] = field(default_factory=dict)
    """JWTs met: where, and what, in clear."""
    _clear: dict[str, str] = field(default_factory=dict)

    def secret(self, kind: str, value: str) -> str:
        """What stands for a secret."""
        if not value:
            return ""
        hashed = hashlib.blake2s(value.encode("utf-8", "replace"), key=self.key, digest_size=4).hexdigest()
        kind = self.known.get(hashed, kind) if kind == "token" else self.known.setdefault(hashed, kind)
        if kind in JOINING:
            self.marks.add(f"{kind}:{hashed}")
        shown = f"‹{kind}:{hashed}›"
        if len(value) >= 8:
            self._clear[value] = shown
        return shown

    def mark(self, kind: str, value: str) -> None:
        """Join by a value that is shown."""
        hashed = hashlib.blake2s(value.encode("utf-8", "replace"), key=self.key, digest_size=4).hexdigest()
        self.marks.add(f"{kind}:{hashed}")

    def parameter(self, name: str, value: str) -> str:
        """The value of a parameter as it may be shown."""
        kind = SECRET_PARAMETERS.get(name)
        if kind is not None:
            if kind in JWTS and value.count(".") == 2:
                self.tokens[name] = value
            return self.secret(kind, value)
        if name in MARKED_PARAMETERS and value:
            self.mark(name, value)
        if name == "next" or value.startswith(("/", "http://", "https://")):
            return self.address(value)
        return value

    def pairs(self, text: str) -> Pairs:
        """The parameters of a query or a form."""
        return tuple((name, self.parameter(name, value)) for name, value in parse_qsl(text, keep_blank_values=True))

    def address(self, url: str) -> str:
        """An address whose query and fragment hold no secret, nor its path the token of a mailed link."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return "…"
        path = _MAILED.sub(lambda found: self.secret("link", found.group(0)), parts.path)
        query, fragment = (
            "&".join(f"{quote(name, safe='')}={quote(value, safe=_READABLE)}" for name, value in self.pairs(text))
            if "=" in text
            else text
            for text in (parts.query, parts.fragment)
        )
        return urlunsplit(parts._replace(path=path, query=query, fragment=fragment))

    def headers(self, headers: Iterable[tuple[str, str]]) -> Pairs:
        """Headers without what they authenticate with."""
        return tuple((name, self._header(name.lower(), value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if name == "authorization":
            scheme, _, credentials = value.partition(" ")
            kind = "access_token" if scheme.lower() == "bearer" else "client_secret"
            return f"{scheme} {self.secret(kind, credentials)}"
        if name == "cookie":
            return "; ".join(self._cookie(each) for each in value.split("; "))
        if name == "set-cookie":
            first, found, rest = value.partition(";")
            return f"{self._cookie(first)}{found}{rest}"
        if name in {"location", "referer"}:
            return self.address(value)
        return value

    def _cookie(self, pair: str) -> str:
        name, _, value = pair.partition("=")
        return f"{name}={self.secret('session' if name == SESSION_COOKIE else 'cookie', value)}"

    def body(self, text: str, media_type: str) -> str:
        """A body as it may be shown: JSON member by member, forms by parameter, anything else without what was found
        to be secret elsewhere in the exchange, and without hidden fields."""
        if "json" in media_type:
            try:
                return json.dumps(self._member("", json.loads(text)), ensure_ascii=False, indent=2)
            except (ValueError, RecursionError):
                pass
        elif media_type.startswith("application/x-www-form-urlencoded"):
            return "&".join(f"{name}={value}" for name, value in self.pairs(text))
        elif media_type.startswith(("application/jwt", "application/token-introspection+jwt")):
            self.tokens["body"] = text
            return self.secret("jwt", text)
        elif "html" in media_type:
            text = _HIDDEN.sub(lambda found: f"{found[1]}{self.parameter(found[2], found[3])}{found[4]}", text)
            text = _LINK.sub(lambda found: f"{found[1]}{self.address(found[2].replace('&amp;', '&'))}{found[3]}", text)
        # cut short, nested beyond reason, or not of the type it says: secrets all the same
        text = _MEMBER.sub(lambda found: f"{found[1]}{self.parameter(found[2], found[3])}{found[4]}", text)
        for clear, shown in self._clear.items():
            text = text.replace(clear, shown)
        return text

    def _member(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {each: self._member(each, inner) for each, inner in value.items()}
        if isinstance(value, list):
            return [self._member(name, inner) for inner in value]
        return self.parameter(name, value) if isinstance(value, str) and name in SECRET_PARAMETERS else value


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT, unverified; empty where they cannot be read (it is encrypted, or none)."""
    try:
        header = dict(jose.header_of(token))
    except jose.JoseError:
        return {}, {}
    try:
        return header, dict(jose.claims_of(token))
    except jose.JoseError:
        return header, {}


_READABLE = "‹›:/ ?#[]@!$'()*,;…"
_MAILED = re.compile(r"(?<=/)[A-Za-z0-9_-]{40,}(?=/|$)")
_MEMBER = re.compile(rf'("({"|".join(SECRET_PARAMETERS)})"\s*:\s*")((?:[^"\\]|\\.)*)("?)')
_HIDDEN = re.compile(r'(<input[^>]*name="([^"]*)"[^>]*value=")([^"]*)(")')
_LINK = re.compile(r'((?:href|src|action|content)="[^"]*?)((?:https?://|/)[^"]*)(")')
