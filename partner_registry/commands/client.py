"""`glc client`: the sites that log their users in."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any, BinaryIO

import click
import sqlalchemy as sa

from glc.errors import Conflict, NotFound
from glc.i18n import N_
from partner_registry.clients.acceptances import MAX_RESULT, store_run
from partner_registry.clients.bindings import bind, cancel_binding
from partner_registry.clients.life import approve_security, archive, find_client, register_client, serve, switch
from partner_registry.clients.registration import GLC_CLAIMS, ClientRegistration, registration_of
from partner_registry.clients.secrets import (
    SECRET_OVERLAP,
    check_secret_is_new,
    living_secrets,
    revoke_secret,
    rotate_secret,
)
from partner_registry.clients.transfers import cancel_transfer, transfer
from partner_registry.clients.versions import (
    diff,
    draft_version,
    publish_at_once,
    publish_version,
    reject_version,
    roll_back,
    submit_version,
)
from partner_registry.commands.client_configuration import (
    changes_of,
    client_as_text,
    configuration,
    declare_claims,
    describe,
    history,
    with_claims,
)
from partner_registry.commands.client_terms import terms
from partner_registry.commands.registration_token import issue, list_tokens
from partner_registry.commands.registration_token import revoke as revoke_token
from partner_registry.commands.shared import (
    DAY,
    Act,
    acts,
    choice,
    find_agreement,
    find_processing,
    reads,
    reason_option,
)
from partner_registry.models import Client, ClientVersion, Environment, GnmService, VersionState
from partner_registry.partners.life import find_partner
from partner_registry.ports import ports

SHOWN_ONCE = "\nThe secret is shown this once: copy it now."


@click.group()
def client() -> None:
    """The sites that log their users in."""


for _command in (issue, list_tokens, revoke_token, terms):
    client.add_command(_command)


@client.command()
@click.option("--partner", required=True, metavar="SLUG", help="Partner the site belongs to, e.g. lyon.")
@click.option(
    "--environment",
    type=choice(Environment),
    default=Environment.SANDBOX.name,
    show_default=True,
    help="A sandbox client works at once, for test identities; a production one is published by a second person.",
)
@click.option(
    "--service",
    type=choice(GnmService),
    default=GnmService.GRANDLYONCONNECT.name,
    show_default=True,
    help="Service of the guichet it gives access to.",
)
@click.option("--client-id", help="Identifier to use instead of a random one.")
@click.option("--secret", help="Secret to use instead of a random one.")
@configuration(new=True)
@acts(lambda value: client_as_text(value) + SHOWN_ONCE)
def register(act: Act, partner: str, secret: str | None, declare: bool, **options: Any) -> dict[str, Any]:
    """Register a site; its secret is printed once."""
    where = {name: options.pop(name) for name in ("environment", "service", "client_id")}
    changes, extra = changes_of(options)
    box = ports().client_secrets
    if secret:
        check_secret_is_new(act.session, secret, box.open)
    made, clear = register_client(
        act.session,
        act.by,
        partner,
        ClientRegistration(**changes | {"claims": with_claims(GLC_CLAIMS, extra)}),
        at=act.at,
        entropy=act.entropy,
        seal=box.seal,
        secret=secret,
        **where,
    )
    declare_claims(act, made, extra, declare)
    return describe(made) | {"client_secret": clear}


@client.command()
@click.argument("client_id")
@configuration(new=False)
@acts(client_as_text)
def update(act: Act, client_id: str, declare: bool, **options: Any) -> dict[str, Any]:
    """Change a site: a new version of its configuration. Lists given replace the lists there were.

    A sandbox client uses it at once; a production one once it is submitted and somebody else publishes it.
    """
    changes, extra = changes_of(options)
    found = find_client(act.session, client_id)
    current = registration_of(found.latest)
    if extra:
        changes["claims"] = with_claims(current.claims, extra)
    declare_claims(act, found, extra, declare)
    version = draft_version(act.session, act.by, found, dataclasses.replace(current, **changes), at=act.at)
    if found.environment is Environment.SANDBOX:
        publish_at_once(act.session, act.by, version, at=act.at)
    return describe(found)


@client.command("list")
@reads(lambda value: "\n".join(f"{each['client_id']}  {each['partner']}  {each['name']}" for each in value))
def list_clients(act: Act) -> list[dict[str, Any]]:
    """List the clients."""
    return [describe(each) for each in act.session.scalars(sa.select(Client).order_by(Client.id))]


@client.command("show")
@click.argument("client_id")
@reads(client_as_text)
def show_client(act: Act, client_id: str) -> dict[str, Any]:
    """Show a client; never its secret."""
    return describe(find_client(act.session, client_id))


@client.command("history")
@click.argument("client_id")
@reads()
def show_history(act: Act, client_id: str) -> dict[str, Any]:
    """Show a client's versions, secrets (dates alone), agreements, transfers and processings."""
    return history(find_client(act.session, client_id))


@client.command()
@click.argument("client_id")
@acts(client_as_text)
def submit(act: Act, client_id: str) -> dict[str, Any]:
    """Ask for the publication of a client's draft."""
    found = find_client(act.session, client_id)
    submit_version(act.session, act.by, _newest(found, VersionState.DRAFT), at=act.at)
    return describe(found)


@client.command()
@click.argument("client_id")
@click.option("--waiver", default="", metavar="REASON", help="Why to do without an acceptance run; it stays on record.")
@acts(client_as_text)
def publish(act: Act, client_id: str, waiver: str) -> dict[str, Any]:
    """Put the version that was submitted in use. In production, another person than its author, and after an
    acceptance run that passed (`glc client acceptance`), or with a waiver."""
    found = find_client(act.session, client_id)
    version, within = _newest(found, VersionState.PENDING), act.settings.acceptance_within
    publish_version(act.session, act.by, version, at=act.at, acceptance_within=within, waiver_reason=waiver)
    return describe(found)


@client.command()
@click.argument("client_id")
@click.option("--file", required=True, type=click.File("rb"), help="What glc recette run wrote; - for standard input.")
@click.option("--version", "number", type=int, metavar="NUMBER", help="Version it is kept on.  [default: the newest]")
@acts()
def acceptance(act: Act, client_id: str, file: BinaryIO, number: int | None) -> dict[str, Any]:
    """Store the signed result of an acceptance run (recette) of a client."""
    found = find_client(act.session, client_id)
    version = _version(found, number) if number is not None else found.versions[-1]
    text = file.read(MAX_RESULT + 1024).decode("utf-8", "replace")
    run = store_run(act.session, act.by, version, text, at=act.at, read=ports().acceptances.read)
    return {"client_id": found.client_id, "version": version.number, "verdict": run.verdict} | {
        "finished_at": run.finished_at,
        "stored_at": run.stored_at,
    }


@client.command()
@click.argument("client_id")
@reason_option
@acts(client_as_text)
def reject(act: Act, client_id: str, reason: str) -> dict[str, Any]:
    """Set the version that was submitted aside."""
    found = find_client(act.session, client_id)
    reject_version(act.session, act.by, _newest(found, VersionState.PENDING), at=act.at, reason=reason)
    return describe(found)


@client.command()
@click.argument("client_id")
@click.argument("number", type=int)
@reason_option
@acts(client_as_text)
def rollback(act: Act, client_id: str, number: int, reason: str) -> dict[str, Any]:
    """Put the configuration of version NUMBER, once published, in use again."""
    found = find_client(act.session, client_id)
    roll_back(act.session, act.by, found, number, at=act.at, reason=reason)
    return describe(found)


@client.command("diff")
@click.argument("client_id")
@click.option("--from", "older", type=int, metavar="NUMBER", help="[default: the version in use]")
@click.option("--to", "newer", type=int, metavar="NUMBER", help="[default: the newest version]")
@reads(lambda value: "\n".join(f"{name}: {old!r} → {new!r}" for name, (old, new) in value.items()))
def diff_versions(act: Act, client_id: str, older: int | None, newer: int | None) -> dict[str, Any]:
    """Show what differs between two versions of a client's configuration."""
    found = find_client(act.session, client_id)
    before = _version(found, older) if older is not None else found.published
    return diff(before, _version(found, newer) if newer is not None else found.versions[-1])


@client.command("bind")
@click.argument("client_id")
@click.argument("agreement")
@click.option("--from", "from_on", type=DAY, required=True, help="First day.")
@click.option("--to", "to_on", type=DAY, help="Last day.  [default: as long as the agreement]")
@acts(client_as_text)
def bind_client(act: Act, client_id: str, agreement: str, **options: Any) -> dict[str, Any]:
    """Put a production client under an AGREEMENT from a day on; the one before ends the day before."""
    found = find_client(act.session, client_id)
    bind(act.session, act.by, found, find_agreement(act.session, agreement), at=act.at, **options)
    return describe(found)


@client.command("unbind")
@click.argument("client_id")
@click.option("--from", "from_on", type=DAY, required=True, help="Its first day.")
@reason_option
@acts(client_as_text)
def unbind_client(act: Act, client_id: str, from_on: dt.date, reason: str) -> dict[str, Any]:
    """Take back a binding that is to come, or whose agreement was set aside; the one before goes on."""
    found = find_client(act.session, client_id)
    cancel_binding(act.session, act.by, found, from_on, at=act.at, reason=reason)
    return describe(found)


@client.command("serve")
@click.argument("client_id")
@click.argument("processings", type=int, nargs=-1, required=True)
@acts(client_as_text)
def serve_processings(act: Act, client_id: str, processings: tuple[int, ...]) -> dict[str, Any]:
    """Say which PROCESSINGS a client serves, by their numbers; they replace those there were."""
    found = find_client(act.session, client_id)
    serve(act.session, act.by, found, [find_processing(act.session, each) for each in processings], at=act.at)
    return describe(found)


@client.command("transfer")
@click.argument("client_id")
@click.argument("partner")
@click.option("--on", type=DAY, required=True, help="First day with that partner.")
@reason_option
@acts(client_as_text)
def transfer_client(act: Act, client_id: str, partner: str, on: dt.date, reason: str) -> dict[str, Any]:
    """Hand a client to another PARTNER; its identifier and its users' `sub` stay. Bind it afterwards."""
    found = find_client(act.session, client_id)
    transfer(act.session, act.by, found, find_partner(act.session, partner), on=on, at=act.at, reason=reason)
    return describe(found)


@client.command("cancel-transfer")
@click.argument("client_id")
@click.option("--on", type=DAY, required=True, help="Its day.")
@reason_option
@acts(client_as_text)
def cancel_planned_transfer(act: Act, client_id: str, on: dt.date, reason: str) -> dict[str, Any]:
    """Take back a transfer that is to come."""
    found = find_client(act.session, client_id)
    cancel_transfer(act.session, act.by, found, on, at=act.at, reason=reason)
    return describe(found)


@client.command("security")
@click.argument("client_id")
@click.option("--approval", default="", help="Authority and address of the RGS homologation.  [default: none]")
@click.option("--until", "until_on", type=DAY, help="Its last day.")
@acts(client_as_text)
def approve(act: Act, client_id: str, approval: str, until_on: dt.date | None) -> dict[str, Any]:
    """Record the RGS homologation of a service."""
    found = find_client(act.session, client_id)
    approve_security(act.session, act.by, found, approval=approval, until_on=until_on, at=act.at)
    return describe(found)


@client.command("rotate-secret")
@click.argument("client_id")
@click.option(
    "--overlap-days",
    type=click.IntRange(0),
    default=SECRET_OVERLAP.days,
    show_default=True,
    help="How long the present secret is still accepted.",
)
@acts(lambda value: client_as_text(value) + SHOWN_ONCE)
def rotate(act: Act, client_id: str, overlap_days: int) -> dict[str, Any]:
    """Give a client one more secret, printed this once; the present one goes on being accepted for a while."""
    found = find_client(act.session, client_id)
    overlap, seal = dt.timedelta(days=overlap_days), ports().client_secrets.seal
    clear = rotate_secret(act.session, act.by, found, at=act.at, entropy=act.entropy, seal=seal, overlap=overlap)
    return describe(found) | {"client_secret": clear}


@client.command("revoke-secret")
@click.argument("client_id")
@click.argument("number", type=int, required=False)
@reason_option
@acts(client_as_text)
def revoke(act: Act, client_id: str, number: int | None, reason: str) -> dict[str, Any]:
    """Stop accepting a secret now: the one of that NUMBER (see `history`), or the only one there is."""
    found = find_client(act.session, client_id)
    living = living_secrets(found, act.at)
    if number is None and len(living) > 1:
        raise Conflict(N_("deux secrets sont valides : dites lequel par son numéro (glc client history)"))
    wanted = living[:1] if number is None else found.secrets[number - 1 : number] if number > 0 else []
    if not wanted:
        raise NotFound(N_("ce client n’a pas de secret de ce numéro ; voyez : glc client history"))
    revoke_secret(act.session, act.by, found, wanted[0], at=act.at, reason=reason)
    return describe(found)


@client.command()
@click.argument("client_id")
@reason_option
@acts(client_as_text)
def disable(act: Act, client_id: str, reason: str) -> dict[str, Any]:
    """Switch a client off at once."""
    found = find_client(act.session, client_id)
    switch(act.session, act.by, found, on=False, at=act.at, reason=reason)
    return describe(found)


@client.command()
@click.argument("client_id")
@reason_option
@acts(client_as_text)
def enable(act: Act, client_id: str, reason: str) -> dict[str, Any]:
    """Switch a client on again."""
    found = find_client(act.session, client_id)
    switch(act.session, act.by, found, on=True, at=act.at, reason=reason)
    return describe(found)


@client.command("archive")
@click.argument("client_id")
@reason_option
@acts(client_as_text)
def archive_client(act: Act, client_id: str, reason: str) -> dict[str, Any]:
    """Archive a client for good; what it was stays on record."""
    found = find_client(act.session, client_id)
    archive(act.session, act.by, found, at=act.at, reason=reason)
    return describe(found)


def _newest(client: Client, state: VersionState) -> ClientVersion:
    """The version in that state, else the newest one, whose state the rule then refuses."""
    return next((each for each in client.versions if each.state is state), client.versions[-1])


def _version(client: Client, number: int) -> ClientVersion:
    for each in client.versions:
        if each.number == number:
            return each
    raise NotFound(N_("ce client n’a pas de version %(number)s"), number=number)
