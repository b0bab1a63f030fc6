"""`glc tariff`: the grids of yearly fees."""

from __future__ import annotations

import json
from typing import IO, Any

import click
import sqlalchemy as sa

from glc.errors import InputError, NotFound
from glc.i18n import N_
from partner_registry.billing.tariff import described, grid_of, is_billed, read_described, save_tariff
from partner_registry.commands.shared import Act, acts, as_table, reads
from partner_registry.models import Tariff


@click.group()
def tariff() -> None:
    """The grids of yearly fees: one a framework, never edited once it billed something."""


@tariff.command("list")
@reads(as_table("name", "first_year", "last_year", "brackets", "billed"))
def list_tariffs(act: Act) -> list[dict[str, Any]]:
    """List the tariffs."""
    rows = act.session.scalars(sa.select(Tariff).order_by(Tariff.first_year))
    return [
        described(grid_of(each)) | {"brackets": len(each.brackets), "billed": is_billed(act.session, each)}
        for each in rows
    ]


@tariff.command("show")
@click.argument("name")
@reads()
def show_tariff(act: Act, name: str) -> dict[str, Any]:
    """Show a tariff; with --json, what `glc tariff save` reads."""
    found = act.session.scalar(sa.select(Tariff).where(Tariff.name == name))
    if found is None:
        raise NotFound(N_("il n’y a pas de grille « %(name)s » ; liste : glc tariff list"), name=name)
    return described(grid_of(found))


@tariff.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@acts()
def save(act: Act, file: IO[str]) -> dict[str, Any]:
    """Make a tariff, or change one that billed nothing yet, from FILE (JSON as `show --json` prints it; - reads stdin).

    The agreements whose framework has its name are due from its first year to its last.
    """
    try:
        sent = json.load(file)
    except ValueError as error:
        raise InputError(N_("ce fichier n’est pas du JSON : %(error)s"), error=error) from error
    return described(grid_of(save_tariff(act.session, act.by, at=act.at, **read_described(sent))))
