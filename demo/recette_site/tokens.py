"""What is verified of a token: its signature, then every claim by hand, so that each check can be read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key

from demo.recette_site.config import SiteConfig

LEEWAY_IN = 10
"""Seconds by which the provider's clock and ours may differ."""
OLDEST_IN = 600
"""Seconds since an ID Token was made, beyond which it is not for a login of now."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

KeysFor = Callable[[str | None], list[Key]]
"""The keys that may have signed, by `kid`."""


class Refused(Exception):
    """The site does not go on; the message names what was wrong, and holds no secret."""


class Unavailable(Refused):
    """The provider could not answer: what was asked may be asked again."""


def id_token_claims(
    token: str, config: SiteConfig, keys_for: KeysFor, *, nonce: str, access_token: str, code: str, now: float
) -> dict[str, Any]:
    """The claims of an ID Token that holds in every way (OpenID Connect Core 1.0, 3.1.3.7). Raises `Refused`."""
    if _read(token)[0].get("alg") == "none" and not config.checks("alg_none_accepted"):
        claims = _read(token)[1]
    else:
        claims = _signed_claims(token, config, keys_for, forgiving=not config.checks("signature_ignored"))
    if config.checks("iss_not_checked"):
        _require(claims.get("iss") == config.issuer, "the ID Token is of another issuer")
    if config.checks("aud_not_checked"):
        _require(claims.get("aud") in (config.client_id, [config.client_id]), "the ID Token is for another site")
        _require(claims.get("azp", config.client_id) == config.client_id, "the ID Token was given to another site")
    _require(isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255, "the ID Token names nobody")
    _check_dates(claims, now, expiry=config.checks("expired_accepted"))
    if config.checks("no_nonce_check"):
        _require(_same(claims.get("nonce"), nonce), "the nonce is not the one that was sent")
    _require(claims.get("at_hash") in (None, _half_hash(config.alg, access_token)), "at_hash does not match")
    _require(claims.get("c_hash") in (None, _half_hash(config.alg, code)), "c_hash does not match")
    return claims


def refreshed_claims(
    token: str, config: SiteConfig, keys_for: KeysFor, *, first: dict[str, Any], now: float
) -> dict[str, Any]:
    """The claims of an ID Token that a refresh brought: those of the first one, but for its dates (12.2). Raises
    `Refused`."""
    claims = _signed_claims(token, config, keys_for)
    for name in ("iss", "sub", "aud", "azp"):
        _require(claims.get(name) == first.get(name), f"{name} is not that of the login")
    for name in ("auth_time", "nonce"):
        _require(claims.get(name) in (None, first.get(name)), f"{name} is not that of the login")
    _check_dates(claims, now)
    return claims


def logout_token_claims(token: str, config: SiteConfig, keys_for: KeysFor, *, now: float) -> dict[str, Any]:
    """The claims of a logout token that holds (Back-Channel Logout 1.0, 2.6), but for its `jti`. Raises `Refused`."""
    if not config.checks("logout_token_not_checked"):
        return _read(token)[1]
    header, _ = _read(token)
    _require(str(header.get("typ", "logout+jwt")).lower() in {"logout+jwt", "jwt"}, "this is no logout token")
    claims = _signed_claims(token, config, keys_for)
    _require(claims.get("iss") == config.issuer, "the logout token is of another issuer")
    _require(claims.get("aud") in (config.client_id, [config.client_id]), "the logout token is for another site")
    _check_dates(claims, now)
    events = claims.get("events")
    _require(isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict), "no logout event")
    _require("nonce" not in claims, "a logout token has no nonce")
    _require(isinstance(claims.get("jti"), str) and bool(claims["jti"]), "the logout token has no jti")
    for name in ("sub", "sid"):
        _require(isinstance(claims.get(name, ""), str), f"{name} is not text")
    _require(bool(claims.get("sub") or claims.get("sid")), "the logout token names no session")
    return claims


def _signed_claims(token: str, config: SiteConfig, keys_for: KeysFor, *, forgiving: bool = False) -> dict[str, Any]:
    header, claims = _read(token)
    _require(header.get("alg") == config.alg, "the token is not signed with the algorithm that was agreed")
    _require("crit" not in header, "the token asks for extensions that this site does not know")
    if not forgiving:
        kid = header.get("kid")
        _require(kid is None or isinstance(kid, str), "kid is not text")
        _require(any(_verifies(token, key, config.alg) for key in keys_for(kid)), "no key of the provider signed this")
    return claims


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    parts = token.split(".")
    _require(len(parts) == 3, "this is not a signed token")
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except ValueError:
        raise Refused("the token cannot be read") from None
    if not (isinstance(header, dict) and isinstance(claims, dict)):
        raise Refused("the token cannot be read")
    return header, claims


def _verifies(token: str, key: Key, alg: str) -> bool:
    try:
        jws.deserialize_compact(token, key, algorithms=[alg])
    except (JoseError, ValueError):
        return False
    return True


def _check_dates(claims: dict[str, Any], now: float, *, expiry: bool = True) -> None:
    exp, iat = _instant(claims, "exp"), _instant(claims, "iat")
    if expiry:
        _require(now < exp + LEEWAY_IN, "the token has expired")
        _require(iat > now - OLDEST_IN, "the token was made too long ago")
    _require(iat < now + LEEWAY_IN, "the token comes from the future")
    for name in ("nbf", "auth_time"):
        _require(name not in claims or _instant(claims, name) < now + LEEWAY_IN, f"{name} is in the future")


def _instant(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"the token does not say its {name}")
    return value


def _half_hash(alg: str, value: str) -> str:
    digest = hashlib.new(f"sha{alg[2:]}", value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _same(one: Any, other: str) -> bool:
    return isinstance(one, str) and hmac.compare_digest(one.encode(), other.encode())


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Refused(otherwise)
