"""Several processes that start on a new database at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import sqlalchemy as sa
from conftest import NOON

from glc.clock import ManualClock
from glc.commands import migrate
from glc.database import open_engine, reading_session
from glc.entropy import SystemEntropy
from glc.settings import Settings
from keys.encryption import MasterKey
from keys.models import SigningKey, StoredSecret
from keys.ring import ensure_keys


def test_simultaneous_first_starts_make_one_set_of_keys(tmp_path: Path) -> None:
    """Nobody fails, and all of them find the same keys and the same salt."""
    settings = Settings(database_url=f"sqlite:///{tmp_path}/glc.sqlite3")
    migrate(settings)
    together = Barrier(4)

    def start(_number: int) -> list[str]:
        engine = open_engine(settings)
        entropy = SystemEntropy()
        together.wait()
        try:
            return ensure_keys(engine, MasterKey(settings.effective_master_key, entropy), ManualClock(NOON), entropy)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as processes:
        made = [kids for kids in processes.map(start, range(4)) if kids]
    assert len(made) == 1
    engine = open_engine(settings)
    with reading_session(engine) as session:
        assert sorted(session.scalars(sa.select(SigningKey.kid))) == sorted(made[0])
        assert len(session.scalars(sa.select(StoredSecret)).all()) == 1
    engine.dispose()
