"""Partners and agreements made to measure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import add_account
from flask import Flask
from flows import Citizen
from onboarding import new_partner
from sqlalchemy.orm import Session
from visits import Visit, production

import glc.app
from glc.clock import PARIS, UTC, ManualClock
from glc.database import db
from partner_registry.agents import Agent
from partner_registry.billing.runs import issue_run, prepare_run, validate_run
from partner_registry.clients.registration import GLC_CLAIMS
from partner_registry.models import (
    AgentRole,
    Agreement,
    AgreementKind,
    BillingRun,
    Offer,
    Partner,
    PartnerIdentity,
    PartnerKind,
    Processing,
    Purpose,
    Role,
)
from partner_registry.partners.life import find_partner

WAIVED: dict[str, Any] = {"acceptance_within": dt.timedelta(days=90), "waiver_reason": "essai"}
"""What publishing takes where no acceptance run is looked at."""


def in_lyon(text: str) -> dt.datetime:
    """The instant at which clocks in Lyon show that."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.fixture
def lyon_time() -> Callable[[str], dt.datetime]:
    """The instant at which clocks in Lyon show that."""
    return in_lyon


@pytest.fixture
def registry(app: Flask) -> Callable[[], AbstractContextManager[Session]]:
    """Open the registry, change it, and commit on leaving."""

    @contextmanager
    def opened() -> Iterator[Session]:
        with app.app_context(), Session(db.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    return opened


@pytest.fixture
def session(registry: Callable[[], AbstractContextManager[Session]]) -> Iterator[Session]:
    """The registry, open for the whole test."""
    with registry() as opened:
        yield opened


@pytest.fixture
def new_agreement() -> Callable[..., Agreement]:
    """An agreement of the framework of 2019, unless told otherwise; not stored."""

    def make(**facts: object) -> Agreement:
        values: dict[str, object] = {
            "number": "GNM-2019-villeurbanne",
            "kind": AgreementKind.FRAMEWORK,
            "framework": "GNM 2019-2023",
            "offer": Offer.RESTRICTED,
            "notified_on": dt.date(2018, 12, 20),
            "starts_on": dt.date(2019, 1, 1),
            "hard_end_on": dt.date(2023, 12, 31),
            "renews_yearly": True,
            "notice_months": 3,
            "created_at": in_lyon("2018-09-01"),
        }
        return Agreement(**values | facts)

    return make


@pytest.fixture
def commanded(
    app: Flask, model_app: Callable[[str], Flask], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Flask:
    """The provider on whose database `glc …` works in this process, at the test's time."""
    monkeypatch.setenv("GLC_DATABASE_URL", str(app.config["SQLALCHEMY_DATABASE_URI"]))
    monkeypatch.setattr(glc.app, "SystemClock", lambda: clock)
    monkeypatch.setattr(
        glc.app, "create_app", functools.partial(glc.app.create_app, like=model_app("grandlyonconnect"))
    )
    return app


@dataclass(frozen=True)
class People:
    """Agents of the registry, each with an account of the provider: two of each kind that must be two."""

    applicant: Agent
    reviewer: Agent
    other_reviewer: Agent
    admin: Agent
    other_admin: Agent
    dpo: Agent
    auditor: Agent
    citizen: Agent


@pytest.fixture
def people(app: Flask, clock: ManualClock, registry: Callable[[], Iterator[Session]]) -> People:
    """Who works in the registry; the applicant acts for Villeurbanne once it is a partner (see `for_partner`)."""
    roles = {
        "applicant": {Role.APPLICANT},
        "reviewer": {Role.REVIEWER},
        "other_reviewer": {Role.REVIEWER},
        "admin": {Role.ADMIN},
        "other_admin": {Role.ADMIN},
        "dpo": {Role.DPO},
        "auditor": {Role.AUDITOR},
        "citizen": set(),
    }
    made = {}
    for name, held in roles.items():
        email = f"{name.replace('_', '-')}@agents.example"
        uuid = add_account(app, clock, email=email, first_name=name, last_name="Agent")
        with registry() as session:
            number = session.execute(sa.text("SELECT id FROM account WHERE uuid = :uuid"), {"uuid": uuid}).scalar_one()
            if held - {Role.APPLICANT}:
                session.add_all(AgentRole(account_id=number, role=each, granted_at=clock.now()) for each in held)
        made[name] = Agent(name=email, account_id=number, roles=frozenset(held), via="web")
    return People(**made)


@pytest.fixture
def partner(session: Session, people: People, clock: ManualClock) -> Partner:
    """Villeurbanne, with its contacts."""
    return new_partner(session, people.reviewer, clock)


def issue(session: Session, people: People, year: int, *, at: dt.datetime) -> BillingRun:
    """A year's run: one reviewer prepares it, another validates it, the first issues it."""
    run = prepare_run(session, people.reviewer, year, at=at)
    validate_run(session, people.other_reviewer, run, at=at)
    issue_run(session, people.reviewer, run, at=at)
    return run


def for_partner(agent: Agent, partner: Partner) -> Agent:
    """The same applicant, acting for a partner."""
    return dataclasses.replace(agent, partners=frozenset({partner.id}))


@pytest.fixture
def join(registry: Callable[[], Iterator[Session]]) -> Callable[..., None]:
    """Make Villeurbanne a partner, with agreements and without any other."""

    def add(*agreements: Agreement) -> None:
        claims = {rule["name"]: "pour la démarche" for rule in GLC_CLAIMS}
        with registry() as session:
            session.add(
                Partner(
                    slug="villeurbanne",
                    kind=PartnerKind.COMMUNE,
                    registered_at=in_lyon("2018-01-01"),
                    identities=[
                        PartnerIdentity(
                            valid_from_on=dt.date(2018, 1, 1),
                            name="Villeurbanne",
                            legal_name="Ville de Villeurbanne",
                            siren="216902668",
                            insee_code="69266",
                        )
                    ],
                    portal_url="https://villeurbanne.example/",
                    domains=["site.example"],
                    agreements=list(agreements),
                    processings=[
                        Processing(
                            name="Compte",
                            created_at=in_lyon("2018-01-01"),
                            validated_on=dt.date(2018, 1, 1),
                            purposes=[Purpose(text="Vous reconnaître", claims=claims)],
                        )
                    ],
                )
            )

    return add


@pytest.fixture
def change(registry: Callable[[], Iterator[Session]]) -> Callable[[Callable[[Partner], None]], None]:
    """Change something of Villeurbanne's record."""

    def apply(act: Callable[[Partner], None], slug: str = "villeurbanne") -> None:
        with registry() as session:
            act(find_partner(session, slug))

    return apply


@pytest.fixture
def visit(app: Flask, clock: ManualClock) -> Callable[..., Visit]:
    """Use a production site of a partner, ten seconds before an instant: it holds tokens, and a code to redeem."""

    def make(partner: str, before: str, **options: object) -> Visit:
        clock.set(in_lyon(before) - dt.timedelta(seconds=10))
        site = production(app, clock, partner, refresh_tokens=True, **options)
        add_account(app, clock)
        citizen = Citizen(app.test_client())
        first = citizen.authorize(site.request(), remember=True).query["code"]
        tokens = site.redeem(app.test_client(), first).json
        return Visit(app, site, citizen, tokens, citizen.code(site.request()))

    return make
