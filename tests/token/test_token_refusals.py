"""What the token endpoint answers when it refuses, word for word (reference, 1.9)."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from conftest import add_account, register_site
from flask import Flask
from flask.testing import FlaskClient
from flows import Citizen, Site
from werkzeug.test import TestResponse

from glc.clock import ManualClock

CODE = {"grant_type": "authorization_code", "redirect_uri": "https://site.example/callback"}


def _refused(answer: TestResponse, error: str, description: str, client_id: str | None = None) -> None:
    """A refusal is 400 JSON with these members and no other."""
    expected = {"error": error, "error_description": description}
    assert answer.json == (expected if client_id is None else {**expected, "client_id": client_id})
    assert (answer.status_code, answer.mimetype) == (400, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_code_that_was_never_issued_is_unknown(site: Site, server: FlaskClient) -> None:
    """Checklist 32; the recognised client is named in the body."""
    for code in ("00000000-0000-4000-8000-000000000000", "é", "x" * 3000):
        _refused(site.redeem(server, code), "invalid_grant", "Code is unknown or has expired.", site.client_id)


def test_a_code_with_one_letter_changed_is_unknown(site: Site, citizen: Citizen, server: FlaskClient) -> None:
    """A sealed code cannot be altered."""
    code = citizen.code(site.request())
    altered = code[:20] + ("A" if code[20] != "A" else "B") + code[21:]
    _refused(site.redeem(server, altered), "invalid_grant", "Code is unknown or has expired.", site.client_id)


def test_a_missing_code_is_named(site: Site, server: FlaskClient) -> None:
    """Checklist 32."""
    for form in (CODE, {**CODE, "code": ""}):
        answer = server.post("/idp/oidc/token", data=form, headers=site.basic)
        _refused(answer, "invalid_request", 'Missing parameter "code"', site.client_id)


def test_the_redirect_uri_must_be_that_of_the_request_to_the_byte(
    site: Site, citizen: Citizen, server: FlaskClient
) -> None:
    """Reference, 1.6 and 5 (point 15): tolerant at authorize, byte-equal at token. A mistake does not use the code."""
    asked = f"{site.redirect_uri}/"
    code = citizen.code(site.request(redirect_uri=asked))
    for sent in (site.redirect_uri, "https://site.example:443/callback/", ""):
        answer = site.redeem(server, code, redirect_uri=sent)
        _refused(answer, "invalid_grant", "Redirect_uri does not match the code.", site.client_id)
    without = server.post(
        "/idp/oidc/token", data={"grant_type": "authorization_code", "code": code}, headers=site.basic
    )
    _refused(without, "invalid_grant", "Redirect_uri does not match the code.", site.client_id)
    assert site.redeem(server, code, redirect_uri=asked).status_code == 200


def test_a_code_serves_the_site_it_was_issued_to_and_no_other(
    site: Site, register: Callable[..., Site], citizen: Citizen, server: FlaskClient
) -> None:
    """Checklist 32. The thief's attempt does not take the code from its owner."""
    code, thief = citizen.code(site.request()), register()
    answer = thief.redeem(server, code)
    _refused(answer, "invalid_grant", "Code was issued to a different client.", thief.client_id)
    assert site.redeem(server, code).status_code == 200


@pytest.mark.parametrize("grant_type", [None, "", "client_credentials", "password", "implicit", "é"])
def test_an_unknown_grant_type_is_an_invalid_request(site: Site, server: FlaskClient, grant_type: str | None) -> None:
    """Reference, 1.9: not unsupported_grant_type. (The password grant is not there: the text does not offer it.)"""
    form = {"code": "x"} if grant_type is None else {"grant_type": grant_type}
    answer = server.post("/idp/oidc/token", data=form, headers=site.basic)
    _refused(answer, "invalid_request", "grant_type must be either authorization_code or refresh_token")


@pytest.mark.parametrize(
    ("credentials", "error", "description"),
    [
        ({}, "invalid_request", 'Missing parameter "client_id"'),
        ({"client_secret": "s"}, "invalid_request", 'Missing parameter "client_id"'),
        ({"client_id": "{id}"}, "invalid_request", 'Missing parameter "client_secret"'),
        ({"client_id": "", "client_secret": "s"}, "invalid_client", "Empty client identifier"),
        ({"client_id": "nobody", "client_secret": "s"}, "invalid_client", "Wrong client identifier: nobody"),
        ({"client_id": "nobodé", "client_secret": "s"}, "invalid_client", "Wrong client identifier: nobod\\xe9"),
    ],
)
def test_a_client_that_is_not_recognised_is_told_why(
    site: Site, server: FlaskClient, credentials: dict[str, str], error: str, description: str
) -> None:
    """Checklist 35: invalid_client is HTTP 400, and nobody's client_id is in the body."""
    sent = {name: value.format(id=site.client_id) for name, value in credentials.items()}
    _refused(server.post("/idp/oidc/token", data={**CODE, "code": "x", **sent}), error, description)


@pytest.mark.parametrize("secret", ["wrong", "", "é", "x" * 5000])
def test_a_wrong_secret_is_refused_and_not_echoed(site: Site, server: FlaskClient, secret: str) -> None:
    """Checklist 35: the client is recognised, so it is named; the secret never is."""
    form = {**CODE, "code": "x", "client_id": site.client_id, "client_secret": secret}
    _refused(server.post("/idp/oidc/token", data=form), "invalid_client", "Wrong client secret", site.client_id)


@pytest.mark.parametrize(
    "value",
    ["Basic", "Basic !!!", "Basic {only_id}", "Basic {three_parts}", "Bearer {right}", "Basic {latin}", "Digest x=y"],
)
def test_a_malformed_authorization_header_is_refused_even_with_right_credentials_in_the_body(
    site: Site, server: FlaskClient, value: str
) -> None:
    """Reference, 1.9: Basic takes precedence as soon as there is the header; exactly two parts; still 400."""
    values = {
        "only_id": _base64(site.client_id.encode()),
        "three_parts": _base64(f"{site.client_id}:{site.secret}:more".encode()),
        "right": _base64(f"{site.client_id}:{site.secret}".encode()),
        "latin": _base64("é:é".encode("latin-1")),
    }
    form = {**CODE, "code": "x", "client_id": site.client_id, "client_secret": site.secret}
    answer = server.post("/idp/oidc/token", data=form, headers={"Authorization": value.format(**values)})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client")


def test_basic_credentials_are_taken_as_they_are(
    register: Callable[..., Site], citizen: Citizen, server: FlaskClient
) -> None:
    """Reference, 1.9: no percent-decoding."""
    site = register()
    escaped = site.secret.replace("-", "%2D")
    pair = _base64(f"{site.client_id}:{escaped}".encode())
    form = {**CODE, "code": citizen.code(site.request())}
    answer = server.post("/idp/oidc/token", data=form, headers={"Authorization": f"Basic {pair}"})
    assert answer.json["error_description"] == "Wrong client secret"


@pytest.mark.parametrize("path", ["/idp/oidc/token", "/idp/oidc/token/"])
def test_credentials_in_the_body_serve_as_well(site: Site, citizen: Citizen, server: FlaskClient, path: str) -> None:
    """Checklist 16, client_secret_post, on both forms of the address, without a redirect."""
    form = {**CODE, "code": citizen.code(site.request()), "client_id": site.client_id, "client_secret": site.secret}
    assert server.post(path, data=form).status_code == 200


def test_in_2018_the_text_was_called_desc_and_a_wrong_client_was_told_in_plain_text(
    make_app: Callable[..., Flask], clock: ManualClock
) -> None:
    """Reference, 1.9: A2-2018."""
    app = make_app(dialect="grandlyonconnect-2018")
    site, server = register_site(app, clock), app.test_client()
    add_account(app, clock)
    answer = site.redeem(server, "unknown")
    assert (answer.status_code, answer.json) == (
        400,
        {"error": "invalid_grant", "desc": "Code is unknown or has expired."},
    )
    wrong = Site(site.client_id, "wrong").redeem(server, "unknown")
    assert (wrong.status_code, wrong.text, wrong.mimetype) == (401, "unauthenticated", "text/plain")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def test_a_secret_made_on_a_server_whose_clock_is_ahead_serves_at_once(
    site: Site, server: FlaskClient, citizen: Citizen, clock: ManualClock
) -> None:
    """Several servers, one database: nobody is told « wrong client secret » until the clocks agree."""
    clock.advance(seconds=-30)

    assert site.redeem(server, citizen.code(site.request())).status_code == 200
