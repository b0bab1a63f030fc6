"""What certification checks of authorization requests and their answers (requirements 1 to 17)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flows import challenge
from strict_site import ERROR_TEXT, Answer, Begin, StrictSite
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.models import Flow

EVERY_TYPE = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"]
every_type = pytest.mark.parametrize("response_type", EVERY_TYPE)
every_mode = pytest.mark.parametrize("response_mode", [None, "form_post"])


def stays(end: TestResponse | Answer) -> bool:
    """Whether the user was left on an error page of the provider."""
    return not isinstance(end, Answer) and end.status_code == 400


@every_type
@every_mode
def test_49_every_flow_gives_what_it_promises_and_vouches_for_it(
    begin: Begin, clock: ManualClock, response_type: str, response_mode: str | None
) -> None:
    """oidcc-server in each plan; Core 1.0, 3.1 to 3.3; requirements 48 and 49 on the way."""
    rp, types = begin(), set(response_type.split())
    answer = rp.authorize(response_type=response_type, response_mode=response_mode)
    assert answer.mode == (response_mode or ("query" if types == {"code"} else "fragment"))
    assert {"code", "id_token", "access_token"} & dict(answer.pairs).keys() == {
        {"token": "access_token"}.get(each, each) for each in types
    }
    now, subjects = clock.now().timestamp(), set()
    if "id_token" in types:
        vouched = {name: answer[name] for name in ("code", "access_token") if answer.get(name)}
        subjects.add(rp.id_token(answer["id_token"], now=now, **vouched)["sub"])
    if "token" in types:
        subjects.add(rp.userinfo(answer["access_token"])["sub"])
    if "code" in types:
        body = rp.redeem(answer)
        subjects.add(rp.id_token(body["id_token"], now=now, access_token=body["access_token"])["sub"])
        subjects.add(rp.userinfo(body["access_token"])["sub"])
    assert len(subjects) == 1


@pytest.mark.parametrize(
    "uri", ["https://evil.example/", "https://site.example/callback/", "https://site.example/callback?x=1"]
)
def test_01_an_unregistered_redirect_uri_gets_an_error_page(rp: StrictSite, uri: str) -> None:
    """Requirement 1; oidcc-ensure-registered-redirect-uri; RFC 6749, 3.1.2.3."""
    assert stays(rp.visit(redirect_uri=uri))


@pytest.mark.parametrize("sent", ["", "?x=2", "?x=1&y=2", "?y=1"])
def test_02_a_registered_query_must_be_sent_as_it_is(begin: Begin, sent: str) -> None:
    """Requirement 2; oidcc-redirect-uri-query-mismatch, oidcc-redirect-uri-query-added."""
    rp = begin(redirect_uris=("https://site.example/cb?x=1",))
    assert stays(rp.visit(redirect_uri="https://site.example/cb" + sent))


@pytest.mark.parametrize("response_type", ["code", "id_token"])
def test_03_a_registered_query_is_kept(begin: Begin, response_type: str) -> None:
    """Requirement 3; oidcc-redirect-uri-query-OK."""
    rp = begin(redirect_uris=("https://site.example/cb?x=1",))
    assert rp.authorize(response_type=response_type).url.startswith("https://site.example/cb?x=1")


def test_04_a_redirect_uri_is_always_sent(begin: Begin) -> None:
    """Requirement 4; oidcc-ensure-redirect-uri-in-authorization-request."""
    rp = begin(redirect_uris=("https://site.example/one", "https://site.example/two"))
    assert stays(rp.visit(redirect_uri=None))
    assert stays(begin().visit(redirect_uri=None))


@pytest.mark.parametrize(
    ("asked_mode", "mode"), [(None, "query"), ("form_post", "form_post"), ("fragment", "fragment")]
)
@pytest.mark.parametrize("flow", Flow)
def test_06_a_missing_response_type_is_told_to_the_site(
    begin: Begin, flow: Flow, asked_mode: str | None, mode: str
) -> None:
    """Requirement 6; oidcc-response-type-missing, which looks in the query whatever the client's flow: nothing said
    otherwise."""
    end = begin(flow=flow).visit(response_type=None, response_mode=asked_mode)
    assert isinstance(end, Answer)
    assert end.mode == mode
    end.check("état")
    assert end["error"] in {"invalid_request", "unsupported_response_type"}


def test_07_unknown_parameters_are_ignored(rp: StrictSite) -> None:
    """Requirement 7; oidcc-ensure-request-with-unknown-parameter-succeeds."""
    assert rp.authorize(extra="foobar")["code"]


def test_08_order_is_no_matter(rp: StrictSite) -> None:
    """Requirement 8; oidcc-alternate-happy-flow."""
    path, _, query = rp.path(scope="phone email profile openid").partition("?")
    backwards = f"{path}?{'&'.join(reversed(query.split('&')))}"
    assert rp.arrive(rp.citizen.get(backwards), state="état")["code"]


def test_09_a_request_may_be_posted_without_our_cookies(rp: StrictSite, app: Flask) -> None:
    """Requirement 9; oidcc-ensure-post-request-succeeds. A form from another site carries no SameSite=Lax cookie:
    whoever was logged in still is, once the browser has come back by GET."""
    rp.authorize()
    path, _, query = rp.path(prompt="none").partition("?")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    posted = app.test_client().post(path, data=query, headers=headers)
    assert posted.status_code == 303
    assert not posted.headers.getlist("Set-Cookie")
    assert rp.arrive(rp.citizen.get(posted.headers["Location"]), state="état")["code"]


def test_09_a_posted_mistake_is_answered_at_once(rp: StrictSite) -> None:
    """Requirement 9: as one in a GET."""
    path, _, query = rp.path(response_type="nonsense").partition("?")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    end = rp.read(rp.citizen._follow(rp.citizen.client.post(path, data=query, headers=headers)))
    assert isinstance(end, Answer)
    end.check("état")
    assert end["error"] == "unsupported_response_type"


def test_10_the_code_flow_needs_no_nonce(rp: StrictSite, clock: ManualClock) -> None:
    """Requirement 10; oidcc-ensure-request-without-nonce-succeeds-for-code-flow."""
    body = rp.redeem(rp.authorize(nonce=None))
    rp.id_token(body["id_token"], now=clock.now().timestamp(), nonce=None)


@pytest.mark.parametrize("response_type", ["id_token", "id_token token", "code id_token", "code id_token token"])
def test_11_an_id_token_in_the_browser_needs_a_nonce(rp: StrictSite, response_type: str) -> None:
    """Requirement 11; oidcc-ensure-request-without-nonce-fails."""
    end = rp.visit(response_type=response_type, nonce=None)
    assert isinstance(end, Answer)
    end.check("état")
    assert (end.mode, end["error"]) == ("fragment", "invalid_request")


def test_11_a_code_with_an_access_token_needs_none(rp: StrictSite) -> None:
    """Requirement 11: `code token` has no ID Token in the browser."""
    assert rp.authorize(response_type="code token", nonce=None)["access_token"]


@every_type
@every_mode
def test_12_state_comes_back_byte_for_byte(rp: StrictSite, response_type: str, response_mode: str | None) -> None:
    """Requirement 12: with 200 characters, odd ones, and on errors."""
    state = "é&=+ %20\"'<>\\" + "x" * 200
    assert rp.authorize(state=state, response_type=response_type, response_mode=response_mode)["state"] == state
    end = rp.visit(state=state, response_type=response_type, response_mode=response_mode, scope="openid nonsense")
    assert isinstance(end, Answer)
    end.check(state)
    assert end["error"] == "invalid_scope"


@every_type
def test_13_the_issuer_is_in_every_answer(rp: StrictSite, response_type: str) -> None:
    """Requirement 13; RFC 9207, 2: success and error; `Answer.check` compares it."""
    assert rp.metadata["authorization_response_iss_parameter_supported"] is True
    rp.authorize(response_type=response_type)
    end = rp.visit(response_type=response_type, max_age="never")
    assert isinstance(end, Answer)
    end.check("état")


MISTAKES: list[dict[str, Any]] = [
    {"response_type": "code code nonsense"},
    {"response_mode": "jwt"},
    {"response_type": "code id_token", "response_mode": "query"},
    {"scope": "email"},
    {"scope": 'openid é"\\'},
    {"max_age": "é"},
    {"prompt": "none login"},
    {"claims": "{"},
    {"claims": "[]"},
    {"claims": '{"userinfo": 1}'},
    {"claims": '{"id_token": {"acr": {"values": "1"}}}'},
    {"code_challenge": "x" * 43, "code_challenge_method": "S512", "response_type": "code"},
    {"request": "not.an.object"},
    {"request_uri": "https://site.example/unregistered"},
    {"prompt": "none"},
    {"id_token_hint": "é"},
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: "&".join(each))
@pytest.mark.parametrize("response_type", ["code", "id_token token"])
@every_mode
def test_14_and_15_errors_are_plain_carry_nothing_else_and_go_where_the_answer_would(
    begin: Begin, mistake: dict[str, str], response_type: str, response_mode: str | None
) -> None:
    """Requirements 14 and 15: members, charset, no code; fragment or form where a success would be."""
    rp = begin(pkce_required=False)
    asked = {"response_type": response_type, "response_mode": response_mode, **mistake}
    rp.authorize() if "id_token_hint" in mistake else None
    end = rp.visit(**asked)
    assert isinstance(end, Answer), end.text
    end.check("état")
    assert end["error"]
    assert ERROR_TEXT.fullmatch(end["error_description"])
    if set(mistake) <= {"scope", "max_age", "prompt", "claims"}:
        assert end.mode == (response_mode or ("query" if response_type == "code" else "fragment"))


def test_16_codes_are_random(rp: StrictSite) -> None:
    """Requirement 16: length and entropy are checked with every answer; no two are alike."""
    assert len({rp.authorize()["code"] for _ in range(3)}) == 3


def test_17_any_client_may_use_pkce_and_a_promised_verifier_is_required(rp: StrictSite) -> None:
    """Requirement 17; oidcc-ensure-request-with-valid-pkce-succeeds; RFC 7636, 4.6."""
    verifier = "v" * 43
    pkce = {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
    assert rp.redeem(rp.authorize(**pkce), code_verifier=verifier)["access_token"]
    without = rp.site.redeem(rp.client, rp.authorize(**pkce)["code"])
    assert (without.status_code, without.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("flow", [Flow.CODE, Flow.IMPLICIT])
def test_a_response_type_that_was_not_registered_is_refused(begin: Begin, flow: Flow) -> None:
    """OAuth 2.0 Multiple Response Types; Dynamic Client Registration 1.0, 2."""
    end = begin(flow=flow).visit(response_type="code id_token")
    assert isinstance(end, Answer)
    end.check("état")
    assert end["error"] == "unsupported_response_type"
