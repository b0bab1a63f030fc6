"""Who logs in, and what they do, decided beforehand. (Issue « Testkit », 2.)"""

from __future__ import annotations

from collections.abc import Callable

import jwt
import pytest
from bs4 import BeautifulSoup
from kit import CALLBACK, Registered, Room

from testkit.personas import personas

Make = Callable[..., Room]


def who(tokens: dict[str, object]) -> str:
    """The first name in an ID Token."""
    return str(jwt.decode(str(tokens["id_token"]), options={"verify_signature": False})["given_name"])


def test_the_next_login_is_somebody_s_and_the_one_after_is_by_hand(room: Room, site: Registered) -> None:
    """Log in, consent, code: one request."""
    room.call("POST", "/logins", {"account": "helene"})
    assert who(site.tokens()) == "Hélène Œnone"
    assert room.call("GET", "/logins")["logins"] == []
    assert "/login/" in room.client().authorize().headers["Location"]


def test_an_account_is_named_by_persona_address_or_uuid(room: Room) -> None:
    """Whichever a test has at hand."""
    uuid = room.call("GET", "/accounts/minh")["uuid"]
    for name in ("minh", "minh@citoyen.example", uuid):
        room.call("POST", "/logins", {"account": name})
        assert who(room.client().tokens()) == "Minh Anh"


def test_somebody_unknown_is_refused_when_said_and_not_at_the_login(room: Room) -> None:
    """An error that comes early explains itself."""
    refused = room.call("POST", "/logins", {"account": "personne"}, expected=404)
    assert "persona" in refused["detail"]


def test_who_refuses_is_answered_access_denied(room: Room, site: Registered) -> None:
    """RFC 6749, 4.1.2.1. The receipt of the refusal is kept, and the browser stays logged in."""
    room.call("POST", "/logins", {"account": "camille", "does": "refuses"})
    answer = site.log_in()
    assert (answer["error"], answer["error_description"]) == ("access_denied", "User did not consent")
    assert len(room.call("GET", "/sessions")["sessions"]) == 1


def test_who_refuses_does_so_though_they_consented_before(make_room: Make) -> None:
    """A consent that is remembered is asked for again: a code here would make a test of refusals vacuous."""
    room = make_room(dialect="standard")
    site = room.client()
    room.call("POST", "/consents", {"account": "camille", "client_id": site.client_id})
    room.call("POST", "/logins", {"account": "camille", "does": "refuses"})
    assert site.log_in()["error"] == "access_denied"


def test_nobody_refuses_what_nobody_is_asked(room: Room) -> None:
    """A client whose users are not asked for consent: said at the login, and not passed over."""
    site = room.client(consent_mode="none")
    answer = site.authorize(headers={"X-GLC-Login": "camille;does=refuses"})
    assert answer.status_code == 400
    assert "consent" in answer.text


def test_who_cancels_is_answered_access_denied_and_logged_in_nowhere(room: Room, site: Registered) -> None:
    """On the login page."""
    room.call("POST", "/logins", {"account": "camille", "does": "cancels"})
    assert site.log_in()["error"] == "access_denied"
    assert room.call("GET", "/sessions") == {"sessions": []}


def test_who_abandons_never_comes_back(room: Room, site: Registered) -> None:
    """The page is there, and nobody fills it in."""
    room.call("POST", "/logins", {"account": "camille", "does": "abandons"})
    assert "/login/" in site.authorize().headers["Location"]
    assert room.call("GET", "/logins")["logins"] == []


def test_who_registers_has_an_account_afterwards(room: Room, site: Registered) -> None:
    """A persona's attributes under an address of their own, or an address alone."""
    before = len(room.call("GET", "/accounts")["accounts"])
    room.call("POST", "/logins", {"account": "camille", "does": "registers"})
    assert who(site.tokens()) == "Camille"
    room.call("POST", "/logins", {"account": "nouvelle@citoyen.example", "does": "registers"})
    assert who(room.client().tokens()) == "Nouvelle"
    assert len(room.call("GET", "/accounts")["accounts"]) == before + 2


def test_who_has_no_address_registers_without_one(room: Room, site: Registered) -> None:
    """Point 2: the persona without e-mail stays so."""
    room.call("POST", "/logins", {"account": "sans_courriel", "does": "registers"})
    site.tokens()
    [session] = room.call("GET", "/sessions")["sessions"]
    assert session["email"] == ""


def test_who_mistakes_the_password_first_is_in_all_the_same(room: Room, site: Registered) -> None:
    """Wrong attempts count as the login page counts them."""
    room.call("POST", "/logins", {"account": "camille", "does": "fails_then_accepts", "failures": 4})
    assert who(site.tokens()) == "Camille"


def test_a_script_may_be_for_one_site_only(room: Room, site: Registered) -> None:
    """And for several logins."""
    other = room.client(name="Un autre")
    room.call("POST", "/logins", {"account": "camille", "client_id": site.client_id, "times": 2})
    assert "/login/" in other.authorize().headers["Location"]
    for _ in range(2):
        site.browser.delete_cookie("glc_session", path=f"{room.base}/")
        assert "code" in site.log_in()
    site.browser.delete_cookie("glc_session", path=f"{room.base}/")
    assert "/login/" in site.authorize().headers["Location"]


def test_who_logs_in_by_themselves_does_so_each_time(room: Room) -> None:
    """Until nobody does any more."""
    room.call("PUT", "/logins/auto", {"account": "oumar"})
    assert {who(room.client().tokens()) for _ in range(3)} == {"Oumar"}
    room.call("PUT", "/logins/auto", {"account": None})
    assert "/login/" in room.client().authorize().headers["Location"]


def test_a_header_of_the_request_says_who_it_is(room: Room, site: Registered) -> None:
    """For tests that run at the same time in one space."""
    assert "code" in site.log_in(headers={"X-GLC-Login": "fatou"})
    other = room.client()
    assert other.log_in(headers={"X-GLC-Login": "fatou;does=refuses"})["error"] == "access_denied"


def test_login_hint_says_who_it_is_where_the_space_says_so(room: Room, site: Registered) -> None:
    """OpenID Connect Core 1.0, 3.1.2.1: a hint, which logs nobody in by itself."""
    assert "/login/" in site.authorize(login_hint="joseph@citoyen.example").headers["Location"]
    room.call("PUT", "/logins/auto", {"by_login_hint": True})
    code = site.log_in(login_hint="joseph@citoyen.example")["code"]
    assert who(site.redeem(code).json) == "Joseph"


def test_a_script_answers_whoever_is_logged_in_already(room: Room, site: Registered) -> None:
    """A second login, whose consent page alone is shown."""
    room.call("POST", "/logins", {"account": "camille"})
    site.log_in()
    assert 'id="a2-oidc-authorization-form"' in site.authorize().text
    room.call("POST", "/logins", {"account": "camille", "does": "refuses"})
    assert site.log_in()["error"] == "access_denied"


def test_prompt_none_stays_silent_whatever_is_scripted(make_room: Make) -> None:
    """OpenID Connect Core 1.0, 3.1.2.6: nobody is there to be stood in for."""
    room = make_room(dialect="standard", login="camille")
    site = room.client()
    assert site.log_in(prompt="none")["error"] == "login_required"
    site.log_in()
    room.call("POST", "/consents", {"account": "camille", "client_id": site.client_id})
    assert "code" in site.log_in(prompt="none")


def test_prompt_login_asks_again_and_is_answered_again(make_room: Make) -> None:
    """Freshness is as after a login on the page (3.1.2.1, max_age and auth_time)."""
    room = make_room(dialect="standard", login="camille", now="2026-03-02T11:00:00Z", frozen=True)
    site = room.client()
    first = jwt.decode(site.tokens()["id_token"], options={"verify_signature": False})
    room.call("POST", "/clock/advance", {"minutes": 30})
    again = jwt.decode(site.tokens(prompt="login")["id_token"], options={"verify_signature": False})
    assert again["auth_time"] == first["auth_time"] + 1_800
    assert again["sub"] == first["sub"]


def test_a_profile_without_names_is_asked_for_on_the_page(room: Room, site: Registered) -> None:
    """No script invents what a person would type."""
    room.call("POST", "/logins", {"account": "incomplet"})
    assert "/accounts/edit/required/" in site.authorize().headers["Location"]


def test_without_scripts_a_person_logs_in_on_the_pages(room: Room, site: Registered) -> None:
    """With the password that everybody is told."""
    where = site.authorize().headers["Location"]
    page = BeautifulSoup(site.browser.get(where).text, "html.parser").find("main").find("form")
    fields = {each["name"]: each.get("value", "") for each in page.find_all("input") if each.get("name")}
    persona = next(each for each in room.call("GET", "/personas")["personas"] if each["name"] == "camille")
    fields |= {"username": persona["email"], "password": persona["password"]}
    answer = site.browser.post(page["action"], data=fields, headers={"Referer": "http://localhost/"})
    assert answer.status_code == 302, answer.text
    assert 'id="a2-oidc-authorization-form"' in site.browser.get(answer.headers["Location"]).text


@pytest.mark.parametrize("name", [name for name, each in personas().items() if each.attributes["last_name"]])
def test_each_persona_logs_in_and_is_as_told(room: Room, name: str) -> None:
    """Usage names, accents, born abroad, months unknown, Corsica, minors, no e-mail, no gender, very long names."""
    persona = personas()[name]
    if persona.locked:
        room.call("POST", "/accounts", {"persona": name})
    room.call("POST", "/logins", {"account": name})
    site = room.client()
    tokens = site.tokens()
    said = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert said["family_name"] == persona.attributes["last_name"]
    told = site.userinfo(tokens["access_token"]).json
    assert told["sub"] == said["sub"]
    assert (told.get("birthdate") or "") == persona.attributes.get("birthdate", "")


def test_the_locked_one_has_to_wait_on_the_login_page(room: Room, site: Registered) -> None:
    """Peers, 60: and nobody else does."""
    room.call("POST", "/accounts", {"persona": "verrouille"})
    where = site.authorize().headers["Location"]

    def attempt(email: str) -> int:
        soup = BeautifulSoup(site.browser.get(where).text, "html.parser")
        form = soup.find("main").find("form")
        fields = {each["name"]: each.get("value", "") for each in form.find_all("input") if each.get("name")}
        password = room.call("GET", "/personas")["personas"][0]["password"]
        sent = {**fields, "username": email, "password": password}
        environ = {"REMOTE_ADDR": "127.0.0.1"}
        return site.browser.post(form["action"], data=sent, environ_base=environ).status_code

    assert attempt("verrouille@citoyen.example") == 429
    assert attempt("camille@citoyen.example") == 302


def test_what_comes_back_is_at_the_site_s_address(site: Registered, room: Room) -> None:
    """A script changes who answers, not where the answer goes."""
    room.call("POST", "/logins", {"account": "camille"})
    assert site.authorize().headers["Location"].startswith(CALLBACK)


def test_a_header_that_asks_for_what_nobody_does_is_refused(room: Room, site: Registered) -> None:
    """A slip of the pen is no consent."""
    answer = site.authorize(headers={"X-GLC-Login": "camille;does=refuse"})
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_somebody_may_be_erased_whom_a_fault_was_about(room: Room, site: Registered) -> None:
    """The others' tokens are made all the same."""
    room.call("POST", "/faults", {"name": "id_token_nonce_wrong", "account": "helene"})
    room.call("DELETE", "/accounts/helene")
    room.call("POST", "/logins", {"account": "camille"})
    assert who(site.tokens()) == "Camille"
