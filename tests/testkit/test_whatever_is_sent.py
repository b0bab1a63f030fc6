"""Whatever the control interface is sent, it answers or says what to change: never « something went wrong »."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kit import Room
from werkzeug.test import Client

from testkit.server import Testkit

ACCOUNT = {"email": "x@citoyen.example"}
SITE = {"redirect_uris": ["https://site.example/callback"]}


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/accounts", ACCOUNT | {"city": ["Lyon"]}),
        ("POST", "/accounts", ACCOUNT | {"city": 10**30}),
        ("POST", "/accounts", ACCOUNT | {"birthdate": True}),
        ("POST", "/accounts", ACCOUNT | {"email_verified": -1}),
        ("POST", "/accounts", ACCOUNT | {"roles": [None]}),
        ("PATCH", "/accounts/camille", {"city": None}),
        ("PATCH", "/accounts/camille", {"first_name": {"a": 1}}),
        ("PATCH", "/agreements/GNM-2019-bron", {"starts_on": None}),
        ("POST", "/clients", SITE | {"service": "x"}),
        ("POST", "/clients", SITE | {"access_token_lifetime_in": ""}),
        ("POST", "/clients", SITE | {"claims": None}),
        ("POST", "/clients", SITE | {"home_url": {}}),
        ("POST", "/clients", SITE | {"pkce_required": -1}),
        ("PUT", "/clock", {"now": "9999-12-31T23:59:59-12:00"}),
        ("PUT", "/clock", {"now": "0001-01-01T00:00:00Z"}),
        ("POST", "/clock/advance", {"days": 1e300}),
        ("POST", "/clock/advance", {"days": 900_000}),
        ("DELETE", "/faults/²", None),
        ("GET", "/journal?after=²", None),
        ("POST", "/faults", {"name": "transport_slow", "options": {"seconds": "x"}}),
        ("POST", "/faults", {"name": "transport_slow", "options": {"seconds": 1e9}}),
        ("POST", "/faults", {"name": "transport_slow", "options": {"seconds": -1}}),
        ("POST", "/faults", {"name": "transport_error", "options": {"status": 0}}),
        ("POST", "/faults", {"name": "transport_huge", "options": {"mib": 2**40}}),
    ],
)
def test_odd_values_are_refused_with_a_reason(room: Room, method: str, path: str, content: object) -> None:
    """RFC 9457; nothing of it is kept."""
    before = room.call("GET", "/accounts"), room.call("GET", "/clock")
    refused = room.send(method, path, content)
    assert 400 <= refused.status_code < 500, refused.text
    assert refused.json["detail"]
    assert (room.call("GET", "/accounts"), room.call("GET", "/clock")) == before


@pytest.mark.parametrize(
    "text",
    [
        "- {email: [a]}",
        "- {email: a@b.c, persona: []}",
        "- {email: a@b.c, birthdate: [1]}",
        "[" * 50_000,
    ],
)
def test_odd_files_are_refused_with_a_reason(room: Room, text: str) -> None:
    """All or none."""
    refused = room.send("POST", "/accounts/import", data=text, content_type="application/yaml")
    assert refused.status_code == 400, refused.text


@pytest.mark.parametrize(
    "asked",
    [
        {"now": "9999-12-31T23:59:59-12:00"},
        {"settings": {"jwks_max_age_in": None}},
        {"settings": {"session_lifetime_in": "x"}},
        {"settings": {"code_lifetime_in": True}},
        {"browser_url": "http://["},
    ],
)
def test_an_odd_space_is_not_made(kit: Testkit, make_room: Callable[..., Room], asked: dict[str, object]) -> None:
    """Nor kept half made."""
    before = len(kit.spaces.all())
    refused = Client(kit).post("/_testkit/spaces", json=asked)
    assert refused.status_code == 400, refused.text
    assert len(kit.spaces.all()) == before
