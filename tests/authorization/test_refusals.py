"""Requests that are refused: in which words, on which page, and who gets to know."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flows import Citizen, Site, link, text_of

from glc.clock import ManualClock
from idp.authorization.checks import CHECKS, Check
from partner_registry.models import Flow

IN_2018 = pytest.mark.parametrize("app", ["grandlyonconnect-2018"], indirect=True)
IMPLICIT = {"flow": Flow.IMPLICIT}


@dataclass(frozen=True)
class Provocation:
    """How to run into one row of the table, and the words that come back."""

    words: str
    sent: dict[str, str | None] = field(default_factory=dict)
    registered: dict[str, Any] = field(default_factory=dict)
    appended: str = ""
    days_later: int = 0
    stricter: dict[str, Any] = field(default_factory=dict)


PROVOCATIONS = {
    ("_client_given", "invalid_request"): Provocation('Missing parameter "client_id"', {"client_id": None}),
    ("_redirect_uri_given", "invalid_request"): Provocation('Missing parameter "redirect_uri"', {"redirect_uri": None}),
    ("_client_known", "invalid_request"): Provocation('Unknown client identifier: "nobody"', {"client_id": "nobody"}),
    ("_taken_up", "invalid_request"): Provocation(
        'Parameters "request" and "request_uri" exclude each other',
        {"request": "a", "request_uri": "b"},
        stricter={"request_objects": True},
    ),
    ("_taken_up", "invalid_request_object"): Provocation(
        "The request object cannot be read", {"request": "a.b.c"}, stricter={"request_objects": True}
    ),
    ("_taken_up", "invalid_request_uri"): Provocation(
        "The request_uri is not registered",
        {"request_uri": "https://site.example/request"},
        stricter={"request_objects": True},
    ),
    ("_taken_up", "request_uri_not_supported"): Provocation(
        "Pushed authorization requests are not supported",
        {"request_uri": "urn:ietf:params:oauth:request_uri:a"},
        stricter={"request_objects": True},
    ),
    ("_redirect_uri_registered", "invalid_request"): Provocation(
        'Redirect URI "https://evil.example/" is unknown.', {"redirect_uri": "https://evil.example/"}
    ),
    ("_nothing_doubled", "invalid_request"): Provocation(
        'Parameter "scope" is given more than once', appended="&scope=openid"
    ),
    ("_agreement_in_force", "unauthorized_client"): Provocation(
        "This service is not connected at present", days_later=365 * 20
    ),
    ("_response_type", "invalid_request"): Provocation('Missing parameter "response_type"', {"response_type": None}),
    ("_response_type", "unsupported_response_type"): Provocation(
        'Response type must be "code"', {"response_type": "token"}
    ),
    ("_response_mode", "invalid_request"): Provocation(
        'Parameter "response_mode" must be query or fragment',
        {"response_mode": "jwt"},
        stricter={"response_modes": ("query", "fragment")},
    ),
    ("_scope", "invalid_request"): Provocation('Missing parameter "scope"', {"scope": None}),
    ("_scope", "invalid_scope"): Provocation(
        'Scope must contain "openid", received "email profile"', {"scope": "email profile"}
    ),
    ("_nonce", "invalid_request"): Provocation(
        'Missing parameter "nonce"',
        {"response_type": "id_token"},
        registered=IMPLICIT,
        stricter={"implicit_needs_nonce": True},
    ),
    ("_prompt_and_max_age", "invalid_request"): Provocation(
        'Parameter "max_age" must be a positive integer', {"max_age": "-1"}
    ),
    ("_claims_and_acr", "invalid_request"): Provocation(
        'Parameter "claims" must be a JSON object', {"claims": "[]"}, stricter={"claims_parameter": True}
    ),
    ("_pkce", "invalid_request"): Provocation(
        'Parameter "code_challenge_method" must be "plain" or "S256"',
        {"code_challenge": "x" * 43, "code_challenge_method": "S512"},
    ),
}
ROWS = [(check, error) for check in CHECKS for error in check.raises]
ELSEWHERE = {"_pkce", "_agreement_in_force"}
"""Unknown in 2018; and the registry's refusal, which that dialect explains first too: registry/test_gate.py."""
ROWS_OF_2018 = [(check, error) for check, error in ROWS if check.run.__name__ not in ELSEWHERE]


def _name(value: object) -> str:
    return value.run.__name__.strip("_") if isinstance(value, Check) else str(value)


@pytest.fixture
def provoke(app: Flask, register: Callable[..., Site], clock: ManualClock) -> Callable[[Check, str], tuple[Site, str]]:
    """Register the site that a provocation needs; return it with the request to send."""

    def make(check: Check, error: str) -> tuple[Site, str]:
        case = PROVOCATIONS[check.run.__name__, error]
        site = register(**case.registered)
        house = app.extensions["idp"]
        house.dialect = dataclasses.replace(house.dialect, **case.stricter)
        clock.advance(days=case.days_later)
        return site, site.request(**case.sent) + case.appended

    return make


def _answer_in(target: str) -> dict[str, str]:
    parts = urlsplit(target)
    return dict(parse_qsl(parts.fragment or parts.query))


@pytest.mark.parametrize(("check", "error"), ROWS, ids=_name)
def test_an_error_stops_on_a_page_that_leads_to_the_site_only_once_its_address_is_known(
    provoke: Callable[..., tuple[Site, str]], passer_by: Citizen, check: Check, error: str
) -> None:
    """Section 1.7, errors shown; checklist 24."""
    words = PROVOCATIONS[check.run.__name__, error].words
    site, request = provoke(check, error)

    page = passer_by.get(request)

    assert page.request.path == "/continue/"
    assert page.status_code == (403 if error == "unauthorized_client" else 400)
    expected = {"error": error, "error_description": words, "state": "un-état"}
    onward = link(page, "a2-continue")
    assert (onward is not None) == check.may_redirect
    if onward is not None:
        assert onward.startswith(site.redirect_uri)
        assert _answer_in(onward) == expected
    if error != "unauthorized_client":
        assert f'OpenID Connect Error "{error}": {words}' in text_of(page)


@IN_2018
@pytest.mark.parametrize(("check", "error"), ROWS_OF_2018, ids=_name)
def test_in_2018_an_error_goes_straight_to_the_site_or_is_a_line_of_plain_text(
    provoke: Callable[..., tuple[Site, str]], passer_by: Citizen, check: Check, error: str
) -> None:
    """Section 1.7, A2-2018."""
    words = PROVOCATIONS[check.run.__name__, error].words
    site, request = provoke(check, error)

    response = passer_by.client.get(request)

    if check.may_redirect:
        assert response.status_code == 302
        assert response.headers["Location"].startswith(site.redirect_uri)
        assert _answer_in(response.headers["Location"]) == {
            "error": error,
            "error_description": words,
            "state": "un-état",
        }
    else:
        assert (response.status_code, response.mimetype) == (400, "text/plain")
        assert response.text.strip() == words
        assert "Location" not in response.headers


@pytest.mark.parametrize(
    ("registered", "sent", "error", "words"),
    [
        ({}, {"client_id": ""}, "invalid_request", 'Missing parameter "client_id"'),
        ({}, {"redirect_uri": ""}, "invalid_request", 'Missing parameter "redirect_uri"'),
        ({}, {"response_type": ""}, "invalid_request", 'Missing parameter "response_type"'),
        ({}, {"scope": ""}, "invalid_request", 'Missing parameter "scope"'),
        ({}, {"response_type": "id_token"}, "unsupported_response_type", 'Response type must be "code"'),
        ({}, {"response_type": "code id_token"}, "unsupported_response_type", 'Response type must be "code"'),
        (
            IMPLICIT,
            {"response_type": "code"},
            "unsupported_response_type",
            'Response type must be "id_token token" or "id_token"',
        ),
        (
            IMPLICIT,
            {"response_type": "token"},
            "unsupported_response_type",
            'Response type must be "id_token token" or "id_token"',
        ),
        (
            {"scopes": ("openid", "email")},
            {"scope": "openid profile"},
            "invalid_scope",
            'Scope may contain "email, openid" scope(s), received "openid profile"',
        ),
        ({}, {"max_age": ""}, "invalid_request", 'Parameter "max_age" must be a positive integer'),
        ({}, {"max_age": "ten"}, "invalid_request", 'Parameter "max_age" must be a positive integer'),
        ({}, {"max_age": "²"}, "invalid_request", 'Parameter "max_age" must be a positive integer'),
        (
            {},
            {"code_challenge": "x" * 43, "code_challenge_method": ""},
            "invalid_request",
            'Parameter "code_challenge_method" must be "plain" or "S256"',
        ),
        (
            {"pkce_required": True},
            {},
            "invalid_request",
            'Parameter "code_challenge_method" MUST be provided',
        ),
        (
            {"pkce_required": True},
            {"code_challenge": "x" * 43, "code_challenge_method": "plain"},
            "invalid_request",
            'Parameter "code_challenge_method" MUST be provided',
        ),
        (
            {},
            {"code_challenge": "", "code_challenge_method": "S256"},
            "invalid_request",
            'Parameter "code_challenge" must have from 1 to 128 characters',
        ),
    ],
)
def test_each_refusal_has_the_words_of_the_real_service(
    register: Callable[..., Site],
    passer_by: Citizen,
    registered: dict[str, Any],
    sent: dict[str, str],
    error: str,
    words: str,
) -> None:
    """Section 1.7, error texts; checklist 24, 26 (a client's own scopes are its limit)."""
    page = passer_by.get(register(**registered).request(**sent))

    assert page.request.path == "/continue/"
    assert f'OpenID Connect Error "{error}": {words}' in text_of(page)


def test_the_page_opened_by_hand_has_no_empty_box_for_the_technical_team(passer_by: Citizen) -> None:
    """There is nothing to tell them."""
    page = passer_by.get("/continue/")

    assert page.status_code == 400
    assert "équipe technique" not in text_of(page)


def test_an_implicit_site_finds_its_error_in_the_fragment(register: Callable[..., Site], passer_by: Citizen) -> None:
    """Section 1.7: implicit clients get errors in the fragment."""
    site = register(**IMPLICIT)

    page = passer_by.get(site.request(response_type="id_token", scope="openid admin"))

    onward = urlsplit(link(page, "a2-continue") or "")
    assert (onward.query, dict(parse_qsl(onward.fragment))["error"]) == ("", "invalid_scope")


@pytest.mark.parametrize("response_type", ["token", "id_token token", "code id_token", None])
def test_a_site_of_the_code_flow_finds_its_error_in_the_query_whatever_it_asked(
    site: Site, passer_by: Citizen, response_type: str | None
) -> None:
    """Section 1.7: only implicit clients get errors in the fragment, which no server ever sees."""
    page = passer_by.get(site.request(response_type=response_type))

    onward = urlsplit(link(page, "a2-continue") or "")
    assert onward.fragment == ""
    assert set(dict(parse_qsl(onward.query))) == {"error", "error_description", "state"}


def test_an_error_carries_no_issuer_and_no_state_that_was_not_sent(site: Site, passer_by: Citizen) -> None:
    """Section 1.7: errors carry no `iss`."""
    page = passer_by.get(site.request(scope="openid admin", state=None))

    assert set(_answer_in(link(page, "a2-continue") or "")) == {"error", "error_description"}


def test_the_page_about_an_unknown_redirect_uri_does_not_list_the_registered_ones(
    site: Site, passer_by: Citizen
) -> None:
    """Checklist 25."""
    page = passer_by.get(site.request(redirect_uri="https://evil.example/"))

    assert site.redirect_uri not in page.text
    assert link(page, "a2-continue") is None


def test_the_page_explains_the_error_to_the_developer_in_french(site: Site, passer_by: Citizen) -> None:
    """Section 5, point 11: an unknown scope is refused, not ignored, and the page says which one."""
    page = passer_by.get(site.request(scope="openid crown"))

    assert "Une portée inconnue est refusée" in text_of(page)
    assert "en trop : crown" in text_of(page)


@pytest.mark.parametrize("path", ["/idp/oidc/authorize", "/idp/oidc/authorize/"])
def test_cancelling_sends_the_refusal_straight_back(site: Site, passer_by: Citizen, path: str) -> None:
    """Sections 1.1 and 1.7; checklist 27, in both slash forms."""
    request = site.request(cancel="1").replace("/idp/oidc/authorize", path)

    arrival = passer_by.get(request)

    assert arrival.query == {
        "error": "access_denied",
        "error_description": "Authentication cancelled by user",
        "state": "un-état",
    }


def test_a_state_of_any_shape_comes_back_as_it_was(site: Site, passer_by: Citizen) -> None:
    """Section 1.7: state is never checked (RFC 6749, 4.1.2: returned as received)."""
    state = "é&=+ %41/?#\"'<b>\t漢"

    assert passer_by.get(site.request(cancel="1", state=state)).query["state"] == state
