"""Several processes that start at once on a new database."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa

from glc.clock import SystemClock
from glc.commands import migrate
from glc.database import open_engine
from glc.entropy import SystemEntropy
from glc.settings import Settings
from keys.encryption import MasterKey
from keys.models import USUAL, SigningKey, StoredSecret
from keys.ring import KeyRing
from keys.start import ensure_keys

AT_ONCE = 4


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_all_end_with_the_same_keys(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Issue, « Keys »: made on first start; there may be several workers, or several containers."""
    if backend == "sqlite":
        url = f"sqlite:///{tmp_path}/new.sqlite3"
    else:
        url = request.getfixturevalue("postgres").create_database("new")
    settings = Settings(database_url=url)
    migrate(settings)
    master = MasterKey(settings.effective_master_key, SystemEntropy())
    ready = Barrier(AT_ONCE)

    def start(_number: int) -> tuple[list[str], bytes, str]:
        engine = open_engine(settings)
        ready.wait()
        made = ensure_keys(engine, master, SystemClock(), SystemEntropy())
        ring = KeyRing(master, SystemClock())
        ring.load(engine)
        engine.dispose()
        return made, ring.jwks, ring.pairwise_subject("site.example", "0" * 32)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = list(pool.map(start, range(AT_ONCE)))

    engine = open_engine(settings)
    with engine.connect() as connection:
        kept = Counter(connection.scalars(sa.select(SigningKey.algorithm)))
        assert connection.scalar(sa.select(sa.func.count()).select_from(StoredSecret)) == 3
    engine.dispose()
    assert kept == Counter(USUAL)
    assert sorted(len(made) for made, _, _ in started) == [0, 0, 0, len(USUAL)]
    assert len({(jwks, subject) for _, jwks, subject in started}) == 1
