"""`glc account`, `glc logout`, `glc dialects`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import click
import sqlalchemy as sa

from glc.clock import UTC
from glc.commands import NamedValue, application, database_option, json_option, show
from glc.database import db
from glc.errors import NotFound
from glc.services import services
from idp.accounts.rules import create_account, find_by_email
from idp.claims import EXAMPLES
from idp.dialects import DIALECTS, reference
from idp.logout.outbox import outcomes
from idp.models import PROFILE_ATTRIBUTES, Account
from partner_registry.commands.shared import as_table, plain

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
@click.option(
    "--verified",
    "verified_attributes",
    multiple=True,
    type=click.Choice(list(PROFILE_ATTRIBUTES)),
    metavar="ATTRIBUTE",
    help="An attribute that FranceConnect vouched for, such as birthdate: sites get its claim's _verified, and its "
    "holder cannot change it. May be repeated.",
)
@click.option(
    "--test/--real",
    "test_identity",
    default=True,
    help="A test identity, which sandbox clients accept (the default), or a real one, which they refuse.",
)
@click.option(
    "--claim",
    "claims",
    multiple=True,
    type=NamedValue(),
    metavar="NAME=VALUE",
    help="One more claim, that none of the attributes gives; a value that is not text is JSON.",
)
@click.option(
    "--every-standard-claim",
    is_flag=True,
    help="Give the account an example of each standard claim that no attribute gives.",
)
@_attribute_options
@database_option
@json_option
def create(
    email: str,
    password: str,
    roles: tuple[str, ...],
    unverified: bool,
    verified_attributes: tuple[str, ...],
    test_identity: bool,
    claims: tuple[tuple[str, Any], ...],
    every_standard_claim: bool,
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
            test_identity=test_identity,
            roles=list(roles),
            verified_attributes=list(verified_attributes),
            other_claims={**(EXAMPLES if every_standard_claim else {}), **dict(claims)} or None,
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
    names = ("uuid", "email", "email_verified", "test_identity", *PROFILE_ATTRIBUTES, "verified_attributes", "roles")
    told = {name: getattr(account, name) for name in names} | {"created_at": account.created_at.isoformat()}
    return told | {"other_claims": account.other_claims or {}}


def _as_text(value: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {each}" for name, each in value.items() if each not in ("", [], {}))


@click.group()
def logout() -> None:
    """What clients are told of sessions that ended. `glc serve` tells them."""


@logout.command("list")
@click.option("--client", "client_id", metavar="CLIENT_ID", help="This client's only.")
@database_option
@json_option
def list_logouts(client_id: str | None, database_url: str | None, as_json: bool) -> None:
    """List the back-channel logouts of the last 30 days and how each went, newest first."""
    with application(database_url, reads=True):
        found = [plain(dataclasses.asdict(each), UTC) for each in outcomes(db.session(), client_id)]
    show(found, as_json, as_table("number", "queued_at", "client_id", "state", "attempts", "last_error"))


@click.command("dialects")
@click.option("--markdown", is_flag=True, help="Print the reference page (docs/dialects.md).")
def dialects_command(markdown: bool) -> None:
    """Name the dialects a provider can speak."""
    named = "\n".join(f"{each.name:22} {each.about}" for each in DIALECTS.values())
    click.echo(reference() if markdown else named, nl=not markdown)
