"""Headers and cookies that protect every page (issue, « Ground »; reference, 1.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import pytest
from conftest import add_account, register_site
from flask import Flask
from flows import Citizen
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from glc.database import SQLITE_WAIT_IN, writing
from glc.settings import Settings

KEY = Settings().effective_master_key
BYE = "https://site.example/bye"


@pytest.fixture
def answers(make_app: Callable[..., Flask], clock: ManualClock) -> Callable[[str], Iterator[TestResponse]]:
    """Every answer of a visit from login to logout, at a provider with that issuer."""

    def visit(issuer: str) -> Iterator[TestResponse]:
        app = make_app(issuer=issuer, alone=True)
        site = register_site(app, clock, post_logout_redirect_uris=(BYE,))
        add_account(app, clock)
        seen: list[TestResponse] = []

        def remember(response: TestResponse) -> TestResponse:
            seen.append(response)
            return response

        app.after_request(remember)
        browser = app.test_client()
        browser.environ_base["wsgi.url_scheme"] = issuer.partition(":")[0]
        citizen = Citizen(browser)
        citizen.code(site.request())
        for path in ("/accounts/", "/accounts/consents/", "/no/such/page", "/static/glc.css", "/healthz"):
            citizen.client.get(path).close()
        citizen.client.get(site.request(scope="openid nonsense"))
        citizen.client.get("/continue/")
        citizen.client.get("/idp/oidc/logout", query_string={"post_logout_redirect_uri": BYE})
        return iter(seen)

    return visit


def test_no_page_may_be_framed_sniffed_or_kept_nor_load_anything_foreign(
    answers: Callable[[str], Iterator[TestResponse]],
) -> None:
    """Reference, 1.1: X-Frame-Options DENY; and what browsers understand today."""
    pages = [answer for answer in answers("http://localhost:8040/") if answer.mimetype == "text/html"]
    assert len(pages) > 8
    for page in pages:
        assert page.headers["X-Frame-Options"] == "DENY"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert page.headers["Cache-Control"] == "no-store"


def test_every_answer_has_a_name_and_keeps_addresses_to_itself(
    answers: Callable[[str], Iterator[TestResponse]],
) -> None:
    """No site learns from `Referer` what was in the address of a page."""
    for answer in answers("http://localhost:8040/"):
        assert answer.headers["X-Request-Id"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("issuer", "secure"), [("http://localhost:8040/", False), ("https://localhost/", True)])
def test_cookies_are_hidden_from_scripts_kept_from_other_sites_and_secure_over_https(
    answers: Callable[[str], Iterator[TestResponse]], issuer: str, secure: bool
) -> None:
    """Issue, « Ground »: HttpOnly, SameSite, Secure when the issuer is https; none outlives the browser."""
    seen = list(answers(issuer))
    given = [header for answer in seen for header in answer.headers.getlist("Set-Cookie")]
    cookies = [cookie for header in given for cookie in SimpleCookie(header).values()]
    assert {cookie.key for cookie in cookies} >= {"glc_session", "glc_browser", "a2_just_logged_out"}
    for cookie in (cookie for cookie in cookies if cookie.value):
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax", cookie.key
        assert bool(cookie["secure"]) is secure, cookie.key
        assert cookie["path"] == "/"
    strict = {answer.headers.get("Strict-Transport-Security") is not None for answer in seen}
    assert strict == {secure}


def test_every_form_that_changes_something_is_refused_without_its_token(app: Flask, clock: ManualClock) -> None:
    """Issue, « Ground »: CSRF on every form."""
    from bs4 import BeautifulSoup

    site = register_site(app, clock)
    add_account(app, clock)
    citizen = Citizen(app.test_client())
    citizen.code(site.request())
    consent = citizen.get(site.request())
    pages = [
        consent,
        *(citizen.get(path) for path in ("/accounts/edit/", "/accounts/delete/", "/accounts/password/change/")),
    ]
    forms = [
        (form.get("action") or page.request.full_path)
        for page in pages
        for form in BeautifulSoup(page.text, "html.parser").find("main").find_all("form", method="post")
    ]
    assert len(forms) >= 4
    for action in forms:
        assert citizen.client.post(action, data={"accept": "1"}).status_code == 400, action


def test_forms_work_behind_a_proxy_that_speaks_https(make_app: Callable[..., Flask], clock: ManualClock) -> None:
    """Our pages tell browsers to send no Referer: no form may demand one. Its token it still demands."""
    app = make_app(issuer="https://localhost/", trusted_proxies=1, alone=True)
    add_account(app, clock)
    citizen = Citizen(app.test_client())
    citizen.client.environ_base |= {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}

    assert citizen.log_in(citizen.get("/login/")).request.path == "/accounts/"
    assert citizen.client.post("/accounts/delete/").status_code == 400


def test_health_is_told_while_somebody_writes(app: Flask, engine: Engine) -> None:
    """A probe must not take a slow writer for a dead server, nor make anybody wait."""
    with ThreadPoolExecutor(1) as pool, writing(engine):  # holds SQLite's write lock
        assert pool.submit(app.test_client().get, "/healthz").result(timeout=SQLITE_WAIT_IN * 2 / 3).status_code == 200


def test_both_forms_of_every_address_answer_without_a_redirect(app: Flask) -> None:
    """Reference, 1.1 and 5 (point 1): a redirected POST loses its body."""
    visitor = app.test_client()
    for path in ("/idp/oidc/certs", "/idp/oidc/user_info", "/login", "/continue", "/register", "/password/reset"):
        for form in (path, f"{path}/"):
            assert visitor.get(form).status_code in {200, 400, 401}, form
    for path in ("/idp/oidc/token", "/idp/oidc/revoke"):
        for form in (path, f"{path}/"):
            assert visitor.post(form).status_code == 400, form
