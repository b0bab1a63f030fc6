"""A new commune, from its application to a citizen's login in production, by people in browsers without scripts; then
a suspension that cuts a live session, and its end that restores it (issue 3, proof)."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from browser.conftest import PHONE, Demo
from browser.registry_desk import PASSWORD, Desk, status
from browser.registry_onboarding import RETURN, SITE, Connected
from playwright.sync_api import Browser, Page, Route, expect

CAMILLE = "camille.dupre@citoyen.example"


def test_a_new_commune_goes_from_application_to_a_production_login(
    demo: Demo, chromium: Browser, connected: Connected
) -> None:
    """The whole outcome of issue 3: what the registry says is what the provider does."""
    assert status(connected.people.reviewer.open(connected.file)) == "en vigueur"
    page, tokens = _citizen_logs_in(chromium, demo, connected)
    claims = _userinfo(demo, tokens["access_token"])
    assert claims["email"] == CAMILLE
    assert set(claims) - {"sub", "iss"} == {"email", "given_name", "family_name"}, "declared claims, and no other"
    page.context.close()


def test_a_suspension_cuts_a_live_session_and_its_end_restores_it_with_the_same_sub(
    demo: Demo, chromium: Browser, connected: Connected
) -> None:
    """Registry reference 6.2, SUSPENDED: userinfo 401 at once, a page for the citizen; the same `sub` afterwards."""
    admin = connected.people.admin
    page, tokens = _citizen_logs_in(chromium, demo, connected)
    before = _userinfo(demo, tokens["access_token"])["sub"]

    admin.open(f"{connected.file}suspend")
    expect(admin.page.locator("#active-users")).to_have_text("1 personne")
    admin.fill(reason="Clé du service publiée par erreur", confirmation="lyon")
    admin.page.click("#act-submit")
    expect(admin.page.locator("#refused")).to_contain_text("villeurbanne")
    expect(admin.page.locator("[name=reason]")).to_have_value("Clé du service publiée par erreur")
    admin.picture("16-suspendre")
    admin.send(confirmation="villeurbanne")
    assert status(admin.page) == "suspendue"
    assert _userinfo_status(demo, tokens["access_token"]) == 401
    page.goto(_authorization(demo, connected))
    expect(page.locator("main")).to_contain_text("Villeurbanne")
    assert page.url.startswith(demo.provider), "the citizen stays on a page that explains"
    assert "code=" not in page.url
    expect(page.locator("#support")).to_have_attribute("href", demo.toodego)
    Desk(page, demo).picture("17-page-de-l-usager")

    admin.open(f"{connected.file}lift")
    admin.send(reason="Clé changée")
    assert status(admin.page) == "en vigueur"
    page.context.close()
    page, tokens = _citizen_logs_in(chromium, demo, connected)
    assert _userinfo(demo, tokens["access_token"])["sub"] == before
    page.context.close()


def _authorization(demo: Demo, connected: Connected) -> str:
    asked = {
        "client_id": connected.client_id,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "un-état",
        "nonce": "un-nonce",
        "redirect_uri": RETURN,
    }
    return f"{demo.provider}idp/oidc/authorize?{urlencode(asked)}"


def _citizen_logs_in(chromium: Browser, demo: Demo, connected: Connected) -> tuple[Page, dict[str, Any]]:
    """Camille goes through login and consent; the test answers in the place of the commune's site."""
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False, locale="fr-FR")
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.route(f"{SITE}**", _the_site)
    page.goto(_authorization(demo, connected))
    page.fill("#username", CAMILLE)
    page.fill("#password", PASSWORD)
    page.click("#login-submit")
    if page.locator("#accept").count():
        expect(page.locator("main")).to_contain_text("Commune de Villeurbanne")
        page.click("#accept")
    page.wait_for_url(f"{RETURN}?*")
    answer = parse_qs(urlsplit(page.url).query)
    assert answer["state"] == ["un-état"]
    return page, _redeem(demo, connected, answer["code"][0])


def _the_site(route: Route) -> None:
    route.fulfill(
        status=200, content_type="text/html", body="<!doctype html><title>Villeurbanne</title><h1>Bonjour</h1>"
    )


def _redeem(demo: Demo, connected: Connected, code: str) -> dict[str, Any]:
    pair = base64.b64encode(f"{connected.client_id}:{connected.secret}".encode()).decode()
    form = urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": RETURN}).encode()
    request = urllib.request.Request(f"{demo.provider}idp/oidc/token", form, {"Authorization": f"Basic {pair}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


def _userinfo(demo: Demo, token: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{demo.provider}idp/oidc/user_info", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


def _userinfo_status(demo: Demo, token: str) -> int:
    try:
        _userinfo(demo, token)
    except urllib.error.HTTPError as error:
        return error.code
    return 200
