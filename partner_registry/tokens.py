"""API tokens: what a program of an agent presents to the REST interface. It can do what its agent can, while it can."""

from __future__ import annotations

import datetime as dt
import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.entropy import Entropy, random_token
from glc.errors import Conflict, InputError, NotFound
from glc.i18n import N_
from partner_registry.agents import Agent, agent_of, require, require_reason
from partner_registry.models import ApiToken
from partner_registry.ports import ports
from partner_registry.trail import note

PREFIX = "glcr_"
"""What every token begins with, so that whoever finds one in a file knows what it is."""
TOKEN_LIFE = dt.timedelta(days=365)
"""How long a token is accepted unless told otherwise."""
LONGEST_LIFE = dt.timedelta(days=3 * 365)


def issue_token(
    session: Session,
    by: Agent,
    account_id: int,
    name: str,
    *,
    at: dt.datetime,
    entropy: Entropy,
    life: dt.timedelta = TOKEN_LIFE,
) -> tuple[ApiToken, str]:
    """Make a token for an account; return it with its text in clear, shown once: only a digest is stored.

    An agent makes their own; whoever gives roles makes anybody's. Raises `Forbidden`, `InputError` (no name, a life
    longer than three years, an account without a role).
    """
    _require_own(by, account_id)
    if not name.strip():
        raise InputError(N_("dites à quoi sert ce jeton : un nom"))
    if not dt.timedelta(0) < life <= LONGEST_LIFE:
        raise InputError(N_("un jeton vaut d’un jour à trois ans"))
    if not agent_of(session, account_id, "", at, via="cli").roles:
        raise InputError(N_("ce compte n’a pas de rôle dans le registre : son jeton ne permettrait rien"))
    clear = PREFIX + random_token(entropy)
    made = ApiToken(
        account_id=account_id, name=name.strip()[:100], digest=_digest(clear), created_at=at, expires_at=at + life
    )
    session.add(made)
    after = {"name": made.name, "expires_at": made.expires_at.isoformat()}
    note(session, by, at, "token.issued", f"account:{account_id}", after=after)
    return made, clear


def revoke_token(session: Session, by: Agent, token: ApiToken, *, at: dt.datetime, reason: str) -> None:
    """Stop accepting a token now. Raises `Forbidden`, `InputError` (no reason), `Conflict` (over already)."""
    _require_own(by, token.account_id)
    reason = require_reason(reason)
    if not is_living(token, at):
        raise Conflict(N_("ce jeton n’est déjà plus valide"))
    token.revoked_at = at
    note(session, by, at, "token.revoked", f"account:{token.account_id}", before={"name": token.name}, reason=reason)


def find_agent_by_token(session: Session, token: str, at: dt.datetime, *, request_id: str = "") -> Agent | None:
    """The agent that a token stands for, with the roles held at that instant; None when it is not accepted."""
    found = session.scalar(sa.select(ApiToken).where(ApiToken.digest == _digest(token)))
    if found is None or not is_living(found, at):
        return None
    person = ports().person(session, found.account_id)
    if person is None:
        return None
    return agent_of(session, found.account_id, person.email, at, via="api", request_id=request_id)


def find_token(session: Session, number: int) -> ApiToken:
    """The token of that number. Raises `NotFound`."""
    token = session.get(ApiToken, number)
    if token is None:
        raise NotFound(N_("aucun jeton n’a le numéro %(number)s"), number=number)
    return token


def tokens_of(session: Session, account_id: int | None = None) -> list[ApiToken]:
    """Every token, or an account's, whether accepted or not."""
    query = sa.select(ApiToken).order_by(ApiToken.id)
    if account_id is not None:
        query = query.where(ApiToken.account_id == account_id)
    return list(session.scalars(query))


def is_living(token: ApiToken, at: dt.datetime) -> bool:
    """Whether a token is accepted at an instant."""
    return token.revoked_at is None and token.created_at <= at < token.expires_at


def _require_own(by: Agent, account_id: int) -> None:
    if by.account_id != account_id:
        require(by, "role.edit")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
