"""Tables, what they say of themselves, and the migrations that make them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy.engine import Engine

from glc.commands import migrate, prepare
from glc.database import MIGRATIONS, Base, newest_revision, open_engine
from glc.errors import DatabaseError
from glc.settings import Settings


def test_every_column_says_what_it_holds_and_whether_that_is_personal(app: Flask) -> None:
    """House, section 4: the register of processing is made from it. Join tables hold keys alone."""
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    assert [str(column) for column in columns if not column.comment] == []
    unsaid = [str(column) for column in columns if "personal" not in column.info]
    joins = ("client_processing.", "processing_controller.", "incident_client.")
    assert [name for name in unsaid if not name.startswith(joins)] == []


@pytest.mark.parametrize(
    "name", ["account.email", "account.birthdate", "outbox_mail.text", "consent_receipt.account_id"]
)
def test_what_tells_of_a_person_is_marked_personal(app: Flask, name: str) -> None:
    """GDPR, article 4(1)."""
    table, column = name.split(".")
    assert Base.metadata.tables[table].columns[column].info["personal"]


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    """A model changed without its migration would fail on the first real database."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_revision_the_program_expects_is_the_last_migration() -> None:
    """`newest_revision` reads file names, so that starting needs no Alembic."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()


def test_an_unmigrated_database_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    """Issue, « Ground »."""
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with pytest.raises(DatabaseError, match="glc database upgrade"):
        prepare(settings)
    migrate(settings)
    prepare(settings)


@pytest.mark.parametrize(("revision", "remedy"), [("0000", "glc database upgrade"), ("9999", "upgrade glc")])
def test_an_older_and_a_newer_database_are_told_apart(tmp_path: Path, revision: str, remedy: str) -> None:
    """Neither an old program on a new database nor the reverse starts to write."""
    path = tmp_path / "glc.sqlite3"
    settings = Settings(database_url=f"sqlite:///{path}")
    migrate(settings)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()
    with pytest.raises(DatabaseError, match=remedy):
        prepare(settings)


def test_sqlite_checks_foreign_keys_and_lets_readers_read_while_somebody_writes(engine: Engine) -> None:
    """Issue, « Ground »: WAL, foreign keys on."""
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        with pytest.raises(sa.exc.IntegrityError):
            connection.exec_driver_sql("INSERT INTO client_secret (client_id, sealed, valid_from) VALUES (0, '', '')")


def test_a_database_of_another_kind_is_refused_by_name() -> None:
    """Settings say which databases there are."""
    with pytest.raises(Exception, match="mysql is not supported"):
        open_engine(Settings(database_url="mysql://localhost/glc"))
    with pytest.raises(Exception, match="must name a file"):
        open_engine(Settings(database_url="sqlite://"))
