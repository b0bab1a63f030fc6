"""What must hold on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask
from flows import Citizen, Site
from werkzeug.test import TestResponse

from glc.clock import ManualClock

AT_ONCE = 64


def test_a_whole_visit_from_login_to_logout(
    register: Callable[..., Site], citizen: Citizen, app: Flask, clock: ManualClock
) -> None:
    """Reference, sections 1.7 to 1.14: login, code, token, userinfo, refresh, logout."""
    site = register(refresh_tokens=True, post_logout_redirect_uris=("https://site.example/bye",))
    browser = app.test_client()
    first = site.redeem(browser, citizen.code(site.request(nonce="n"))).json
    claims = browser.get("/idp/oidc/user_info", headers=_bearer(first["access_token"]))
    assert claims.json["family_name"] == "Dupré"

    clock.advance(minutes=5)
    second = site.refresh(browser, first["refresh_token"]).json
    assert browser.get("/idp/oidc/user_info", headers=_bearer(first["access_token"])).status_code == 401
    assert browser.get("/idp/oidc/user_info", headers=_bearer(second["access_token"])).json == claims.json

    left = citizen.get("/idp/oidc/logout?post_logout_redirect_uri=https://site.example/bye&state=s")
    assert left.url == "https://site.example/bye?state=s"
    assert "login-submit" in citizen.get(site.request()).text


def test_of_64_simultaneous_redemptions_of_a_code_one_succeeds_and_what_it_got_is_dead(
    register: Callable[..., Site], citizen: Citizen, app: Flask
) -> None:
    """RFC 6749, section 4.1.2: a code is used once; a second use ends what the first one gave."""
    site = register(refresh_tokens=True)
    code = citizen.code(site.request())
    answers = _at_once(AT_ONCE, lambda: site.redeem(app.test_client(), code))

    told = Counter((answer.status_code, answer.json.get("error")) for answer in answers)
    assert told == {(200, None): 1, (400, "invalid_grant"): AT_ONCE - 1}
    won = next(answer.json for answer in answers if answer.status_code == 200)
    browser = app.test_client()
    assert browser.get("/idp/oidc/user_info", headers=_bearer(won["access_token"])).status_code == 401
    assert site.refresh(browser, won["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    "body", [b"grant_type=authorization_code&code=%00", b"client_id=%00&client_secret=x", b"code=%F0%9F%8E%AD&x=%01"]
)
@pytest.mark.parametrize("path", ["/idp/oidc/token", "/idp/oidc/revoke"])
def test_characters_that_a_database_cannot_hold_are_refused_not_fatal(app: Flask, path: str, body: bytes) -> None:
    """PostgreSQL stores no NUL character: such a parameter is the sender's mistake (400), not the server's (500)."""
    answer = app.test_client().post(path, data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert answer.json["error_description"]


@pytest.mark.parametrize(
    "path",
    [
        "/idp/oidc/authorize?client_id=%00&redirect_uri=https://site.example/",
        "/idp/oidc/authorize?pending=%00",
        "/idp/oidc/authorize?pending=%FF",
        "/login/?next=/idp/oidc/authorize%3Fpending=%2500",
        "/idp/oidc/logout?post_logout_redirect_uri=%00",
        "/logout/?next=%00",
        "/continue/?next=%00",
    ],
)
def test_addresses_that_a_database_cannot_hold_are_refused_not_fatal(app: Flask, path: str) -> None:
    """The same in the address bar: a page says what is wrong."""
    assert app.test_client().get(path, follow_redirects=True).status_code < 500


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _at_once(times: int, call: Callable[[], TestResponse]) -> list[TestResponse]:
    """Call from that many threads, let loose together."""
    ready, results = threading.Barrier(times), []

    def run() -> None:
        ready.wait()
        results.append(call())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
