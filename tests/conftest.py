"""Fixtures: every test has a provider of its own, cloned from a prepared database, and a clock that it moves."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from flask import Flask
from flows import PASSWORD, Citizen, Site
from sqlalchemy.engine import Engine

from glc.app import create_app
from glc.clock import UTC, ManualClock
from glc.commands import migrate, prepare
from glc.database import db
from glc.entropy import SystemEntropy
from glc.settings import Settings
from idp.accounts.rules import create_account
from partner_registry.agents import OPERATOR
from partner_registry.clients.life import register_client
from partner_registry.clients.registration import ClientRegistration
from partner_registry.clients.versions import publish_at_once
from partner_registry.models import Environment
from partner_registry.seed import seed

pytest_plugins = ["needs"]

hypothesis.settings.register_profile("glc", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("glc")  # a busy machine is slow, and that proves nothing

NOON = dt.datetime(2026, 3, 2, 11, tzinfo=UTC)
"""A Monday, noon in Lyon."""

CHEAP = {"argon2_memory": 8, "argon2_passes": 1}
"""Password hashing for tests: the real cost has a test of its own."""


@pytest.fixture(scope="session")
def prepared_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, seeded SQLite database with its keys, made once a run and copied for each test."""
    path = tmp_path_factory.mktemp("prepared") / "glc.sqlite3"
    settings = Settings(database_url=f"sqlite:///{path}", **CHEAP)
    migrate(settings)
    clock = ManualClock(NOON)
    prepare(settings, clock=clock)
    prepare(dataclasses.replace(settings, dialect="standard"), clock=clock)
    app = create_app(settings, clock=clock)
    with app.app_context():
        seed(db.session, NOON.date())
        db.session.commit()
        db.engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def clock() -> ManualClock:
    """The test's time: Monday 2 March 2026, noon in Lyon, until moved."""
    return ManualClock(NOON)


@pytest.fixture(scope="session")
def model_app(prepared_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Flask]:
    """A provider of a dialect that serves nobody: a test's own takes over its addresses and templates, as spaces do."""

    @functools.cache
    def make(dialect: str) -> Flask:
        path = tmp_path_factory.mktemp("model") / "glc.sqlite3"
        shutil.copy(prepared_database, path)
        app = create_app(Settings(database_url=f"sqlite:///{path}", dialect=dialect, **CHEAP), clock=ManualClock(NOON))
        with app.app_context(), db.engine.connect():  # what is learnt at the first connection is shared too
            return app

    return make


@pytest.fixture
def make_app(
    prepared_database: Path, model_app: Callable[[str], Flask], tmp_path: Path, clock: ManualClock
) -> Iterator[Callable[..., Flask]]:
    """Make a provider with its own copy of the prepared database; keyword arguments are settings.

    It shares its addresses and hooks with others, and takes no more of them, unless `alone`: for a test that adds some,
    and for the settings that do (`log_level`, `trusted_proxies`).
    """
    made: list[Flask] = []

    def make(*, alone: bool = False, **changes: object) -> Flask:
        path = tmp_path / f"glc-{len(made)}.sqlite3"
        shutil.copy(prepared_database, path)
        settings = Settings(**{"database_url": f"sqlite:///{path}", **CHEAP, **changes})
        shares = not alone and settings.database_url.startswith("sqlite:")
        app = create_app(settings, clock=clock, like=model_app(settings.dialect) if shares else None)
        app._got_first_request = shares  # from then on Flask refuses another address or hook: it would be everybody's
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(autouse=True)
def usual_logs() -> None:
    """Logs go where structlog sends them by itself, whatever a command of an earlier test made of them."""
    structlog.reset_defaults()


@pytest.fixture
def log() -> Iterator[list[structlog.types.EventDict]]:
    """What is logged during the test; it may be cleared."""
    with structlog.testing.capture_logs() as events:
        yield events


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The test's provider, in the default dialect."""
    return make_app()


@pytest.fixture
def engine(app: Flask) -> Engine:
    """The test's database."""
    with app.app_context():
        return db.engine


@pytest.fixture
def register(app: Flask, clock: ManualClock) -> Callable[..., Site]:
    """Register a site of Lyon; keyword arguments are those of `ClientRegistration`."""
    return functools.partial(register_site, app, clock)


def register_site(
    app: Flask,
    clock: ManualClock,
    *,
    partner: str = "lyon",
    environment: Environment = Environment.SANDBOX,
    **options: object,
) -> Site:
    """Register a site with the given provider, in its sandbox unless told otherwise; it works at once."""
    values: dict[str, object] = {"name": "Mon site", "redirect_uris": ("https://site.example/callback",), **options}
    with app.app_context():
        client, secret = register_client(
            db.session(),
            OPERATOR,
            partner,
            ClientRegistration(**values),
            at=clock.now(),
            entropy=SystemEntropy(),
            seal=app.extensions["idp"].ring.secrets.seal,
            environment=environment,
        )
        if environment is Environment.PRODUCTION:
            publish_at_once(db.session(), OPERATOR, client.latest, at=clock.now())
        db.session.commit()
        return Site(client.client_id, secret, client.latest.redirect_uris[0], " ".join(client.latest.scopes))


@pytest.fixture
def site(register: Callable[..., Site]) -> Site:
    """A site of Lyon with every default: HS256, pairwise subjects, consent asked."""
    return register()


@pytest.fixture
def make_account(app: Flask, clock: ManualClock) -> Callable[..., str]:
    """Make an account; return its uuid."""
    return functools.partial(add_account, app, clock)


def add_account(app: Flask, clock: ManualClock, **values: object) -> str:
    """Make an account with the given provider: Camille, unless told otherwise."""
    camille = {
        "email": "camille.dupre@citoyen.example",
        "password": PASSWORD,
        "first_name": "Camille",
        "last_name": "Dupré",
        "gender": "female",
        "birthdate": "1987-06-05",
        "birth_place": "69123",
    }
    with app.app_context():
        made = create_account(db.session(), at=clock.now(), **{**camille, **values})
        db.session.commit()
        return made.uuid


@pytest.fixture
def citizen(app: Flask, make_account: Callable[..., str]) -> Citizen:
    """Camille, who has an account, in front of a fresh browser."""
    make_account()
    return Citizen(app.test_client())
