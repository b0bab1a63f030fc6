"""`glc keys`."""

from __future__ import annotations

import click
import sqlalchemy as sa

from glc.commands import application, database_option, json_option, show
from glc.database import db
from glc.entropy import SystemEntropy
from keys.models import SigningKey
from keys.ring import new_master_key


@click.group()
def keys() -> None:
    """The keys that sign ID Tokens."""


@keys.command("list")
@database_option
@json_option
def list_keys(database_url: str | None, as_json: bool) -> None:
    """List the signing keys."""
    with application(database_url, reads=True):
        rows = db.session.scalars(sa.select(SigningKey).order_by(SigningKey.created_at)).all()
        found = [{"kid": row.kid, "alg": row.algorithm.value, "created_at": row.created_at.isoformat()} for row in rows]
    show(found, as_json, lambda value: "\n".join(f"{key['alg']}  {key['kid']}  {key['created_at']}" for key in value))


@keys.command("new-master-key")
def new_master_key_command() -> None:
    """Print a new master key, for GLC_MASTER_KEY. Keep it: without it the database's keys and secrets are lost."""
    click.echo(new_master_key(SystemEntropy().bytes(32)))
