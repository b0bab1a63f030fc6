"""Every act leaves one entry in the audit trail, and is told to whoever subscribed to it."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc import audit
from glc.audit import AuditEntry
from glc.database import Base
from partner_registry.agents import Agent
from partner_registry.events.outbox import queue
from partner_registry.models import Partner

KEPT_OUT = frozenset({"sealed", "sealed_secret", "digest", "registration_digest", "content"})
"""Columns whose values never enter the trail."""


def snapshot(row: Base) -> dict[str, Any]:
    """A row's own columns as JSON values, without secrets, documents and its internal number."""
    columns = sa.inspect(type(row)).column_attrs
    return {each.key: plain(getattr(row, each.key)) for each in columns if each.key not in KEPT_OUT | {"id"}}


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of two snapshots differs: the old values and the new ones."""
    names = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in sorted(names)}, {name: after.get(name) for name in sorted(names)}


def note(
    session: Session,
    by: Agent,
    at: dt.datetime,
    action: str,
    subject: str,
    *,
    partner: Partner | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Record an act in the caller's transaction, and queue it for the webhooks that want it. Flushes."""
    session.flush()
    entry = audit.record(session, by, action, subject, at=at, before=before, after=after, reason=reason)
    queue(session, entry, partner)
    return entry


def note_change(
    session: Session,
    by: Agent,
    at: dt.datetime,
    action: str,
    subject: str,
    row: Base,
    before: dict[str, Any],
    *,
    partner: Partner | None = None,
    reason: str = "",
) -> AuditEntry:
    """The same for a row that changed: `before` is its `snapshot` from before."""
    session.flush()
    old, new = differences(before, snapshot(row))
    return note(session, by, at, action, subject, partner=partner, before=old, after=new, reason=reason)


def entries(
    session: Session,
    *,
    subject: str | None = None,
    action: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """Entries of the trail (see `matching`), newest first; the next page is what comes `before_id` the last one's."""
    wanted = matching(subject=subject, action=action, since=since, until=until)
    if before_id is not None:
        wanted = wanted.where(AuditEntry.id < before_id)
    return list(session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(limit)))


def matching(
    *, subject: str | None, action: str | None, since: dt.datetime | None, until: dt.datetime | None
) -> sa.Select[AuditEntry]:
    """The query of some entries, in no order.

    A subject counts with what is part of it: `partner:lyon` with `partner:lyon/processing:3`. An action is a name, or
    `agreement.*`. `since` counts, `until` does not.
    """
    wanted = sa.select(AuditEntry)
    if subject is not None:
        part = AuditEntry.subject.startswith(f"{subject}/", autoescape=True)
        wanted = wanted.where(sa.or_(AuditEntry.subject == subject, part))
    if action is not None:
        begins = AuditEntry.action.startswith(action.removesuffix("*"), autoescape=True)
        wanted = wanted.where(begins if action.endswith(".*") else AuditEntry.action == action)
    if since is not None:
        wanted = wanted.where(AuditEntry.at >= since)
    if until is not None:
        wanted = wanted.where(AuditEntry.at < until)
    return wanted


def plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return value
