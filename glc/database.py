"""The database: declarative base, column types, connections, and whether the schema is the one this code expects.

Transactions on SQLite begin IMMEDIATE, so that a reader never fails half-way on becoming a writer; what only reads
asks for `reading(engine)` and takes no lock.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from glc.clock import UTC
from glc.errors import DatabaseError, SettingsError
from glc.settings import Settings, without_secrets

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

SQLITE_WAIT_IN = 30
"""How long whoever writes to a SQLite file waits for another who does, in seconds."""


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """An aware UTC datetime on every database (SQLite keeps no time zone)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant must say its time zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Every table of the program."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 — SQLAlchemy's own way to declare it
        dt.datetime: Instant(),
        list[str]: sa.JSON(),
    }


db = SQLAlchemy(metadata=Base.metadata)


def column(comment: str, *args: Any, personal: bool = False, sealed: str = "", **options: Any) -> Mapped[Any]:
    """A column that says what it holds and whether that is personal data (the register of processing reads it).

    `sealed` is the use whose key, derived from the master key, seals its values (`{name}`: the one that the row's
    primary key, `name`, says): `glc keys reencrypt` finds them by it.
    """
    info = {"personal": personal} | ({"sealed": sealed} if sealed else {})
    return mapped_column(*args, comment=comment, info=info, **options)


def key_column() -> Mapped[int]:
    """A surrogate primary key, unknown outside the database."""
    return mapped_column(primary_key=True, comment="Internal number of the row", info={"personal": False})


def enum_type(values: type[enum.Enum]) -> sa.Enum:
    """An enumeration stored by value, as text."""
    return sa.Enum(values, native_enum=False, length=40, values_callable=lambda each: [item.value for item in each])


def init_database(app: Flask, settings: Settings, *, like: Flask | None = None) -> None:
    """Bind Flask-SQLAlchemy to the configured database; makes the folder of a SQLite file. Statements that another
    application, on such a database too, has compiled are not compiled again."""
    app.config["SQLALCHEMY_DATABASE_URI"], app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_arguments(settings)
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    _prepare(engine, durable=not settings.testkit)
    if like is not None:
        with like.app_context():
            other = db.engine
        # what is compiled is kept by dialect, an object, and SQLAlchemy has no public way to share it
        engine.dialect, engine._compiled_cache = other.dialect, other._compiled_cache


def open_engine(settings: Settings, *, create: bool = False) -> Engine:
    """An engine outside any application. Raises `DatabaseError` when there is no such SQLite file, unless it may be
    created."""
    url, options = _engine_arguments(settings)
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        try:
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            elif not path.exists():
                raise DatabaseError(f"there is no database at {path}; prepare one with: glc database upgrade")
        except OSError as error:
            raise DatabaseError(f"the database {path} cannot be reached: {error.strerror}") from error
    engine = sa.create_engine(url, **options)
    _prepare(engine)
    return engine


# SQLite's driver is told nothing: `_begin_immediate` just begins no transaction. (SQLAlchemy's AUTOCOMMIT would change
# the driver's mode and, with a statement, change it back, at each use of a connection.)
_ONLY_READS: dict[str, dict[str, Any]] = {
    "sqlite": {"only_reads": True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}


def only_read(session: Session) -> None:
    """Let a session that has done nothing yet read without taking a lock."""
    session.connection(execution_options=_ONLY_READS[session.get_bind().dialect.name])


def reading(engine: Engine) -> Connection:
    """A connection for statements that only read, each seeing what was last committed."""
    return _reader(engine).connect()


def _reader(engine: Engine) -> Engine:
    """The same engine, whose connections only read; made once and kept on it, to live no longer than it."""
    reader = engine.__dict__.get("glc_reader")
    if not isinstance(reader, Engine):
        reader = engine.__dict__["glc_reader"] = engine.execution_options(**_ONLY_READS[engine.dialect.name])
    return reader


def reading_session(engine: Engine) -> Session:
    """An ORM session for the same."""
    return Session(_reader(engine), expire_on_commit=False)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction, committed at the end, rolled back on any exception."""
    with engine.begin() as connection:
        yield connection


def _engine_arguments(settings: Settings) -> tuple[sa.URL, dict[str, Any]]:
    try:
        url = sa.make_url(settings.database_url)
    except sa.exc.ArgumentError as error:
        raise SettingsError("setting database_url (GLC_DATABASE_URL) is not a database URL") from error
    backend = url.get_backend_name()
    options: dict[str, Any] = {
        "pool_size": max(settings.threads, 5),
        "max_overflow": 20,
        "pool_use_lifo": True,  # the connection that wrote last is the one whose cached pages are still right
        "hide_parameters": True,
    }
    if backend == "sqlite":
        if url.database in {None, "", ":memory:"}:
            raise SettingsError("setting database_url (GLC_DATABASE_URL) must name a file: sqlite:///var/glc.sqlite3")
        path = Path(str(url.database)).absolute()  # Flask-SQLAlchemy would resolve it against its instance folder
        return url.set(database=str(path)), options | {"connect_args": {"timeout": SQLITE_WAIT_IN}}
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg"), options | {"pool_pre_ping": True}
    raise SettingsError(
        f"setting database_url (GLC_DATABASE_URL): {backend} is not supported; use sqlite or postgresql"
    )


def _prepare(engine: Engine, *, durable: bool = True) -> None:
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _configure_sqlite if durable else _configure_throwaway_sqlite)
        sa.event.listen(engine, "begin", _begin_immediate)


def _configure_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    _set_up(connection, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


def _configure_throwaway_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Nothing need outlive the machine: the file, already in WAL, is never synchronised."""
    _set_up(connection, "synchronous=OFF", "foreign_keys=ON")


def _set_up(connection: DBAPIConnection, *pragmas: str) -> None:
    connection.isolation_level = None  # the driver's own implicit BEGIN is deferred: see _begin_immediate
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    if "only_reads" not in connection.get_execution_options():
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def newest_revision() -> str:
    """The revision this code expects: revisions are numbered, the file names begin with the number."""
    return max(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def check_schema(engine: Engine) -> None:
    """Raise `DatabaseError`, naming the database and the remedy, unless it has exactly the expected revision."""
    name = _name(engine)
    try:
        with reading(engine) as connection:
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except sa.exc.DatabaseError as error:
        if not _has_no_such_table(error):
            raise unreachable(engine, error) from error
        found = None
    expected = newest_revision()
    if found is None:
        raise DatabaseError(f"the database {name} is empty; prepare it with: glc database upgrade")
    if found < expected:
        raise DatabaseError(
            f"the database {name} is at revision {found}, this program needs {expected}; "
            "mend it with: glc database upgrade"
        )
    if found > expected:
        raise DatabaseError(
            f"the database {name} is at revision {found}, newer than this program's {expected}: upgrade glc"
        )


def _has_no_such_table(error: sa.exc.DatabaseError) -> bool:
    return "no such table" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "42P01"


def unreachable(engine: Engine, error: sa.exc.DatabaseError, verb: str = "reached") -> DatabaseError:
    """The error that says, in one line, that a database does not answer, or does not let us."""
    return DatabaseError(f"the database {_name(engine)} cannot be {verb}: {reason_of(error)}")


def reason_of(error: sa.exc.DBAPIError) -> str:
    """The first line of what the driver says: no statement, no value."""
    return str(error.orig).strip().partition("\n")[0]


def _name(engine: Engine) -> str:
    return without_secrets(engine.url.render_as_string(hide_password=True))
