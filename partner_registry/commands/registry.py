"""`glc registry`: the whole registry as YAML."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from glc.commands import application, database_option, json_option, show
from glc.database import db
from glc.errors import InputError
from glc.services import services
from partner_registry.commands.shared import acting
from partner_registry.ports import ports


@click.group()
def registry() -> None:
    """The whole registry as a YAML file (docs/registry-yaml.md)."""


@registry.command("export")
@click.argument("file", required=False, type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--with-sealed-secrets",
    is_flag=True,
    help="Also the secrets of clients and webhooks, still sealed: they open under the same master key alone.",
)
@database_option
def export_command(file: Path | None, with_sealed_secrets: bool, database_url: str | None) -> None:
    """Write the registry to FILE, or to the terminal (no FILE, or -). The same registry gives the same bytes."""
    from partner_registry.exchange.export import export

    with application(database_url, reads=True):
        text = export(db.session(), ports().person, with_sealed_secrets=with_sealed_secrets)
    if file is None or file == Path("-"):
        click.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")


@registry.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Say what would be done, do nothing.")
@click.option("--make-accounts", is_flag=True, help="Make the accounts of the people it names, without a password.")
@click.option("--as", "acting_as", metavar="EMAIL", help="Agent who acts.  [default: the operator]")
@database_option
@json_option
def import_command(
    file: Any, dry_run: bool, make_accounts: bool, acting_as: str | None, database_url: str | None, as_json: bool
) -> None:
    """Add what FILE holds and the registry does not; - reads the terminal.

    A fact that differs from the one on record is refused, unless nobody signed or decided on it yet; nothing is
    deleted. All of it is done, or nothing. Clients and webhooks that come without a secret are given one, shown once.
    """
    from partner_registry.exchange.import_ import import_registry

    try:
        text = file.read().decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{file.name}: not a text in UTF-8") from error
    with application(database_url):
        session, at = db.session(), services().clock.now()
        done = import_registry(
            session,
            acting(session, acting_as, at),
            text,
            file=Path(file.name).name,
            at=at,
            ports=ports(),
            entropy=services().entropy,
            make_accounts=make_accounts,
        )
        session.rollback() if dry_run else session.commit()
    result = dataclasses.asdict(done) | {"dry_run": dry_run}
    show(result | ({"secrets": []} if dry_run else {}), as_json, _told)


def _told(value: dict[str, Any]) -> str:
    if not value["added"] and not value["changed"]:
        return "Nothing changes: the registry holds all of it already."
    rows = [_counted(count, table.replace("_", " ")) for table, count in value["added"].items()]
    if value["changed"]:
        rows.append(_counted(value["changed"], "changed value"))
    lines = [f"{'Would add' if value['dry_run'] else 'Added'}: {', '.join(rows)}."]
    lines += [" ".join(f"{name}: {each}" for name, each in secret.items()) for secret in value["secrets"]]
    return "\n".join([*lines, *(["Secrets are shown this once: copy them now."] if value["secrets"] else [])])


def _counted(count: int, thing: str) -> str:
    """A number of things in words: `1 council decision`, `2 webhook deliveries`."""
    if count == 1:
        return f"1 {thing}"
    many = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count} {many}" + (", those that merged included" if thing == "commune" else "")
