"""`glc keys`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from glc.audit import Actor
from glc.clock import PARIS
from glc.commands import application, database_option, json_option, show
from glc.database import db
from glc.entropy import SystemEntropy
from glc.errors import InputError
from glc.i18n import N_
from glc.services import services
from keys.encryption import new_master_key
from keys.keeper import Keeper, KeyFacts, keeper
from keys.models import KeyAlgorithm, SigningKey
from keys.reencryption import reencrypt

OPERATOR = Actor(name="glc", via="cli")
"""Whoever holds the server."""

alg_option = click.option(
    "--alg", type=click.Choice([each.value for each in KeyAlgorithm]), help="Algorithm of the key."
)
reason_option = click.option("--reason", default="", help="Why; it stays in the trail.")
required_reason = click.option("--reason", required=True, help="Why; it stays in the trail.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
now_option = click.option("--now", is_flag=True, help="Let it sign at once, before every site can know it.")
Acting = Callable[[Keeper, dt.datetime], list[KeyFacts]]

RISK = (
    "A site that keeps an older JWK Set does not know this key until it fetches the set again: one that does so on an "
    "unknown kid, as OpenID Connect Core 10.1.1 asks, notices nothing; another refuses logins for up to {seconds} s."
)


KIDS = {"ignore_unknown_options": True}
"""Settings of commands that take a kid, which may begin with a hyphen and is no option then."""


@click.group()
def keys() -> None:
    """The keys that sign ID Tokens, their life, and the master key (docs/keys.md)."""


@keys.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are retired or compromised.")
@database_option
@json_option
def list_keys(database_url: str | None, everything: bool, as_json: bool) -> None:
    """List the keys: state, dates, and what happens next."""
    with application(database_url, reads=True):
        found = keeper().facts(db.session(), services().clock.now())
    over = {"retired", "compromised"}
    show([_told(each) for each in found if everything or each.status not in over], as_json, _as_text)


@keys.command()
@alg_option
@now_option
@click.option("--in", "wait_in", type=click.IntRange(0), metavar="SECONDS", help="Take over only after that time.")
@reason_option
@database_option
@json_option
def rotate(alg: str | None, now: bool, wait_in: int | None, reason: str, **output: Any) -> None:
    """Make a new key, of each algorithm unless told one, that takes over by itself once every site can know it."""
    if now and wait_in is not None:
        raise click.UsageError("--now and --in contradict each other")
    wait = dt.timedelta(seconds=wait_in) if wait_in is not None else None

    def act(house: Keeper, at: dt.datetime) -> list[KeyFacts]:
        algs = [alg] if alg else [each.value for each in house.ring.algorithms]
        if now:
            _warn(house)
        return [
            house.rotate(db.session(), OPERATOR, each, at=at, reason=reason, wait_in=wait, at_once=now) for each in algs
        ]

    _act(act, **output)


@keys.command(context_settings=KIDS)
@click.argument("kid")
@reason_option
@database_option
@json_option
def promote(kid: str, reason: str, **output: Any) -> None:
    """Let a pending key sign now, before every site can know it."""

    def act(house: Keeper, at: dt.datetime) -> list[KeyFacts]:
        _warn(house)
        return [house.promote(db.session(), OPERATOR, kid, at=at, reason=reason)]

    _act(act, **output)


@keys.command(context_settings=KIDS)
@click.argument("kid")
@required_reason
@yes_option
@database_option
@json_option
def retire(kid: str, reason: str, yes: bool, **output: Any) -> None:
    """Bring a key one step further than its dates do.

    A pending key never signs; an active one leaves its place to the pending one; a retiring one is published no more,
    and what it signed and still lives cannot be verified.
    """
    _confirm(yes, f"Retire the key {kid} before its time?")
    _act(lambda house, at: [house.retire(db.session(), OPERATOR, kid, at=at, reason=reason)], **output)


@keys.command(context_settings=KIDS)
@click.argument("kid")
@required_reason
@yes_option
@database_option
@json_option
def compromise(kid: str, reason: str, yes: bool, **output: Any) -> None:
    """Take a key that others may hold out at once, for good; the next one signs from now on."""
    _confirm(yes, f"Take the key {kid} out at once? What it signed cannot be verified any more.")
    _act(lambda house, at: [house.compromise(db.session(), OPERATOR, kid, at=at, reason=reason)], **output)


@keys.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@alg_option
@now_option
@reason_option
@database_option
@json_option
def import_key(file: Path, alg: str | None, now: bool, reason: str, **output: Any) -> None:
    """Take a private key made elsewhere as the next one: PKCS#8 (PEM or DER, without password) or a JWK."""

    def act(house: Keeper, at: dt.datetime) -> list[KeyFacts]:
        if now:
            _warn(house)
        content = file.read_bytes()
        return [house.bring_in(db.session(), OPERATOR, content, alg, at=at, reason=reason, at_once=now)]

    _act(act, **output)


@keys.command(context_settings=KIDS)
@click.argument("kid")
@click.option("--private", "file", type=click.Path(path_type=Path), help="Write the private key there, as PKCS#8 PEM.")
@click.option("--reason", default="", help="Why; with --private it is required and stays in the trail.")
@database_option
def export(kid: str, file: Path | None, reason: str, database_url: str | None) -> None:
    """Print a public key as a JWK; or write a private one to a new file that only its owner may read."""
    with application(database_url, reads=file is None):
        if file is None:
            found = db.session.get(SigningKey, kid)
            if found is None:
                raise InputError(N_("aucune clé n’a l’identifiant %(kid)s"), kid=kid)
            click.echo(json.dumps(found.public_jwk, indent=2))
            return
        pem = keeper().private_pem(db.session(), OPERATOR, kid, at=services().clock.now(), reason=reason)
        _write_secret(file, pem)
        db.session.commit()
    click.echo(f"The private key is in {file}: whoever reads it can sign in this provider's name.", err=True)


@keys.command("reencrypt")
@database_option
@json_option
def reencrypt_command(database_url: str | None, as_json: bool) -> None:
    """Seal everything that is stored sealed under the present master key; the previous ones may then be forgotten."""
    with application(database_url):
        done = reencrypt(db.session(), keeper().ring.master, OPERATOR, services().clock.now())
        db.session.commit()
    show(done, as_json, lambda value: "\n".join(f"{name}: {number} sealed anew" for name, number in value.items()))


@keys.command("new-master-key")
def new_master_key_command() -> None:
    """Print a new master key, for GLC_MASTER_KEY. Keep it: without it the database's keys and secrets are lost."""
    click.echo(new_master_key(SystemEntropy().bytes(32)))


def _act(act: Acting, *, database_url: str | None, as_json: bool) -> None:
    with application(database_url):
        found = act(keeper(), services().clock.now())
        db.session.commit()
    show([_told(each) for each in found], as_json, _as_text)


def _warn(house: Keeper) -> None:
    click.echo(RISK.format(seconds=int(house.cached_in.total_seconds())), err=True)


def _confirm(yes: bool, question: str) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)


def _write_secret(file: Path, content: bytes) -> None:
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(
            N_("impossible d’écrire %(file)s : %(why)s"), file=str(file), why=str(error.strerror)
        ) from error
    with os.fdopen(number, "wb") as written:
        written.write(content)


def _told(facts: KeyFacts) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, dt.datetime) else value
        for name, value in dataclasses.asdict(facts).items()
    }


def _as_text(found: list[dict[str, Any]]) -> str:
    return "\n".join(_line(each) for each in found)


def _line(key: dict[str, Any]) -> str:
    parts = [f"{key['alg']:12} {key['kid']}  {key['status']:11} since {_local(_since(key))}"]
    if key["next_status"]:
        parts.append(f"{key['next_status']} from {_local(key['next_at'])}")
    if key["due_at"]:
        parts.append(f"next rotation {_local(key['due_at'])}")
    if key["origin"] == "imported":
        parts.append("imported")
    return ", ".join(parts)


def _since(key: dict[str, Any]) -> str:
    begun = {"pending": "created_at", "active": "activates_at", "retiring": "retires_at", "retired": "withdrawn_at"}
    return str(key[begun.get(key["status"], "compromised_at")])


def _local(instant: str) -> str:
    return dt.datetime.fromisoformat(instant).astimezone(PARIS).isoformat(sep=" ", timespec="seconds")
