"""A partner that comes back: after a suspension everything goes on, after an end what was granted is dead for good; in
both cases every user's `sub` is what it was (registry reference, 6.2; R34)."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from conftest import add_account, register_site
from flask import Flask
from flows import Citizen, payload
from sqlalchemy.orm import Session
from structlog.types import EventDict
from visits import Visit, outcome, production

from glc.clock import ManualClock
from glc.database import db
from glc.errors import Conflict
from idp.models import AuthorizationGrant
from partner_registry.agents import OPERATOR
from partner_registry.agreements.acts import notify
from partner_registry.clients.life import find_client, switch
from partner_registry.models import Agreement, AgreementKind, Amendment, Step, StepKind, Suspension
from partner_registry.partners.life import find_partner

Change = Callable[..., None]
Join = Callable[..., None]
LyonTime = Callable[[str], dt.datetime]
MakeVisit = Callable[..., Visit]
NewAgreement = Callable[..., Agreement]
Registry = Callable[[], Iterator[Session]]


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The provider with every gated endpoint."""
    return make_app(dialect="standard")


def test_a_suspension_cuts_at_once_and_the_return_finds_the_same_subject_and_living_tokens(
    join: Join, new_agreement: NewAgreement, visit: MakeVisit, change: Change, clock: ManualClock
) -> None:
    """6.2, SUSPENDED: grants kept."""
    join(new_agreement())
    used = visit("villeurbanne", before="2022-03-01 12:00:00")
    before = used.userinfo().json
    pause = Suspension(starts_at=clock.now(), ends_at=clock.now() + dt.timedelta(seconds=10), reason="incident")
    change(lambda partner: partner.agreements[0].suspensions.append(pause))
    clock.advance(seconds=9)
    assert set(used.everything().values()) == {
        "unauthorized_client",
        "401 invalid_token",
        "inactive",
        "400 unauthorized_client",
    }

    clock.advance(seconds=1)

    assert used.userinfo().json == before
    assert payload(used.redeem().json["id_token"])["sub"] == before["sub"]
    used.tokens = used.refresh().json
    assert used.userinfo().json == before
    assert outcome(used.introspect()) == "active"


@pytest.mark.parametrize("met", [True, False], ids=["used meanwhile", "not used meanwhile"])
def test_after_an_end_what_was_granted_is_dead_even_under_a_new_agreement_and_the_subject_is_the_same(
    join: Join,
    new_agreement: NewAgreement,
    visit: MakeVisit,
    registry: Registry,
    clock: ManualClock,
    lyon_time: LyonTime,
    log: list[EventDict],
    met: bool,
) -> None:
    """6.2, TERMINATED: grants and refresh tokens revoked; never delete the `sub` mapping."""
    join(
        new_agreement(terminated_on=dt.date(2022, 6, 30)),
        new_agreement(number="GNM-bis", starts_on=dt.date(2022, 7, 3), notified_on=dt.date(2022, 7, 2)),
    )
    used = visit("villeurbanne", before="2022-07-01 00:00:00", access_token_lifetime_in=1_000_000)
    used.tokens = used.refresh().json
    subject = used.userinfo().json["sub"]
    clock.set(lyon_time("2022-07-01 00:00:00"))
    if met:
        assert outcome(used.refresh()) == "400 invalid_grant"
    clock.set(lyon_time("2022-07-03 00:00:00"))
    log.clear()

    told = [outcome(answer) for answer in (used.userinfo(), used.introspect(), used.redeem(), used.refresh())]

    assert told == ["401 invalid_token", "inactive", "400 invalid_grant", "400 invalid_grant"]
    assert met or [event.get("detail") for event in log].count("access_ended_since") == 3
    with registry() as session:
        assert session.scalars(sa.select(AuthorizationGrant.revoked_at)).one() is not None
    code = used.citizen.code(used.site.request())
    assert payload(used.site.redeem(used.app.test_client(), code).json["id_token"])["sub"] == subject


def test_a_code_given_before_an_end_is_dead_even_when_access_is_back_within_its_life(
    join: Join, new_agreement: NewAgreement, change: Change, app: Flask, clock: ManualClock, lyon_time: LyonTime
) -> None:
    """6.2: a trial lives with its partner's file, to the second: submitted, withdrawn, submitted again."""
    join(new_agreement(notified_on=None))
    noon = lyon_time("2022-03-01 12:00:00")
    kinds = (StepKind.SUBMITTED, StepKind.WITHDRAWN, StepKind.REOPENED, StepKind.SUBMITTED)
    steps = [Step(kind=kind, at=noon + dt.timedelta(seconds=5 * place)) for place, kind in enumerate(kinds)]
    change(lambda partner: partner.agreements[0].steps.extend(steps))
    clock.set(noon)
    site = register_site(app, clock, partner="villeurbanne")
    add_account(app, clock)
    citizen = Citizen(app.test_client())
    code = citizen.code(site.request())
    clock.advance(seconds=5)
    assert outcome(citizen.get(site.request())) == "unauthorized_client"
    clock.advance(seconds=10)
    assert outcome(site.redeem(app.test_client(), code)) == "400 invalid_grant"
    assert outcome(site.redeem(app.test_client(), citizen.code(site.request()))) == "200"


def test_a_client_switched_off_and_on_again_finds_its_tokens_alive(
    visit: MakeVisit, registry: Registry, clock: ManualClock
) -> None:
    """6.2, DISABLED: an unknown client meanwhile, and nothing it holds is lost."""
    used = visit("lyon", before="2026-03-02 12:00:00")
    for on in (False, True):
        with registry() as session:
            switch(session, OPERATOR, find_client(session, used.site.client_id), on=on, at=clock.now(), reason="essai")
        assert outcome(used.userinfo()) == ("200" if on else "401 invalid_token")
        assert outcome(used.refresh()) == ("200" if on else "401 invalid_client")


def test_lyons_client_goes_on_under_the_follow_on_framework_with_the_same_subjects(
    clock: ManualClock, lyon_time: LyonTime, app: Flask
) -> None:
    """R34: neither client_id nor any sub changes from one agreement to the next, and nobody registers again."""
    clock.set(lyon_time("2018-06-01 12:00:00"))
    site = production(app, clock, "lyon")
    add_account(app, clock)
    told = []
    for day in ("2018-06-02", "2019-06-01", "2023-12-31 23:59:59", "2024-01-01 00:00:00"):
        clock.set(lyon_time(day))
        code = Citizen(app.test_client()).code(site.request())
        claims = payload(site.redeem(app.test_client(), code).json["id_token"])
        told.append((claims["sub"], claims["aud"]))
    assert len(set(told)) == 1


def test_what_was_granted_goes_on_across_the_change_of_framework(
    visit: MakeVisit, clock: ManualClock, lyon_time: LyonTime
) -> None:
    """R34: continuity for users: not one request fails at midnight."""
    used = visit("lyon", before="2024-01-01 00:00:00")
    clock.set(lyon_time("2024-01-01 00:00:00"))
    assert set(used.everything().values()) == {"code", "200", "active"}


def test_a_client_is_bound_to_one_agreement_after_the_other(app: Flask, clock: ManualClock) -> None:
    """R34; 6.2: dated links without gap or overlap."""
    site = production(app, clock, "lyon")
    with app.app_context():
        bindings = find_client(db.session(), site.client_id).bindings
        assert [each.agreement.kind for each in bindings] == [AgreementKind.EXPERIMENT, *[AgreementKind.FRAMEWORK] * 2]
        for earlier, later in itertools.pairwise(bindings):
            assert earlier.valid_to_on + dt.timedelta(days=1) == later.valid_from_on
        assert bindings[-1].valid_to_on is None


def test_an_amendment_that_comes_after_the_end_is_not_even_notified(
    join: Join, new_agreement: NewAgreement, registry: Registry, lyon_time: LyonTime
) -> None:
    """6.3, mistake 15: what is over stays over, and whoever tries is told so."""
    late = Amendment(
        number=1,
        purpose="prolonger",
        changes={"hard_end_on": "2025-12-31"},
        effective_on=dt.date(2023, 12, 1),
        transmitted_on=dt.date(2023, 12, 20),
        created_at=lyon_time("2023-11-01"),
    )
    join(new_agreement(amendments=[late]))
    with registry() as session:
        (amendment,) = find_partner(session, "villeurbanne").agreements[0].amendments
        at = lyon_time("2024-01-02 12:00:00")
        with pytest.raises(Conflict, match="ne ranime pas"):
            notify(session, OPERATOR, amendment, on=dt.date(2024, 1, 2), at=at)
        notify(session, OPERATOR, amendment, on=dt.date(2023, 12, 31), at=at)
