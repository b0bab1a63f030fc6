"""What certification checks of OpenID Connect RP-Initiated Logout 1.0 (requirements 57 to 59, and the eleven modules of
the suite's plan)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import jwt
import pytest
from bs4 import BeautifulSoup
from conftest import add_account, register_site
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flows import ISSUER, Arrival, Citizen, Site, payload, text_of
from strict_site import Answer, StrictSite, unsigned
from werkzeug.test import TestResponse

from glc.clock import ManualClock

END, LOGGED_OUT = "/idp/oidc/logout", "/logged-out/"
BYE = "https://site.example/bye?lang=fr&x=%20"
LONG_STATE = "é+&% " + "s" * 128
METHODS = pytest.mark.parametrize("method", ["GET", "POST"])


@pytest.fixture
def rp(begin: Callable[..., StrictSite]) -> StrictSite:
    """A site with a registered address to come back to, whose query is its own."""
    return begin(post_logout_redirect_uris=(BYE,))


@pytest.fixture
def hint(rp: StrictSite) -> str:
    """The ID Token of Camille, logged in through the site."""
    token: str = rp.redeem(rp.authorize())["id_token"]
    return token


def log_out(rp: StrictSite, method: str = "GET", **parameters: str) -> TestResponse | Arrival:
    """Send the user to the logout endpoint. A POST comes from another site: a browser holds our cookies back."""
    if method == "GET":
        return rp.citizen.get(END, query_string=parameters)
    answer = rp.client.post(END, data=parameters)
    assert rp.client.get_cookie("glc_session") is None
    if answer.status_code != 303:
        return answer
    return rp.citizen.get(answer.headers["Location"])


def is_logged_in(rp: StrictSite) -> bool:
    """Requirement 59: whether prompt=none finds somebody."""
    answer = rp.visit(prompt="none")
    assert isinstance(answer, Answer)
    return answer.get("error") != "login_required"


def stays(page: TestResponse | Arrival, status: int) -> TestResponse:
    """A page of the provider's, from which nothing leads away by itself."""
    assert isinstance(page, TestResponse), page
    assert page.status_code == status
    assert not BeautifulSoup(page.text, "html.parser").find("meta", attrs={"http-equiv": "refresh"})
    return page


def asks(page: TestResponse | Arrival) -> TestResponse:
    """The page that asks whether to log out everywhere."""
    assert "Se déconnecter partout ?" in text_of(stays(page, 200))
    return page  # type: ignore[return-value]


def is_told_as_logged_out(page: TestResponse | Arrival) -> None:
    """The page that says so, at the provider."""
    assert "Vous êtes déconnecté" in text_of(stays(page, 200))


def is_refused(rp: StrictSite, page: TestResponse | Arrival, why: str) -> None:
    """A page that says what is wrong, and the session goes on."""
    text = text_of(stays(page, 400))
    assert "La déconnexion n’a pas pu aboutir" in text
    assert why in text
    assert is_logged_in(rp)


def test_rp_initiated_discovery(rp: StrictSite) -> None:
    """Module oidcc-rp-initiated-logout-discovery-endpoint-verification."""
    assert rp.metadata["end_session_endpoint"] == f"{ISSUER}idp/oidc/logout"


@METHODS
def test_57_and_59_rp_initiated_logout(rp: StrictSite, hint: str, method: str) -> None:
    """Requirements 57 and 59; module oidcc-rp-initiated-logout: gone to with a long state as it went, nothing else,
    no question; prompt=none finds nobody."""
    arrival = log_out(rp, method, id_token_hint=hint, post_logout_redirect_uri=BYE, state=LONG_STATE)
    assert isinstance(arrival, Arrival)
    assert arrival.url.startswith(f"{BYE}&state=")
    assert arrival.query == {"lang": "fr", "x": " ", "state": LONG_STATE}
    assert not is_logged_in(rp)


@METHODS
def test_58_rp_initiated_logout_no_state(rp: StrictSite, hint: str, method: str) -> None:
    """Requirement 58; module oidcc-rp-initiated-logout-no-state: none is invented."""
    arrival = log_out(rp, method, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert isinstance(arrival, Arrival)
    assert arrival.url == BYE


@METHODS
@pytest.mark.parametrize(
    "target",
    [
        "https://site.example/other",
        "https://site.example/callback",
        "https://evil.example/",
        "javascript:alert(1)",
        "https://site.example:443/bye?lang=fr&x=%20",
        "https://site.example/bye/?lang=fr&x=%20",
    ],
)
def test_57_rp_initiated_logout_bad_post_logout_redirect_uri(
    rp: StrictSite, hint: str, method: str, target: str
) -> None:
    """Requirement 57; module oidcc-rp-initiated-logout-bad-post-logout-redirect-uri: exact strings."""
    page = log_out(rp, method, id_token_hint=hint, post_logout_redirect_uri=target, state="s")
    is_refused(rp, page, "post_logout_redirect_uri is not registered")


def test_57_rp_initiated_logout_query_added_to_post_logout_redirect_uri(rp: StrictSite, hint: str) -> None:
    """Requirement 57; module oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri."""
    page = log_out(rp, id_token_hint=hint, post_logout_redirect_uri=f"{BYE}&y=1", state="s")
    is_refused(rp, page, "post_logout_redirect_uri is not registered")


def test_57_an_address_of_another_client_is_not_gone_to(
    rp: StrictSite, hint: str, register: Callable[..., Site]
) -> None:
    """RP-Initiated Logout 1.0, section 3: registered by the client whose ID Token is shown."""
    register(post_logout_redirect_uris=("https://other.example/bye",))
    page = log_out(rp, id_token_hint=hint, post_logout_redirect_uri="https://other.example/bye")
    is_refused(rp, page, "post_logout_redirect_uri is not registered")


@METHODS
def test_57_rp_initiated_logout_modified_id_token_hint(rp: StrictSite, hint: str, method: str) -> None:
    """Requirement 57; module oidcc-rp-initiated-logout-modified-id-token-hint: alg none."""
    page = log_out(rp, method, id_token_hint=unsigned(payload(hint)), post_logout_redirect_uri=BYE, state="s")
    is_refused(rp, page, "id_token_hint")


def _foreign(hint: str, rp: StrictSite) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(payload(hint), key, "RS256", headers={"kid": jwt.get_unverified_header(hint)["kid"]})


def _tampered(hint: str, rp: StrictSite) -> str:
    head, _, signature = hint.split(".")
    claims = base64.urlsafe_b64encode(json.dumps(payload(hint) | {"sub": "x"}).encode()).rstrip(b"=").decode()
    return f"{head}.{claims}.{signature}"


def _public_key_as_secret(hint: str, rp: StrictSite) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, payload(hint))]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.digest(rp.client.get("/idp/oidc/certs").data, signed, "sha256")
    return f"{signed.decode()}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _of_nobody(hint: str, rp: StrictSite) -> str:
    return jwt.encode({"aud": "nobody", "sub": "x", "iss": ISSUER}, "s" * 32, "HS256")


@pytest.mark.parametrize("forge", [_foreign, _tampered, _public_key_as_secret, _of_nobody, lambda hint, rp: "x.y.z"])
def test_57_rp_initiated_logout_bad_id_token_hint(
    rp: StrictSite, hint: str, forge: Callable[[str, StrictSite], str]
) -> None:
    """Requirement 57; module oidcc-rp-initiated-logout-bad-id-token-hint: whoever else signed it."""
    page = log_out(rp, id_token_hint=forge(hint, rp), post_logout_redirect_uri=BYE, state="s")
    is_refused(rp, page, "")


@METHODS
@pytest.mark.parametrize("named", [False, True])
def test_57_rp_initiated_logout_no_id_token_hint(rp: StrictSite, hint: str, method: str, named: bool) -> None:
    """Requirement 57; module oidcc-rp-initiated-logout-no-id-token-hint: asked, then told; never redirected, even if
    `client_id` says whose address it is."""
    client = {"client_id": rp.site.client_id} if named else {}
    page = asks(log_out(rp, method, post_logout_redirect_uri=BYE, state="s", **client))
    assert is_logged_in(rp)
    is_told_as_logged_out(rp.citizen.submit(page))
    assert not is_logged_in(rp)


@METHODS
def test_58_rp_initiated_logout_no_params(rp: StrictSite, hint: str, method: str) -> None:
    """Requirement 58; module oidcc-rp-initiated-logout-no-params."""
    is_told_as_logged_out(rp.citizen.submit(asks(log_out(rp, method))))
    assert not is_logged_in(rp)


@METHODS
def test_58_rp_initiated_logout_only_state(rp: StrictSite, hint: str, method: str) -> None:
    """Requirement 58; module oidcc-rp-initiated-logout-only-state."""
    is_told_as_logged_out(rp.citizen.submit(asks(log_out(rp, method, state=LONG_STATE))))
    assert not is_logged_in(rp)


@METHODS
def test_58_rp_initiated_logout_no_post_logout_redirect_uri(rp: StrictSite, hint: str, method: str) -> None:
    """Requirement 58; module oidcc-rp-initiated-logout-no-post-logout-redirect-uri: no question, no redirect."""
    is_told_as_logged_out(log_out(rp, method, id_token_hint=hint, state="s"))
    assert not is_logged_in(rp)


@pytest.mark.parametrize("alg", ["HS256", "ES256", "PS256", "EdDSA"])
def test_57_an_expired_hint_of_any_algorithm_will_do(
    begin: Callable[..., StrictSite], clock: ManualClock, alg: str
) -> None:
    """Requirement 57: expired is fine; HS256 is verified with the client's secret."""
    rp = begin(post_logout_redirect_uris=(BYE,), id_token_alg=alg)
    hint = rp.redeem(rp.authorize())["id_token"]
    clock.advance(hours=2)
    arrival = log_out(rp, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert isinstance(arrival, Arrival)
    assert not is_logged_in(rp)


def test_57_an_expired_session_leaves_nothing_to_end_and_the_way_back_is_open(
    rp: StrictSite, hint: str, clock: ManualClock
) -> None:
    """RP-Initiated Logout 1.0, section 2: whoever is logged out already is sent on all the same."""
    clock.advance(days=1)
    assert isinstance(log_out(rp, id_token_hint=hint, post_logout_redirect_uri=BYE), Arrival)
    is_told_as_logged_out(log_out(rp))


def test_the_hint_of_another_user_is_asked_about_and_the_way_back_stays_open(
    rp: StrictSite, hint: str, app: Flask, clock: ManualClock
) -> None:
    """Section 2: whoever is logged in is not whom the site means."""
    add_account(app, clock, email="autre@citoyen.example")
    rp.citizen.email = "autre@citoyen.example"
    rp.authorize(prompt="login")
    page = asks(log_out(rp, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s"))
    assert is_logged_in(rp)
    arrival = rp.citizen.submit(page)
    assert isinstance(arrival, Arrival)
    assert arrival.url == f"{BYE}&state=s"
    assert not is_logged_in(rp)


def test_the_hint_of_an_earlier_session_of_the_same_user_is_asked_about(rp: StrictSite, hint: str) -> None:
    """Section 2: an ID Token whose `sid` is of no current session is suspect."""
    log_out(rp, id_token_hint=hint)
    rp.authorize()
    asks(log_out(rp, id_token_hint=hint, post_logout_redirect_uri=BYE))
    assert is_logged_in(rp)


def test_who_stays_stays_logged_in(rp: StrictSite, hint: str) -> None:
    """The question has two answers."""
    page = asks(log_out(rp))
    way = BeautifulSoup(page.text, "html.parser").find(id="cancel")["href"]
    stays(rp.citizen.get(way), 200)
    assert is_logged_in(rp)


def test_the_answer_to_the_question_cannot_be_given_from_another_site(rp: StrictSite, hint: str) -> None:
    """CSRF: the form's token is needed, and the sealed request alone asks again."""
    page = asks(log_out(rp))
    action = BeautifulSoup(page.text, "html.parser").find("main").find("form")["action"]
    assert rp.citizen.client.post(action).status_code == 400
    asks(rp.citizen.get(action))
    assert is_logged_in(rp)


def test_client_id_must_be_the_hint_s(rp: StrictSite, hint: str, register: Callable[..., Site]) -> None:
    """Section 2: both present, the OP verifies that they match."""
    other = register(post_logout_redirect_uris=(BYE,))
    page = log_out(rp, id_token_hint=hint, client_id=other.client_id, post_logout_redirect_uri=BYE)
    is_refused(rp, page, "issued to another client")
    same = log_out(rp, id_token_hint=hint, client_id=rp.site.client_id, post_logout_redirect_uri=BYE)
    assert isinstance(same, Arrival)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("client_id=nobody", "Unknown client"),
        ("client_id=nobody&post_logout_redirect_uri=https://site.example/bye", "Unknown client"),
        ("state=a&state=b", "more than once"),
        ("asked=not-made-here", "not made here"),
        ("state=%ff", "UTF-8"),
    ],
)
def test_what_cannot_be_understood_is_explained_on_a_page(rp: StrictSite, hint: str, query: str, why: str) -> None:
    """Section 4: errors are pages, never redirects."""
    is_refused(rp, rp.citizen.get(f"{END}?{query}"), why)


@METHODS
def test_hints_that_only_help_are_no_hindrance(rp: StrictSite, hint: str, method: str) -> None:
    """Section 2: logout_hint, ui_locales, and parameters that nobody knows."""
    page = log_out(rp, method, ui_locales="xx en-GB", logout_hint="camille", unknown="1")
    html = BeautifulSoup(page.text, "html.parser").find("html")  # type: ignore[union-attr]
    assert html["lang"] == "en"


def test_59_sid_is_the_session_s_and_in_every_id_token(
    rp: StrictSite, hint: str, register: Callable[..., Site]
) -> None:
    """Requirement 59: present where front- and back-channel logout are supported; another one at each client."""
    sids = {payload(hint)["sid"], payload(rp.redeem(rp.authorize(prompt="none"))["id_token"])["sid"]}
    front = payload(rp.authorize(response_type="code id_token")["id_token"])["sid"]
    assert sids == {front}


def test_logout_works_while_the_agreement_gives_no_access(make_app: Callable[..., Flask], clock: ManualClock) -> None:
    """Registry reference, 6.2: always allowed."""
    app = make_app(dialect="standard")
    site = register_site(app, clock, partner="bron", post_logout_redirect_uris=(BYE,))
    add_account(app, clock)
    rp = StrictSite(site, Citizen(app.test_client()), app.test_client())
    hint = rp.redeem(rp.authorize())["id_token"]
    clock.advance(days=365 * 9)
    assert isinstance(log_out(rp, id_token_hint=hint, post_logout_redirect_uri=BYE), Arrival)


def test_nothing_of_the_request_is_lost_on_its_way_through_the_question(rp: StrictSite, hint: str) -> None:
    """The sealed request says nothing to whoever reads the address."""
    answer = rp.client.post(END, data={"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "mon-état"})
    address = answer.headers["Location"]
    assert urlsplit(address).path == END
    assert not any(each in address for each in (hint, quote(BYE, safe=""), "mon-"))


def test_logs_hold_no_token(rp: StrictSite, hint: str, log: list[dict[str, Any]]) -> None:
    """No secret, token or code in a log, whether it worked or not."""
    for token in (hint, f"{hint}x"):
        log_out(rp, id_token_hint=token, post_logout_redirect_uri=BYE, state="s")
    assert {event["event"] for event in log} >= {"logout", "logout.refused"}
    assert hint not in json.dumps(log, default=str)


@pytest.mark.parametrize(("came_from", "asked"), [("cross-site", True), ("same-origin", False), ("none", False)])
def test_a_link_on_another_site_to_the_provider_s_own_logout_is_asked_about(
    rp: StrictSite, hint: str, came_from: str, asked: bool
) -> None:
    """Fetch Metadata Request Headers: though the site hides its address, nobody is logged out by a link."""
    page = rp.citizen.get("/logout/", headers={"Sec-Fetch-Site": came_from})
    assert ("Se déconnecter partout ?" in text_of(page)) is asked  # type: ignore[arg-type]
    assert is_logged_in(rp) is asked
