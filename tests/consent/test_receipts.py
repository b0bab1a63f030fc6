"""Receipts are evidence: added, never changed (issue, « Consent »)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flows import Citizen, Site, payload, text_of
from sqlalchemy.engine import Engine, Row

from consent.models import Answer, ConsentReceipt, ConsentWithdrawal
from glc.clock import ManualClock
from glc.database import db, reading
from partner_registry.models import ConsentMode

FORM = "a2-oidc-authorization-form"


@pytest.fixture
def receipts(engine: Engine) -> Callable[[], list[Row[Any]]]:
    """Every receipt, oldest first."""

    def read() -> list[Row[Any]]:
        with reading(engine) as connection:
            return list(connection.execute(sa.select(ConsentReceipt.__table__).order_by(ConsentReceipt.id)))

    return read


@pytest.fixture
def withdrawals(engine: Engine) -> Callable[[], list[tuple[int, str]]]:
    """Every withdrawal: which receipt, and why."""

    def read() -> list[tuple[int, str]]:
        query = sa.select(ConsentWithdrawal.receipt_id, ConsentWithdrawal.reason).order_by(ConsentWithdrawal.id)
        with reading(engine) as connection:
            return [(number, reason) for number, reason in connection.execute(query)]

    return read


def test_a_receipt_says_who_was_told_what_when_and_until(
    site: Site, citizen: Citizen, receipts: Callable[..., Any], clock: ManualClock
) -> None:
    """Checklist 5: account, client, scopes, claims, text shown, when, until; but not the values themselves."""
    citizen.authorize(site.request(), remember=True)
    (receipt,) = receipts()
    assert (receipt.answer, receipt.scopes) == (Answer.ACCEPTED, ["email", "openid", "profile"])
    assert {"given_name", "birthdate", "email"} <= set(receipt.claims)
    assert receipt.answered_at == clock.now()
    assert receipt.remembered_until == clock.now() + dt.timedelta(days=365)
    assert "Ville de Lyon" in receipt.text_shown
    assert "Vous reconnaître et préremplir vos démarches en ligne" in receipt.text_shown
    assert "Dupré" not in receipt.text_shown


def test_every_answer_is_kept_refusals_too(site: Site, citizen: Citizen, receipts: Callable[..., Any]) -> None:
    """Issue: accepted, refused. Without « do not ask again » nothing is remembered, but the answer is kept."""
    page = citizen.log_in(citizen.get(site.request()))
    citizen.submit(page, FORM, "refuse")
    citizen.authorize(site.request())
    assert [(each.answer, each.remembered_until) for each in receipts()] == [
        (Answer.REFUSED, None),
        (Answer.ACCEPTED, None),
    ]


def test_a_refusal_is_never_remembered(site: Site, citizen: Citizen, receipts: Callable[..., Any]) -> None:
    """Even with the box ticked: the next login asks again."""
    page = citizen.log_in(citizen.get(site.request()))
    citizen.submit(page, FORM, "refuse", do_not_ask_again="on")
    assert receipts()[0].remembered_until is None
    assert FORM in citizen.get(site.request()).text


@pytest.mark.parametrize("days", [1, 105])
def test_a_site_may_set_how_long_an_answer_is_remembered(
    register: Callable[..., Site], citizen: Citizen, clock: ManualClock, days: int
) -> None:
    """Checklist 5, 19: the client's own number; afterwards the question comes back."""
    site = register(consent_remembered_in=days)
    citizen.authorize(site.request(), remember=True)
    clock.advance(days=days, seconds=-1)
    assert FORM not in _second_visit(citizen, site)
    clock.advance(seconds=1)
    assert FORM in _second_visit(citizen, site)


def test_a_wider_answer_replaces_the_narrower_one_which_stays_as_evidence(
    site: Site, citizen: Citizen, receipts: Callable[..., Any], withdrawals: Callable[..., Any]
) -> None:
    """Checklist 19; append-only: the old row is not touched."""
    citizen.authorize(site.request(scope="openid email"), remember=True)
    (narrow,) = receipts()
    citizen.authorize(site.request(), remember=True)
    kept, wide = receipts()
    assert kept == narrow
    assert set(wide.scopes) == {"openid", "profile", "email"}
    assert withdrawals() == [(narrow.id, "replaced")]


def test_a_narrower_request_is_covered_and_asks_nothing(
    site: Site, citizen: Citizen, receipts: Callable[..., Any]
) -> None:
    """Checklist 18."""
    citizen.authorize(site.request(), remember=True)
    citizen.authorize(site.request(scope="openid email"))
    assert len(receipts()) == 1


def test_to_be_asked_anew_ends_what_was_remembered_and_says_why(
    site: Site, citizen: Citizen, receipts: Callable[..., Any], withdrawals: Callable[..., Any]
) -> None:
    """Checklist 20: prompt=consent."""
    citizen.authorize(site.request(), remember=True)
    page = citizen.get(site.request(prompt="consent"))
    assert FORM in page.text
    assert withdrawals() == [(receipts()[0].id, "asked anew")]


def test_an_answer_for_one_service_does_not_cover_its_neighbour_unless_the_partner_says_so(
    register: Callable[..., Site], citizen: Citizen
) -> None:
    """Reference, 1.8: by service, by organisational unit."""
    one, other = register(), register()
    citizen.authorize(one.request(), remember=True)
    assert FORM in citizen.get(other.request()).text

    ours = register(consent_mode=ConsentMode.PARTNER)
    also_ours = register(consent_mode=ConsentMode.PARTNER)
    citizen.authorize(ours.request(), remember=True)
    assert FORM not in _second_visit(citizen, also_ours)


def test_a_withdrawn_consent_kills_that_sites_tokens_at_once_and_no_others(
    register: Callable[..., Site],
    citizen: Citizen,
    app: Flask,
    receipts: Callable[..., Any],
    withdrawals: Callable[..., Any],
) -> None:
    """Checklist 23; issue, « Consent »."""
    withdrawn, other = register(name="Cantine", refresh_tokens=True), register(name="Piscine", refresh_tokens=True)
    server = app.test_client()
    held = {}
    for site in (withdrawn, other):
        code = citizen.authorize(site.request(), remember=True).query["code"]
        held[site.client_id] = site.redeem(server, code).json

    page = citizen.get("/accounts/consents/")
    assert {"Cantine", "Piscine"} <= set(text_of(page).replace(",", " ").split())
    _withdraw(citizen, page, "Cantine")

    assert withdrawals() == [(receipts()[0].id, "withdrawn")]
    for site, alive in ((withdrawn, False), (other, True)):
        tokens = held[site.client_id]
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (server.get("/idp/oidc/user_info", headers=bearer).status_code == 200) is alive
        assert (site.refresh(server, tokens["refresh_token"]).status_code == 200) is alive
    assert FORM in citizen.get(withdrawn.request()).text


def test_the_subject_is_the_same_when_the_holder_consents_again(site: Site, citizen: Citizen, app: Flask) -> None:
    """Registry reference, 6.2: the mapping to `sub` is never lost."""
    server, told = app.test_client(), set()
    for _ in range(2):
        code = citizen.authorize(site.request(), remember=True).query["code"]
        told.add(payload(site.redeem(server, code).json["id_token"])["sub"])
        page = citizen.get("/accounts/consents/")
        _withdraw(citizen, page, "Mon site")
    assert len(told) == 1


def test_a_receipt_cannot_be_deleted_with_its_account_or_client(site: Site, citizen: Citizen, app: Flask) -> None:
    """House, section 4: nothing signed is deleted; foreign keys restrict."""
    citizen.authorize(site.request(), remember=True)
    with app.app_context():
        for table in ("account", "client"):
            with pytest.raises(sa.exc.IntegrityError):
                db.session.execute(sa.text(f"DELETE FROM {table}"))
            db.session.rollback()


def _second_visit(citizen: Citizen, site: Site) -> str:
    """What the browser shows when a site sends it again: a page, or the address it was sent back to."""
    step = citizen.get(site.request())
    if "login-submit" in getattr(step, "text", ""):
        step = citizen.log_in(step)
    return getattr(step, "text", None) or step.url


def _withdraw(citizen: Citizen, page: Any, service: str) -> None:
    """Press the button that stands with the service's name."""
    from bs4 import BeautifulSoup

    forms = BeautifulSoup(page.text, "html.parser").find("main").find_all("form")
    form = next(each for each in forms if service in each.find_parent(["li", "article", "section", "tr"]).get_text())
    sent = {item["name"]: item.get("value", "") for item in form.find_all(["input", "button"]) if item.get("name")}
    assert citizen.client.post(form.get("action") or "/accounts/consents/", data=sent).status_code in {200, 302, 303}
