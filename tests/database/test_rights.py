"""What an operator is told whose PostgreSQL role may do too little."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from machine import TemporaryPostgres

from glc.commands import migrate, prepare
from glc.errors import DatabaseError
from glc.settings import Settings

PREPARED = "prepared"


@pytest.fixture
def weak(postgres: TemporaryPostgres) -> TemporaryPostgres:
    """A server with a role that may log in, and nothing else."""
    with postgres.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS weak")
        connection.execute("CREATE ROLE weak LOGIN")
    return postgres


def settings_of(server: TemporaryPostgres, database: str) -> Settings:
    """How that role reaches a database."""
    url = sa.make_url(server.url(database)).set(username="weak")
    return Settings(database_url=url.render_as_string(hide_password=False))


def test_who_may_not_create_tables_is_told_so_in_one_line(weak: TemporaryPostgres) -> None:
    """`glc database upgrade`: no traceback, no statement, no connection left open."""
    weak.create_database("closed")
    with pytest.raises(DatabaseError) as refused:
        migrate(settings_of(weak, "closed"))
    assert refused.value.message.endswith("cannot be migrated: permission denied for schema public")
    with weak.connect() as connection:
        for _ in range(200):  # the server itself takes a moment to let go of one that was closed
            [left] = connection.execute("SELECT count(*), pg_sleep(0.05) FROM pg_stat_activity WHERE usename = 'weak'")
            if left[0] == 0:
                break
    assert left[0] == 0


def test_a_database_that_may_not_be_read_is_not_called_empty(weak: TemporaryPostgres) -> None:
    """`glc serve`: preparing it again would be the wrong remedy."""
    with pytest.raises(DatabaseError) as refused:
        prepare(settings_of(weak, PREPARED))
    assert refused.value.message.endswith("cannot be reached: permission denied for table alembic_version")
