"""Prepared providers: a migrated database with keys, with or without the registry's record and the ready-made people,
and for each dialect an application whose addresses and templates spaces take over."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask

from glc.clock import UTC, Clock, ManualClock, paris_date
from glc.database import db
from glc.fetch import Fetcher, fetcher_for
from glc.settings import Settings

BEGINNING = dt.datetime(2017, 1, 1, tzinfo=UTC)
"""Since when the prepared keys and people are: a space's clock may go back to before the experiment of 2017."""
CHEAP: dict[str, Any] = {"argon2_memory": 8, "argon2_passes": 1, "mail_free_sends": 2**31 - 1}
"""Hashing that costs nothing, and as many mails as one likes: nobody here has anything to protect."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What makes providers: handed in, for only `glc` sees every folder."""

    create_app: Callable[..., Flask]
    migrate: Callable[[Settings], None]
    prepare: Callable[..., None]


class Prepared:
    """Made once a process, on first use; `folder` is where it keeps its files."""

    def __init__(self, folder: Path, settings: Settings, clock: Clock, workshop: Workshop) -> None:
        self.folder, self._settings, self.clock, self.workshop = folder, settings, clock, workshop
        self._models: dict[str, Flask] = {}
        self._turn = threading.RLock()
        self._opened: dict[Path, sqlite3.Connection] = {}
        self._copying = threading.Lock()

    def database(self, *, seeded: bool) -> Path:
        """A database file to copy. Nobody opens the file itself."""
        path = self.folder / ("seeded.sqlite3" if seeded else "empty.sqlite3")
        with self._turn:
            if not path.exists():
                (self._seed if seeded else self._migrate)(path)
        return path

    @contextmanager
    def opened(self, path: Path) -> Iterator[sqlite3.Connection]:
        """A database to copy from. Those prepared here stay open, for one copy at a time: opening one takes longer than
        half a copy."""
        if path.parent != self.folder:
            with closing(sqlite3.connect(path)) as source:
                yield source
            return
        with self._copying:
            if path not in self._opened:
                self._opened[path] = sqlite3.connect(path, check_same_thread=False)
            yield self._opened[path]

    def close(self) -> None:
        """Close what stayed open."""
        with self._copying:
            while self._opened:
                self._opened.popitem()[1].close()

    def model(self, dialect: str) -> Flask:
        """An application of a dialect, which serves nobody. Raises `SettingsError` when there is no such dialect."""
        with self._turn:
            if dialect not in self._models:
                path = self.folder / f"model-{dialect}.sqlite3"
                shutil.copyfile(self.database(seeded=False), path)
                app = self.workshop.create_app(self._at(path, dialect))
                with app.app_context(), db.engine.connect():  # what is learnt at the first connection is shared too
                    pass
                self._models[dialect] = app
            return self._models[dialect]

    @cached_property
    def fetcher(self) -> Fetcher:
        """What calls sites for every space: reading which authorities the machine trusts takes long."""
        return fetcher_for(self._settings)

    def _at(self, path: Path, dialect: str) -> Settings:
        return dataclasses.replace(self._settings, database_url=f"sqlite:///{path}", dialect=dialect, **CHEAP)

    def _migrate(self, path: Path) -> None:
        draft = path.with_suffix(".draft")
        settings = self._at(draft, "grandlyonconnect")
        self.workshop.migrate(settings)
        for dialect in ("grandlyonconnect", "standard"):  # between them they have every algorithm
            self.workshop.prepare(dataclasses.replace(settings, dialect=dialect), clock=ManualClock(BEGINNING))
        _make_small(draft)
        draft.rename(path)

    def _seed(self, path: Path) -> None:
        from partner_registry.seed import seed
        from testkit.personas import add_persona, personas

        draft = path.with_suffix(".draft")
        shutil.copyfile(self.database(seeded=False), draft)
        app = self.workshop.create_app(
            self._at(draft, "grandlyonconnect"), clock=ManualClock(BEGINNING), like=self.model("grandlyonconnect")
        )
        with app.app_context():
            seed(db.session(), paris_date(self.clock.now()))
            for persona in (each for each in personas().values() if not each.locked):
                add_persona(db.session(), persona, BEGINNING)
            db.session.commit()
            db.session.remove()
            db.engine.dispose()
        _make_small(draft)
        draft.rename(path)


def _make_small(path: Path) -> None:
    """Fold the log into the file, and make the pages small: most tables are nearly empty, and each copy counts."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in (
            "PRAGMA wal_checkpoint(TRUNCATE)",
            "PRAGMA journal_mode=DELETE",
            "PRAGMA page_size=1024",
            "VACUUM",
            "PRAGMA journal_mode=WAL",
        ):
            connection.execute(statement)
