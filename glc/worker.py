"""What the provider does by itself: named jobs, each every so many seconds, one after the other in one thread.

A folder registers its jobs on the application that is made; `glc serve` runs them in each of its processes, so several
may run the same job at the same moment, on the same database. A job therefore claims the rows it works on (one
conditional UPDATE decides), commits by itself, and may be cut off anywhere when the program is killed. Whether it is
due is read off the application's clock, so a test moves that and calls `run_due`.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from flask import Flask
from sqlalchemy.exc import OperationalError
from structlog.contextvars import bound_contextvars

from glc.database import reason_of
from glc.logs import logger
from glc.services import services

LOOK_IN = 1.0
"""Seconds from one look at what is due to the next; the first look comes that long after the start too."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do regularly: `run` is called in a context of the application of its own."""

    name: str
    every_in: int
    """Seconds from the start of one run to the start of the next; a job is due at once in a new process."""
    run: Callable[[], object]


@dataclass(slots=True)
class _Table:
    jobs: dict[str, Job] = field(default_factory=dict)
    begun_at: dict[str, dt.datetime] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)


def add_job(app: Flask, name: str, every_in: int, run: Callable[[], object]) -> None:
    """Have the application do something every so many seconds. Raises `ValueError` when the name is taken."""
    jobs = _table(app).jobs
    if name in jobs:
        raise ValueError(f"two jobs are called {name!r}")
    jobs[name] = Job(name, every_in, run)


def jobs_of(app: Flask) -> tuple[Job, ...]:
    """The application's jobs, in the order in which they are run."""
    return tuple(_table(app).jobs.values())


def run_due(app: Flask, *, stopping: Callable[[], bool] = lambda: False) -> list[str]:
    """Run each job that is due, unless it is time to stop; the names of those that were begun.

    One that fails is logged (`job.failed`) and tried again when it is due next; the others run all the same.
    """
    table, begun = _table(app), []
    with table.turn:
        for job in table.jobs.values():
            if not stopping() and _is_due(app, table, job):
                begun.append(job.name)
                _run(app, job)
    return begun


class Worker:
    """The thread that runs an application's jobs."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stop = threading.Event()

    @contextmanager
    def running(self, *, stop_timeout_in: float) -> Iterator[None]:
        """Run jobs until the end of the block, then wait for the one that was begun, but not for ever.

        Without jobs there is no thread. The thread is a daemon: a job that does not end keeps no program from ending.
        """
        if not jobs_of(self._app):
            yield
            return
        thread = threading.Thread(target=self._work, name="glc-worker", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(stop_timeout_in)

    def _work(self) -> None:
        while not self._stop.wait(LOOK_IN):
            run_due(self._app, stopping=self._stop.is_set)


def _table(app: Flask) -> _Table:
    return cast(_Table, app.extensions.setdefault("glc.jobs", _Table()))


def _is_due(app: Flask, table: _Table, job: Job) -> bool:
    """Whether to run it now, which is noted. A clock that was set back makes every job due."""
    with app.app_context():
        now = services().clock.now()
    begun_at = table.begun_at.get(job.name)
    if begun_at is not None and begun_at <= now < begun_at + dt.timedelta(seconds=job.every_in):
        return False
    table.begun_at[job.name] = now
    return True


def _run(app: Flask, job: Job) -> None:
    with bound_contextvars(job=job.name):
        try:
            with app.app_context():
                job.run()
        except OperationalError as error:
            logger().error("database.unavailable", detail=reason_of(error))
        except Exception as error:
            logger().error("job.failed", exc_info=error)
