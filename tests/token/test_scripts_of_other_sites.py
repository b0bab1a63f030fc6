"""Browsers' scripts and the token endpoint: preflight and Origin (reference, 1.9; Fetch, section 4.8)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from flows import Citizen, Site

ORIGIN = "https://site.example"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Mode": "cors", "Access-Control-Request-Method": "POST", "Origin": ORIGIN}, 200),
        ({"Sec-Fetch-Mode": "cors", "Access-Control-Request-Method": "PUT", "Origin": ORIGIN}, 405),
        ({"Sec-Fetch-Mode": "cors", "Origin": ORIGIN}, 405),
        ({"Access-Control-Request-Method": "POST", "Origin": ORIGIN}, 405),
        ({}, 405),
    ],
)
def test_a_preflight_for_post_is_let_through_and_no_other(
    server: FlaskClient, headers: dict[str, str], status: int
) -> None:
    """Checklist 36."""
    answer = server.options("/idp/oidc/token", headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin") == (ORIGIN if status == 200 else None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{ORIGIN}:8443"},
        {"Origin": f"{ORIGIN}/"},
    ],
)
def test_a_script_of_another_origin_is_refused(
    site: Site, citizen: Citizen, server: FlaskClient, headers: dict[str, str]
) -> None:
    """Checklist 36: a script's POST with a missing or foreign Origin."""
    form = {
        "grant_type": "authorization_code",
        "code": citizen.code(site.request()),
        "redirect_uri": site.redirect_uri,
    }
    script = {"Sec-Fetch-Mode": "cors", **headers}
    answer = server.post("/idp/oidc/token", data=form, headers=site.basic | script)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_origin")
    assert answer.json["client_id"] == site.client_id


def test_a_script_of_the_sites_own_origin_and_a_server_are_served(
    site: Site, citizen: Citizen, server: FlaskClient
) -> None:
    """Reference, 1.9: the rule is for browsers alone (Sec-Fetch-Mode: cors)."""
    form = {"grant_type": "authorization_code", "redirect_uri": site.redirect_uri}
    for headers in ({"Sec-Fetch-Mode": "cors", "Origin": ORIGIN}, {"Origin": "https://evil.example"}):
        sent = {**form, "code": citizen.code(site.request())}
        assert server.post("/idp/oidc/token", data=sent, headers=site.basic | headers).status_code == 200
