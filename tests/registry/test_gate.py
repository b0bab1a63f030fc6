"""What the registry says is what the provider does: each situation of the gate (registry reference, 6.2), at each
endpoint, to the second."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from conftest import add_account, register_site
from flask import Flask
from flows import Citizen
from sqlalchemy.orm import Session
from structlog.types import EventDict
from visits import Visit, outcome, production

from glc.clock import ManualClock, start_of_day
from glc.database import db
from partner_registry.agents import OPERATOR
from partner_registry.clients.life import archive, find_client, switch
from partner_registry.models import (
    Agreement,
    AgreementKind,
    Client,
    ClientBinding,
    Derogation,
    GnmService,
    Offer,
    Partner,
    Suspension,
)
from partner_registry.partners.life import find_partner

Change = Callable[..., None]
Join = Callable[..., None]
LyonTime = Callable[[str], dt.datetime]
MakeVisit = Callable[..., Visit]
NewAgreement = Callable[..., Agreement]
Registry = Callable[[], Iterator[Session]]

LAST_SECOND, FIRST_OF_2024 = "2023-12-31 23:59:59", "2024-01-01 00:00:00"
DAY = dt.timedelta(days=1)
DIALECTS = ("grandlyonconnect", "grandlyonconnect-2018", "standard")
every_dialect = pytest.mark.parametrize("app", DIALECTS, indirect=True)


@pytest.fixture
def app(make_app: Callable[..., Flask], request: pytest.FixtureRequest) -> Flask:
    """The provider: in the default dialect, or the one that `every_dialect` names."""
    return make_app(dialect=getattr(request, "param", "grandlyonconnect"))


OPEN = {"authorize": "code", "userinfo": "200", "introspection": "active", "code": "200", "refresh": "200"}
PAUSED = {
    "authorize": "unauthorized_client",
    "userinfo": "401 invalid_token",
    "introspection": "inactive",
    "code": "400 unauthorized_client",
    "refresh": "400 unauthorized_client",
}
OVER = PAUSED | {"code": "400 invalid_grant", "refresh": "400 invalid_grant"}
CLOSED = {"authorize": "stays here", "userinfo": "401 invalid_token"} | dict.fromkeys(
    ("introspection", "code", "refresh"), "401 invalid_client"
)


def _expected(dialect: str, answers: dict[str, str]) -> dict[str, str]:
    """The answers in a dialect: only `standard` has introspection, in 2018 there were no refresh tokens, and each
    refuses a client in its own way."""
    refused = {"grandlyonconnect": "400 invalid_client", "grandlyonconnect-2018": "401 unauthenticated"}
    told = {
        name: answer if answer != "401 invalid_client" else refused.get(dialect, answer)
        for name, answer in answers.items()
    }
    if dialect != "standard":
        del told["introspection"]
    if dialect == "grandlyonconnect-2018":
        del told["refresh"]
    return told


# ── The situations ─────────────────────────────────────────────────────────────────────────────────────────────────


def _nothing(session: Session, client: Client, today: dt.date) -> None:
    """It is in force."""


def _denounced(session: Session, client: Client, today: dt.date) -> None:
    _agreement(client).renewal_refused_on = today


def _unpaid(session: Session, client: Client, today: dt.date) -> None:
    _agreement(client).unpaid = True


def _awaited_with_a_derogation(session: Session, client: Client, today: dt.date) -> None:
    _agreement(client).notified_on, _agreement(client).signed_on = None, today
    _derogate(_agreement(client), today)


def _derogation_of_the_next_one(session: Session, client: Client, today: dt.date) -> None:
    _expired(session, client, today)
    following = Agreement(
        partner=client.partner,
        number="GNM-suite",
        kind=AgreementKind.FRAMEWORK,
        framework="suite",
        offer=Offer.GLOBAL,
        signed_on=today,
        starts_on=today + dt.timedelta(days=1),
        hard_end_on=dt.date(2029, 12, 31),
        created_at=start_of_day(today),
    )
    _derogate(following, today)
    client.bindings.append(ClientBinding(agreement=following, valid_from_on=following.starts_on))
    client.bindings[0].valid_to_on = today


def _not_in_effect_yet(session: Session, client: Client, today: dt.date) -> None:
    _agreement(client).starts_on = today + DAY


def _bound_from_tomorrow(session: Session, client: Client, today: dt.date) -> None:
    client.bindings[0].valid_from_on = today + DAY


def _suspended(session: Session, client: Client, today: dt.date) -> None:
    _agreement(client).suspensions.append(Suspension(starts_at=start_of_day(today), reason="incident"))


def _tools_that_the_offer_lacks(session: Session, client: Client, today: dt.date) -> None:
    client.service = GnmService.GRU


def _tools_that_the_offer_lacks_by_derogation(session: Session, client: Client, today: dt.date) -> None:
    _awaited_with_a_derogation(session, client, today)
    client.service = GnmService.GRU


def _terminated(session: Session, client: Client, today: dt.date) -> None:
    _agreement(client).terminated_on = today - DAY


def _terminated_whatever_the_derogation(session: Session, client: Client, today: dt.date) -> None:
    _terminated(session, client, today)
    _derogate(_agreement(client), today)


def _expired(session: Session, client: Client, today: dt.date) -> None:
    _agreement(client).hard_end_on = today - DAY


def _bound_until_yesterday(session: Session, client: Client, today: dt.date) -> None:
    client.bindings[0].valid_to_on = today - DAY


def _disabled(session: Session, client: Client, today: dt.date) -> None:
    switch(session, OPERATOR, client, on=False, at=start_of_day(today), reason="essai")


def _archived(session: Session, client: Client, today: dt.date) -> None:
    archive(session, OPERATOR, client, at=start_of_day(today), reason="essai")


SITUATIONS = [
    (_nothing, "agreement_in_force", OPEN),
    (_denounced, "agreement_denounced", OPEN),
    (_unpaid, "agreement_in_force", OPEN),
    (_awaited_with_a_derogation, "agreement_derogation", OPEN),
    (_derogation_of_the_next_one, "agreement_derogation", OPEN),
    (_not_in_effect_yet, "agreement_pending_start", PAUSED),
    (_bound_from_tomorrow, "binding_pending_start", PAUSED),
    (_suspended, "agreement_suspended", PAUSED),
    (_tools_that_the_offer_lacks, "offer_restricted", PAUSED),
    (_tools_that_the_offer_lacks_by_derogation, "offer_restricted", PAUSED),
    (_terminated, "agreement_terminated", OVER),
    (_terminated_whatever_the_derogation, "agreement_terminated", OVER),
    (_expired, "agreement_expired", OVER),
    (_bound_until_yesterday, "binding_ended", OVER),
    (_disabled, "client_disabled", CLOSED),
    (_archived, "client_archived", CLOSED),
]


@every_dialect
@pytest.mark.parametrize(("act", "reason", "answers"), SITUATIONS, ids=[act.__name__ for act, *_ in SITUATIONS])
def test_each_situation_has_its_answer_at_each_endpoint_and_its_reason_in_the_log(
    visit: MakeVisit,
    join: Join,
    new_agreement: NewAgreement,
    app: Flask,
    registry: Registry,
    log: list[EventDict],
    act: Callable[[Session, Client, dt.date], None],
    reason: str,
    answers: dict[str, str],
) -> None:
    """6.2, the table; RFC 6749, 4.1.2.1 and 5.2; RFC 6750, 3.1; RFC 7662, 2.2. Non-payment never cuts access."""
    join(new_agreement())
    used = visit("villeurbanne", before="2022-03-01 12:00:00")
    with registry() as session:
        act(session, find_client(session, used.site.client_id), dt.date(2022, 3, 1))
    log.clear()

    told = used.everything()

    assert told == _expected(app.extensions["idp"].dialect.name, answers)
    if answers is not OPEN:
        assert [event.get("detail") for event in log].count(reason) == len(told)


def _agreement(client: Client) -> Agreement:
    return client.bindings[0].agreement


def _derogate(agreement: Agreement, today: dt.date) -> None:
    made = Derogation(from_on=today, until_on=today, reason="continuité (A6)", granted_at=start_of_day(today))
    agreement.derogations.append(made)


# ── To the second ──────────────────────────────────────────────────────────────────────────────────────────────────


@every_dialect
def test_until_the_last_second_of_2023_everything_is_given(
    join: Join, new_agreement: NewAgreement, app: Flask, visit: MakeVisit, clock: ManualClock, lyon_time: LyonTime
) -> None:
    """R33: allowed on 2023-12-31 23:59:59 Europe/Paris."""
    join(new_agreement())
    used = visit("villeurbanne", before=LAST_SECOND)
    clock.set(lyon_time(LAST_SECOND))
    assert used.everything() == _expected(app.extensions["idp"].dialect.name, OPEN)


@every_dialect
def test_one_second_later_nothing_is(
    join: Join, new_agreement: NewAgreement, app: Flask, visit: MakeVisit, clock: ManualClock, lyon_time: LyonTime
) -> None:
    """R33 and 6.2, EXPIRED: at each endpoint, at that instant, without any job."""
    join(new_agreement())
    used = visit("villeurbanne", before=FIRST_OF_2024)
    clock.set(lyon_time(FIRST_OF_2024))
    assert used.everything() == _expected(app.extensions["idp"].dialect.name, OVER)


def test_before_its_agreement_takes_effect_a_site_gets_nothing(
    join: Join, new_agreement: NewAgreement, app: Flask, clock: ManualClock, lyon_time: LyonTime
) -> None:
    """R31 and 6.2, before effect: redirect error unauthorized_client."""
    join(new_agreement(notified_on=dt.date(2019, 1, 10)))
    clock.set(lyon_time("2019-01-09 23:59:59"))
    site = production(app, clock, "villeurbanne")
    add_account(app, clock)
    citizen = Citizen(app.test_client())
    assert outcome(citizen.get(site.request())) == "unauthorized_client"
    clock.set(lyon_time("2019-01-10 00:00:00"))
    assert outcome(citizen.authorize(site.request())) == "code"


def test_an_agreement_never_notified_gives_nothing_however_late(
    join: Join, new_agreement: NewAgreement, app: Flask, clock: ManualClock, lyon_time: LyonTime
) -> None:
    """R31, A6: both conditions are needed."""
    join(new_agreement(notified_on=None))
    clock.set(lyon_time("2021-06-01 12:00:00"))
    site = production(app, clock, "villeurbanne")
    assert outcome(Citizen(app.test_client()).get(site.request())) == "unauthorized_client"


def test_a_termination_recorded_during_the_day_cuts_at_its_end(
    join: Join, new_agreement: NewAgreement, visit: MakeVisit, change: Change, app: Flask, clock: ManualClock
) -> None:
    """6.2, TERMINATED: its last day is served whole."""
    join(new_agreement())
    used = visit("villeurbanne", before="2022-07-01 00:00:00")

    def terminate(partner: Partner) -> None:
        partner.agreements[0].terminated_on = dt.date(2022, 6, 30)

    change(terminate)
    assert outcome(used.userinfo()) == "200"
    clock.advance(seconds=10)
    assert used.everything() == _expected("grandlyonconnect", OVER)


def test_the_metropole_needs_no_agreement_with_itself(app: Flask, clock: ManualClock) -> None:
    """Reading A16."""
    site = register_site(app, clock, partner="metropole")
    add_account(app, clock)
    assert Citizen(app.test_client()).code(site.request())


def test_a_client_without_published_configuration_is_unknown(
    app: Flask, clock: ManualClock, registry: Registry, log: list[EventDict]
) -> None:
    """6.2, unknown identifier: GLC's own page, without redirect; the log says what the page does not."""
    site = production(app, clock, "lyon")
    with registry() as session:
        find_client(session, site.client_id).published.published_at = None
    log.clear()
    assert outcome(Citizen(app.test_client()).get(site.request())) == "stays here"
    assert log[-1]["detail"] == "client_unknown"


def test_a_change_holds_from_the_next_request_on_in_another_process(
    clock: ManualClock, make_app: Callable[..., Flask]
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
    with one.app_context():
        agreement = find_partner(db.session(), "lyon").agreements[-1]
        agreement.suspensions.append(Suspension(starts_at=clock.now(), reason="essai"))
        db.session.commit()
    for app in (one, other):
        assert app.test_client().get("/idp/oidc/user_info", headers=bearer).status_code == 401
