"""`glc client registration-token` and what goes with it: who may register a partner's sites by themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from partner_registry.clients import initial_access_tokens as tokens
from partner_registry.commands.shared import Act, acts, as_table, as_text, reads, reason_option
from partner_registry.models import InitialAccessToken


@click.command("registration-token")
@click.option("--partner", required=True, metavar="SLUG", help="Whose sandbox clients it makes.")
@click.option("--name", default="glc client registration-token", show_default=True, help="What it is for.")
@click.option(
    "--days",
    type=click.IntRange(1, tokens.LONGEST_LIFE.days),
    default=tokens.LIFE.days,
    show_default=True,
    help="How long it is accepted.",
)
@acts(lambda value: as_text(value) + "\nThe token is shown this once: copy it now.")
def issue(act: Act, partner: str, name: str, days: int) -> dict[str, Any]:
    """Make an initial access token, with which sites register themselves (RFC 7591); it is printed once."""
    life = dt.timedelta(days=days)
    made, clear = tokens.issue(act.session, act.by, partner, name, at=act.at, entropy=act.entropy, life=life)
    act.session.flush()
    return _described(made) | {"token": clear}


@click.command("registration-tokens")
@reads(as_table("number", "partner", "name", "expires_at", "revoked_at"))
def list_tokens(act: Act) -> list[dict[str, Any]]:
    """List the initial access tokens; never their text."""
    return [_described(each) for each in tokens.initial_access_tokens(act.session)]


@click.command("revoke-registration-token")
@click.argument("number", type=int)
@reason_option
@acts()
def revoke(act: Act, number: int, reason: str) -> dict[str, Any]:
    """Stop accepting an initial access token; what was registered with it stays."""
    found = tokens.find_initial_access_token(act.session, number)
    tokens.revoke(act.session, act.by, found, at=act.at, reason=reason)
    return _described(found)


def _described(token: InitialAccessToken) -> dict[str, Any]:
    return {
        "number": token.id,
        "partner": token.partner.slug,
        "name": token.name,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }
