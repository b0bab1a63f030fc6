"""The command `glc`. Each folder's commands are imported when used."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Any

import click

from glc.errors import GlcError
from glc.settings import unknown_variables

COMMANDS = {
    "account": "idp.commands:account",
    "agent": "partner_registry.commands.agent:agent",
    "agreement": "partner_registry.commands.agreement:agreement",
    "audit": "partner_registry.commands.audit:audit",
    "billing": "partner_registry.commands.billing:billing",
    "client": "partner_registry.commands.client:client",
    "database": "glc.commands:database",
    "demo": "glc.demo:demo",
    "dialects": "idp.commands:dialects_command",
    "faults": "testkit.faults.commands:faults_command",
    "incident": "partner_registry.commands.incident:incident",
    "keys": "keys.commands:keys",
    "logout": "idp.commands:logout",
    "partner": "partner_registry.commands.partner:partner",
    "processing": "partner_registry.commands.processing:processing",
    "recette": "testkit.recette.commands:recette",
    "register": "partner_registry.commands.register:register",
    "registry": "partner_registry.commands.registry:registry",
    "seed": "partner_registry.commands.seed:seed_command",
    "serve": "glc.serve:serve",
    "settings": "glc.commands:settings_command",
    "tariff": "partner_registry.commands.tariff:tariff",
    "webhook": "partner_registry.commands.webhook:webhook",
}


class _LazyGroup(click.Group):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.commands = dict.fromkeys(COMMANDS, click.Command(None))  # what click compares a mistyped name with

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="grandlyonconnect-simulator", prog_name="glc")
def glc() -> None:
    """A stand-in for GrandLyonConnect, and the partner registry behind it.

    Settings come from GLC_… variables or the TOML file named by GLC_SETTINGS; options of a command win.
    Exit codes: 0 done · 1 refused, with the reason · 2 wrong usage.
    """


def main() -> Any:
    """Entry point: a refusal is one sentence on standard error, never a traceback."""
    gc.disable()  # looking for garbage among what is imported takes a fifth of the start; glc.serve enables it
    for name in unknown_variables():
        click.echo(f"glc: {name} is no setting", err=True)
    try:
        return glc.main(standalone_mode=True)
    except GlcError as error:
        from glc.i18n import english

        click.echo(f"glc: {error.told(english)}", err=True)
        sys.exit(1)
