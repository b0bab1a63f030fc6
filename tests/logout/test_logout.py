"""Ending a session: at a site's request, from the provider, and in every visited site (reference, 1.14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from conftest import add_account, register_site
from flask import Flask
from flows import ISSUER, Arrival, Citizen, Site, link, parameter, payload, text_of
from werkzeug.test import TestResponse

from glc.clock import ManualClock

END, SITE_LOGOUT = "/idp/oidc/logout", "/logout/"
BYE = "https://site.example/bye"
INVALID = "URI de retour après déconnexion invalide"


@pytest.fixture
def site(register: Callable[..., Site]) -> Site:
    """A site with a registered address to come back to after logout."""
    return register(post_logout_redirect_uris=(BYE, "https://site.example/after?lang=fr"))


@pytest.fixture
def logged_in(citizen: Citizen, site: Site) -> Citizen:
    """Camille, logged in through the site."""
    citizen.code(site.request())
    return citizen


def _is_logged_in(citizen: Citizen, site: Site) -> bool:
    """Whether the provider still knows this browser: asked with prompt=none, as a site would."""
    step = citizen.get(site.request(prompt="none"))
    return not (isinstance(step, Arrival) and step.query.get("error") == "login_required")


@pytest.mark.parametrize("path", [END, f"{END}/"])
def test_a_registered_address_is_gone_to_with_its_state_and_the_session_is_over(
    logged_in: Citizen, site: Site, path: str
) -> None:
    """Checklist 51: no confirmation, no id_token_hint; state comes back as it went."""
    response = logged_in.client.get(path, query_string={"post_logout_redirect_uri": BYE, "state": "à+b&c"})
    assert response.status_code == 302
    arrival = Arrival(response.headers["Location"])
    assert arrival.url.startswith(f"{BYE}?")
    assert arrival.query == {"state": "à+b&c"}
    assert not _is_logged_in(logged_in, site)


def test_without_state_none_is_invented(logged_in: Citizen) -> None:
    """RP-Initiated Logout 1.0, section 3."""
    assert logged_in.get(f"{END}?post_logout_redirect_uri={BYE}").url == BYE


def test_the_registered_address_keeps_its_own_query(logged_in: Citizen) -> None:
    """RP-Initiated Logout 1.0, section 2.1."""
    target = "https://site.example/after%3Flang%3Dfr"
    assert logged_in.get(f"{END}?post_logout_redirect_uri={target}&state=s").query == {"lang": "fr", "state": "s"}


def test_an_address_that_any_site_registered_will_do(logged_in: Citizen, register: Callable[..., Site]) -> None:
    """Reference, 1.14: registered on some client; client_id and id_token_hint are ignored."""
    register(partner="bron", post_logout_redirect_uris=("https://bron.example/bye",))
    asked = f"{END}?post_logout_redirect_uri=https://bron.example/bye&client_id=nobody&id_token_hint=x.y.z"
    assert logged_in.get(asked).url == "https://bron.example/bye"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "https://site.example/callback",
        f"{BYE}/more",
        f"{BYE}?x=1",
        "https://site.example.evil.example/bye",
        "javascript:alert(1)",
        "//site.example/bye",
        "/relative",
        "https://site.example:99999/bye",
    ],
)
def test_an_unregistered_address_leads_home_still_logged_in(logged_in: Citizen, site: Site, target: str) -> None:
    """Checklist 52: a message, and the session goes on."""
    page = logged_in.get(END, query_string={"post_logout_redirect_uri": target, "state": "s"})
    assert isinstance(page, TestResponse)
    assert INVALID in text_of(page)
    assert _is_logged_in(logged_in, site)


@pytest.mark.parametrize("target", [f"{BYE}/", "https://site.example:443/bye"])
def test_the_address_is_compared_as_tolerantly_as_redirect_uris(logged_in: Citizen, target: str) -> None:
    """Reference, 1.6: same matching rule."""
    assert logged_in.get(END, query_string={"post_logout_redirect_uri": target}).url == target


@pytest.mark.parametrize("path", [END, SITE_LOGOUT, "/logout"])
def test_without_an_address_the_session_ends_and_the_provider_s_home_is_shown(
    logged_in: Citizen, site: Site, path: str
) -> None:
    """Reference, 1.14; 3.3: Laclasse sends no parameter at all."""
    page = logged_in.get(path)
    assert (page.status_code, page.request.path) == (200, "/")
    assert not _is_logged_in(logged_in, site)


def test_whoever_is_not_logged_in_is_sent_on_all_the_same(app: Flask, site: Site) -> None:
    """A second click on the same link."""
    visitor = Citizen(app.test_client())
    assert visitor.get(f"{END}?post_logout_redirect_uri={BYE}&state=s").url == f"{BYE}?state=s"


def test_for_a_minute_the_browser_is_marked_as_just_logged_out(logged_in: Citizen, clock: ManualClock) -> None:
    """Reference, 1.14: cookie a2_just_logged_out, 60 seconds."""
    cookies = logged_in.client.get(END).headers.getlist("Set-Cookie")
    mark = next(cookie for cookie in cookies if cookie.startswith("a2_just_logged_out="))
    assert "Max-Age=60;" in mark
    assert "HttpOnly" in mark


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused_and_told_which_is_right(logged_in: Citizen, site: Site, method: str) -> None:
    """RFC 9110, 15.5.6."""
    response = logged_in.client.open(END, method=method)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert _is_logged_in(logged_in, site)


# ── The site's own logout, which sites link to as well ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("target", "gone_to"),
    [
        ("https://site.example/", "https://site.example/"),
        ("https://site.example/any/page?x=1", "https://site.example/any/page?x=1"),
        ("/accounts/", "/accounts/"),
        (f"{ISSUER}login/", f"{ISSUER}login/"),
        ("https://evil.example/", "/"),
        ("http://site.example/", "/"),
        ("https://site.example:8443/", "/"),
        ("https://site.example@evil.example/", "/"),
        ("https://site.example\\@evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("https://site.example:x/", "/"),
        ("https://[site.example/", "/"),
        ("", "/"),
    ],
)
def test_next_is_followed_to_this_site_and_to_connected_sites_only(
    logged_in: Citizen, target: str, gone_to: str
) -> None:
    """Reference, 1.14 and 3.2: Cap Collectif sends `next` and client_id; redirect URIs count as registered."""
    response = logged_in.client.get(SITE_LOGOUT, query_string={"next": target, "client_id": "x"})
    assert (response.status_code, response.headers["Location"]) == (302, gone_to)


def test_a_link_on_another_site_is_confirmed_first(logged_in: Citizen, site: Site) -> None:
    """Reference, 1.14: a GET whose Referer is another site, while logged in."""
    page = logged_in.get(f"{SITE_LOGOUT}?next=https://site.example/", headers={"Referer": "https://site.example/page"})
    assert page.status_code == 200
    assert "Se déconnecter partout ?" in text_of(page)
    assert link(page, "cancel") == "https://site.example/"
    assert _is_logged_in(logged_in, site)
    assert logged_in.submit(page).url == "https://site.example/"
    assert not _is_logged_in(logged_in, site)


@pytest.mark.parametrize("headers", [{}, {"Referer": ISSUER}, {"Referer": f"{ISSUER}accounts/"}])
def test_a_link_of_the_provider_s_own_needs_no_confirmation(
    logged_in: Citizen, site: Site, headers: dict[str, str]
) -> None:
    """Reference, 1.14."""
    logged_in.get(SITE_LOGOUT, headers=headers)
    assert not _is_logged_in(logged_in, site)


def test_whoever_is_not_logged_in_has_nothing_to_confirm(app: Flask, site: Site) -> None:
    """Reference, 1.14."""
    visitor = Citizen(app.test_client())
    asked = f"{SITE_LOGOUT}?next=https://site.example/"
    assert visitor.get(asked, headers={"Referer": "https://site.example/"}).url == "https://site.example/"


def test_a_form_of_another_site_cannot_log_out(logged_in: Citizen, site: Site) -> None:
    """CSRF on every form: the confirmation cannot be given from elsewhere."""
    assert logged_in.client.post(SITE_LOGOUT, data={"next": "/"}).status_code == 400
    assert _is_logged_in(logged_in, site)


# ── Front-channel logout ───────────────────────────────────────────────────────────────────────────────────────────


def test_each_visited_site_is_told_in_an_iframe_with_the_sid_of_its_id_token(
    register: Callable[..., Site], citizen: Citizen, app: Flask
) -> None:
    """Checklist 53; Front-Channel Logout 1.0, section 3."""
    told = register(frontchannel_logout_uri="https://one.example/out?keep=1", post_logout_redirect_uris=(BYE,))
    also = register(frontchannel_logout_uri="https://two.example/out", frontchannel_timeout_in=750)
    deaf, never_visited = register(), register(frontchannel_logout_uri="https://never.example/out")
    sids = [_sid(app, citizen, each) for each in (told, also)]
    _sid(app, citizen, deaf)

    page = citizen.get(f"{END}?post_logout_redirect_uri={BYE}&state=s")
    frames = BeautifulSoup(page.text, "html.parser").find_all("iframe")
    assert [frame["src"].partition("?")[0] for frame in frames] == [
        "https://one.example/out",
        "https://two.example/out",
    ]
    assert [parameter(frame["src"], "sid") for frame in frames] == sids
    assert {parameter(frame["src"], "iss") for frame in frames} == {ISSUER}
    assert parameter(frames[0]["src"], "keep") == "1"
    assert [(frame["width"], frame["height"]) for frame in frames] == [("16", "16")] * 2
    assert link(page, "a2-continue") == f"{BYE}?state=s"
    assert never_visited.client_id not in page.text
    assert not _is_logged_in(citizen, told)


def test_the_page_may_frame_the_told_sites_and_no_other(
    register: Callable[..., Site], citizen: Citizen, app: Flask
) -> None:
    """A strict Content-Security-Policy that the iframes pass."""
    _sid(app, citizen, register(frontchannel_logout_uri="https://one.example:8443/out"))
    page = citizen.get(END)
    assert page.headers["Content-Security-Policy"].endswith("frame-src https://one.example:8443")


def test_the_page_goes_on_by_itself_without_scripts(
    register: Callable[..., Site], citizen: Citizen, app: Flask
) -> None:
    """Reference, 1.14: then on to where the site asked."""
    _sid(app, citizen, register(frontchannel_logout_uri="https://one.example/out", post_logout_redirect_uris=(BYE,)))
    page = citizen.get(f"{END}?post_logout_redirect_uri={BYE}")
    refresh = BeautifulSoup(page.text, "html.parser").find("meta", attrs={"http-equiv": "refresh"})
    assert refresh["content"].endswith(f"url={BYE}")


def test_logging_out_of_the_provider_tells_the_sites_as_well(
    register: Callable[..., Site], citizen: Citizen, app: Flask
) -> None:
    """Reference, 1.14: any logout."""
    sid = _sid(app, citizen, register(frontchannel_logout_uri="https://one.example/out"))
    assert f"sid={sid}" in citizen.get(SITE_LOGOUT).text


def test_the_next_session_has_another_sid(register: Callable[..., Site], citizen: Citizen, app: Flask) -> None:
    """Front-Channel Logout 1.0, section 3: sid names one session."""
    site = register()
    first = _sid(app, citizen, site)
    citizen.get(END)
    assert _sid(app, citizen, site) != first


def test_a_logout_in_one_browser_leaves_the_other_one_alone(
    app: Flask, citizen: Citizen, site: Site, clock: ManualClock
) -> None:
    """Sessions are the browser's."""
    elsewhere = Citizen(app.test_client())
    for browser in (citizen, elsewhere):
        browser.code(site.request())
    citizen.get(END)
    assert not _is_logged_in(citizen, site)
    assert _is_logged_in(elsewhere, site)


def test_the_cookie_of_a_session_that_ended_is_worth_nothing(logged_in: Citizen, site: Site) -> None:
    """A copy of the cookie made before does not bring the session back."""
    copy = logged_in.client.get_cookie("glc_session")
    logged_in.get(END)
    logged_in.client.set_cookie("glc_session", copy.value)
    assert not _is_logged_in(logged_in, site)


def test_logout_works_while_the_agreement_gives_no_access(make_app: Callable[..., Flask], clock: ManualClock) -> None:
    """Registry reference, 6.2: always allowed."""
    app = make_app()
    site = register_site(app, clock, partner="bron", post_logout_redirect_uris=(BYE,))
    add_account(app, clock)
    citizen = Citizen(app.test_client())
    citizen.code(site.request())
    clock.advance(days=365 * 9)
    assert citizen.get(f"{END}?post_logout_redirect_uri={BYE}&state=s").url == f"{BYE}?state=s"


def _sid(app: Flask, citizen: Citizen, site: Site) -> Any:
    """Visit a site; the `sid` of the ID Token it gets."""
    return payload(site.redeem(app.test_client(), citizen.code(site.request())).json["id_token"])["sid"]
