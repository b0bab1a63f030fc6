"""What a citizen of a partner without access is told, and what stays theirs whatever the agreement (registry, 6.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flows import Arrival, Citizen, link, payload, text_of
from sqlalchemy.orm import Session
from visits import Visit, outcome, production
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.agents import OPERATOR
from partner_registry.clients.life import archive, find_client, switch
from partner_registry.models import Partner, Suspension

Change = Callable[..., None]
MakeVisit = Callable[..., Visit]
Registry = Callable[[], Iterator[Session]]

EXPLAINED = pytest.mark.parametrize("app", ["grandlyonconnect", "grandlyonconnect-2018"], indirect=True)
LEGAL = ("convention", "agreement", "résili", "expir", "suspen", "impay", "motif", "incident", "detail")
BYE = "https://www.lyon.example/bye"


@pytest.fixture
def app(make_app: Callable[..., Flask], request: pytest.FixtureRequest) -> Flask:
    """The provider: in the default dialect, or the one that `parametrize` names."""
    return make_app(dialect=getattr(request, "param", "grandlyonconnect"))


@pytest.fixture
def suspended(visit: MakeVisit, change: Change, clock: ManualClock) -> Visit:
    """A site of Lyon that was used, and whose agreement was then suspended."""
    used = visit(
        "lyon",
        before="2026-03-02 12:00:00",
        post_logout_redirect_uris=(BYE,),
        frontchannel_logout_uri="https://www.lyon.example/front",
    )

    def suspend(partner: Partner) -> None:
        partner.agreements[-1].suspensions.append(Suspension(starts_at=clock.now(), reason="incident de sécurité"))

    change(suspend, "lyon")
    return used


# ── The page ───────────────────────────────────────────────────────────────────────────────────────────────────────


@EXPLAINED
@pytest.mark.parametrize("logged_in", [True, False])
def test_the_page_names_the_commune_its_portal_and_support_and_leads_back_on_a_click(
    suspended: Visit, change: Change, app: Flask, logged_in: bool
) -> None:
    """6.2, user page: in both dialects of the real service, whoever comes, logged in or not."""

    def give_support(partner: Partner) -> None:
        partner.support_url = "https://www.lyon.example/aide"

    change(give_support, "lyon")
    visitor = suspended.citizen if logged_in else Citizen(app.test_client())
    page = visitor.get(suspended.site.request())
    assert isinstance(page, TestResponse)
    assert (page.request.path, page.status_code) == ("/continue/", 403)
    words = text_of(page)
    assert "Le service Mon site n’est pas relié pour le moment" in words
    assert "Proposé par Lyon" in words
    assert "Votre compte n’est pas en cause" in words
    assert link(page, "portal") == "https://www.lyon.fr/"
    assert link(page, "support") == "https://www.lyon.example/aide"
    back = Arrival(str(link(page, "a2-continue")))
    assert back.url.startswith(suspended.site.redirect_uri)
    assert back.query == {
        "error": "unauthorized_client",
        "error_description": "This service is not connected at present",
        "state": "un-état",
    }


@EXPLAINED
def test_no_legal_reason_reaches_the_citizen_in_page_cookie_or_address(suspended: Visit, app: Flask) -> None:
    """6.2: no legal or unpaid-bill reason. The cookie is signed, not secret: it is read too."""
    page = suspended.authorize()
    cookie = suspended.citizen.client.get_cookie(str(app.config["SESSION_COOKIE_NAME"]))
    kept = SecureCookieSessionInterface().get_signing_serializer(app).loads(cookie.value)
    assert kept["stopped"]["message"]
    for told in (page.text, page.request.full_path, str(kept), str(page.headers)):
        assert not [word for word in LEGAL if word in told.lower()], told


@EXPLAINED
def test_none_does_when_the_client_is_gone_before_the_page_is_read(
    suspended: Visit, registry: Registry, clock: ManualClock
) -> None:
    """The page of ordinary errors has a hint for developers: not of this one."""
    first = suspended.citizen.client.get(suspended.site.request())
    with registry() as session:
        version = find_client(session, suspended.site.client_id).published
        version.published_at = None
    page = suspended.citizen.get(first.headers["Location"])
    assert not [word for word in LEGAL if word in text_of(page).lower()]


@pytest.mark.parametrize("app", ["standard"], indirect=True)
def test_in_the_standard_dialect_the_site_is_told_and_tells_its_user(suspended: Visit) -> None:
    """RFC 6749, 4.1.2.1: every error goes to the client."""
    arrival = suspended.authorize()
    assert isinstance(arrival, Arrival)
    assert arrival.query["error"] == "unauthorized_client"
    assert not [word for word in LEGAL if word in arrival.url.lower()]


@EXPLAINED
def test_the_site_is_told_no_reason_either(suspended: Visit) -> None:
    """6.2: in `error_description` a neutral sentence."""
    refreshed = [suspended.refresh()] if suspended.refreshes else []
    for answer in (suspended.redeem(), suspended.userinfo(), *refreshed):
        words = answer.text.lower().replace("token expired or user disconnected", "")  # the real service's own
        assert not [word for word in LEGAL if word in words], answer.text


def test_a_person_whose_consent_page_is_open_when_access_ends_is_told_too(
    visit: MakeVisit, change: Change, app: Flask, clock: ManualClock
) -> None:
    """6.2: evaluated on every request: the answer of the consent page is one."""
    site = production(app, clock, "lyon", name="Autre site")
    used = visit("lyon", before="2026-03-02 12:00:00")
    consent = used.citizen.get(site.request())
    assert "a2-oidc-authorization-form" in consent.text

    def suspend(partner: Partner) -> None:
        partner.agreements[-1].suspensions.append(Suspension(starts_at=clock.now(), reason="incident"))

    change(suspend, "lyon")
    page = used.citizen.submit(consent, "a2-oidc-authorization-form", "accept")
    assert outcome(page) == "unauthorized_client"


# ── Always allowed ─────────────────────────────────────────────────────────────────────────────────────────────────


def _cut(how: str, registry: Registry, client_id: str, clock: ManualClock) -> None:
    if how == "suspended":
        return
    with registry() as session:
        client = find_client(session, client_id)
        if how == "disabled":
            switch(session, OPERATOR, client, on=False, at=clock.now(), reason="essai")
        elif how == "archived":
            archive(session, OPERATOR, client, at=clock.now(), reason="essai")
        else:
            client.bindings[-1].agreement.terminated_on = dt.date(2026, 3, 1)


@pytest.mark.parametrize("how", ["suspended", "terminated", "disabled", "archived"])
def test_whoever_wants_out_gets_out(suspended: Visit, registry: Registry, clock: ManualClock, how: str) -> None:
    """6.2: end_session with its registered address, and the front-channel notice to the site."""
    sid = payload(suspended.tokens["id_token"])["sid"]
    _cut(how, registry, suspended.site.client_id, clock)
    page = suspended.citizen.get(f"/idp/oidc/logout?post_logout_redirect_uri={BYE}&state=s")
    frames = [frame["src"] for frame in BeautifulSoup(page.text, "html.parser").find_all("iframe")]
    assert [frame for frame in frames if frame.startswith("https://www.lyon.example/front?") and sid in frame]
    assert f"{BYE}?state=s" in page.text
    assert suspended.citizen.get("/accounts/").request.path == "/login/"


@pytest.mark.parametrize("how", ["suspended", "terminated"])
def test_a_site_may_always_give_its_tokens_back(
    suspended: Visit, registry: Registry, app: Flask, clock: ManualClock, how: str
) -> None:
    """RFC 7009; 6.2: what ends access is never refused."""
    _cut(how, registry, suspended.site.client_id, clock)
    form = {"token": suspended.tokens["refresh_token"]}
    assert app.test_client().post("/idp/oidc/revoke", data=form, headers=suspended.site.basic).status_code == 200


@pytest.mark.parametrize("how", ["suspended", "terminated", "disabled", "archived"])
def test_a_citizen_sees_and_withdraws_consents_and_deletes_the_account(
    suspended: Visit, registry: Registry, clock: ManualClock, change: Change, how: str
) -> None:
    """GDPR, articles 7(3) and 17; 6.2: the user's own rights. Withdrawn, the tokens are dead when access is back."""
    _cut(how, registry, suspended.site.client_id, clock)
    page = suspended.citizen.get("/accounts/consents/")
    assert "Mon site" in text_of(page)
    assert "retiré" in text_of(suspended.citizen.submit(page))
    asked = suspended.citizen.get("/accounts/delete/")
    assert asked.status_code == 200
    if how == "suspended":

        def resume(partner: Partner) -> None:
            partner.agreements[-1].suspensions[-1].ends_at = clock.now()

        change(resume, "lyon")
        assert outcome(suspended.userinfo()) == "401 invalid_token"
        assert suspended.refresh().status_code == 400


def test_an_account_is_erased_whatever_its_services_became(suspended: Visit, clock: ManualClock) -> None:
    """GDPR, article 17: the address is not verified, so that the password confirms."""
    asked = suspended.citizen.get("/accounts/delete/")
    suspended.citizen.submit(asked, password=suspended.citizen.password)
    assert suspended.citizen.get("/accounts/").request.path == "/login/"
