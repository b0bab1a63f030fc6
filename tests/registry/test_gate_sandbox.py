"""Trials: from the day a partner submits its file, with test identities only (registry reference, 6.2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from accounts.mailbox import Mailbox
from bs4 import BeautifulSoup
from click.testing import CliRunner
from conftest import add_account, register_site
from flask import Flask
from flows import PASSWORD, Arrival, Citizen
from sqlalchemy.engine import Engine
from structlog.types import EventDict
from visits import outcome, production

from glc.cli import glc
from glc.clock import ManualClock
from idp.models import Account
from partner_registry.models import Agreement, Environment, Partner, Step, StepKind, Suspension

Change = Callable[..., None]
Join = Callable[..., None]
LyonTime = Callable[[str], dt.datetime]
NewAgreement = Callable[..., Agreement]

AT = "2022-03-01 12:00:00"
S = StepKind


# ── From which day ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("steps", "facts", "answer"),
    [
        ((), {}, "unauthorized_client"),
        ((S.SUBMITTED,), {}, "code"),
        ((S.SUBMITTED, S.CHANGES_REQUESTED), {}, "code"),
        ((S.SUBMITTED, S.REFUSED), {}, "unauthorized_client"),
        ((S.SUBMITTED, S.WITHDRAWN), {}, "unauthorized_client"),
        ((S.SUBMITTED, S.APPROVED), {}, "code"),
        ((S.SUBMITTED, S.APPROVED, S.REOPENED), {}, "code"),
        ((S.SUBMITTED, S.APPROVED, S.REOPENED, S.WITHDRAWN), {}, "unauthorized_client"),
        ((S.WITHDRAWN, S.REOPENED), {}, "unauthorized_client"),
        ((S.SUBMITTED, S.APPROVED), {"signed_on": dt.date(2022, 2, 1)}, "code"),
        ((S.SUBMITTED, S.APPROVED), {"transmitted_on": dt.date(2022, 2, 1)}, "code"),
        ((), {"notified_on": dt.date(2022, 2, 1), "starts_on": dt.date(2022, 6, 1)}, "code"),
        ((), {"notified_on": dt.date(2022, 2, 1)}, "code"),
        ((), {"notified_on": dt.date(2022, 2, 1), "renewal_refused_on": dt.date(2022, 2, 2)}, "code"),
        ((), {"notified_on": dt.date(2022, 2, 1), "terminated_on": dt.date(2022, 2, 28)}, "unauthorized_client"),
        ((), {"notified_on": dt.date(2022, 2, 1), "hard_end_on": dt.date(2022, 2, 28)}, "unauthorized_client"),
    ],
)
def test_a_trial_is_open_from_a_submitted_file_on_and_until_it_is_over(
    join: Join,
    new_agreement: NewAgreement,
    app: Flask,
    clock: ManualClock,
    lyon_time: LyonTime,
    steps: tuple[StepKind, ...],
    facts: dict[str, object],
    answer: str,
) -> None:
    """6.2: « partner SUBMITTED or later »."""
    taken = [Step(kind=kind, at=lyon_time("2022-01-10 12:00:00")) for kind in steps]
    join(new_agreement(**{"notified_on": None, "steps": taken, **facts}))
    clock.set(lyon_time(AT))
    site = register_site(app, clock, partner="villeurbanne")
    add_account(app, clock)
    citizen = Citizen(app.test_client())
    citizen.log_in(citizen.get("/login/"))
    step = citizen.get(site.request())
    assert outcome(citizen.authorize(site.request()) if "a2-oidc-authorization-form" in step.text else step) == answer


def test_a_suspension_pauses_trials_too_and_a_new_file_opens_them_again(
    join: Join, new_agreement: NewAgreement, change: Change, app: Flask, clock: ManualClock, lyon_time: LyonTime
) -> None:
    """6.2: SUSPENDED; a partner that prepares its next agreement tries things out meanwhile."""
    join(new_agreement())
    clock.set(lyon_time(AT))
    site = register_site(app, clock, partner="villeurbanne")

    def suspend(partner: Partner) -> None:
        partner.agreements[0].suspensions.append(Suspension(starts_at=clock.now(), reason="incident"))

    def end_and_submit(partner: Partner) -> None:
        partner.agreements[0].terminated_on = dt.date(2022, 2, 28)
        following = new_agreement(number="GNM-bis", notified_on=None)
        following.steps.append(Step(kind=S.SUBMITTED, at=clock.now()))
        partner.agreements.append(following)

    assert "/login/" in Citizen(app.test_client()).get(site.request()).request.path
    change(suspend)
    assert outcome(Citizen(app.test_client()).get(site.request())) == "unauthorized_client"
    change(end_and_submit)
    assert "/login/" in Citizen(app.test_client()).get(site.request()).request.path


# ── For whom ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_trial_refuses_real_identities_straight_back_to_the_site(
    app: Flask, clock: ManualClock, log: list[EventDict]
) -> None:
    """6.2: « test identities only », before anything of the person is shown or asked."""
    site = register_site(app, clock)
    add_account(app, clock, test_identity=False, first_name="")
    citizen = Citizen(app.test_client())
    arrival = citizen.log_in(citizen.get(site.request()))
    assert isinstance(arrival, Arrival)
    assert arrival.query == {
        "error": "access_denied",
        "error_description": "Only test identities may use a sandbox client",
        "state": "un-état",
    }
    assert log[-1]["detail"] == "real_identity_in_sandbox"


@pytest.mark.parametrize("test_identity", [True, False])
def test_production_accepts_both_kinds(app: Flask, clock: ManualClock, test_identity: bool) -> None:
    """Every identity of the simulator is invented: a test one may go wherever a tester goes."""
    site = production(app, clock, "lyon")
    add_account(app, clock, test_identity=test_identity)
    assert Citizen(app.test_client()).code(site.request())


@pytest.mark.parametrize(
    ("options", "kept"), [((), True), (("--test",), True), (("--real",), False)], ids=["by default", "--test", "--real"]
)
def test_an_operator_makes_either_kind(app: Flask, engine: Engine, options: tuple[str, ...], kept: bool) -> None:
    """`glc account create`."""
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    asked = ["account", "create", "--email", "zoe@citoyen.example", "--password", PASSWORD, "--database", url]
    made = CliRunner().invoke(glc, [*asked, *options], catch_exceptions=False)
    assert f"test_identity: {kept}" in made.output
    assert _test_identities(engine) == [kept]


@pytest.mark.parametrize(
    ("environment", "kept"),
    [(None, True), (Environment.SANDBOX, True), (Environment.PRODUCTION, False)],
    ids=["from nowhere", "from a trial", "from production"],
)
def test_whoever_registers_on_the_way_to_a_production_site_is_a_real_identity(
    app: Flask, clock: ManualClock, engine: Engine, environment: Environment | None, kept: bool
) -> None:
    """Decided where it begins: the mailed link may be opened in another browser, or after the request is forgotten."""
    here = Citizen(app.test_client())
    way_in = "/register/"
    if environment is not None:
        site = production(app, clock, "lyon") if environment is Environment.PRODUCTION else register_site(app, clock)
        login = here.get(site.request())
        way_in = BeautifulSoup(login.text, "html.parser").find("a", string=re.compile("Créer un compte"))["href"]
    here.submit(here.get(way_in), email="zoe@citoyen.example")

    elsewhere = Citizen(app.test_client())
    form = elsewhere.get(Mailbox(engine).link("zoe@citoyen.example"))
    elsewhere.submit(form, first_name="Zoé", last_name="Dubinôre", password1=PASSWORD, password2=PASSWORD)

    assert _test_identities(engine) == [kept]


def _test_identities(engine: Engine) -> list[bool]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(Account.test_identity)))
