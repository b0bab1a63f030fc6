"""A client’s secrets: two may overlap while a site changes from one to the other; each is shown once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.entropy import Entropy, random_uuid
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.clients.holder import holder_of, noted
from partner_registry.models import (
    Client,
    ClientSecret,
)

SECRET_OVERLAP = dt.timedelta(days=7)
"""How long a rotated secret goes on being accepted, unless told otherwise (assumed)."""
LONGEST_OVERLAP = dt.timedelta(days=90)
"""How long it may be told to, so that a rotation ends (assumed)."""


def rotate_secret(
    session: Session,
    by: Agent,
    client: Client,
    *,
    at: dt.datetime,
    entropy: Entropy,
    seal: Callable[[bytes], str],
    overlap: dt.timedelta = SECRET_OVERLAP,
) -> str:
    """Give a client one more secret, returned in clear this once; the present one is accepted for `overlap` more.

    Raises `InputError` without an overlap (the site would be cut: `revoke_secret` is for emergencies) or with one that
    has no end in sight, `Conflict` when two are accepted already.
    """
    require(by, "client.secret", holder_of(client, at))
    if overlap <= dt.timedelta(0):
        raise InputError(N_("laissez l’ancien secret valide quelque temps : sinon le site est coupé"))
    if overlap > LONGEST_OVERLAP:
        raise InputError(N_("l’ancien secret reste valide %(days)s jours au plus"), days=LONGEST_OVERLAP.days)
    living = living_secrets(client, at)
    if len(living) > 1:
        raise Conflict(N_("deux secrets sont déjà valides : attendez la fin du premier, ou révoquez-le"))
    for earlier in living:
        earlier.valid_until = min(earlier.valid_until or at + overlap, at + overlap)
    clear = random_uuid(entropy)
    client.secrets.append(ClientSecret(sealed=seal(clear.encode()), valid_from=at))
    after = {"previous_valid_until": (at + overlap).isoformat()}
    noted(session, by, client, at, "client.secret_rotated", after=after)
    return clear


def revoke_secret(
    session: Session, by: Agent, client: Client, secret: ClientSecret, *, at: dt.datetime, reason: str
) -> None:
    """Stop accepting a secret now. Raises `Forbidden`, `InputError` (no reason), `Conflict` (over already)."""
    require(by, "client.secret", holder_of(client, at))
    reason = require_reason(reason)
    if secret not in living_secrets(client, at):
        raise Conflict(N_("ce secret n’est déjà plus valide"))
    secret.valid_until = at
    before = {"valid_from": secret.valid_from.isoformat()}
    noted(session, by, client, at, "client.secret_revoked", before=before, reason=reason)


def living_secrets(client: Client, at: dt.datetime) -> list[ClientSecret]:
    """The secrets accepted at an instant."""
    return [
        each for each in client.secrets if each.valid_from <= at and (each.valid_until is None or at < each.valid_until)
    ]


def check_secret_is_new(session: Session, clear: str, opened: Callable[[str], bytes]) -> None:
    """Raise `Conflict` when another client has that secret: a trial's must not serve in production."""
    for sealed in session.scalars(sa.select(ClientSecret.sealed)):
        if opened(sealed).decode() == clear:
            raise Conflict(N_("ce secret est déjà celui d’un autre client : laissez-en tirer un au hasard"))
