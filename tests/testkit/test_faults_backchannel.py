"""The faults of back-channel logout, met by a site that listens on a real port."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from fault_evidence import ELSEWHERE
from faulty import Jwt, Seen, Site, Space
from kit import Room
from served import LONGEST_IN

from testkit.faults.catalogue import CATALOGUE

EVENT = "http://schemas.openid.net/event/backchannel-logout"
HOUR = 3_600


@dataclass
class Listener:
    """Where the site is told of logouts."""

    url: str
    calls: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    """Method, query, media type and body of each."""

    def tokens(self, site: Site) -> list[Jwt]:
        """The logout tokens that came in forms."""
        seen = Seen(site, keys=site.keys())
        forms = [parse_qs(body.decode()) for method, _, _, body in self.calls if method == "POST"]
        return [Jwt(seen, form["logout_token"][0]) for form in forms if "logout_token" in form]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A site that takes whatever it is told."""
    calls: list[tuple[str, str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            calls.append((self.command, parts.query, self.headers.get("Content-Type", ""), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 — the name that the base class calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Listener(f"http://127.0.0.1:{server.server_port}/backchannel", calls)
    server.shutdown()
    server.server_close()


@dataclass
class Told:
    """What the site was told, and how long that took."""

    calls: list[tuple[str, str, str, bytes]]
    tokens: list[Jwt]
    took_in: float

    @property
    def token(self) -> Jwt:
        """The first token."""
        return self.tokens[0]


def problem(token: Jwt) -> str | None:
    """What a strict site refuses a logout token for (Back-Channel Logout 1.0, 2.6), or None."""
    if not token.signature_holds:
        return "signature"
    site = token.seen.site
    try:
        jwt.decode(
            token.text,
            options={"verify_signature": False, "verify_aud": True, "verify_exp": True, "verify_iss": True}
            | {"require": ["iss", "aud", "iat", "exp", "jti", "events"]},
            audience=site.client_id,
            issuer=site.space.issuer,
        )
    except jwt.InvalidTokenError as error:
        return repr(error)
    claims = token.claims
    if not {"sub", "sid"} & claims.keys():
        return "nobody"
    if not isinstance(claims["events"].get(EVENT), dict):
        return "no logout"
    return "nonce" if "nonce" in claims else None


Shows = Callable[[Told], bool]


def _claims(shows: Callable[[dict[str, Any]], bool]) -> Shows:
    """A rightly signed token shows it."""
    return lambda told: told.token.signature_holds and shows(told.token.claims)


def _without(name: str) -> Shows:
    return _claims(lambda claims: name not in claims)


def _lie(shows: Callable[[Jwt], bool]) -> Shows:
    return lambda told: not told.token.signature_holds and shows(told.token)


EVIDENCE: dict[str, Shows] = {
    "backchannel_alg_none": _lie(lambda token: token.header["alg"] == "none"),
    "backchannel_alg_changed": _lie(lambda token: token.header["alg"] == "ES256"),
    "backchannel_bad_signature": _lie(lambda token: token.header["alg"] == "RS256" and bool(token.claims)),
    "backchannel_signed_by_a_stranger": _lie(lambda token: token.header["kid"] in token.seen.kids()),
    "backchannel_iss_wrong": _claims(lambda claims: claims["iss"] == ELSEWHERE),
    "backchannel_iss_absent": _without("iss"),
    "backchannel_aud_wrong": _claims(lambda claims: claims["aud"] == "un-autre-client"),
    "backchannel_aud_absent": _without("aud"),
    "backchannel_iat_absent": _without("iat"),
    "backchannel_exp_past": _claims(lambda claims: claims["exp"] < time.time() - HOUR / 2),
    "backchannel_exp_absent": _without("exp"),
    "backchannel_sub_and_sid_absent": _claims(lambda claims: not {"sub", "sid"} & claims.keys()),
    "backchannel_events_absent": _without("events"),
    "backchannel_events_wrong": _claims(lambda claims: EVENT not in claims["events"]),
    "backchannel_events_not_an_object": _claims(lambda claims: claims["events"][EVENT] is True),
    "backchannel_nonce_present": _claims(lambda claims: "nonce" in claims),
    "backchannel_jti_absent": _without("jti"),
    "backchannel_an_id_token": lambda told: (
        told.token.header["typ"] == "JWT" and "events" not in told.token.claims and "nonce" in told.token.claims
    ),
    "backchannel_garbled": _lie(lambda token: token.header == {}),
    "backchannel_typ_of_an_id_token": lambda told: told.token.header["typ"] == "JWT" and "events" in told.token.claims,
    "backchannel_iat_old": _claims(lambda claims: claims["iat"] < time.time() - HOUR),
    "backchannel_sid_unknown": _claims(lambda claims: claims["sid"] == "session-inconnue" and "sub" not in claims),
    "backchannel_sub_unknown": _claims(lambda claims: claims["sub"] == "quelqu-un-d-autre"),
    "backchannel_sid_absent": _without("sid"),
    "backchannel_sub_absent": _without("sub"),
    "backchannel_twice": lambda told: len(told.calls) == 2 and told.calls[0][3] == told.calls[1][3],
    "backchannel_dropped": lambda told: told.calls == [],
    "backchannel_late": lambda told: told.took_in >= 0.5 and len(told.calls) == 1,
    "backchannel_as_json": lambda told: (
        told.calls[0][2] == "application/json" and set(json.loads(told.calls[0][3])) == {"logout_token"}
    ),
    "backchannel_by_get": lambda told: told.calls[0][0] == "GET" and "logout_token=" in told.calls[0][1],
    "backchannel_without_token": lambda told: told.calls[0][0] == "POST" and told.calls[0][3] == b"",
}
OPTIONS = {"backchannel_late": {"options": {"seconds": 0.5}}}


@pytest.fixture
def space(make_room: Callable[..., Room]) -> Space:
    """A space of the standard dialect."""
    return Space(make_room(dialect="standard", login="camille"))


@pytest.fixture
def site(space: Space, listener: Listener) -> Site:
    """A site that is told of logouts, where Camille logged in."""
    site = space.register(id_token_alg="RS256", metadata={"backchannel_logout_uri": listener.url})
    site.journey(leave=False)
    return site


def tell(space: Space, site: Site, listener: Listener) -> Told:
    """Have the site told of a logout; what reached it."""
    listener.calls.clear()
    began = time.monotonic()
    space.room.call("POST", "/logouts", {"account": "camille", "client_id": site.client_id, "kind": "backchannel"})
    took_in = time.monotonic() - began
    assert took_in < LONGEST_IN
    return Told([*listener.calls], listener.tokens(site), took_in)


def shown(name: str, told: Told) -> bool:
    """Whether a fault shows in what the site was told."""
    try:
        return EVIDENCE[name](told)
    except (KeyError, IndexError, TypeError, ValueError):  # what it looks at is not even there
        return False


def test_no_fault_lacks_evidence() -> None:
    """Issue, « Proof »."""
    assert {name for name, each in CATALOGUE.items() if "backchannel_logout" in each.endpoints} == EVIDENCE.keys()


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_fault_of_the_back_channel_shows_within_its_scope(
    space: Space, site: Site, listener: Listener, name: str
) -> None:
    """Issue, point 4; and what a strict site makes of the token (Back-Channel Logout 1.0, 2.6)."""
    other = space.register(id_token_alg="RS256")
    told = tell(space, site, listener)
    assert problem(told.token) is None
    assert not shown(name, told)
    theirs = space.fault(name, client_id=other.client_id)
    assert not shown(name, tell(space, site, listener))
    assert space.applied(theirs) == 0
    once = space.fault(name, client_id=site.client_id, times=1, **OPTIONS.get(name, {}))
    told = tell(space, site, listener)
    assert shown(name, told), told
    assert space.applied(once) == 1
    assert [name] in [
        each["faults"] for each in space.room.call("GET", "/journal?endpoint=backchannel_logout")["exchanges"]
    ]
    if CATALOGUE[name].signed and name not in {"backchannel_sid_unknown", "backchannel_sub_unknown"}:
        assert (problem(told.token) is not None) is (CATALOGUE[name].rp_must == "reject")
    assert not shown(name, tell(space, site, listener))
    always = space.fault(name, **OPTIONS.get(name, {}))
    assert shown(name, tell(space, site, listener))
    space.clear(always)
    assert not shown(name, tell(space, site, listener))
