"""Authorization requests left here before their user comes (RFC 9126): by the client itself, or by a browser that
posted one from another site: that POST carries no cookie of ours, the GET that follows does."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from glc.database import writing
from glc.entropy import random_token
from idp.authorization.checks import PUSHED, AuthorizationRequest
from idp.models import PushedRequest
from idp.parameters import Parameters
from idp.provider import Provider, digest

LIFETIME_IN = 90
"""Seconds for the user's browser to come with the reference."""


def keep(house: Provider, asked: AuthorizationRequest, at: dt.datetime) -> str:
    """Keep a checked request for a short while; return the `request_uri` that stands for it, once."""
    reference = random_token(house.entropy)
    with writing(house.engine) as connection:
        connection.execute(sa.delete(PushedRequest).where(PushedRequest.expires_at <= at))
        connection.execute(
            sa.insert(PushedRequest).values(
                digest=digest(reference),
                client_id=asked.terms.key,
                parameters=[list(pair) for pair in asked.parameters.pairs],
                expires_at=at + dt.timedelta(seconds=LIFETIME_IN),
            )
        )
    return PUSHED + reference


def fetch(house: Provider, reference: str, client: int, at: dt.datetime) -> Parameters | None:
    """The request that a reference stands for, the first time its client's user brings it in time."""
    mine = sa.and_(
        PushedRequest.digest == digest(reference.removeprefix(PUSHED)),
        PushedRequest.client_id == client,
        PushedRequest.expires_at > at,
    )
    with writing(house.engine) as connection:
        found = connection.scalar(sa.select(PushedRequest.parameters).where(mine))
        taken = connection.execute(sa.delete(PushedRequest).where(mine)).rowcount
    return Parameters((name, value) for name, value in found) if found is not None and taken else None
