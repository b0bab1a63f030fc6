"""The journal: what is in it, and what never is. (Issue « Testkit », 5.)"""

from __future__ import annotations

import gc
import json
import re
from threading import Timer

import pytest
from conftest import NOON
from kit import Registered, Room
from werkzeug.test import Client

from testkit.journal import recorder
from testkit.journal.exchange import Exchange
from testkit.request import Request


def test_every_exchange_of_a_site_is_there_documents_included(room: Room, site: Registered) -> None:
    """Peers, « unserved »: discovery and key fetches too."""
    site.browser.get(f"{room.base}/.well-known/openid-configuration")
    site.browser.get(f"{room.base}/idp/oidc/certs")
    room.call("POST", "/logins", {"account": "camille"})
    site.userinfo(site.tokens()["access_token"])
    found = room.call("GET", "/journal")["exchanges"]
    assert [each["endpoint"] for each in found] == ["discovery", "jwks", "authorize", "token", "userinfo"]
    assert [each["status"] for each in found] == [200, 200, 302, 200, 200]
    assert {each["client_id"] for each in found[2:]} == {site.client_id}
    assert found[3]["client_authentication"] == "client_secret_basic"
    assert found[3]["tokens"][0]["claims"]["nonce"] == "un-nonce"
    uuid = room.call("GET", "/accounts/camille")["uuid"]
    assert {each["account"] for each in found[2:]} == {uuid}


def test_no_secret_is_told_and_equal_secrets_look_equal(room: Room) -> None:
    """House: no secret, token, password or code. Not in addresses, headers, forms, bodies."""
    site = room.client(refresh_tokens=True)
    room.call("POST", "/logins", {"account": "camille"})
    code = site.log_in()["code"]
    cookie = site.browser.get_cookie("glc_session", path=f"{room.base}/")
    assert cookie is not None
    tokens = site.redeem(code).json
    site.userinfo(tokens["access_token"])
    site.refresh(tokens["refresh_token"])
    site.post("revoke", {"token": tokens["refresh_token"]})
    fields = {"grant_type": "authorization_code", "client_id": site.client_id, "client_secret": site.secret}
    Client(room.kit).post(f"{room.base}/idp/oidc/token", data=fields)
    Client(room.kit).post(f"{room.base}/login/", data={"username": "camille", "password": "le mot de passe tapé"})
    Client(room.kit).get(f"{room.base}/idp/oidc/user_info?access_token={tokens['access_token']}")
    found = room.call("GET", "/journal")["exchanges"]
    text = json.dumps(found, ensure_ascii=False)
    secrets = (code, cookie.value, *(tokens[name] for name in ("access_token", "refresh_token", "id_token")))
    for secret in (*secrets, site.secret, "le mot de passe tapé"):
        assert secret not in text
    authorize, token = found[0], found[1]
    shown = dict(map(tuple, token["form"]))["code"]
    assert shown.startswith("‹code:")
    assert shown.strip("‹›") in authorize["marks"]
    assert set(authorize["marks"]) & set(token["marks"])


def test_a_page_is_told_without_its_hidden_fields(room: Room, site: Registered) -> None:
    """CSRF tokens, and the name of the request that waits."""
    where = site.authorize().headers["Location"]
    text = site.browser.get(where).text
    token = text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    pending = where.split("pending%3D")[1].split("&")[0]
    told = json.dumps(room.call("GET", "/journal")["exchanges"])
    assert token not in told
    assert pending not in told


def test_a_link_of_a_mail_is_told_without_its_token(room: Room, site: Registered) -> None:
    """It logs in whoever has it."""
    token = "A" * 43
    site.browser.get(f"{room.base}/password/reset/{token}/")
    [found] = room.call("GET", "/journal")["exchanges"]
    assert token not in json.dumps(found)
    assert "‹link:" in found["url"]


def test_exchanges_are_asked_for_by_endpoint_client_and_number(room: Room, site: Registered) -> None:
    """And forgotten; numbers go on."""
    room.call("PUT", "/logins/auto", {"account": "camille"})
    site.tokens()
    room.client().tokens()
    assert len(room.call("GET", "/journal?endpoint=token")["exchanges"]) == 2
    mine = room.call("GET", f"/journal?client_id={site.client_id}")["exchanges"]
    assert [each["endpoint"] for each in mine] == ["authorize", "token"]
    after = room.call("GET", f"/journal?after={mine[-1]['id']}")["exchanges"]
    assert after[0]["id"] > mine[-1]["id"]
    room.call("DELETE", "/journal")
    site.tokens()
    assert room.call("GET", "/journal")["exchanges"][0]["id"] > after[-1]["id"]


def test_a_condition_is_waited_for_and_not_slept_for(room: Room, site: Registered) -> None:
    """Answered when it is met, or when the time is over."""
    room.call("PUT", "/logins/auto", {"account": "camille"})
    timer = Timer(0.1, site.tokens)
    timer.start()
    found = room.call("POST", "/journal/wait", {"endpoint": "token", "status": 200, "timeout_in": 20})
    assert (found["met"], [each["endpoint"] for each in found["exchanges"]]) == (True, ["token"])
    timer.join()
    never = room.call("POST", "/journal/wait", {"endpoint": "revoke", "timeout_in": 0})
    assert never == {"met": False, "exchanges": []}


def test_a_site_is_judged_by_what_it_did(room: Room, site: Registered) -> None:
    """Each assertion says what to change."""
    room.call("PUT", "/logins/auto", {"account": "camille"})
    site.tokens()
    asked = ["nonce_sent", "pkce_s256", {"name": "client_authenticated_by", "method": "client_secret_basic"}]
    told = room.call("POST", "/journal/assertions", {"assertions": asked, "client_id": site.client_id})
    assert [each["passed"] for each in told["results"]] == [True, False, True]
    assert told["passed"] is False
    assert "code_challenge" in told["results"][1]["message"]
    assert "nonce_sent" in room.call("POST", "/journal/assertions", {"assertions": ["nonce"]}, expected=400)["detail"]


def test_exchanges_make_up_logins(room: Room, site: Registered) -> None:
    """Two logins at the same time are two flows, each with what is wrong with it, and an archive."""
    room.call("PUT", "/logins/auto", {"account": "camille"})
    one, other = site.log_in(state="a"), room.client().log_in(state="b")
    site.userinfo(site.redeem(one["code"]).json["access_token"])
    flows = room.call("GET", "/journal/flows")["flows"]
    assert [each["outcome"] for each in flows] == ["logged_in", "code_unused"], other
    whole = room.call("GET", f"/journal/flows/{flows[0]['id']}")
    assert [each["endpoint"] for each in whole["exchanges"]] == ["authorize", "token", "userinfo"]
    assert any(each["name"] == "pkce_s256" and not each["passed"] for each in whole["verdicts"])
    archive = room.call("GET", f"/journal/flows/{flows[0]['id']}/har")
    assert len(archive["log"]["entries"]) == 3


@pytest.mark.parametrize("fault", ["token_wrong_content_type", "token_truncated", "token_html", "token_array"])
def test_an_answer_that_a_fault_spoilt_tells_no_secret(room: Room, site: Registered, fault: str) -> None:
    """Whatever its type says, and wherever it was cut."""
    room.call("POST", "/logins", {"account": "camille"})
    code = site.log_in()["code"]
    room.call("POST", "/faults", {"name": fault})
    sent = site.redeem(code).text
    told = json.dumps(room.call("GET", "/journal"), ensure_ascii=False)
    for secret in re.findall(r'"(?:access|id)_token"\s*:\s*"([^"]{20,})', sent):
        assert secret not in told


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_body_that_is_cut_short_tells_no_secret(room: Room, kind: str) -> None:
    """What cannot be read member by member is searched."""
    body = '{"client_secret": "un secret assez long", "rest": "' + "x" * 70_000
    Client(room.kit).post(f"{room.base}/idp/oidc/register", data=body, content_type=kind)
    told = room.call("GET", "/journal")["exchanges"]
    assert "un secret assez long" not in json.dumps(told)
    assert "‹client_secret:" in told[0]["request_body"]


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "/login/", "query_string": "next=http://["},
        {"path": "/idp/oidc/certs", "headers": {"Host": "[glc"}},
        {"path": "/idp/oidc/register", "method": "POST", "data": "[" * 60_000, "content_type": "application/json"},
    ],
)
def test_no_request_keeps_the_others_from_being_told(room: Room, asked: dict[str, object]) -> None:
    """Addresses that are none, and bodies nested beyond reason."""
    Client(room.kit).open(**asked | {"path": f"{room.base}{asked['path']}"})
    assert len(room.call("GET", "/journal")["exchanges"]) == 1


def test_a_browser_with_sessions_of_two_spaces_is_known_by_the_nearer_one(room: Room, site: Registered) -> None:
    """RFC 6265, 5.4: the cookie of the longest path comes first."""
    room.call("POST", "/logins", {"account": "camille"})
    site.log_in()
    cookie = site.browser.get_cookie("glc_session", path=f"{room.base}/")
    assert cookie is not None
    both = {"Cookie": f"glc_session={cookie.value}; glc_session=celle-d-un-autre"}
    Client(room.kit, use_cookies=False).get(f"{room.base}/login/", headers=both)
    assert room.call("GET", "/journal")["exchanges"][-1]["account"] == room.call("GET", "/accounts/camille")["uuid"]


def test_a_journal_keeps_so_many_exchanges_and_nothing_of_the_older_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A space at a fixed issuer lives for long."""
    monkeypatch.setattr(recorder, "MOST", 3)
    journal = recorder.Journal(b"k", lambda _raw: (None, None))
    for _ in range(5):
        journal.add(Request("token", "POST", "http://x/", body=b"x" * 100_000), NOON, 0.0)
        journal.exchanges()
    assert [each.id for each in journal.exchanges()] == [3, 4, 5]
    gc.collect()
    kept = [each for each in gc.get_objects() if isinstance(each, Exchange) and each.url == "http://x/"]
    assert len(kept) == 3
    assert {len(each.request_body) for each in kept} == {recorder.LONGEST_BODY}


def test_what_kind_the_oldest_secrets_were_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A space at a fixed issuer lives for long, and each login has a dozen secrets."""
    monkeypatch.setattr(recorder, "MOST_SECRETS", 10)
    journal = recorder.Journal(b"k", lambda _raw: (None, None))
    for number in range(30):
        journal.add(Request("authorize", "GET", f"http://x/?code=un-code-{number}"), NOON, 0.0)
    assert len(journal.exchanges()) == 30
    assert len(journal._kinds) == 10


def test_an_answer_nested_too_deep_is_told_like_another(room: Room, site: Registered) -> None:
    """RFC 8259, 9: the fault is for the site's parser; journal, flows, judgement and inspector go on."""
    room.call("POST", "/faults", {"name": "transport_deep", "endpoint": "token", "times": 1})
    room.call("POST", "/logins", {"account": "camille"})
    site.redeem(site.log_in()["code"])
    token = room.call("GET", "/journal")["exchanges"][-1]
    assert (token["endpoint"], token["faults"]) == ("token", ["transport_deep"])
    flow = room.call("GET", "/journal/flows")["flows"][0]["id"]
    assert room.call("POST", "/journal/assertions", {"assertions": ["code_redeemed_once"]})["passed"]
    browser, inspector = Client(room.kit), f"/inspector/{room.told['id']}"
    browser.get(f"{inspector}/?key={room.told['control_key']}")
    assert browser.get(f"{inspector}/flows/{flow}/").status_code == 200
