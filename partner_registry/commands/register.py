"""`glc register`: the registers of article 30, and who receives the accounts' data."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from partner_registry.commands.shared import DAY, Act, reads
from partner_registry.data_protection.registers import controller_register, processor_register, recipients
from partner_registry.partners.life import find_partner

_day = click.option("--on", type=DAY, help="As on that day in Lyon.  [default: today]")


@click.group()
def register() -> None:
    """Registers of processing (GDPR, article 30) and recipients."""


@register.command()
@click.argument("partner", metavar="SLUG")
@_day
@reads()
def controller(act: Act, partner: str, on: dt.date | None) -> dict[str, Any]:
    """The register of a partner as controller, article 30(1)."""
    return controller_register(act.session, find_partner(act.session, partner), on or act.today)


@register.command()
@_day
@reads()
def processor(act: Act, on: dt.date | None) -> dict[str, Any]:
    """The register of the Métropole as processor, article 30(2)."""
    return processor_register(act.session, on or act.today)


@register.command("recipients")
@reads()
def recipients_command(act: Act) -> list[dict[str, Any]]:
    """Who receives data of the accounts, for which purposes: the clients with access now."""
    return recipients(act.session, act.at)
