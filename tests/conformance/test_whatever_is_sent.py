"""Requests at random, right ones with something changed: nothing breaks, nobody is sent to an address that was not
registered, and nothing is given that a check would have refused.

10 000 requests in `make test`, always the same; GLC_RANDOM_REQUESTS asks for as many others (`make nightly`)."""

from __future__ import annotations

import base64
import json
import os
import string
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup
from flows import challenge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strict_site import Begin, StrictSite, unsigned
from werkzeug.test import TestResponse

from partner_registry.models import ConsentMode

REQUESTS = int(os.environ.get("GLC_RANDOM_REQUESTS", "10000"))
AT_RANDOM = settings(
    deadline=None,
    database=None,
    derandomize="GLC_RANDOM_REQUESTS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
HERE = ("https://site.example/cb", "https://site.example/cb?x=1")
TYPES = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"]
VERIFIER = "v" * 43

odd_text = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "\0", "é", "%00", "\r\nX: y", "//evil.example", "javascript:alert(1)", "a" * 5000, "null", "{}"]
    ),
)


def usual(client_id: str) -> dict[str, st.SearchStrategy[str]]:
    """Right values of each parameter, and near misses."""
    claims = [{"userinfo": {"name": None}}, {"id_token": {"acr": {"essential": True, "value": "eidas1"}}}, {"a": 1}, []]
    return {
        "client_id": st.sampled_from([client_id] * 9 + ["nobody"]),
        "redirect_uri": st.sampled_from(
            [HERE[0]] * 6 + [HERE[1], HERE[0] + "/", "https://evil.example/", "https://site.example.evil.example/cb"]
        ),
        "response_type": st.sampled_from(TYPES * 3 + ["token", "none", "code code", "token  id_token"]),
        "scope": st.sampled_from(["openid"] * 4 + ["openid email", "email", "openid crown", "openid openid"]),
        "response_mode": st.sampled_from(["query", "fragment", "form_post", "jwt"]),
        "nonce": st.sampled_from(["n", "é", "n" * 1025]),
        "state": odd_text,
        "prompt": st.sampled_from(["none"] * 4 + ["login", "consent", "none login", "create", "nonsense"]),
        "max_age": st.sampled_from(["0", "1", "100000", "-1", "1.5", "9" * 30]),
        "acr_values": st.sampled_from(["eidas1", "eidas9", "é"]),
        "claims": st.sampled_from([json.dumps(each) for each in claims] + ["{", '{"userinfo":"x"}']),
        "code_challenge": st.sampled_from([challenge(VERIFIER), "", "x" * 129]),
        "code_challenge_method": st.sampled_from(["S256", "plain", "S512"]),
        "request": st.sampled_from([unsigned({"scope": "openid"}), unsigned({"state": 1}), "a.b.c", ""]),
        "request_uri": st.sampled_from(["urn:ietf:params:oauth:request_uri:x", "https://evil.example/", "x"]),
        "id_token_hint": st.sampled_from([unsigned({"sub": "x"}), "x"]),
        "ui_locales": st.sampled_from(["fr", "se", "é"]),
        "display": st.sampled_from(["page", "popup", "x"]),
        "login_hint": odd_text,
        "pending": odd_text,
    }


NEEDED = ("client_id", "redirect_uri", "response_type", "scope", "nonce")
"""What most requests have; the rest is rarer."""


@st.composite
def requests(draw: st.DrawFn, client_id: str) -> list[tuple[str, str]]:
    """The parameters of one request."""
    values = usual(client_id)
    pairs = [(name, draw(values[name])) for name in NEEDED if draw(st.integers(0, 19)) > 0]
    others = sorted(values.keys() - set(NEEDED))
    pairs += [(name, draw(values[name])) for name in draw(st.lists(st.sampled_from(others), max_size=4, unique=True))]
    if pairs and draw(st.integers(0, 9)) == 0:
        name, _ = draw(st.sampled_from(pairs))
        pairs.append((name, draw(odd_text)))
    return pairs


@pytest.fixture
def rp(begin: Begin) -> StrictSite:
    """A site whose user is logged in and is asked nothing, so that what is right is answered at once."""
    site = begin(redirect_uris=HERE, consent_mode=ConsentMode.NONE)
    site.authorize()
    return site


def test_whatever_is_asked_for_nothing_is_given_wrongly(rp: StrictSite) -> None:
    """RFC 9700, 4.1 and 4.11; OpenID Connect Core 1.0, 3.1.2.2."""
    tried = given_right = 0

    @settings(AT_RANDOM, max_examples=REQUESTS * 8 // 10)
    @given(requests(rp.site.client_id), st.sampled_from(["GET"] * 4 + ["POST"]))
    def ask(pairs: list[tuple[str, str]], method: str) -> None:
        nonlocal tried, given_right
        tried += 1
        encoded = urlencode(pairs)
        if method == "POST":
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = rp.citizen.client.post("/idp/oidc/authorize", data=encoded, headers=headers)
        else:
            answer = rp.citizen.client.get(f"/idp/oidc/authorize?{encoded}")
        assert answer.status_code < 500, encoded
        where, told = arrival(answer)
        if where is None:
            return
        assert where in HERE, encoded
        if {"code", "id_token", "access_token"} & told.keys():
            given_right += 1
            assert is_right(pairs, rp.site.client_id), encoded

    ask()
    assert given_right > tried / 20, f"of {tried} requests only {given_right} got something: nothing is proved"


def arrival(answer: TestResponse) -> tuple[str | None, dict[str, str]]:
    """Where the browser is sent outside the provider, and with what."""
    if answer.status_code in {302, 303}:
        target = answer.headers["Location"]
        if not urlsplit(target).netloc:
            assert target.startswith("/"), target
            return None, {}
        parts = urlsplit(target)
        kept = [pair for pair in parse_qsl(parts.query) if pair == ("x", "1")]
        where = parts._replace(query=urlencode(kept), fragment="").geturl()
        return where, dict(parse_qsl(parts.fragment) + parse_qsl(parts.query))
    form = BeautifulSoup(answer.text, "html.parser").find("form", id="answer")
    if form is None:
        return None, {}
    return form["action"], {one["name"]: one["value"] for one in form.find_all("input")}


def is_right(pairs: list[tuple[str, str]], client_id: str) -> bool:
    """What the standard demands of a request that is granted at once, said again without the provider's code. The one
    object that is right says the scope. What is empty is not there."""
    pairs = [pair for pair in pairs if pair[1]]
    sent = dict(reversed(pairs))
    sent |= {"scope": "openid"} if "request" in sent else {}
    types = set(sent.get("response_type", "").split())
    prompts = set(sent.get("prompt", "").split())
    return (
        len({name for name, _ in pairs}) == len(pairs)
        and sent.get("client_id") == client_id
        and sent.get("redirect_uri") in HERE
        and types in [set(each.split()) for each in TYPES]
        and "openid" in sent.get("scope", "").split()
        and set(sent["scope"].split()) <= {"openid", "email"}
        and ("id_token" not in types or 0 < len(sent.get("nonce", "")) <= 1024)
        and not {"login", "create", "consent"} & prompts
        and "request_uri" not in sent
        and sent.get("request") in {None, unsigned({"scope": "openid"})}
        and "id_token_hint" not in sent
        and sent.get("max_age", "100000") in {"1", "100000"}
        and sent.get("claims", "{}").startswith("{")
        and sent.get("response_mode") != "jwt"
        and not (sent.get("response_mode") == "query" and types != {"code"})
    )


def test_whatever_is_redeemed_no_token_is_given_wrongly(rp: StrictSite) -> None:
    """RFC 6749, 4.1.3, 5.2 and 6: of a code that is right, one thing changed and it is refused."""
    redeemed = 0
    letters = string.printable

    def basic(client_id: str, secret: str) -> str:
        return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()

    @settings(AT_RANDOM, max_examples=REQUESTS // 10)
    @given(st.data())
    def redeem(data: st.DataObject) -> None:
        nonlocal redeemed
        with_pkce = data.draw(st.booleans())
        pkce = {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"} if with_pkce else {}
        form: dict[str, Any] = {
            "grant_type": "authorization_code",
            "code": rp.authorize(**pkce)["code"],
            "redirect_uri": HERE[0],
            **({"code_verifier": VERIFIER} if with_pkce else {}),
        }
        headers = {"Authorization": basic(rp.site.client_id, rp.site.secret)}
        change = data.draw(st.sampled_from(["nothing", *form, "Authorization"]))
        odd = data.draw(st.one_of(odd_text, st.text(letters, max_size=60)))
        wrong = change in form and odd != form[change]
        if change == "Authorization":
            headers["Authorization"] = odd.encode("ascii", "replace").decode().replace("\r", "").replace("\n", "")
            wrong = True
        elif change in form:
            form[change] = odd
        answer = rp.client.post("/idp/oidc/token", data=form, headers=headers)
        assert answer.status_code < 500, (form, headers)
        assert (answer.status_code == 200) == (not wrong), (change, odd, answer.text)
        assert wrong or answer.json["access_token"]
        redeemed += not wrong

    redeem()
    assert redeemed > 0


@pytest.mark.parametrize("path", ["user_info", "revoke", "introspect", "par", "logout", "token"])
def test_whatever_an_endpoint_is_sent_it_answers(rp: StrictSite, path: str) -> None:
    """No 5xx, no token: RFC 6749, 5.2; RFC 6750, 3.1; RFC 7009; RFC 7662; RFC 9126."""
    names = ["token", "token_type_hint", "grant_type", "refresh_token", "code", "client_id", "client_secret", "scope"]
    names += ["client_assertion", "client_assertion_type", "request", "response_type", "id_token_hint", "access_token"]

    @settings(AT_RANDOM, max_examples=max(1, REQUESTS // 60))
    @given(
        st.sampled_from(["GET", "POST"]),
        st.dictionaries(st.sampled_from(names), odd_text, max_size=5),
        st.sampled_from(["", "Bearer x", "Basic x", "Basic eDp5", "Bearer", "é"]),
        st.sampled_from(["application/x-www-form-urlencoded", "application/json", "text/plain", ""]),
    )
    def send(method: str, form: dict[str, str], authorization: str, media_type: str) -> None:
        headers = {"Authorization": authorization.encode().decode("latin-1"), "Content-Type": media_type}
        data = urlencode(form) if method == "POST" else None
        query = urlencode(form) if method == "GET" else ""
        answer = rp.client.open(f"/idp/oidc/{path}?{query}", method=method, data=data, headers=headers)
        assert answer.status_code < 500, (form, headers)
        assert "Location" not in answer.headers or answer.headers["Location"].startswith("/")
        assert "access_token" not in (answer.get_json(silent=True) or {})

    send()
