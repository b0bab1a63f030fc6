"""`glc database`, and what every folder's commands share."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import Flask

from glc.clock import Clock, SystemClock
from glc.database import MIGRATIONS, check_schema, db, newest_revision, only_read, open_engine, unreachable
from glc.settings import Settings, load_settings, shown

database_option = click.option(
    "--database", "database_url", metavar="URL", help="Database, instead of GLC_DATABASE_URL."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class NamedValue(click.ParamType[tuple[str, Any]]):
    """An option's NAME=VALUE, where a value that is not text is JSON."""

    name = "named value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        """The name and the value."""
        name, found, text = value.partition("=")
        if not (name and found):
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        try:
            return name, json.loads(text)
        except ValueError:
            return name, text


@contextmanager
def application(database_url: str | None = None, *, reads: bool = False) -> Iterator[Flask]:
    """An application in whose context a command works; refuses an unmigrated database. Commits nothing by itself.

    A command that only `reads` waits for nobody who writes.
    """
    from sqlalchemy.exc import OperationalError

    from glc.app import create_app
    from glc.logs import configure_logs

    settings = load_settings({"database_url": database_url})
    configure_logs(settings)
    prepare(settings)
    app = create_app(settings)
    with app.app_context():
        try:
            if reads:
                only_read(db.session())
            yield app
        except OperationalError as error:
            raise unreachable(db.engine, error) from error
        finally:
            db.session.remove()
            db.engine.dispose()


def prepare(settings: Settings, *, clock: Clock | None = None) -> None:
    """Check the schema and make the signing keys on first start. Raises `DatabaseError`, `SettingsError`."""
    from glc.entropy import SystemEntropy
    from idp.dialects import dialect_named
    from keys.encryption import MasterKey
    from keys.models import KeyAlgorithm
    from keys.start import ensure_keys

    engine = open_engine(settings)
    try:
        check_schema(engine)
        entropy = SystemEntropy()
        algorithms = [KeyAlgorithm(each) for each in dialect_named(settings.dialect).key_algorithms]
        master = MasterKey(settings.effective_master_key, entropy, settings.previous_master_keys.split())
        ensure_keys(engine, master, clock or SystemClock(), entropy, algorithms)
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
    from sqlalchemy.exc import DatabaseError

    engine = open_engine(settings, create=True)
    try:
        engine.connect().close()
        command.upgrade(_alembic(settings), "head")
    except DatabaseError as error:
        raise unreachable(engine, error, "migrated") from error
    finally:
        engine.dispose()


def _alembic(settings: Settings) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["settings"] = settings
    return config


@click.command("settings")
@click.option("--markdown", is_flag=True, help="Print the reference page (docs/settings.md).")
@json_option
def settings_command(markdown: bool, as_json: bool) -> None:
    """Show every setting and the value in force."""
    if markdown:
        click.echo(_reference(), nl=False)
        return
    settings = load_settings()
    found = {spec.name: shown(spec.name, getattr(settings, spec.name)) for spec in dataclasses.fields(Settings)}
    show(found, as_json, lambda value: "\n".join(f"{name} = {each!r}" for name, each in value.items()))


def _reference() -> str:
    rows = "\n".join(
        f"| `{spec.name}` | {_default(spec)} | {spec.metadata['unit']} | {spec.metadata['doc']} |"
        for spec in dataclasses.fields(Settings)
    )
    return f"""# Settings

Each can be set in the TOML file named by `GLC_SETTINGS`, under its own name, or in the environment as `GLC_` and the
name in capitals. The environment wins over the file, a command's options over both. `glc settings` shows the values in
force. Generated by `glc settings --markdown`; do not edit.

| Setting | Default | Unit | Meaning |
|---|---|---|---|
{rows}
"""


def _default(spec: dataclasses.Field[Any]) -> str:
    return f"`{spec.default}`" if spec.default != "" else "(empty)"
