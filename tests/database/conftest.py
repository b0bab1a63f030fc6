"""The same provider on both databases it is made for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from conftest import CHEAP, NOON
from flask import Flask
from machine import TemporaryPostgres, temporary_postgres
from needs import needs

from glc.app import create_app
from glc.clock import ManualClock
from glc.commands import migrate, prepare
from glc.database import db
from glc.settings import Settings
from partner_registry.seed import seed

PREPARED = "prepared"


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    """A PostgreSQL server that only this run knows, with a migrated and seeded database to copy."""
    with temporary_postgres(needs("postgresql")) as server:
        settings = Settings(database_url=server.create_database(PREPARED), **CHEAP)
        migrate(settings)
        prepare(settings, clock=ManualClock(NOON))
        app = create_app(settings, clock=ManualClock(NOON))
        with app.app_context():
            seed(db.session, NOON.date())
            db.session.commit()
            db.session.remove()
            db.engine.dispose()
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, make_app: Callable[..., Flask]) -> Flask:
    """The test's provider, once on each database."""
    if request.param == "sqlite":
        return make_app()
    server: TemporaryPostgres = request.getfixturevalue("postgres")
    return make_app(database_url=server.create_database("test", template=PREPARED))
