"""`glc seed`: the registry as the public record has it."""

from __future__ import annotations

import click

from glc.clock import paris_date
from glc.commands import application, database_option, json_option, show
from glc.database import db
from glc.services import services
from partner_registry.seed import seed


@click.command("seed")
@database_option
@json_option
def seed_command(database_url: str | None, as_json: bool) -> None:
    """Load the 59 communes, the founding partners and their agreements. A second run adds nothing."""
    with application(database_url):
        added = seed(db.session(), paris_date(services().clock.now()))
        db.session.commit()
    show(
        added,
        as_json,
        lambda value: (
            f"Added {value['communes']} communes (those that merged included) and {value['partners']} partners."
        ),
    )
