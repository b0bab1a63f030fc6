"""A database that an earlier version made its keys in."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from conftest import NOON
from key_acts import Hand

from glc.app import create_app
from glc.clock import ManualClock
from glc.commands import _alembic, migrate, prepare
from glc.database import db, open_engine
from glc.entropy import SystemEntropy
from glc.settings import Settings
from keys import material
from keys.encryption import MasterKey
from keys.models import KeyAlgorithm


def test_its_keys_are_active_since_they_were_made(tmp_path: Path) -> None:
    """They go on signing, with their dates; the number that counts changes is kept, or begins."""
    settings = Settings(database_url=f"sqlite:///{tmp_path}/old.sqlite3")
    open_engine(settings, create=True).dispose()
    command.upgrade(_alembic(settings), "0003")
    engine = open_engine(settings)
    master, key = MasterKey(settings.effective_master_key, SystemEntropy()), material.generate(KeyAlgorithm.ES256)
    with engine.begin() as connection:
        row = {
            "kid": key.thumbprint(),
            "jwk": '{"kid": "x"}',
            "sealed": material.sealed(master.box(material.BOX), key),
            "at": NOON.replace(tzinfo=None),
            "salt": master.box("subject-salt").seal(b"\1" * 32),
        }
        insert = "INSERT INTO signing_key (kid, algorithm, public_jwk, sealed_private_key, created_at) "
        connection.execute(sa.text(f"{insert} VALUES (:kid, 'ES256', :jwk, :sealed, :at)"), row)
        connection.execute(sa.text("INSERT INTO stored_secret (name, sealed) VALUES ('subject-salt', :salt)"), row)
    engine.dispose()

    migrate(settings)
    clock = ManualClock(NOON)
    prepare(settings, clock=clock)
    app = create_app(settings, clock=clock)
    [known] = Hand(app, clock).facts("ES256")
    assert (known.kid, known.status, known.origin, known.signs) == (key.thumbprint(), "active", "generated", True)
    assert known.activates_at == known.created_at == NOON
    with app.app_context():
        assert db.session.scalar(sa.text("SELECT number FROM revision")) >= 0
        db.session.remove()
        db.engine.dispose()
