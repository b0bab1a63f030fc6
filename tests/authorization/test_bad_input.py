"""Bad input on the browser's endpoints: a refusal with a reason, never a server error, never a stray redirect."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flows import Citizen, Site, text_of
from werkzeug.test import TestResponse

DIALECTS = pytest.mark.parametrize("app", ["grandlyonconnect", "grandlyonconnect-2018"], indirect=True)
PARAMETERS = ["client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "prompt", "max_age"]
HOSTILE = {
    "a NUL character": "%00",
    "not UTF-8": "%ff%fe",
    "half a character": "%c3",
    "a lone surrogate": "%ed%a0%80",
    "a line break": "%0d%0aLocation:%20https://evil.example/",
    "markup": "%3Cscript%3Ealert(1)%3C/script%3E",
    "emoji": "%F0%9F%98%80" * 300,
    "a broken address": "https://[",
    "a port out of range": "https://site.example:99999/",
    "a line break behind a known address": "https://site.example/%0d%0aSet-Cookie:%20a=evil",
    "brackets": "[]{}|^`%25",
    "over-long": "a" * 20_000,
}
ADDRESSES = [
    "/idp/oidc/authorize?pending={}",
    "/idp/oidc/authorize?pending={}&cancel=1",
    "/continue/?next={}",
    "/login/?next={}",
    "/idp/oidc/certs?x={}",
    "/.well-known/openid-configuration?x={}",
    "/idp/oidc/logout?post_logout_redirect_uri={}",
    "/idp/oidc/logout?post_logout_redirect_uri=https://site.example/&state={}",
    "/logout/?next={}",
]


def refused_safely(citizen: Citizen, response: TestResponse) -> TestResponse:
    """Where a refusal ends: a 4xx of ours, at once or on /continue/. Anything else fails."""
    if response.status_code == 302:
        assert response.headers["Location"].startswith("/continue/")
        response = citizen.client.get(response.headers["Location"])
    assert 400 <= response.status_code < 500, response.text
    assert "evil.example" not in response.headers.get("Location", "")
    return response


def leads_somewhere_sane(site: Site, response: TestResponse) -> bool:
    """Whether an answer is a 4xx, a page of ours, or a redirect within this site or to the registered address."""
    if 300 <= response.status_code < 400:
        target = urlsplit(response.headers["Location"])
        return not target.netloc or target.netloc == urlsplit(site.redirect_uri).netloc
    return response.status_code < 500


@DIALECTS
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_value_breaks_nothing_and_leads_nowhere_else(site: Site, passer_by: Citizen, value: str) -> None:
    """Issue, proof: over-long and non-UTF-8 parameters of the authorization request."""
    for name in PARAMETERS:
        response = passer_by.client.get(f"{site.request(**{name: None})}&{name}={value}")

        assert leads_somewhere_sane(site, response), (name, response.status_code, response.headers)
        if response.headers.get("Location", "").startswith("/continue/"):
            page = passer_by.client.get(response.headers["Location"])
            assert page.status_code == 400
            assert "<script>" not in page.text


@DIALECTS
@pytest.mark.parametrize("value", ["%00", "%ff%fe", "%c3", "%ed%a0%80"])
def test_a_request_that_cannot_be_read_is_refused_with_a_reason(site: Site, passer_by: Citizen, value: str) -> None:
    """RFC 6749, appendix B: parameters are UTF-8."""
    page = refused_safely(passer_by, passer_by.client.get(f"{site.request(state=None)}&state={value}"))

    assert "Parameters must" in text_of(page)


@DIALECTS
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_doubled_parameter_is_refused_by_name_and_only_a_known_address_hears_of_it(
    app: Flask, site: Site, passer_by: Citizen, name: str
) -> None:
    """RFC 6749, section 3.1."""
    once = {"nonce": "n", "prompt": "none", "max_age": "60"}
    again = {"redirect_uri": "https://evil.example/", "client_id": "autre"}.get(name, "openid")

    response = passer_by.client.get(site.request(**once) + f"&{name}={quote(again)}")

    if app.extensions["idp"].dialect.errors_stop_at_provider or name in {"client_id", "redirect_uri"}:
        refused_safely(passer_by, response)
    else:
        assert response.headers["Location"].startswith(f"{site.redirect_uri}?error=invalid_request")
    assert "evil.example" not in response.headers.get("Location", "")


def test_too_many_parameters_are_refused(site: Site, passer_by: Citizen) -> None:
    """Issue, proof: bad input."""
    padding = "".join(f"&p{number}=1" for number in range(200))

    page = refused_safely(passer_by, passer_by.client.get(site.request() + padding))

    assert "At most 100 parameters" in text_of(page)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/idp/oidc/authorize"),
        ("DELETE", "/idp/oidc/authorize/"),
        ("POST", "/idp/oidc/authorize"),
        ("POST", "/idp/oidc/certs"),
        ("DELETE", "/idp/oidc/certs/"),
        ("POST", "/.well-known/openid-configuration"),
        ("POST", "/continue/"),
        ("POST", "/idp/oidc/logout"),
        ("PUT", "/idp/oidc/logout/"),
        ("PUT", "/logout/"),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(app: Flask, method: str, path: str) -> None:
    """RFC 9110, section 15.5.6; section 1.1: POST authorize is only for the consent form."""
    response = app.test_client().open(path, method=method)

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert method not in response.headers["Allow"].split(", ")


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "é"]
)
def test_a_body_that_is_not_our_form_is_refused(site: Site, at_home: Citizen, content_type: str) -> None:
    """Issue, proof: wrong content type, over-long, not UTF-8. What posts here is a form of ours, with its token."""
    question = at_home.get(site.request())
    action = BeautifulSoup(question.text, "html.parser").find("form", id="a2-oidc-authorization-form")["action"]

    for path in (action, "/logout/"):
        for body in (b"", b"\xff\xfe", b"accept=1&accept=2", b"{}", b"a" * 100_000):
            response = at_home.client.post(path, data=body, content_type=content_type)
            assert response.status_code in {400, 413, 415}, (path, body[:20])

    assert "code" in at_home.submit(question, "a2-oidc-authorization-form", "accept").query


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_queries_break_no_other_endpoint(register: Callable[..., Site], at_home: Citizen, value: str) -> None:
    """Issue, proof: bad input on every endpoint."""
    site = register(post_logout_redirect_uris=("https://site.example/",))

    for address in ADDRESSES:
        response = at_home.client.get(address.format(value))

        assert leads_somewhere_sane(site, response), (address, response.status_code, response.headers)
        assert "Set-Cookie: a=" not in str(response.headers)


@pytest.mark.parametrize("referrer", ["https://[", "https://site.example:99999/", "é", "\x7f", "about:blank"])
def test_a_strange_referrer_does_not_break_the_logout(at_home: Citizen, referrer: str) -> None:
    """Section 1.14: the Referer header decides whether to ask first; browsers and proxies write what they like."""
    assert at_home.client.get("/logout/", headers={"Referer": referrer}).status_code in {200, 302}


@pytest.mark.parametrize("cookie", ["", "x" * 4000, "\xff", "a.b.c"])
@pytest.mark.parametrize("name", ["glc_session", "glc_browser"])
def test_a_cookie_that_we_did_not_write_is_nobodys(app: Flask, site: Site, name: str, cookie: str) -> None:
    """A browser may send anything."""
    client = app.test_client()
    client.set_cookie(name, cookie)

    response = client.get(site.request())

    assert response.headers["Location"].startswith("/login/?next=")


def test_a_resumption_that_never_began_says_to_start_again(passer_by: Citizen) -> None:
    """A forged or old name resumes nothing."""
    response = passer_by.client.get("/idp/oidc/authorize?pending=nobody-began-this")

    assert response.status_code == 400
    assert "Votre navigateur bloque les cookies" in text_of(response)
