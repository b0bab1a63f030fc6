"""Documents: PDFs kept as they came, with their SHA-256, on an agreement, an amendment or a processing (R36)."""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy.orm import Session

from glc.errors import InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require
from partner_registry.agreements import instruction
from partner_registry.agreements.instruction import File
from partner_registry.data_protection import processings
from partner_registry.models import Agreement, Amendment, Document, DocumentKind, Partner, Processing
from partner_registry.trail import note

MAX_DOCUMENT = 10 * 1024 * 1024
"""Longest document kept, in bytes."""

OF_PROCESSINGS = frozenset({DocumentKind.PROCESSOR_CONTRACT, DocumentKind.JOINT_ARRANGEMENT, DocumentKind.DPIA})
"""What is kept on a processing alone (GDPR 26, 28 and 35). An annex may be anything's; the rest is an agreement's."""


def add_document(
    session: Session,
    by: Agent,
    of: File | Processing,
    *,
    kind: DocumentKind,
    name: str,
    content: bytes,
    at: dt.datetime,
) -> Document:
    """Keep a PDF with its SHA-256. A validated processing takes some too: what it declares does not change by that.

    Raises `Forbidden`, `InputError` (no PDF, too long, a kind that belongs elsewhere).
    """
    noun, action, subject, partner = _place(of, at)
    require(by, action, partner)
    if kind is not DocumentKind.ANNEX and (kind in OF_PROCESSINGS) is not isinstance(of, Processing):
        raise InputError(
            N_(
                "un contrat de sous-traitance, un accord conjoint ou une AIPD se joint à un traitement ; "
                "tout autre document, à une convention ou à un avenant"
            )
        )
    document = pdf(kind, name, content, at, by)
    of.documents.append(document)
    after = {"kind": kind.value, "name": document.name, "sha256": document.sha256}
    note(session, by, at, f"{noun}.document_added", subject, partner=partner, after=after)
    return document


def pdf(kind: DocumentKind, name: str, content: bytes, at: dt.datetime, by: Agent) -> Document:
    """A document from its bytes. Raises `InputError` unless they are a PDF of at most 10 MiB."""
    if len(content) > MAX_DOCUMENT:
        raise InputError(N_("ce document dépasse 10 Mio : réduisez-le"))
    if not content.startswith(b"%PDF-"):
        raise InputError(N_("ce document n’est pas un PDF : exportez-le en PDF"))
    return Document(
        kind=kind,
        name=name.rpartition("/")[2].rpartition("\\")[2].strip()[:200] or "document.pdf",
        media_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        kept_at=at,
        account_id=by.account_id,
    )


def _place(of: File | Processing, at: dt.datetime) -> tuple[str, str, str, Partner]:
    """What a document is kept on: its noun in the trail, the permission it takes, its subject, whose it is."""
    match of:
        case Processing():
            return "processing", "processing.draft", processings.subject_of(of), processings.holder_of(of, at)
        case Agreement() | Amendment():
            return "agreement", "agreement.draft", instruction.subject_of(of), instruction.party_of(of, at)
