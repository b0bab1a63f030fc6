"""`glc database`, and what every folder's commands share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import Flask

from glc.database import MIGRATIONS, check_schema, db, newest_revision, open_engine
from glc.settings import Settings, load_settings

database_option = click.option(
    "--database", "database_url", metavar="URL", help="Database, instead of GLC_DATABASE_URL."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def application(database_url: str | None = None) -> Iterator[Flask]:
    """An application in whose context a command works; refuses an unmigrated database. Commits nothing by itself."""
    from glc.app import create_app
    from glc.logs import configure_logs

    settings = load_settings({"database_url": database_url})
    configure_logs(settings)
    prepare(settings)
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.rollback()


def prepare(settings: Settings) -> None:
    """Check the schema and make the signing keys on first start. Raises `DatabaseError`, `SettingsError`."""
    from glc.clock import SystemClock
    from glc.entropy import SystemEntropy
    from keys.encryption import MasterKey
    from keys.ring import ensure_keys

    engine = open_engine(settings)
    try:
        check_schema(engine)
        entropy = SystemEntropy()
        ensure_keys(engine, MasterKey(settings.effective_master_key, entropy), SystemClock(), entropy)
    finally:
        engine.dispose()


def show(value: Any, as_json: bool, text: Callable[[Any], str]) -> None:
    """Print a result for a script or for a person."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2) if as_json else text(value))


@click.group()
def database() -> None:
    """Prepare and migrate the database."""


@database.command()
@database_option
@json_option
def upgrade(database_url: str | None, as_json: bool) -> None:
    """Bring the database to the schema this program needs."""
    settings = load_settings({"database_url": database_url})
    migrate(settings)
    result = {"revision": newest_revision()}
    show(result, as_json, lambda value: f"The database is at revision {value['revision']}.")


@database.command(hidden=True)
@click.option("-m", "message", required=True, help="What changes.")
def revision(message: str) -> None:
    """Write a new migration from the difference between the models and the database."""
    from alembic import command

    number = f"{int(newest_revision()) + 1:04d}" if any((MIGRATIONS / "versions").glob("[0-9]*.py")) else "0001"
    command.revision(_alembic(load_settings()), message, autogenerate=True, rev_id=number)


def migrate(settings: Settings) -> None:
    """Run every migration the database lacks."""
    from alembic import command

    command.upgrade(_alembic(settings), "head")


def _alembic(settings: Settings) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["settings"] = settings
    return config
