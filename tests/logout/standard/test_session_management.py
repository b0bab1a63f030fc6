"""What certification checks of OpenID Connect Session Management 1.0; tests/browser has the frame itself."""

from __future__ import annotations

import hashlib

import pytest
from bs4 import BeautifulSoup
from conftest import add_account
from flask import Flask
from flows import ISSUER
from strict_site import Answer, StrictSite

COOKIE = "glc_browser_state"
FRAME = "/idp/oidc/check_session"


def state_of(rp: StrictSite) -> str:
    """The browser's state, as a script of the provider's origin reads it."""
    cookie = rp.citizen.client.get_cookie(COOKIE)
    return cookie.value if cookie else ""


def status(rp: StrictSite, session_state: str) -> str:
    """What the frame answers (section 3.2's own pseudo-code)."""
    salt = session_state.partition(".")[2]
    text = f"{rp.site.client_id} https://site.example {state_of(rp)} {salt}"
    return "unchanged" if f"{hashlib.sha256(text.encode()).hexdigest()}.{salt}" == session_state else "changed"


def test_session_management_discovery(rp: StrictSite) -> None:
    """Module oidcc-session-management-discovery-endpoint-verification."""
    assert rp.metadata["check_session_iframe"] == f"{ISSUER}{FRAME[1:]}"
    assert rp.metadata["end_session_endpoint"] == f"{ISSUER}idp/oidc/logout"


@pytest.mark.parametrize("response_type", ["code", "id_token", "code id_token"])
@pytest.mark.parametrize("response_mode", [None, "form_post"])
def test_session_management_the_answer_carries_session_state(
    rp: StrictSite, response_type: str, response_mode: str | None
) -> None:
    """Session Management 1.0, section 2; a hash of client, origin, state and salt that holds no space (section 3.2)."""
    answer = rp.authorize(response_type=response_type, response_mode=response_mode)
    assert status(rp, answer["session_state"]) == "unchanged"
    assert " " not in answer["session_state"]


def test_session_management_rp_initiated_logout(rp: StrictSite) -> None:
    """Module oidcc-session-management-rp-initiated-logout: unchanged, then changed after logout."""
    session_state = rp.authorize()["session_state"]
    assert status(rp, session_state) == "unchanged"
    rp.citizen.get("/logout/")
    assert status(rp, session_state) == "changed"


def test_session_management_a_visit_that_asks_nothing_changes_nothing(rp: StrictSite) -> None:
    """Section 3.2: the state tells a meaningful event; each answer has another salt."""
    first, again = rp.authorize(), rp.authorize(prompt="none")
    assert first["session_state"] != again["session_state"]
    assert {status(rp, each["session_state"]) for each in (first, again)} == {"unchanged"}


def test_session_management_another_user_is_a_change(rp: StrictSite, app: Flask, clock: object) -> None:
    """Section 3.2: the state changes with who is logged in."""
    session_state = rp.authorize()["session_state"]
    add_account(app, clock, email="autre@citoyen.example")  # type: ignore[arg-type]
    rp.citizen.email = "autre@citoyen.example"
    other = rp.authorize(prompt="login")["session_state"]
    assert (status(rp, session_state), status(rp, other)) == ("changed", "unchanged")


def test_session_management_a_state_that_was_lost_comes_back(rp: StrictSite) -> None:
    """A browser that forgot the cookie of scripts gets it back with the next answer: nobody asks for ever."""
    rp.authorize()
    rp.citizen.client.delete_cookie(COOKIE)
    assert status(rp, rp.authorize(prompt="none")["session_state"]) == "unchanged"


def test_session_management_an_error_carries_none(rp: StrictSite) -> None:
    """Requirement 14: nothing but registered members."""
    answer = rp.visit(prompt="none")
    assert isinstance(answer, Answer)
    answer.check("état")
    assert answer["error"] == "login_required"


def test_session_management_scripts_read_the_state_and_learn_nothing_else(rp: StrictSite) -> None:
    """Section 3.2: no HttpOnly; and the session's own cookie cannot be told from it."""
    page = rp.citizen.get(rp.path())
    rp.citizen.client.get("/logout/")
    cookies = rp.citizen.client.post(
        "/login/",
        data={
            "username": rp.citizen.email,
            "password": rp.citizen.password,
            "csrf_token": BeautifulSoup(page.text, "html.parser").find("input", {"name": "csrf_token"})["value"],
        },
    ).headers.getlist("Set-Cookie")
    flags = {each.partition("=")[0]: each for each in cookies}
    assert "HttpOnly" not in flags[COOKIE]
    assert "HttpOnly" in flags["glc_session"]
    assert flags["glc_session"].split("=")[1].split(";")[0] not in flags[COOKIE]


def test_session_management_the_frame_may_be_framed_and_runs_our_script_alone(rp: StrictSite) -> None:
    """Section 3.3: loaded by any site; no other page of ours is."""
    page = rp.client.get(FRAME)
    assert page.status_code == 200
    assert "X-Frame-Options" not in page.headers
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors" not in policy
    assert "script-src 'self'" in policy
    assert BeautifulSoup(page.text, "html.parser").find("script")["src"] == "/static/check_session.js"
