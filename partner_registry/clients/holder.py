"""Whose a client is, and its entries in the trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from glc.clock import paris_date
from partner_registry.agents import Agent
from partner_registry.models import Client, Partner
from partner_registry.trail import note, note_change


def holder_of(client: Client, at: dt.datetime) -> Partner:
    """Whose client it is at an instant, transfers and mergers counted: its people decide, and are told."""
    return client.partner_on(paris_date(at))


def subject_of(client: Client) -> str:
    """What the audit trail calls a client."""
    return f"client:{client.client_id}"


def noted(
    session: Session,
    by: Agent,
    client: Client,
    at: dt.datetime,
    action: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Leave an act on a client in the trail, told to whoever holds it then."""
    subject, partner = subject_of(client), holder_of(client, at)
    note(session, by, at, action, subject, partner=partner, before=before, after=after, reason=reason)


def changed(
    session: Session, by: Agent, client: Client, at: dt.datetime, action: str, before: dict[str, Any], reason: str = ""
) -> None:
    """The same for columns of the client that changed: `before` is its `snapshot` from before."""
    subject, partner = subject_of(client), holder_of(client, at)
    note_change(session, by, at, action, subject, client, before, partner=partner, reason=reason)
