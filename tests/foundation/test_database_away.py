"""What a visitor and the operator are told while the database does not answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from glc.database import db


@pytest.fixture
def kept_out(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A browser of a provider whose database somebody else keeps locked."""
    monkeypatch.setattr("glc.database.SQLITE_WAIT_IN", 0.01)
    app = make_app()
    with app.app_context():
        path = db.engine.url.database
        db.engine.dispose()
    with closing(sqlite3.connect(str(path), isolation_level=None)) as writer:
        writer.execute("PRAGMA locking_mode=EXCLUSIVE")
        writer.execute("BEGIN EXCLUSIVE")
        yield app.test_client()


def test_the_log_says_why_and_the_page_says_to_try_again(kept_out: FlaskClient) -> None:
    """The driver's first line, and no traceback."""
    with capture_logs() as events:
        answer = kept_out.get("/accounts/activate/unknown/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert [(each["event"], each["detail"]) for each in events] == [("database.unavailable", "database is locked")]


def test_a_program_is_told_the_same_as_a_problem(kept_out: FlaskClient) -> None:
    """RFC 9457; the log does not call an outage a refusal."""
    with capture_logs() as events:
        answer = kept_out.get("/registry/api/v1/partners", headers={"Authorization": "Bearer glcr_unknown"})
    assert (answer.status_code, answer.json["type"]) == (503, "/registry/api/v1/problems/unavailable")
    assert [(each["event"], each["detail"]) for each in events] == [("database.unavailable", "database is locked")]
