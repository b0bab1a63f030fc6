"""`glc agent`: who works in the registry, in which role, and the tokens of their programs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from glc.errors import NotFound
from glc.i18n import N_
from partner_registry.agents import grant_role, held_roles, revoke_role
from partner_registry.commands.shared import Act, acts, as_table, choice, email_of, person_at, reads, reason_option
from partner_registry.models import AgentRole, ApiToken, Role
from partner_registry.partners.life import find_partner
from partner_registry.tokens import find_token, issue_token, revoke_token, tokens_of

partner_option = click.option("--partner", metavar="SLUG", help="For which partner: an applicant's role names one.")


@click.group()
def agent() -> None:
    """Who works in the registry: roles and API tokens of accounts of the provider.

    The first administrator is named from here: glc agent grant someone@grandlyon.example ADMIN
    """


@agent.command()
@click.argument("email")
@click.argument("role", type=choice(Role))
@partner_option
@acts()
def grant(act: Act, email: str, role: Role, partner: str | None) -> dict[str, Any]:
    """Give an account a role."""
    found = find_partner(act.session, partner) if partner else None
    person = person_at(act.session, email)
    return _role(act, grant_role(act.session, act.by, person.account_id, role, at=act.at, partner=found))


@agent.command()
@click.argument("email")
@click.argument("role", type=choice(Role))
@partner_option
@reason_option
@acts()
def revoke(act: Act, email: str, role: Role, partner: str | None, reason: str) -> dict[str, Any]:
    """End a role. The registry keeps at least one administrator."""
    held = _held(act, email, role, partner)
    revoke_role(act.session, act.by, held, at=act.at, reason=reason)
    return _role(act, held)


@agent.command("list")
@reads(as_table("email", "role", "partner", "granted_at"))
def list_roles(act: Act) -> list[dict[str, Any]]:
    """List the roles held now."""
    return [_role(act, each) for each in held_roles(act.session, act.at)]


@agent.command()
@click.argument("email")
@click.option("--name", required=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1), default=365, show_default=True, help="How long it is accepted.")
@acts()
def token(act: Act, email: str, name: str, days: int) -> dict[str, Any]:
    """Make an API token: it may do what its agent may. It is shown this once, copy it now."""
    person = person_at(act.session, email)
    life = dt.timedelta(days=days)
    made, clear = issue_token(act.session, act.by, person.account_id, name, at=act.at, entropy=act.entropy, life=life)
    return _token(act, made) | {"token": clear}


@agent.command()
@click.argument("email", required=False)
@reads(as_table("number", "email", "name", "created_at", "expires_at", "revoked_at"))
def tokens(act: Act, email: str | None) -> list[dict[str, Any]]:
    """List the tokens there are, or an agent's; never their text."""
    account_id = person_at(act.session, email).account_id if email else None
    return [_token(act, each) for each in tokens_of(act.session, account_id)]


@agent.command("revoke-token")
@click.argument("number", type=int)
@reason_option
@acts()
def revoke_a_token(act: Act, number: int, reason: str) -> dict[str, Any]:
    """Stop accepting a token, by the number that `glc agent tokens` shows."""
    found = find_token(act.session, number)
    revoke_token(act.session, act.by, found, at=act.at, reason=reason)
    return _token(act, found)


def _held(act: Act, email: str, role: Role, partner: str | None) -> AgentRole:
    account_id = person_at(act.session, email).account_id
    for each in held_roles(act.session, act.at):
        slug = each.partner.slug if each.partner else None
        if (each.account_id, each.role, slug) == (account_id, role, partner):
            return each
    raise NotFound(N_("%(email)s n’a pas ce rôle ; liste : glc agent list"), email=email)


def _role(act: Act, held: AgentRole) -> dict[str, Any]:
    return {
        "email": email_of(act.session, held.account_id),
        "role": held.role,
        "partner": held.partner.slug if held.partner else None,
        "granted_at": held.granted_at,
        "revoked_at": held.revoked_at,
    }


def _token(act: Act, token: ApiToken) -> dict[str, Any]:
    return {
        "number": token.id,
        "email": email_of(act.session, token.account_id),
        "name": token.name,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }
