"""Exchanges made by hand, as the recorder would have left them: what a careful site does, unless a test changes it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from testkit.journal.exchange import Exchange, TokenSeen

ISSUER = "http://localhost:8040/s/abc/"
CALLBACK = "https://site.example/callback"
NOON = dt.datetime(2026, 3, 2, 11, tzinfo=dt.UTC)
STATES = ("tq0cGf3zXkP8nRvL5wYbJ2hSdM7aEuKi1oNx", "Zr8uVb1LmQ4kWc9TyEe6HsJd3GpXn0FiAo5t")
NONCES = ("9f86d081884c7d659a2feaa0c55ad015", "a3bf4f1b2b0b822cd15d6c15b0f00a08")
BASIC = ("Authorization", "Basic ‹client_secret:5ec4e7aa›")


def exchange(nth: int, endpoint: str, path: str, *, after: float | None = None, **values: Any) -> Exchange:
    """One exchange; `after`: seconds since noon (its number, unless told)."""
    began = float(nth) if after is None else after
    query = tuple(values.get("query", ()))
    url = ISSUER + path + (f"?{urlencode(query, safe='‹›:')}" if query else "")
    usual: dict[str, Any] = {"method": "GET", "status": 200, "url": url, "outgoing": False, "client_id": "mon-site"}
    at = NOON + dt.timedelta(seconds=began)
    return Exchange(
        **{**usual, "id": nth, "at": at, "began": began, "duration_in": 0.002, "endpoint": endpoint, **values}
    )


def authorize(
    nth: int, *, login: int = 0, code: str | None = None, mode: str = "query", **changes: str | None
) -> Exchange:
    """A request for a login: the first or the second careful one; answered with a code when there is one."""
    asked = {
        "client_id": "mon-site",
        "response_type": "code",
        "scope": "openid profile",
        "redirect_uri": CALLBACK,
        "state": STATES[login],
        "nonce": NONCES[login],
        "code_challenge": f"challenge-{login}",
        "code_challenge_method": "S256",
        **changes,
    }
    sent = [(name, value) for name, value in asked.items() if value is not None]
    marks = {f"{name}:{value}" for name, value in sent if name in {"state", "nonce", "code_challenge"}}
    answer: dict[str, Any] = {
        "status": 302,
        "location": f"{ISSUER}login/?next=pending",
        "marks": marks | {f"pending:p{nth}"},
    }
    if code:
        answer = {"status": 302, "location": _back(code, asked["state"]), "marks": marks | {f"code:{code}"}}
    return exchange(
        nth, "authorize", "idp/oidc/authorize", query=sent, **{**answer, "marks": frozenset(answer["marks"])}
    )


def comes_back(nth: int, pending: str, code: str, state: str | None = STATES[0], **values: Any) -> Exchange:
    """The browser comes back from our pages, and leaves for the site with a code."""
    return exchange(
        nth,
        "authorize",
        "idp/oidc/authorize",
        query=[("pending", pending)],
        status=302,
        location=_back(code, state),
        marks=frozenset({f"pending:{pending}", f"code:{code}"}),
        **values,
    )


def page(nth: int, endpoint: str, pending: str, **values: Any) -> Exchange:
    """One of our pages, on the way."""
    return exchange(nth, endpoint, f"{endpoint}/", client_id=None, marks=frozenset({f"pending:{pending}"}), **values)


def redeem(nth: int, code: str, *, redirect_uri: str = CALLBACK, **values: Any) -> Exchange:
    """A code exchanged for tokens."""
    body = {"access_token": f"‹access_token:a{code}›", "token_type": "Bearer", "id_token": f"‹id_token:1{code}›"}
    usual: dict[str, Any] = {
        "method": "POST",
        "form": (("grant_type", "authorization_code"), ("code", f"‹code:{code}›"), ("redirect_uri", redirect_uri)),
        "request_headers": (("Host", "localhost:8040"), BASIC, ("Content-Type", "application/x-www-form-urlencoded")),
        "response_headers": (("Content-Type", "application/json"),),
        "client_authentication": "client_secret_basic",
        "body": json.dumps(body, ensure_ascii=False),
        "tokens": (TokenSeen("id_token", {"alg": "RS256", "kid": "k1"}, {"sub": "s", "nonce": NONCES[0]}),),
        "account": "uuid-camille",
        "marks": frozenset({f"code:{code}", f"access_token:a{code}", f"id_token:1{code}"}),
    }
    return exchange(nth, "token", "idp/oidc/token", **{**usual, **values})


def refresh(nth: int, used: str, new: str | None) -> Exchange:
    """A refresh token used, and the next one."""
    body: Mapping[str, str] = {"access_token": "‹access_token:ffff›"} | (
        {"refresh_token": f"‹refresh_token:{new}›"} if new else {}
    )
    return redeem(
        nth,
        "none",
        form=(("grant_type", "refresh_token"), ("refresh_token", f"‹refresh_token:{used}›")),
        body=json.dumps(body, ensure_ascii=False),
        marks=frozenset({f"refresh_token:{each}" for each in (used, new) if each}),
    )


def userinfo(nth: int, code: str, **values: Any) -> Exchange:
    """Who it is."""
    bearer = (("Authorization", f"Bearer ‹access_token:a{code}›"),)
    usual: dict[str, Any] = {"request_headers": bearer, "marks": frozenset({f"access_token:a{code}"})}
    return exchange(nth, "userinfo", "idp/oidc/user_info", **{**usual, **values})


def document(nth: int, endpoint: str, **values: Any) -> Exchange:
    """Discovery or the JWK Set, fetched by whoever wants."""
    path = {"discovery": ".well-known/openid-configuration", "jwks": "idp/oidc/certs"}[endpoint]
    return exchange(nth, endpoint, values.pop("path", path), **{"client_id": None, **values})


def login(first: int = 1, *, number: int = 0, code: str = "c0de", **changes: str | None) -> list[Exchange]:
    """A whole careful login: eight exchanges."""
    pending = f"p{first + 1}"
    state = changes.get("state", STATES[number])
    return [
        document(first, "discovery"),
        authorize(first + 1, login=number, **changes),
        page(first + 2, "login", pending),
        page(
            first + 3,
            "login",
            pending,
            method="POST",
            status=302,
            location=f"{ISSUER}idp/oidc/authorize?pending={pending}",
        ),
        comes_back(first + 4, pending, code, state),
        redeem(first + 5, code, redirect_uri=changes.get("redirect_uri") or CALLBACK),
        document(first + 6, "jwks"),
        userinfo(first + 7, code),
    ]


def changed(exchange: Exchange, **values: Any) -> Exchange:
    """The same exchange with other values."""
    return dataclasses.replace(exchange, **values)


def _back(code: str, state: str | None) -> str:
    return f"{CALLBACK}?code=‹code:{code}›" + (f"&state={state}" if state else "")
