"""What certification checks of who is logged in, since when and how well (requirements 18 to 28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import add_account
from flask import Flask
from flows import Citizen, link, payload, text_of
from strict_site import Answer, Begin, StrictSite

from glc.clock import ManualClock

SILENT_ERRORS = {"login_required", "interaction_required", "account_selection_required", "consent_required"}


def said(rp: StrictSite, answer: Answer) -> dict[str, Any]:
    """What the ID Token behind a code says."""
    return payload(rp.redeem(answer)["id_token"])


def silently(rp: StrictSite, **changes: str | None) -> Answer:
    """Ask again with prompt=none; what comes back at once, checked."""
    end = rp.visit(prompt="none", **changes)
    assert isinstance(end, Answer), end.text
    end.check("état")
    return end


@pytest.mark.parametrize("response_type", ["code", "id_token", "code id_token"])
def test_18_nobody_is_asked_in_silence(rp: StrictSite, response_type: str) -> None:
    """Requirement 18; oidcc-prompt-none-not-logged-in."""
    assert silently(rp, response_type=response_type)["error"] in SILENT_ERRORS


def test_19_and_23_who_is_logged_in_comes_back_in_silence(rp: StrictSite, clock: ManualClock) -> None:
    """Requirements 19 and 23; oidcc-prompt-none-logged-in, oidcc-max-age-10000: same subject, same `auth_time`, no
    page, though nobody asked to be remembered."""
    first = said(rp, rp.authorize(max_age="10000"))
    clock.advance(minutes=1)
    for changes in ({}, {"max_age": "10000"}):
        again = said(rp, silently(rp, **changes))
        assert (again["sub"], again["auth_time"]) == (first["sub"], first["auth_time"])


def test_19_what_was_not_agreed_to_is_not_given_in_silence(rp: StrictSite) -> None:
    """Core 1.0, 3.1.2.1: one more scope, or one more claim by name, is another question."""
    rp.authorize(scope="openid email")
    assert silently(rp, scope="openid email profile")["error"] == "consent_required"
    assert silently(rp, scope="openid email", claims='{"userinfo": {"name": null}}')["error"] == "consent_required"
    assert silently(rp, scope="openid")["code"]


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_20_prompt_login_shows_the_login_page_and_moves_auth_time(
    rp: StrictSite, clock: ManualClock, prompt: str
) -> None:
    """Requirement 20; oidcc-prompt-login; an account is selected by logging in to one."""
    first = said(rp, rp.authorize())
    clock.advance(seconds=1)
    page = rp.visit(prompt=prompt)
    assert not isinstance(page, Answer)
    assert "login-submit" in page.text
    again = said(rp, rp.arrive(page, state="état"))
    assert again["auth_time"] > first["auth_time"]
    assert again["sub"] == first["sub"]


def test_20_prompt_create_offers_a_new_account(rp: StrictSite) -> None:
    """Initiating User Registration 1.0, 4.1."""
    assert "create" in rp.metadata["prompt_values_supported"]
    page = rp.visit(prompt="create")
    assert not isinstance(page, Answer)
    assert page.request.path == "/register/"


def test_21_and_22_max_age_asks_again_and_tells_when(rp: StrictSite, clock: ManualClock) -> None:
    """Requirements 21 and 22; oidcc-max-age-1."""
    first = said(rp, rp.authorize())
    clock.advance(seconds=2)
    page = rp.visit(max_age="1")
    assert not isinstance(page, Answer)
    assert "login-submit" in page.text
    assert said(rp, rp.arrive(page, state="état"))["auth_time"] == first["auth_time"] + 2


def test_22_a_registered_age_counts_where_none_is_sent(begin: Begin, clock: ManualClock) -> None:
    """Dynamic Client Registration 1.0, 2: default_max_age."""
    rp = begin(protocol={"default_max_age": 1})
    rp.authorize()
    clock.advance(seconds=2)
    assert silently(rp)["error"] == "login_required"
    assert silently(rp, max_age="100")["code"]


@pytest.mark.parametrize("alg", ["RS256", "HS256", "ES256"])
def test_24_a_hint_of_whoever_is_logged_in_is_answered_in_silence(
    begin: Begin, app: Flask, clock: ManualClock, alg: str
) -> None:
    """Requirement 24; oidcc-id-token-hint: however old the hint; another user's is login_required."""
    rp = begin(id_token_alg=alg)
    hint = rp.redeem(rp.authorize())["id_token"]
    first = payload(hint)
    clock.advance(hours=1)
    again = said(rp, silently(rp, id_token_hint=hint))
    assert (again["sub"], again["auth_time"]) == (first["sub"], first["auth_time"])
    add_account(app, clock, email="dominique@citoyen.example", first_name="Dominique")
    other = StrictSite(rp.site, Citizen(app.test_client(), "dominique@citoyen.example"), rp.client)
    other.authorize()
    assert silently(other, id_token_hint=hint)["error"] == "login_required"


def test_24_whoever_logs_in_instead_of_the_one_hinted_at_is_told_to_the_site(
    rp: StrictSite, app: Flask, clock: ManualClock
) -> None:
    """Core 1.0, 3.1.2.1: never another user's answer."""
    hint = rp.redeem(rp.authorize())["id_token"]
    add_account(app, clock, email="dominique@citoyen.example", first_name="Dominique")
    other = StrictSite(rp.site, Citizen(app.test_client(), "dominique@citoyen.example"), rp.client)
    assert other.authorize(id_token_hint=hint)["error"] == "login_required"


def test_24_a_hint_that_is_not_ours_is_refused(rp: StrictSite, begin: Begin) -> None:
    """Core 1.0, 3.1.2.1: foreign signature, another client's."""
    hint = rp.redeem(rp.authorize())["id_token"]
    elsewhere = begin()
    elsewhere.citizen = rp.citizen
    assert silently(elsewhere, id_token_hint=hint)["error"] == "invalid_request"
    assert silently(rp, id_token_hint=hint[:-8] + "AAAAAAAA")["error"] == "invalid_request"


HARMLESS = {
    "login_hint": "camille.dupre@citoyen.example",
    "ui_locales": "se",
    "claims_locales": "se",
    "display": "popup",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_25_hints_never_fail(rp: StrictSite, name: str) -> None:
    """Requirement 25; oidcc-login-hint, oidcc-ui-locales, oidcc-claims-locales, oidcc-display-popup."""
    assert rp.authorize(**{name: HARMLESS[name]})["code"]


def test_25_display_page_is_served_and_login_hint_fills_the_form(rp: StrictSite) -> None:
    """oidcc-display-page; Core 1.0, 3.1.2.1."""
    page = rp.visit(display="page", login_hint="camille.dupre@citoyen.example")
    assert not isinstance(page, Answer)
    assert 'value="camille.dupre@citoyen.example"' in page.text


@pytest.mark.parametrize(
    ("sent", "words"), [("en", "Cancel"), ("fr", "Annuler"), ("se en-GB", "Cancel"), ("se", "Annuler")]
)
def test_25_the_login_page_is_in_the_language_asked_for(rp: StrictSite, sent: str, words: str) -> None:
    """Core 1.0, 3.1.2.1: `ui_locales`, the first that there is."""
    page = rp.visit(ui_locales=sent)
    assert not isinstance(page, Answer)
    assert words in text_of(page)


def test_26_a_level_that_can_be_reached_is_told(begin: Begin, make_levels: Callable[..., StrictSite]) -> None:
    """Requirement 26; oidcc-ensure-request-with-acr-values-succeeds."""
    rp = begin()
    assert rp.metadata["acr_values_supported"] == ["eidas1"]
    assert said(rp, rp.authorize(acr_values="eidas3 eidas1"))["acr"] == "eidas1"
    assert said(rp, rp.authorize(acr_values="eidas3"))["acr"] == "eidas1"
    rich = make_levels("eidas1 eidas2")
    assert said(rich, rich.authorize(acr_values="eidas2"))["acr"] == "eidas2"
    assert said(rich, rich.authorize())["acr"] == "eidas1"


def test_27_an_essential_level_is_met_or_the_request_fails(rp: StrictSite) -> None:
    """Requirement 27; Core 1.0, 5.5.1.1; Unmet Authentication Requirements 1.0."""
    met = '{"id_token": {"acr": {"essential": true, "values": ["eidas9", "eidas1"]}}}'
    assert said(rp, rp.authorize(claims=met))["acr"] == "eidas1"
    unmet = '{"id_token": {"acr": {"essential": true, "value": "eidas9"}}}'
    assert rp.authorize(claims=unmet)["error"] == "unmet_authentication_requirements"


def test_27_an_answer_is_about_the_subject_asked_for_or_there_is_none(rp: StrictSite) -> None:
    """Core 1.0, 5.5.1: `sub` with a value."""
    subject = said(rp, rp.authorize())["sub"]
    assert silently(rp, claims=f'{{"id_token": {{"sub": {{"value": "{subject}"}}}}}}')["code"]
    assert silently(rp, claims='{"id_token": {"sub": {"value": "nobody"}}}')["error"] == "login_required"


def test_28_leaving_the_page_is_told_to_the_site(rp: StrictSite) -> None:
    """Requirement 28: at the login page, and at the consent page."""
    page = rp.visit()
    assert not isinstance(page, Answer)
    end = rp.read(rp.citizen.get(str(link(page, "cancel"))))
    assert isinstance(end, Answer)
    end.check("état")
    assert end["error"] == "access_denied"
    consent = rp.citizen.log_in(rp.citizen.get(rp.path()))
    end = rp.read(rp.citizen.submit(consent, "a2-oidc-authorization-form", "refuse"))
    assert isinstance(end, Answer)
    end.check("état")
    assert end["error"] == "access_denied"
