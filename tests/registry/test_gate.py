"""What the registry says is what the provider does (registry reference, 6.2, « Gate »)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from conftest import add_account, register_site
from flask import Flask
from flows import Arrival, Citizen, Site, link, payload, text_of
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.models import Agreement, AgreementKind, ClientBinding, Partner, Suspension

LyonTime = Callable[[str], dt.datetime]
LAST_SECOND, FIRST_OF_2024 = "2023-12-31 23:59:59", "2024-01-01 00:00:00"


@dataclasses.dataclass
class Visit:
    """A site that was used, and what it holds."""

    app: Flask
    site: Site
    citizen: Citizen
    tokens: dict[str, Any]
    code: str = ""

    def authorize(self) -> Arrival | TestResponse:
        """Camille, logged in, comes again."""
        return self.citizen.get(self.site.request())

    def redeem(self) -> TestResponse:
        """The site redeems a code it got a moment ago."""
        return self.site.redeem(self.app.test_client(), self.code)

    def refresh(self) -> TestResponse:
        """The site uses its refresh token."""
        return self.site.refresh(self.app.test_client(), self.tokens["refresh_token"])

    def userinfo(self) -> TestResponse:
        """The site uses its access token."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.app.test_client().get("/idp/oidc/user_info", headers=headers)


@pytest.fixture
def visit(app: Flask, clock: ManualClock, lyon_time: LyonTime) -> Callable[..., Visit]:
    """Use a site of a partner, ten seconds before an instant; it holds tokens, and a code not yet redeemed."""

    def make(partner: str, before: str) -> Visit:
        clock.set(lyon_time(before) - dt.timedelta(seconds=10))
        site = register_site(app, clock, partner=partner, refresh_tokens=True)
        add_account(app, clock)
        citizen = Citizen(app.test_client())
        first = citizen.authorize(site.request(), remember=True).query["code"]
        tokens = site.redeem(app.test_client(), first).json
        return Visit(app, site, citizen, tokens, citizen.code(site.request()))

    return make


def test_until_the_last_second_of_2023_everything_is_given(
    join: Callable[..., None],
    new_agreement: Callable[..., Agreement],
    visit: Callable[..., Visit],
    clock: ManualClock,
    lyon_time: LyonTime,
) -> None:
    """R33: allowed on 2023-12-31 23:59:59 Europe/Paris."""
    join(new_agreement())
    used = visit("villeurbanne", before=LAST_SECOND)
    clock.set(lyon_time(LAST_SECOND))
    assert isinstance(used.authorize(), Arrival)
    assert used.userinfo().status_code == 200
    assert used.redeem().status_code == 200
    assert used.refresh().status_code == 200


def test_one_second_later_nothing_is(
    join: Callable[..., None],
    new_agreement: Callable[..., Agreement],
    visit: Callable[..., Visit],
    clock: ManualClock,
    lyon_time: LyonTime,
) -> None:
    """R33 and 6.2, EXPIRED: authorize, code exchange, refresh and userinfo, at that instant, without any job."""
    join(new_agreement())
    used = visit("villeurbanne", before=FIRST_OF_2024)
    clock.set(lyon_time(FIRST_OF_2024))
    _is_not_connected(used.authorize())
    _is_refused(used.redeem(), 400, "invalid_grant")
    _is_refused(used.refresh(), 400, "invalid_grant")
    _is_refused(used.userinfo(), 401, "invalid_token")


def test_lyons_client_goes_on_under_the_follow_on_framework_with_the_same_subjects(
    visit: Callable[..., Visit], clock: ManualClock, lyon_time: LyonTime, app: Flask
) -> None:
    """R34: neither client_id nor any sub changes from one agreement to the next, and nobody registers again."""
    clock.set(lyon_time("2018-06-01 12:00:00"))
    site = register_site(app, clock)
    add_account(app, clock)
    told = []
    for day in ("2018-06-02", "2019-06-01", "2023-12-31 23:59:59", "2024-01-01 00:00:00"):
        clock.set(lyon_time(day))
        code = Citizen(app.test_client()).code(site.request())
        claims = payload(site.redeem(app.test_client(), code).json["id_token"])
        told.append((claims["sub"], claims["aud"]))
    assert len(set(told)) == 1


def test_what_was_granted_goes_on_across_the_change_of_framework(
    visit: Callable[..., Visit], clock: ManualClock, lyon_time: LyonTime
) -> None:
    """R34: continuity for users: not one request fails at midnight."""
    used = visit("lyon", before=FIRST_OF_2024)
    clock.set(lyon_time(FIRST_OF_2024))
    assert isinstance(used.authorize(), Arrival)
    assert used.userinfo().status_code == 200
    assert used.redeem().status_code == 200
    assert used.refresh().status_code == 200


def test_before_its_agreement_takes_effect_a_site_gets_nothing(
    join: Callable[..., None],
    new_agreement: Callable[..., Agreement],
    app: Flask,
    clock: ManualClock,
    lyon_time: LyonTime,
) -> None:
    """R31 and 6.2, before effect: redirect error unauthorized_client."""
    join(new_agreement(notified_on=dt.date(2019, 1, 10)))
    clock.set(lyon_time("2019-01-09 23:59:50"))
    site = register_site(app, clock, partner="villeurbanne")
    add_account(app, clock)
    citizen = Citizen(app.test_client())
    _is_not_connected(citizen.get(site.request()))
    clock.set(lyon_time("2019-01-10 00:00:00"))
    assert "code" in citizen.authorize(site.request()).query


def test_an_agreement_never_notified_gives_nothing_however_late(
    join: Callable[..., None],
    new_agreement: Callable[..., Agreement],
    app: Flask,
    clock: ManualClock,
    lyon_time: LyonTime,
) -> None:
    """R31, A6: both conditions are needed."""
    join(new_agreement(notified_on=None))
    clock.set(lyon_time("2021-06-01 12:00:00"))
    site = register_site(app, clock, partner="villeurbanne")
    _is_not_connected(Citizen(app.test_client()).get(site.request()))


def test_a_suspension_cuts_at_once_and_the_return_finds_the_same_subject_and_grants(
    join: Callable[..., None],
    new_agreement: Callable[..., Agreement],
    visit: Callable[..., Visit],
    change: Callable[..., None],
    clock: ManualClock,
    lyon_time: LyonTime,
) -> None:
    """6.2, SUSPENDED: 400 unauthorized_client, 401 at userinfo, grants kept."""
    join(new_agreement())
    used = visit("villeurbanne", before="2022-03-01 12:00:00")
    before = used.userinfo().json
    pause = Suspension(starts_at=clock.now(), ends_at=clock.now() + dt.timedelta(seconds=10), reason="incident")
    change(lambda partner: partner.agreements[0].suspensions.append(pause))

    _is_not_connected(used.authorize())
    _is_refused(used.redeem(), 400, "unauthorized_client")
    _is_refused(used.refresh(), 400, "unauthorized_client")
    _is_refused(used.userinfo(), 401, "invalid_token")

    clock.advance(seconds=10)
    assert used.userinfo().json == before
    assert payload(used.redeem().json["id_token"])["sub"] == before["sub"]
    used.tokens = used.refresh().json
    assert used.userinfo().json == before


def test_a_termination_recorded_during_the_day_cuts_at_its_end(
    join: Callable[..., None],
    new_agreement: Callable[..., Agreement],
    visit: Callable[..., Visit],
    change: Callable[..., None],
    clock: ManualClock,
) -> None:
    """6.2, TERMINATED: 400 invalid_grant, 401 at userinfo."""
    join(new_agreement())
    used = visit("villeurbanne", before="2022-07-01 00:00:00")

    def terminate(partner: Partner) -> None:
        partner.agreements[0].terminated_on = dt.date(2022, 6, 30)

    change(terminate)
    assert used.userinfo().status_code == 200
    clock.advance(seconds=10)
    _is_not_connected(used.authorize())
    _is_refused(used.redeem(), 400, "invalid_grant")
    _is_refused(used.refresh(), 400, "invalid_grant")
    _is_refused(used.userinfo(), 401, "invalid_token")


def test_the_refusal_page_names_the_commune_and_gives_no_legal_reason(
    join: Callable[..., None],
    new_agreement: Callable[..., Agreement],
    visit: Callable[..., Visit],
    clock: ManualClock,
    lyon_time: LyonTime,
) -> None:
    """6.2: French, the commune, its portal and support; the RP may be gone back to by the user's click."""
    join(new_agreement())
    used = visit("villeurbanne", before=FIRST_OF_2024)
    clock.set(lyon_time(FIRST_OF_2024))
    page = used.authorize()
    words = text_of(page)
    assert "Villeurbanne" in words
    assert "https://villeurbanne.example/" in page.text
    assert not [word for word in ("convention", "agreement_expired", "résili", "impay") if word in words.lower()]
    back = Arrival(str(link(page, "a2-continue")))
    assert back.query["error"] == "unauthorized_client"
    assert back.query["state"] == "un-état"


def test_the_metropole_needs_no_agreement_with_itself(app: Flask, clock: ManualClock) -> None:
    """Reading A16."""
    site = register_site(app, clock, partner="metropole")
    add_account(app, clock)
    assert Citizen(app.test_client()).code(site.request())


@pytest.mark.parametrize("withdrawn", ["2026-03-02", "2026-01-01"])
def test_a_withdrawn_processing_takes_its_claims_along_at_once(
    site: Site, app: Flask, citizen: Citizen, change: Callable[..., None], withdrawn: str
) -> None:
    """6.2: claim absent, the rest goes on; second promise: no declared purpose, no claim."""
    tokens = site.redeem(app.test_client(), citizen.code(site.request())).json
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert "birthdate" in app.test_client().get("/idp/oidc/user_info", headers=bearer).json

    def withdraw(partner: Partner) -> None:
        partner.processings[0].withdrawn_on = dt.date.fromisoformat(withdrawn)

    change(withdraw, "lyon")
    assert set(app.test_client().get("/idp/oidc/user_info", headers=bearer).json) == {"sub", "iss"}


def test_a_processing_withdrawn_tomorrow_still_receives_data_today(
    site: Site, app: Flask, citizen: Citizen, change: Callable[..., None], clock: ManualClock, lyon_time: LyonTime
) -> None:
    """Civil days are Lyon's: `withdrawn_on` is the first day on which it no longer may."""

    def withdraw(partner: Partner) -> None:
        partner.processings[0].withdrawn_on = dt.date(2026, 3, 3)

    change(withdraw, "lyon")
    clock.set(lyon_time("2026-03-02 23:59:50"))
    tokens = site.redeem(app.test_client(), citizen.code(site.request())).json
    assert "email" in payload(tokens["id_token"])
    clock.set(lyon_time("2026-03-03 00:00:00"))
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert "email" not in app.test_client().get("/idp/oidc/user_info", headers=bearer).json


def test_a_claim_without_declared_purpose_is_neither_told_nor_asked_for(
    site: Site, app: Flask, citizen: Citizen, change: Callable[..., None]
) -> None:
    """R35 and invariant 4.5: claims are those of validated purposes, at run time."""

    def forget_birth(partner: Partner) -> None:
        purpose = partner.processings[0].purposes[0]
        purpose.claims = [name for name in purpose.claims if not name.startswith("birth")]

    change(forget_birth, "lyon")
    consent = citizen.log_in(citizen.get(site.request()))
    assert "Date de naissance" not in text_of(consent)
    code = citizen.submit(consent, "a2-oidc-authorization-form", "accept").query["code"]
    claims = payload(site.redeem(app.test_client(), code).json["id_token"])
    assert "birthdate" not in claims
    assert "family_name" in claims


def test_a_processing_not_yet_validated_receives_nothing(
    site: Site, app: Flask, citizen: Citizen, change: Callable[..., None]
) -> None:
    """6.2: processing VALIDATED."""

    def never_validated(partner: Partner) -> None:
        partner.processings[0].validated_on = None

    change(never_validated, "lyon")
    claims = payload(site.redeem(app.test_client(), citizen.code(site.request())).json["id_token"])
    assert "email" not in claims


def test_a_change_holds_from_the_next_request_on_in_another_process(
    prepared_database: Any, tmp_path: Any, clock: ManualClock, make_app: Callable[..., Flask]
) -> None:
    """House, section 2: answers are kept with explicit invalidation; two applications share one database."""
    one = make_app()
    other = make_app(database_url=str(one.config["SQLALCHEMY_DATABASE_URI"]))
    site = register_site(one, clock)
    add_account(one, clock)
    token = site.redeem(other.test_client(), Citizen(one.test_client()).code(site.request())).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for app in (one, other):
        assert app.test_client().get("/idp/oidc/user_info", headers=bearer).status_code == 200
    _suspend_lyon(one, clock)
    for app in (one, other):
        assert app.test_client().get("/idp/oidc/user_info", headers=bearer).status_code == 401


def test_a_client_is_bound_to_one_agreement_after_the_other(app: Flask, clock: ManualClock, site: Site) -> None:
    """R34; 6.2: dated links without gap or overlap."""
    from glc.database import db
    from partner_registry.clients import find_client

    with app.app_context():
        bindings: list[ClientBinding] = find_client(db.session(), site.client_id).bindings
        assert [each.agreement.kind for each in bindings] == [AgreementKind.EXPERIMENT, *[AgreementKind.FRAMEWORK] * 2]
        for earlier, later in itertools.pairwise(bindings):
            assert earlier.valid_to_on + dt.timedelta(days=1) == later.valid_from_on
        assert bindings[-1].valid_to_on is None


def _suspend_lyon(app: Flask, clock: ManualClock) -> None:
    from glc.database import db
    from partner_registry.clients import find_partner

    with app.app_context():
        agreement = find_partner(db.session(), "lyon").agreements[-1]
        agreement.suspensions.append(Suspension(starts_at=clock.now(), reason="essai"))
        db.session.commit()


def _is_not_connected(page: Arrival | TestResponse) -> None:
    """A page of the provider says so; its link carries the error to the site (6.2)."""
    assert isinstance(page, TestResponse), page
    assert page.status_code == 403
    assert "n’est pas relié pour le moment" in text_of(page)
    assert Arrival(str(link(page, "a2-continue"))).query["error"] == "unauthorized_client"


def _is_refused(answer: TestResponse, status: int, error: str) -> None:
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert answer.json["error_description"]
