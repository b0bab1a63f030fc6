"""Flows and assertions over the control interface: what a site's test asks of what the site has just done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flows import challenge
from werkzeug.test import Client, TestResponse

from glc.serve import load_testkit
from glc.settings import Settings
from testkit.server import Testkit

CALLBACK = "https://site.example/callback"
STATE = "tq0cGf3zXkP8nRvL5wYbJ2hSdM7aEuKi1oNx"
NONCE = "9f86d081884c7d659a2feaa0c55ad015"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@dataclass
class Watched:
    """A space where Camille logs in by herself, and a site in it."""

    http: Client
    told: dict[str, Any]
    site: dict[str, Any]

    def call(self, method: str, path: str, sent: Any = None) -> TestResponse:
        """A call of the control interface."""
        headers = {"Authorization": f"Bearer {self.told['control_key']}"}
        return self.http.open(self.told["control_url"] + path, method=method, json=sent, headers=headers)

    def log_in(self, **changes: str | None) -> TestResponse:
        """A login of the site, discovery to userinfo; the token endpoint's answer."""
        issuer, sent = self.told["issuer"], {"state": STATE, "nonce": NONCE, **changes}
        self.http.get(f"{issuer}.well-known/openid-configuration")
        asked = {
            "client_id": self.site["client_id"],
            "response_type": "code",
            "scope": "openid profile",
            "redirect_uri": CALLBACK,
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
            **{name: value for name, value in sent.items() if value is not None},
        }
        answer = self.http.get(f"{issuer}idp/oidc/authorize?{urlencode(asked)}")
        while not answer.headers["Location"].startswith(CALLBACK):
            answer = self.http.get(answer.headers["Location"])
        code = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["code"]
        tokens = self.redeem(code)
        bearer = {"Authorization": f"Bearer {tokens.json['access_token']}"}  # type: ignore[index]
        self.http.get(f"{issuer}idp/oidc/certs")
        self.http.get(f"{issuer}idp/oidc/user_info", headers=bearer)
        return tokens

    def redeem(self, code: str) -> TestResponse:
        """The code exchanged."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        pair = (self.site["client_id"], self.site["client_secret"])
        return self.http.post(f"{self.told['issuer']}idp/oidc/token", data=form, auth=pair)

    def judged(self, *assertions: Any) -> dict[str, dict[str, Any]]:
        """What was found of each."""
        answer = self.call("POST", "/journal/assertions", {"assertions": list(assertions)})
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        assert answer.json["passed"] == all(each["passed"] for each in answer.json["results"])
        return {each["name"]: each for each in answer.json["results"]}


@pytest.fixture(scope="module")
def kit() -> Iterator[Testkit]:
    """The test kit of a process."""
    kit = load_testkit(Settings(testkit=True))
    yield kit
    kit.close()


@pytest.fixture
def watched(kit: Testkit) -> Watched:
    """A space of its own for each test."""
    http = Client(kit)
    told = http.post("http://localhost:8040/_testkit/spaces", json={"login": "camille"}).json
    assert told is not None
    watched = Watched(http, told, {})
    watched.call("POST", "/accounts", {"persona": "camille"})
    made = watched.call("POST", "/clients", {"partner": "lyon", "name": "Mon site", "redirect_uris": [CALLBACK]})
    assert made.json is not None, made.text
    watched.site = made.json
    return watched


def test_a_careful_login_passes_every_assertion_of_the_issue(watched: Watched) -> None:
    """POST …/journal/assertions."""
    assert watched.log_in().status_code == 200
    found = watched.judged(
        "pkce_s256",
        "state_unguessable",
        "nonce_sent",
        "code_redeemed_once",
        "redirect_uri_same_at_token",
        {"name": "jwks_fetched_at_most", "n": 1},
        {"name": "client_authenticated_by", "method": "client_secret_basic"},
        "secret_never_in_url",
        "no_error_answered",
    )
    assert [name for name, each in found.items() if not each["passed"]] == [], found


def test_what_a_careless_site_did_is_found_with_its_exchanges(watched: Watched) -> None:
    """Its messages say what to change; the exchanges are those of the journal."""
    watched.log_in(state="1234", nonce=None)
    found = watched.judged("state_unguessable", "nonce_sent", {"name": "jwks_fetched_at_most", "n": 0})
    assert not any(each["passed"] for each in found.values())
    journal = watched.call("GET", "/journal").json
    assert journal is not None
    endpoints = {each["id"]: each["endpoint"] for each in journal["exchanges"]}
    assert [endpoints[number] for number in found["nonce_sent"]["exchanges"]] == ["authorize"]
    assert [endpoints[number] for number in found["jwks_fetched_at_most"]["exchanges"]] == ["jwks"]
    assert "“1234”" in found["state_unguessable"]["message"]


def test_the_same_code_and_state_are_recognised_though_secrets_are_gone(watched: Watched) -> None:
    """Equal secrets look equal."""
    watched.log_in()
    watched.log_in()
    found = watched.judged("state_unguessable", "code_redeemed_once")
    assert (found["state_unguessable"]["passed"], found["code_redeemed_once"]["passed"]) == (False, True)


def test_an_unknown_assertion_is_an_error_that_lists_the_known_ones(watched: Watched) -> None:
    """Never a pass."""
    answer = watched.call("POST", "/journal/assertions", {"assertions": ["nonce_sens"]})
    assert answer.status_code == 400
    assert answer.json is not None
    assert "nonce_sent" in answer.json["detail"]


def test_nothing_passes_before_anything_happened(watched: Watched) -> None:
    """A test that forgot to log in is told so."""
    assert not any(each["passed"] for each in watched.judged("pkce_s256", "secret_never_in_url").values())


def test_a_login_is_one_flow_with_its_verdicts_and_its_archive(watched: Watched) -> None:
    """GET …/journal/flows, …/{id}, …/{id}/har."""
    watched.log_in(nonce=None)
    listed = watched.call("GET", "/journal/flows").json
    assert listed is not None
    [flow] = listed["flows"]
    assert flow["outcome"] == "logged_in"
    [wrong] = [each for each in flow["verdicts"] if not each["passed"]]
    assert (wrong["name"], wrong["message_fr"][:36]) == ("nonce_sent", "Votre site n’a pas envoyé de nonce :")
    whole = watched.call("GET", f"/journal/flows/{flow['id']}").json
    assert whole is not None
    assert {"discovery", "authorize", "token", "jwks", "userinfo"} <= {each["endpoint"] for each in whole["exchanges"]}
    verdicts = {each["name"]: each["passed"] for each in whole["verdicts"]}
    assert (verdicts["nonce_sent"], verdicts["state_sent"]) == (False, True)
    archive = watched.call("GET", f"/journal/flows/{flow['id']}/har").json
    assert archive is not None
    assert len(archive["log"]["entries"]) == len(whole["exchanges"])
    assert watched.site["client_secret"] not in str(archive)


def test_the_inspector_shows_it_to_whoever_holds_the_key(watched: Watched) -> None:
    """The address and the key that the space gave."""
    watched.log_in()
    address = watched.told["inspector_url"]
    assert watched.http.get(address).status_code == 401
    shown = watched.http.get(f"{address}?key={watched.told['control_key']}", follow_redirects=True)
    assert shown.status_code == 200
    assert "connecté" in shown.text
