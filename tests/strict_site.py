"""A Relying Party that checks everything the certification suite checks wherever tokens are reached, and speaks by
hand: nothing here knows how the provider is made."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from flows import ISSUER, Arrival, Citizen, Site
from werkzeug.test import TestResponse

ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
"""RFC 6749, 4.1.2.1."""
REGISTERED_ERROR_MEMBERS = {"error", "error_description", "error_uri", "state", "iss"}
NUMBERS, BOOLEANS = {"updated_at"}, {"email_verified", "phone_number_verified"}


@dataclass
class StrictSite:
    """A site, its user's browser, and what it learnt from discovery. `sent` is what each request says unless told."""

    site: Site
    citizen: Citizen
    client: FlaskClient
    sent: dict[str, str] = field(default_factory=lambda: {"state": "état", "nonce": "n-1"})

    @property
    def metadata(self) -> dict[str, Any]:
        """The discovery document."""
        return self.client.get("/.well-known/openid-configuration").json

    def path(self, **changes: str | None) -> str:
        """The path and query of an authorization request."""
        return self.site.request(**{**self.sent, **changes})

    def visit(self, **changes: str | None) -> TestResponse | Answer:
        """Send the user; what comes back to the site, or the page where the user was left."""
        return self.read(self.citizen.get(self.path(**changes)))

    def authorize(self, **changes: str | None) -> Answer:
        """Send the user, who logs in and accepts; what comes back, checked."""
        return self.arrive(self.citizen.get(self.path(**changes)), state=changes.get("state", self.sent.get("state")))

    def arrive(self, step: TestResponse | Arrival, *, state: str | None) -> Answer:
        """Log in and accept as asked, until the site has its answer; that, checked."""
        answer = self.walk(step)
        answer.check(state)
        return answer

    def walk(self, step: TestResponse | Arrival) -> Answer:
        """Log in and accept as asked, until the site has its answer."""
        for _ in range(6):
            answer = self.read(step)
            if isinstance(answer, Answer):
                return answer
            step = self.citizen.advance(answer)
        raise AssertionError("the login goes round in circles")

    def read(self, end: TestResponse | Arrival) -> TestResponse | Answer:
        """What the site received, by whatever response mode."""
        if isinstance(end, Arrival):
            parts = urlsplit(end.url)
            mode = "fragment" if parts.fragment else "query"
            return Answer(end.url, mode, parse_qsl(parts.fragment or parts.query, keep_blank_values=True))
        form = BeautifulSoup(end.text, "html.parser").find("form", id="answer")
        if form is None:
            return end
        return Answer(form["action"], "form_post", [(one["name"], one["value"]) for one in form.find_all("input")])

    def redeem(self, answer: Answer, **changes: str) -> dict[str, Any]:
        """The token response, checked (RFC 6749, 5.1)."""
        response = self.site.redeem(self.client, answer["code"], **changes)
        return self.tokens(response)

    def refresh(self, token: str) -> dict[str, Any]:
        """The token response of a refresh, checked."""
        return self.tokens(self.site.refresh(self.client, token))

    @staticmethod
    def tokens(response: TestResponse) -> dict[str, Any]:
        """A token response, checked."""
        assert response.status_code == 200, response.text
        assert response.mimetype == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        body: dict[str, Any] = response.json
        assert body["token_type"] == "Bearer"
        assert isinstance(body["expires_in"], int)
        assert all(
            re.fullmatch(r"[\x20-\x7e]+", body[name]) for name in ("access_token", "refresh_token") if name in body
        )
        return body

    def id_token(self, token: str, *, now: float, nonce: str | None = "n-1", **vouched: str) -> dict[str, Any]:
        """An ID Token, verified with the published keys; `access_token` and `code` are what it must vouch for."""
        header = jwt.get_unverified_header(token)
        keys = {key["kid"]: key for key in self.client.get("/idp/oidc/certs").json["keys"]}
        key = jwt.PyJWK(keys[header["kid"]]).key
        claims: dict[str, Any] = jwt.decode(
            token, key, [header["alg"]], audience=self.site.client_id, issuer=ISSUER, options={"verify_exp": False}
        )
        assert abs(claims["iat"] - now) < 300
        assert claims["exp"] > now
        assert isinstance(claims["auth_time"], int)
        assert claims["auth_time"] <= now
        assert claims.get("nonce") == nonce
        assert claims["acr"]
        assert "azp" not in claims
        for name, what in (("at_hash", "access_token"), ("c_hash", "code")):
            if what in vouched:
                assert claims[name] == half_hash(header["alg"], vouched[what])
        check_claims(claims)
        return claims

    def userinfo(self, access_token: str, **options: Any) -> dict[str, Any]:
        """The userinfo answer, checked (Core 1.0, 5.3.2)."""
        headers = {"Authorization": f"Bearer {access_token}"}
        response = self.client.get("/idp/oidc/user_info", headers=headers, **options)
        assert (response.status_code, response.mimetype) == (200, "application/json"), response.text
        claims: dict[str, Any] = response.json
        assert claims["sub"]
        check_claims(claims)
        return claims


Begin = Callable[..., StrictSite]
"""Begins a site with the given registration and a fresh browser."""


@dataclass
class Answer:
    """What the authorization endpoint sent to the site."""

    url: str
    mode: str
    pairs: list[tuple[str, str]]

    def __getitem__(self, name: str) -> str:
        return dict(self.pairs)[name]

    def get(self, name: str) -> str | None:
        """One member, if it is there."""
        return dict(self.pairs).get(name)

    def check(self, state: str | None) -> None:
        """What holds for every answer (the suite's 2.0)."""
        assert all(times == 1 for times in Counter(name for name, _ in self.pairs).values())
        assert self.get("iss") == ISSUER
        assert self.get("state") == state
        if self.mode != "query":
            assert not {"code", "error", "id_token", "access_token"} & dict(parse_qsl(urlsplit(self.url).query)).keys()
        if self.get("error") is not None:
            assert dict(self.pairs).keys() <= REGISTERED_ERROR_MEMBERS
            assert ERROR_TEXT.fullmatch(self["error_description"]), self["error_description"]
        if self.get("code") is not None:
            assert len(self["code"]) >= 22
            assert entropy(self["code"]) >= 96


def half_hash(alg: str, value: str) -> str:
    """Core 1.0, 3.1.3.6."""
    digest = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def entropy(value: str) -> float:
    """Shannon's estimate, in bits, as the suite makes it."""
    counted = Counter(value)
    return -sum(times * math.log2(times / len(value)) for times in counted.values())


def check_claims(claims: dict[str, Any]) -> None:
    """Standard claims are well typed, none is empty or null (Core 1.0, 5.1 and 5.3.2)."""
    for name, value in claims.items():
        assert value not in ("", None, [], {}), name
        if name in NUMBERS:
            assert isinstance(value, int)
        if name in BOOLEANS:
            assert isinstance(value, bool)
    if "address" in claims:
        assert isinstance(claims["address"], dict)
        assert all(isinstance(part, str) for part in claims["address"].values())
    if "birthdate" in claims:
        assert re.fullmatch(r"\d{4}(-\d{2}-\d{2})?", claims["birthdate"])


def unsigned(claims: dict[str, Any]) -> str:
    """A JWT of alg none."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
