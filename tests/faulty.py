"""A site's whole journey through a space of the test kit, seen from the wire: every answer is kept as it came, and
tokens are judged by PyJWT. Nothing here knows how a fault is made."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from bs4 import BeautifulSoup
from kit import CALLBACK, Room
from werkzeug.test import Client, TestResponse

GOODBYE = "https://site.example/bye"
VERIFIER = "un-verifier-assez-long-pour-la-norme-0123456789"
SCOPE = "openid profile email offline_access"
NONCE, STATE = "le-nonce-du-site", "le-state-du-site"
LEEWAY_IN = 5


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __bool__(self) -> bool:
        """Whether there was an answer."""
        return self.status > 0

    @property
    def json(self) -> Any:
        """What it holds, if that is JSON; else None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def media_type(self) -> str:
        """Without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0]

    def get(self, name: str, default: Any = None) -> Any:
        """A member of the JSON object, if it is one."""
        return self.json.get(name, default) if isinstance(self.json, dict) else default


NOTHING = Said(0, {}, b"")
"""Where nothing was asked, for want of what it takes."""


@dataclass
class Seen:
    """All that a site saw in one journey."""

    site: Site
    discovery: Said = NOTHING
    keys: Said = NOTHING
    front: Said = NOTHING
    """What sent the browser back to the site, or did not."""
    pairs: list[tuple[str, str]] = field(default_factory=list)
    place: str = ""
    """Where the answer stood: query, fragment or form."""
    token: Said = NOTHING
    again: Said = NOTHING
    """The same code, brought once more."""
    userinfo: Said = NOTHING
    refreshed: Said = NOTHING
    retried: Said = NOTHING
    """The same refresh token, brought once more."""
    goodbye: Said = NOTHING
    returned_to: str = ""
    later_keys: Said = NOTHING
    """The keys, fetched again for an ID Token signed with an unknown one."""

    def kids(self, *, later: bool = False) -> list[str]:
        """The names of the published keys."""
        said = self.later_keys if later else self.keys
        return [key.get("kid", "") for key in said.get("keys") or []]

    def values(self, name: str) -> list[str]:
        """The values of a parameter that the browser brought back."""
        return [value for each, value in self.pairs if each == name]

    @property
    def id_token(self) -> Jwt:
        """The one of the token endpoint, or of the browser's answer."""
        return Jwt(self, self.token.get("id_token") or next(iter(self.values("id_token")), ""))

    @property
    def refreshed_id_token(self) -> Jwt:
        """The one of the refresh."""
        return Jwt(self, self.refreshed.get("id_token") or "")

    def frames(self) -> list[str]:
        """The addresses of the front-channel logout."""
        return [str(each["src"]) for each in BeautifulSoup(self.goodbye.body, "html.parser").find_all("iframe")]


@dataclass
class Jwt:
    """A token, and what PyJWT has to say of it."""

    seen: Seen
    text: str

    @cached_property
    def header(self) -> dict[str, Any]:
        """Unverified; empty if it cannot be read."""
        return _part(self.text, 0)

    @cached_property
    def claims(self) -> dict[str, Any]:
        """Unverified; empty if they cannot be read."""
        return _part(self.text, 1)

    @cached_property
    def signature_holds(self) -> bool:
        """Whether a key that it names, or else that fits, verifies it by the registered algorithm."""
        return self._signature_problem is None

    @cached_property
    def _signature_problem(self) -> str | None:
        alg = self.seen.site.alg
        if self.header.get("alg") != alg:
            return "another algorithm"
        if alg == "HS256":
            keys: list[Any] = [self.seen.site.secret]
        else:
            kid = self.header.get("kid")
            published = (self.seen.later_keys or self.seen.keys).get("keys") or []
            fitting = [key for key in published if key.get("alg") == alg and key.get("use") == "sig"]
            keys = [key for key in fitting if kid is None or key.get("kid", kid) == kid]
        problem = "no key"
        for key in keys:
            try:
                known = key if isinstance(key, str) else jwt.PyJWK(key).key
                jwt.api_jws.decode(self.text, known, [alg])
            except (jwt.InvalidTokenError, jwt.PyJWKError, Warning) as error:
                problem = repr(error)
            else:
                return None
        return problem

    def problem(
        self, *, nonce: str | None = NONCE, access_token: str | None = None, code: str | None = None
    ) -> str | None:
        """What a strict site refuses it for (OpenID Connect Core 1.0, 3.1.3.7), or None."""
        if self._signature_problem:
            return self._signature_problem
        site, claims = self.seen.site, self.claims
        try:
            jwt.decode(
                self.text,
                options={
                    "verify_signature": False,
                    "verify_aud": True,
                    "verify_iss": True,
                    "verify_exp": True,
                    "verify_nbf": True,
                    "verify_iat": True,
                    "verify_sub": True,
                    "require": ["iss", "sub", "aud", "exp", "iat"],
                },
                audience=site.client_id,
                issuer=site.space.issuer,
                leeway=LEEWAY_IN,
            )
        except jwt.InvalidTokenError as error:
            return repr(error)
        if claims.get("nonce") != nonce:
            return "nonce"
        if not claims["sub"]:
            return "sub"
        if claims["aud"] not in (site.client_id, [site.client_id]):
            return "another audience"
        if claims.get("azp", site.client_id) != site.client_id:
            return "azp"
        for name, what in (("at_hash", access_token), ("c_hash", code)):
            if what is not None and claims.get(name) != half_hash(what):
                return name
        return None


def half_hash(value: str) -> str:
    """Core 1.0, 3.1.3.6, with SHA-256."""
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


def _part(token: str, place: int) -> dict[str, Any]:
    try:
        encoded = token.split(".")[place]
        found = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class Space:
    """A space in which faults act."""

    def __init__(self, room: Room) -> None:
        self.server = Client(room.kit)
        self.room, self.issuer = room, str(room.told["issuer"])

    def register(self, **asked: Any) -> Site:
        """A new client of Lyon."""
        values = {"scopes": SCOPE.split(), "post_logout_redirect_uris": [GOODBYE], "id_token_alg": "HS256", **asked}
        made = self.room.client(**values)
        return Site(self, made.client_id, made.secret, str(values["id_token_alg"]))

    def fault(self, name: str, **scope: Any) -> int:
        """Switch a fault on; its number."""
        return int(self.room.call("POST", "/faults", {"name": name, **scope})["id"])

    def clear(self, number: int) -> None:
        """Switch a fault off."""
        self.room.call("DELETE", f"/faults/{number}")

    def applied(self, number: int) -> int:
        """How many times a fault acted."""
        faults = self.room.call("GET", "/faults")["faults"]
        return next(int(each["applied"]) for each in faults if each["id"] == number)


@dataclass
class Site:
    """A registered client."""

    space: Space
    client_id: str
    secret: str
    alg: str
    browser: Client | None = None
    visitor: tuple[str, str] | None = None
    """The e-mail address and password of who fills in the login page, where nobody is logged in by script."""

    def path(self, endpoint: str) -> str:
        """An endpoint's path on the server."""
        return urlsplit(self.space.issuer).path.rstrip("/") + endpoint

    def journey(
        self, *, response_type: str = "code", response_mode: str | None = None, leave: bool = True, **more: str
    ) -> Seen:
        """Everything that a site may do in one login, each step only if the one before gave what it takes."""
        seen = Seen(self)
        self.browser = Client(self.space.server.application)
        seen.discovery = self._get("/.well-known/openid-configuration")
        seen.keys = self._get("/idp/oidc/certs")
        self._authorize(seen, response_type, response_mode, more)
        if seen.values("code"):
            seen.token = self._redeem(seen.values("code")[-1])
            seen.again = self._redeem(seen.values("code")[-1]) if seen.token.status >= 400 else NOTHING
        kid = seen.id_token.header.get("kid")
        if kid is not None and kid not in seen.kids():
            seen.later_keys = self._get("/idp/oidc/certs")
        access = seen.token.get("access_token")
        if access:
            seen.userinfo = self._get("/idp/oidc/user_info", headers={"Authorization": f"Bearer {access}"})
        refresh = seen.token.get("refresh_token")
        if refresh:
            seen.refreshed = self._refresh(refresh)
            seen.retried = self._refresh(refresh) if seen.refreshed.status >= 400 else NOTHING
        if leave and seen.id_token.text and seen.id_token.signature_holds:
            self._log_out(seen)
        return seen

    def keys(self) -> Said:
        """The published keys."""
        return self._get("/idp/oidc/certs")

    def answers_404(self, url: str) -> bool:
        """Whether there is nothing at an address of the server."""
        return bool(self.space.server.get(urlsplit(url).path).status_code == 404)

    def _authorize(self, seen: Seen, response_type: str, response_mode: str | None, more: dict[str, str]) -> None:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "client_id": self.client_id,
            "response_type": response_type,
            "scope": SCOPE,
            "redirect_uri": CALLBACK,
            "state": STATE,
            "nonce": NONCE,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "consent",
            **({"response_mode": response_mode} if response_mode else {}),
            **more,
        }
        response = self._walk(f"{self.path('/idp/oidc/authorize')}?{urlencode(asked)}")
        seen.front = _said(response)
        target = response.headers.get("Location", "")
        parts = urlsplit(target)
        form = BeautifulSoup(response.data, "html.parser").find("form", id="answer")
        if target.startswith(CALLBACK):
            seen.place = "fragment" if parts.fragment else "query"
            seen.pairs = parse_qsl(parts.fragment or parts.query, keep_blank_values=True)
        elif form is not None:
            seen.place = "form"
            seen.pairs = [(str(each["name"]), str(each["value"])) for each in form.find_all("input")]

    def _walk(self, url: str) -> TestResponse:
        """Follow the browser's way as long as it stays on the server, accepting what is asked."""
        response = self._open("GET", url)
        for _ in range(12):
            target = response.headers.get("Location", "")
            parts = urlsplit(target)
            if response.status_code in {302, 303} and (
                not parts.netloc or parts.netloc == urlsplit(self.space.issuer).netloc
            ):
                response = self._open("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
                continue
            page = BeautifulSoup(response.data, "html.parser")
            form = page.find("form", id="a2-oidc-authorization-form")
            answer = {"accept": str(form.find("button", attrs={"name": "accept"}).get("value", ""))} if form else {}
            if form is None and self.visitor is not None and page.find(id="login-submit"):
                form, answer = (
                    page.find("main").find("form"),
                    dict(zip(("username", "password"), self.visitor, strict=True)),
                )
            if form is None:
                return response
            sent = {str(each["name"]): str(each.get("value", "")) for each in form.find_all("input", type="hidden")}
            sent |= answer
            where = str(form.get("action") or response.request.full_path)
            response = self._open("POST", where, data=sent)
        raise AssertionError("the login goes round in circles")

    def _log_out(self, seen: Seen) -> None:
        asked = {"id_token_hint": seen.id_token.text, "post_logout_redirect_uri": GOODBYE, "state": STATE}
        response = self._walk(f"{self.path('/idp/oidc/logout')}?{urlencode(asked)}")
        seen.goodbye = _said(response)
        refresh = BeautifulSoup(response.data, "html.parser").find("meta", attrs={"http-equiv": "refresh"})
        seen.returned_to = response.headers.get("Location") or (
            str(refresh["content"]).partition("url=")[2] if refresh else ""
        )

    def _redeem(self, code: str) -> Said:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return self._post("/idp/oidc/token", form)

    def _refresh(self, token: str) -> Said:
        return self._post("/idp/oidc/token", {"grant_type": "refresh_token", "refresh_token": token})

    def _get(self, endpoint: str, **options: Any) -> Said:
        return _said(self.space.server.get(self.path(endpoint), **options))

    def _post(self, endpoint: str, form: dict[str, str]) -> Said:
        pair = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
        return _said(self.space.server.post(self.path(endpoint), data=form, headers=headers))

    def _open(self, method: str, url: str, **options: Any) -> TestResponse:
        assert self.browser is not None
        return self.browser.open(url, method=method, **options)


def _said(response: TestResponse) -> Said:
    headers = {name.lower(): value for name, value in response.headers}
    return Said(response.status_code, headers, response.data)


Evidence = Callable[[Seen], bool]
