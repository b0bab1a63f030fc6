"""A request, its login and its consent belong to one person, and are answered once."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask
from flows import Arrival, Citizen, Site, payload, text_of

from consent.models import ConsentReceipt
from glc.clock import ManualClock
from glc.database import reading_session

BRUNO = "bruno.martin@citoyen.example"


def _form(citizen: Citizen, page: object, press: str) -> object:
    return citizen.submit(page, "a2-oidc-authorization-form", press)  # type: ignore[arg-type]


def test_somebody_else_is_asked_anew(citizen: Citizen, site: Site, make_account: Callable[..., str]) -> None:
    """A page shown to Camille is not Bruno's answer: he logged in in another tab meanwhile."""
    make_account(email=BRUNO, first_name="Bruno", last_name="Martin")
    shown_to_camille = citizen.log_in(citizen.get(site.request(prompt="login", nonce="n")))
    citizen.get("/logout/")
    bruno = Citizen(citizen.client, email=BRUNO)
    bruno.log_in(bruno.get("/login/"))
    asked = _form(citizen, shown_to_camille, "accept")
    assert not isinstance(asked, Arrival)
    assert "login-submit" in asked.text, "prompt=login: Bruno did not log in for this request"  # type: ignore[attr-defined]
    asked = bruno.log_in(asked)  # type: ignore[arg-type]
    assert BRUNO in text_of(asked), "he sees his own data before he answers"
    assert isinstance(_form(bruno, asked, "accept"), Arrival)


def test_somebody_else_s_login_is_not_fresh(citizen: Citizen, site: Site, make_account: Callable[..., str]) -> None:
    """`acr` 1 says that this person logged in for this request (Authentic2, 1.10)."""
    make_account(email=BRUNO, first_name="Bruno", last_name="Martin")
    shown_to_camille = citizen.log_in(citizen.get(site.request(nonce="n")))
    citizen.get("/logout/")
    bruno = Citizen(citizen.client, email=BRUNO)
    bruno.log_in(bruno.get("/login/"))
    asked = _form(citizen, shown_to_camille, "accept")
    assert BRUNO in text_of(asked)  # type: ignore[arg-type]
    arrival = _form(bruno, asked, "accept")
    assert isinstance(arrival, Arrival)
    answer = site.redeem(citizen.client, arrival.query["code"]).json
    told = payload(answer["id_token"])
    assert (told["email"], told["acr"]) == (BRUNO, "0")


def test_an_answer_counts_once(app: Flask, citizen: Citizen, site: Site) -> None:
    """The same form sent twice gives one code and one receipt."""
    page = citizen.log_in(citizen.get(site.request()))
    assert isinstance(_form(citizen, page, "accept"), Arrival)
    again = _form(citizen, page, "accept")
    assert not isinstance(again, Arrival)
    with reading_session(app.extensions["glc"].engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ConsentReceipt)) == 1


def test_withdrawing_a_consent_ends_the_codes_on_their_way(citizen: Citizen, site: Site) -> None:
    """At once, whatever was already issued."""
    arrival = citizen.authorize(site.request(), remember=True)
    page = citizen.get("/accounts/consents/")
    citizen.submit(page)  # type: ignore[arg-type]
    refused = site.redeem(citizen.client, arrival.query["code"])
    assert refused.json["error"] == "invalid_grant"
    fresh = citizen.authorize(site.request())
    assert site.redeem(citizen.client, fresh.query["code"]).status_code == 200


def test_a_login_for_the_request_answers_max_age_for_a_few_minutes_only(
    citizen: Citizen, site: Site, clock: ManualClock
) -> None:
    """OpenID Connect Core 1.0, 3.1.2.1: the site gets an authentication about as recent as it asked for."""
    page = citizen.log_in(citizen.get(site.request(max_age="60")))
    clock.advance(minutes=4)
    assert isinstance(_form(citizen, page, "accept"), Arrival)
    page = citizen.log_in(citizen.get(site.request(max_age="60")))
    clock.advance(minutes=30)
    asked = _form(citizen, page, "accept")
    assert "login-submit" in asked.text  # type: ignore[attr-defined]


def test_a_required_attribute_that_no_account_has_does_not_go_round_in_circles(
    citizen: Citizen, register: Callable[..., Site]
) -> None:
    """A spelling mistake of the operator must not lock everybody out."""
    site = register(required_attributes=("email_verified", "prenom"))
    assert citizen.authorize(site.request()).query["code"]
