"""Sites that register, change and prove themselves all at once, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from client_authentication.callers import Caller, key_set
from database.conftest import PREPARED
from flask import Flask
from machine import TemporaryPostgres
from registration.newcomer import CALLBACK, Newcomer

from glc.clock import ManualClock

AT_ONCE = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, make_app: Callable[..., Flask]) -> Flask:
    """The provider in the standard dialect, once on each database."""
    if request.param == "sqlite":
        return make_app(dialect="standard")
    server: TemporaryPostgres = request.getfixturevalue("postgres")
    return make_app(dialect="standard", database_url=server.create_database("standard", template=PREPARED))


def at_once(do: Callable[[int], object]) -> Counter[object]:
    """What became of something that is done several times at once."""
    found: list[object] = []
    threads = [threading.Thread(target=lambda number=number: found.append(do(number))) for number in range(AT_ONCE)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return Counter(found)


def test_the_first_sites_register_at_once(app: Flask) -> None:
    """RFC 7591: the partner for trials is made by whichever comes first."""
    newcomer = Newcomer(app)
    assert at_once(lambda _: newcomer.post().status_code) == {201: AT_ONCE}


def test_a_site_replaces_its_registration_several_times_at_once(app: Flask) -> None:
    """RFC 7592, 2.2: one after the other; the last one stays."""
    newcomer = Newcomer(app)
    made = newcomer.register()

    def replace(number: int) -> int:
        said = {"client_id": made["client_id"], "redirect_uris": [CALLBACK], "client_name": f"Site {number}"}
        return newcomer.manage(made, "PUT", json=said).status_code

    assert at_once(replace) == {200: AT_ONCE}
    assert newcomer.manage(made).json["client_name"].startswith("Site ")


def test_of_several_uses_of_an_assertion_at_once_one_gets_through(app: Flask, clock: ManualClock) -> None:
    """RFC 7523, section 3: `jti`."""
    made = Newcomer(app).register(token_endpoint_auth_method="private_key_jwt", jwks=key_set())
    caller = Caller(app, Newcomer.site(made), clock)
    form = caller.asserting()
    assert at_once(lambda _: caller.known(form)) == {"known": 1, "invalid_client": AT_ONCE - 1}
