"""Initial access tokens: whoever holds one registers sandbox clients of a partner (RFC 7591, section 3)."""

from __future__ import annotations

import datetime as dt
import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.entropy import Entropy, random_token
from glc.errors import Conflict, InputError, NotFound
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.models import InitialAccessToken
from partner_registry.partners.life import find_partner
from partner_registry.trail import note

PREFIX = "glci_"
"""What every token begins with, so that whoever finds one in a file knows what it is."""
LIFE = dt.timedelta(days=30)
"""How long a token is accepted unless told otherwise."""
LONGEST_LIFE = dt.timedelta(days=365)


def issue(
    session: Session,
    by: Agent,
    partner_slug: str,
    name: str,
    *,
    at: dt.datetime,
    entropy: Entropy,
    life: dt.timedelta = LIFE,
) -> tuple[InitialAccessToken, str]:
    """Make a token for a partner's sites; return it with its text in clear, shown once: only a digest is stored.

    Raises `Forbidden`, `NotFound` (partner), `InputError` (no name, a life longer than a year).
    """
    partner = find_partner(session, partner_slug)
    require(by, "client.draft", partner)
    if not name.strip():
        raise InputError(N_("dites à quoi sert ce jeton : un nom"))
    if not dt.timedelta(0) < life <= LONGEST_LIFE:
        raise InputError(N_("un jeton d’enregistrement vaut d’un jour à un an"))
    clear = PREFIX + random_token(entropy)
    made = InitialAccessToken(
        partner=partner, name=name.strip()[:100], digest=_digest(clear), created_at=at, expires_at=at + life
    )
    session.add(made)
    after = {"name": made.name, "expires_at": made.expires_at.isoformat()}
    note(session, by, at, "initial_access_token.issued", f"partner:{partner.slug}", partner=partner, after=after)
    return made, clear


def revoke(session: Session, by: Agent, token: InitialAccessToken, *, at: dt.datetime, reason: str) -> None:
    """Stop accepting a token now; what was registered with it stays. Raises `Forbidden`, `InputError` (no reason),
    `Conflict` (over already)."""
    require(by, "client.draft", token.partner)
    reason = require_reason(reason)
    if not is_living(token, at):
        raise Conflict(N_("ce jeton n’est déjà plus valide"))
    token.revoked_at = at
    note(
        session,
        by,
        at,
        "initial_access_token.revoked",
        f"partner:{token.partner.slug}",
        partner=token.partner,
        before={"name": token.name},
        reason=reason,
    )


def find_living(session: Session, text: str, at: dt.datetime) -> InitialAccessToken | None:
    """The token that a text is, if it is accepted at that instant."""
    found = session.scalar(sa.select(InitialAccessToken).where(InitialAccessToken.digest == _digest(text)))
    return found if found is not None and is_living(found, at) else None


def find_initial_access_token(session: Session, number: int) -> InitialAccessToken:
    """The token of that number. Raises `NotFound`."""
    token = session.get(InitialAccessToken, number)
    if token is None:
        raise NotFound(N_("aucun jeton n’a le numéro %(number)s"), number=number)
    return token


def initial_access_tokens(session: Session) -> list[InitialAccessToken]:
    """Every token, whether accepted or not."""
    return list(session.scalars(sa.select(InitialAccessToken).order_by(InitialAccessToken.id)))


def is_living(token: InitialAccessToken, at: dt.datetime) -> bool:
    """Whether a token is accepted at an instant."""
    return token.revoked_at is None and token.created_at <= at < token.expires_at


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
