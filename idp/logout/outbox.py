"""Back-channel logouts to send (OpenID Connect Back-Channel Logout 1.0), queued in the very transaction that ends a
session: neither is there without the other. `backchannel.py` sends them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from idp.models import Account, AuthorizationGrant, BackchannelLogout, BrowserSession
from idp.provider import Provider
from idp.subjects import subject
from partner_registry.models import Client
from partner_registry.ports import ToldLogout
from partner_registry.terms import registry_version

KEPT_FOR = dt.timedelta(days=30)
"""How long it can be seen what became of a logout."""


def outcomes(session: Session, client_id: str | None = None, most: int | None = None) -> list[ToldLogout]:
    """What became of the logouts, of one client or all, newest first."""
    query = (
        sa.select(BackchannelLogout, BrowserSession.uid, Client.client_id)
        .join(BrowserSession, BrowserSession.id == BackchannelLogout.session_id)
        .join(Client, Client.id == BackchannelLogout.client_id)
        .order_by(BackchannelLogout.id.desc())
        .limit(most)
    )
    if client_id is not None:
        query = query.where(Client.client_id == client_id)
    return [_outcome(*row) for row in session.execute(query)]


def _outcome(told: BackchannelLogout, session_uid: str, client_id: str) -> ToldLogout:
    return ToldLogout(
        number=told.id,
        queued_at=told.queued_at,
        client_id=client_id,
        session=session_uid[:8],
        state="delivered" if told.delivered_at else "given up" if told.given_up_at else "waiting",
        attempts=told.attempts,
        next_attempt_at=told.next_attempt_at,
        last_status=told.last_status,
        last_error=told.last_error,
    )


def queue(house: Provider, session: Session, ended: Mapping[int, int], at: dt.datetime) -> list[int]:
    """Queue a logout for each client that some sessions visited and that registered where to be told; return their
    numbers. `ended` gives each session's account, whose subject is written down now: the account may be erased next.
    Forgets what is long over. Flushes."""
    session.execute(sa.delete(BackchannelLogout).where(BackchannelLogout.queued_at <= at - KEPT_FOR))
    visited = session.execute(
        sa.select(AuthorizationGrant.session_id, Client.id, Client.client_id)
        .join(Client, Client.id == AuthorizationGrant.client_id)
        .where(AuthorizationGrant.session_id.in_(ended))
        .distinct()
    ).all()
    version = registry_version(session)
    made = []
    for session_id, number, client_id in visited:
        terms = house.terms(client_id, at, version)
        if terms is None or not terms.protocol.backchannel_logout_uri:
            continue
        account = session.get_one(Account, ended[session_id])
        made.append(
            BackchannelLogout(
                session_id=session_id,
                client_id=number,
                subject=subject(house.ring, terms, account.uuid, account.email),
                queued_at=at,
                next_attempt_at=at,
            )
        )
    session.add_all(made)
    session.flush()
    return [each.id for each in made]
