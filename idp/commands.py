"""`glc account`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import sqlalchemy as sa

from glc.commands import application, database_option, json_option, show
from glc.database import db
from glc.errors import NotFound
from glc.services import services
from idp.accounts.rules import create_account, find_by_email
from idp.dialects import DIALECTS, reference
from idp.models import PROFILE_ATTRIBUTES, Account

OPTION_NAMES = {"first_name": "--given-name", "last_name": "--family-name"}
_Command = Callable[..., None]


def _attribute_options(command: _Command) -> _Command:
    """One option for each attribute of the profile, named after it."""
    for name in reversed(PROFILE_ATTRIBUTES):
        flag = OPTION_NAMES.get(name, "--" + name.replace("_", "-"))
        kind = click.Choice(["female", "male", ""]) if name == "gender" else None
        comment = Account.__table__.columns[name].comment
        command = click.option(flag, name, default="", type=kind, help=comment)(command)
    return command


@click.group()
def account() -> None:
    """Citizens' accounts: invented people only."""


@account.command()
@click.option("--email", required=True)
@click.option("--password", required=True)
@click.option("--role", "roles", multiple=True, help="A role, for services that admit only some.")
@click.option("--unverified", is_flag=True, help="The address was not verified.")
@_attribute_options
@database_option
@json_option
def create(
    email: str,
    password: str,
    roles: tuple[str, ...],
    unverified: bool,
    database_url: str | None,
    as_json: bool,
    **attributes: str,
) -> None:
    """Make an account."""
    with application(database_url):
        made = create_account(
            db.session(),
            email=email,
            password=password,
            at=services().clock.now(),
            email_verified=not unverified,
            roles=list(roles),
            **attributes,
        )
        db.session.commit()
        result = describe(made)
    show(result, as_json, _as_text)


@account.command("list")
@database_option
@json_option
def list_accounts(database_url: str | None, as_json: bool) -> None:
    """List the accounts."""
    with application(database_url, reads=True):
        living = sa.select(Account).where(Account.erased_at.is_(None)).order_by(Account.id)
        found = [describe(each) for each in db.session.scalars(living)]
    show(found, as_json, lambda value: "\n".join(f"{one['email']}  {one['uuid']}" for one in value))


@account.command("show")
@click.argument("email")
@database_option
@json_option
def show_account(email: str, database_url: str | None, as_json: bool) -> None:
    """Show an account; never its password."""
    with application(database_url, reads=True):
        found = find_by_email(db.session(), email)
        if found is None:
            raise NotFound(f"no account {email!r}; list them with: glc account list")
        result = describe(found)
    show(result, as_json, _as_text)


def describe(account: Account) -> dict[str, Any]:
    """An account for a script."""
    names = ("uuid", "email", "email_verified", *PROFILE_ATTRIBUTES, "verified_attributes", "roles")
    return {name: getattr(account, name) for name in names} | {"created_at": account.created_at.isoformat()}


def _as_text(value: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {each}" for name, each in value.items() if each not in ("", []))


@click.command("dialects")
@click.option("--markdown", is_flag=True, help="Print the reference page (docs/dialects.md).")
def dialects_command(markdown: bool) -> None:
    """Name the dialects a provider can speak."""
    click.echo(reference() if markdown else "\n".join(DIALECTS), nl=not markdown)
