"""The audit trail: append-only, and chained so that a gap or an edit shows.

Each entry carries the digest of the one before it and its own, SHA-256 over its canonical JSON; a row apart keeps how
many entries there are and the last digest, so that cutting off the end shows too. Triggers refuse to change or delete
an entry; whoever owns the database can drop them, which is what the chain is for. Somebody who rewrites the chain from
some entry to the end, head included, is found out by a digest noted elsewhere (`verify`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from glc.clock import UTC
from glc.database import Base, column, key_column
from glc.sentences import N_, Sentence

GENESIS = "0" * 64
"""What the first entry names as the digest before it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account of the provider, or a program that says its name."""

    name: str
    account_id: int | None = None
    via: str = "cli"
    """The door they came by: web, api, cli, or job for what the program does by itself."""
    request_id: str = ""


class AuditEntry(Base):
    """One act in the registry: who, when, on what, before and after, why."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = key_column()
    at: Mapped[dt.datetime] = column("When", index=True)
    actor: Mapped[str] = column("Who, by name", sa.String(255), personal=True)
    account_id: Mapped[int | None] = column("Who, by account", sa.ForeignKey("account.id"), personal=True)
    via: Mapped[str] = column("Door: web, api, cli or job", sa.String(10))
    request_id: Mapped[str] = column("Request it came by", sa.String(40))
    action: Mapped[str] = column("What was done: `agreement.approved`", sa.String(60), index=True)
    subject: Mapped[str] = column("On what: `agreement:GNM-2019-lyon`", sa.String(200), index=True)
    before: Mapped[dict[str, Any]] = column("What it was", sa.JSON(), personal=True)
    after: Mapped[dict[str, Any]] = column("What it became", sa.JSON(), personal=True)
    reason: Mapped[str] = column("Why", sa.Text())
    previous: Mapped[str] = column("Digest of the entry before", sa.String(64))
    digest: Mapped[str] = column("SHA-256 of this entry, the digest before included", sa.String(64), unique=True)


class AuditHead(Base):
    """One row, made by the migration: how long the chain is and what it ends with. Whoever appends locks it."""

    __tablename__ = "audit_head"

    id: Mapped[int] = key_column()
    length: Mapped[int] = column("Entries in the chain")
    digest: Mapped[str] = column("Digest of the last one", sa.String(64))


def record(
    session: Session,
    by: Actor,
    action: str,
    subject: str,
    *,
    at: dt.datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Append one act to the trail, in the caller's transaction. Values must be JSON, and hold no secret.

    Whoever appends next waits for that transaction's end: nobody else can follow the same entry.
    """
    newest = sa.select(AuditHead).with_for_update().execution_options(populate_existing=True)  # others moved it
    head = session.scalars(newest).one()
    entry = AuditEntry(
        at=at,
        actor=by.name[:255],
        account_id=by.account_id,
        via=by.via,
        request_id=by.request_id,
        action=action,
        subject=subject[:200],
        before=before or {},
        after=after or {},
        reason=reason,
        previous=head.digest,
    )
    entry.digest = _digest(entry)
    head.length, head.digest = head.length + 1, entry.digest
    session.add(entry)
    session.flush()
    return entry


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the chain found: `problems` is empty when it is whole."""

    length: int
    head: str
    problems: tuple[Sentence, ...]


def verify(session: Session, *, expected_head: str | None = None) -> Verdict:
    """Walk the whole chain. `expected_head` is a digest noted earlier: it must still be in the chain.

    Appending may go on meanwhile: entries and head are read by one statement, which sees one moment.
    """
    problems: list[Sentence] = []
    previous, length = GENESIS, 0
    noted, seen = None, expected_head in {None, GENESIS}
    for head, entry in _chain(session):
        noted = (head.length, head.digest)
        if entry is None:
            break
        length += 1
        if entry.previous != previous:
            told = N_("entrée %(entry)s : celle qui la précède manque, ou c’en est une autre")
            problems.append(Sentence(told, {"entry": entry.id}))
        if entry.digest != _digest(entry):
            told = N_("l’entrée %(entry)s (%(what)s) a été changée après avoir été écrite")
            problems.append(Sentence(told, {"entry": entry.id, "what": f"{entry.action} {entry.subject}"}))
        previous = entry.digest
        seen = seen or entry.digest == expected_head
    if noted is None:
        problems.append(Sentence(N_("la ligne qui dit la longueur de la chaîne a été ôtée")))
    elif noted != (length, previous):
        told = N_("%(written)s entrées ont été écrites, il y en a %(there)s : la fin a été coupée, ou allongée")
        problems.append(Sentence(told, {"written": noted[0], "there": length}))
    if not seen:
        problems.append(Sentence(N_("l’empreinte notée auparavant n’est plus dans la chaîne")))
    return Verdict(length, previous, tuple(problems))


def _chain(session: Session) -> Iterator[tuple[AuditHead, AuditEntry | None]]:
    """The entries in order, each with the head; the head alone when there is none."""
    both = sa.select(AuditHead, AuditEntry).outerjoin(AuditEntry, sa.true()).order_by(AuditEntry.id)
    yield from session.execute(both.execution_options(yield_per=500, populate_existing=True))


def _digest(entry: AuditEntry) -> str:
    content = [
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.account_id,
        entry.via,
        entry.request_id,
        entry.action,
        entry.subject,
        entry.before,
        entry.after,
        entry.reason,
        entry.previous,
    ]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
