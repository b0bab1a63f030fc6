"""What the site asks the provider: metadata, keys, tokens, userinfo. Nothing that comes back is believed by itself."""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote_plus, urlsplit

import requests
from joserfc.errors import JoseError
from joserfc.jwk import Key, OctKey, import_key

from demo.recette_site.config import SiteConfig
from demo.recette_site.tokens import Refused, Unavailable

LONGEST_ANSWER = 256 * 1024
"""Bytes that an answer may have."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
LOCAL = {"localhost", "127.0.0.1", "::1"}
SHORTEST_MODULUS = 2048 // 6
"""Base64 letters of the shortest RSA key that may be used (RFC 7518, 3.3)."""
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC"}


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint gave."""

    access_token: str
    id_token: str | None
    refresh_token: str | None
    expires_in: float
    """Seconds that the access token lives; without end where nothing is said."""


class Provider:
    """The provider as this site knows it. Every method raises `Refused`."""

    def __init__(self, config: SiteConfig) -> None:
        self._config = config
        self._http = requests.Session()
        self._http.trust_env = False
        self._metadata: dict[str, Any] | None = None
        self._keys: list[Key] | None = None
        self._read_at = self._keys_read_at = -1e9
        self._lock = threading.Lock()

    def metadata(self, *, begins: bool = False) -> dict[str, Any]:
        """The discovery document, verified (OpenID Connect Discovery 1.0, 4.3). A login that begins has it read again
        once it is old; one that goes on keeps what it began with."""
        if self._metadata is None or (begins and self._is_old(self._read_at)):
            address = f"{self._config.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = self._json("GET", address)
            if found.get("issuer") != self._config.issuer:
                raise Refused("the discovery document is of another issuer")
            for name in ENDPOINTS:
                self._check_address(name, found.get(name))
            if found.get("end_session_endpoint") is not None:
                self._check_address("end_session_endpoint", found["end_session_endpoint"])
            self._metadata, self._read_at = found, time.monotonic()
        return self._metadata

    def keys_for(self, kid: str | None) -> list[Key]:
        """The keys that may have signed a token; the provider is asked again for one that is not known yet."""
        if self._config.alg.startswith("HS"):
            return [OctKey.import_key(self._config.client_secret)]
        if self._keys is None or (self._config.checks("key_rotation_not_followed") and self._lacks(kid)):
            self._fetch_keys()
        return self._known(kid)

    def redeem(self, code: str, verifier: str) -> Tokens:
        """The tokens for a code, an ID Token among them (OpenID Connect Core 1.0, 3.1.3)."""
        tokens = _tokens(self._redeemed(code, verifier))
        if tokens.id_token is None:
            raise Refused("the token answer lacks a token")
        return tokens

    def refresh(self, refresh_token: str) -> Tokens:
        """The tokens for a refresh token (OpenID Connect Core 1.0, 12)."""
        return _tokens(self._token({"grant_type": "refresh_token", "refresh_token": refresh_token}))

    def redeem_again(self, code: str, verifier: str) -> None:
        """The mistake: what comes of it does not matter to whoever makes it."""
        try:
            self._redeemed(code, verifier)
        except Refused:
            return

    def userinfo(self, access_token: str, sub: str) -> dict[str, Any]:
        """What userinfo tells about the person of the ID Token (OpenID Connect Core 1.0, 5.3)."""
        headers = {"Authorization": f"Bearer {access_token}"}
        found = self._json("GET", self.metadata()["userinfo_endpoint"], headers=headers)
        if self._config.checks("userinfo_sub_not_compared") and found.get("sub") != sub:
            raise Refused("userinfo tells about somebody else")
        return found

    def _redeemed(self, code: str, verifier: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._config.redirect_uri}
        if verifier:
            form["code_verifier"] = verifier
        return self._token(form)

    def _token(self, form: dict[str, str]) -> dict[str, Any]:
        # Both halves are form-encoded first (RFC 6749, 2.3.1).
        pair = (quote_plus(self._config.client_id), quote_plus(self._config.client_secret))
        return self._json("POST", self.metadata()["token_endpoint"], data=form, auth=pair)

    def _fetch_keys(self) -> None:
        with self._lock:
            document = self._json("GET", self.metadata()["jwks_uri"], json_types=("jwk-set+json",))
            entries = document.get("keys")
            if not isinstance(entries, list):
                raise Refused("the provider's keys cannot be read")
            # One key that we cannot read must not hide the others (RFC 7517, 5).
            found = [key for key in map(_key, entries) if key is not None]
            self._keys, self._keys_read_at = found, time.monotonic()

    def _known(self, kid: str | None) -> list[Key]:
        wanted = KEY_TYPES.get(self._config.alg[:2])
        return [
            key
            for key in self._keys or []
            if key.key_type == wanted
            and key.get("use") in (None, "sig")
            and key.get("alg") in (None, self._config.alg)
            and (kid is None or key.kid == kid)
        ]

    def _lacks(self, kid: str | None) -> bool:
        return self._is_old(self._keys_read_at) or (kid is not None and not self._known(kid))

    def _is_old(self, read_at: float) -> bool:
        return time.monotonic() - read_at > self._config.metadata_kept_in

    def _check_address(self, name: str, value: Any) -> None:
        """https, as the issuer is; http is for a provider on this machine only."""
        if not isinstance(value, str) or not urlsplit(value).netloc:
            raise Refused(f"the discovery document has no {name}")
        scheme, issuer = urlsplit(value).scheme, urlsplit(self._config.issuer)
        if scheme != "https" and not (
            scheme == issuer.scheme == "http" and urlsplit(value).hostname in {*LOCAL, issuer.hostname}
        ):
            raise Refused(f"{name} is not an https address")

    def _json(self, method: str, address: str, *, json_types: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
        """A JSON object, within the time and the length that an answer may have; redirects are not followed."""
        deadline = time.monotonic() + self._config.timeout_in
        options["headers"] = {"Accept": "application/json", **options.get("headers", {})}
        try:
            with self._http.request(
                method, address, timeout=self._config.timeout_in, allow_redirects=False, stream=True, **options
            ) as answer:
                body = _body(answer, deadline)
        except requests.RequestException as error:
            raise Unavailable(f"the provider did not answer ({type(error).__name__})") from None
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        found: Any = None
        if media_type in {"application/json", *(f"application/{each}" for each in json_types)}:
            try:
                found = json.loads(body)
            except (ValueError, RecursionError):
                found = None
        if answer.status_code != 200:
            told = found.get("error") if isinstance(found, dict) else None
            kind = Unavailable if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else Refused
            raise kind(f"the provider refused: {answer.status_code} {ascii(told)[:60]}")
        if not isinstance(found, dict):
            raise Refused(f"the provider did not answer in JSON ({ascii(media_type)[:60]})")
        return cast("dict[str, Any]", found)


def _tokens(answer: dict[str, Any]) -> Tokens:
    token_type, access_token = answer.get("token_type"), answer.get("access_token")
    if not (isinstance(token_type, str) and token_type.lower() == "bearer"):
        raise Refused("the access token is of a type that this site cannot use")
    if not (isinstance(access_token, str) and access_token):
        raise Refused("the token answer lacks a token")
    id_token, refresh_token = (answer[name] if isinstance(answer.get(name), str) else None for name in _OTHERS)
    told = answer.get("expires_in")
    lives = told if isinstance(told, int | float) and not isinstance(told, bool) else math.inf
    return Tokens(access_token, id_token, refresh_token, lives)


_OTHERS = ("id_token", "refresh_token")


def _body(answer: requests.Response, deadline: float) -> bytes:
    body = b""
    for part in answer.iter_content(16 * 1024):
        body += part
        if len(body) > LONGEST_ANSWER:
            raise Refused("the provider's answer is too long")
        if time.monotonic() > deadline:
            raise Refused("the provider's answer took too long")
    return body


def _key(entry: Any) -> Key | None:
    if isinstance(entry, dict) and entry.get("kty") == "RSA" and len(str(entry.get("n", ""))) < SHORTEST_MODULUS:
        return None
    try:
        return import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
