"""What the provider does by itself: when it is due, whatever fails, until it is told to stop."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from glc import worker
from glc.clock import ManualClock
from glc.database import db
from glc.mail import OutboxMail
from glc.worker import Worker, add_job, run_due


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """A provider without jobs of its own."""
    made = make_app()
    worker._table(made).jobs.clear()
    return made


def test_a_job_is_due_at_once_and_then_every_so_many_seconds(app: Flask, clock: ManualClock) -> None:
    """Counted from when it last began, in the order of registration."""
    add_job(app, "often", 10, list)
    add_job(app, "seldom", 60, list)
    assert run_due(app) == ["often", "seldom"]
    assert run_due(app) == []
    clock.advance(seconds=10)
    assert run_due(app) == ["often"]
    clock.advance(seconds=50)
    assert run_due(app) == ["often", "seldom"]


def test_a_clock_that_was_set_back_makes_jobs_due(app: Flask, clock: ManualClock) -> None:
    """Otherwise they would rest until it shows the old time again."""
    add_job(app, "often", 10, list)
    run_due(app)
    clock.set(clock.now() - dt.timedelta(days=1))
    assert run_due(app) == ["often"]


def test_a_job_that_fails_is_logged_and_keeps_none_from_running(app: Flask, clock: ManualClock) -> None:
    """It is tried again when it is due next, and not before."""
    ran = []
    add_job(app, "breaks", 10, lambda: 1 / 0)
    add_job(app, "works", 10, lambda: ran.append(1))
    with capture_logs() as events:
        assert run_due(app) == ["breaks", "works"]
        assert run_due(app) == []
    assert ran == [1]
    [event] = events
    assert (event["event"], event["log_level"]) == ("job.failed", "error")
    assert isinstance(event["exc_info"], ZeroDivisionError)
    clock.advance(seconds=10)
    assert run_due(app) == ["breaks", "works"]


def test_a_database_that_is_away_is_one_line_a_job(app: Flask) -> None:
    """Jobs are due each second or so: their tracebacks would bury the log of an outage."""

    def away() -> None:
        raise OperationalError("SELECT 1", {}, OSError("connection refused\nIs the server running?"))

    add_job(app, "reads", 10, away)
    with capture_logs() as events:
        run_due(app)
    assert events == [{"event": "database.unavailable", "log_level": "error", "detail": "connection refused"}]


def test_a_job_has_a_session_of_its_own_and_what_it_does_not_commit_is_undone(app: Flask, clock: ManualClock) -> None:
    """Whoever asks for the run may be in the middle of something."""

    def keep_a_mail(recipient: str) -> None:
        db.session.add(OutboxMail(recipient=recipient, subject="", text="", kept_at=clock.now()))
        db.session.flush()

    def commits() -> None:
        keep_a_mail("committed@x.example")
        db.session.commit()

    def breaks() -> None:
        keep_a_mail("broken@x.example")
        raise RuntimeError

    add_job(app, "forgets", 10, lambda: keep_a_mail("forgotten@x.example"))
    add_job(app, "breaks", 10, breaks)
    add_job(app, "commits", 10, commits)
    with app.app_context(), capture_logs():
        outer = db.session()
        run_due(app)
        assert db.session() is outer
        assert db.session.scalars(sa.select(OutboxMail.recipient)).all() == ["committed@x.example"]


def test_two_jobs_of_one_name_are_a_mistake(app: Flask) -> None:
    """The log names jobs by it."""
    add_job(app, "often", 10, list)
    with pytest.raises(ValueError, match="often"):
        add_job(app, "often", 10, list)


def test_the_thread_runs_what_is_due_until_the_block_ends(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`glc serve` serves within the block."""
    monkeypatch.setattr(worker, "LOOK_IN", 0.001)
    ran = threading.Semaphore(0)

    def move_on() -> None:
        assert current_app.name == "glc"
        clock.advance(seconds=10)
        ran.release()

    add_job(app, "often", 10, move_on)
    with Worker(app).running(stop_timeout_in=10):
        assert [ran.acquire(timeout=60) for _ in range(3)] == [True] * 3
        assert "glc-worker" in {thread.name for thread in threading.enumerate()}
    assert "glc-worker" not in {thread.name for thread in threading.enumerate()}


def test_stopping_waits_for_the_job_that_was_begun_and_begins_no_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOOK_IN", 0.001)
    begun, ran = threading.Event(), []
    stopping = Worker(app)

    def slow() -> None:
        begun.set()
        stopping._stop.wait(10)
        ran.append("slow")

    add_job(app, "slow", 10, slow)
    add_job(app, "next", 10, lambda: ran.append("next"))
    with stopping.running(stop_timeout_in=10):
        assert begun.wait(60)
    assert ran == ["slow"]


def test_a_job_that_does_not_end_keeps_nobody_from_stopping(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread is a daemon."""
    monkeypatch.setattr(worker, "LOOK_IN", 0.001)
    begun, never = threading.Event(), threading.Event()
    add_job(app, "endless", 10, lambda: (begun.set(), never.wait(10)))
    with Worker(app).running(stop_timeout_in=0.01):
        assert begun.wait(60)
        [thread] = [each for each in threading.enumerate() if each.name == "glc-worker"]
    assert thread.daemon
    assert thread.is_alive()
    never.set()
    thread.join(10)


def test_without_jobs_there_is_no_thread() -> None:
    bare = Flask("bare")
    with Worker(bare).running(stop_timeout_in=10):
        assert "glc-worker" not in {thread.name for thread in threading.enumerate()}
