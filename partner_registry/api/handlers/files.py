"""What agreements and amendments have in common: steps, decisions, documents, signature, transmission, notification."""

from __future__ import annotations

import base64
from urllib.parse import quote

import sqlalchemy as sa
from flask import Response

from glc.errors import InputError
from glc.i18n import N_
from partner_registry.agreements import acts, documents
from partner_registry.agreements.instruction import File, take_step
from partner_registry.agreements.status import amendment_status_at
from partner_registry.api.call import Call, Page, Shown, expect, page
from partner_registry.api.handlers.agreements import find_agreement
from partner_registry.api.handlers.processings import PROCESSING
from partner_registry.api.operation import PDF, Resource
from partner_registry.api.schemas import acts as sent_
from partner_registry.api.schemas import agreements as schemas
from partner_registry.api.schemas.base import Motivated, Positioned
from partner_registry.models import Agreement, Amendment, Document, Processing, StepKind

STEPS = {
    "submit": StepKind.SUBMITTED,
    "withdraw": StepKind.WITHDRAWN,
    "request-changes": StepKind.CHANGES_REQUESTED,
    "refuse": StepKind.REFUSED,
    "approve": StepKind.APPROVED,
    "reopen": StepKind.REOPENED,
}
"""The end of the path of each step."""


def _find_amendment(call: Call) -> Amendment:
    agreement = find_agreement(call)
    return expect(next((each for each in agreement.amendments if each.number == call.path["amendment"]), None))


def _find_file(call: Call) -> File:
    return _find_amendment(call) if "amendment" in call.path else find_agreement(call)


def _find_document(call: Call) -> Document:
    kept: list[Document] = (PROCESSING.find(call) if "processing" in call.path else _find_file(call)).documents
    return expect(next((each for each in kept if each.sha256 == call.path["sha256"]), None))


def _show_amendment(amendment: Amendment, call: Call) -> Shown:
    return Shown(amendment, agreement=amendment.agreement.number, status=amendment_status_at(amendment, call.at))


def _document_path(document: Document, call: Call) -> str:
    place = call.operation.path.partition("/documents")[0].format_map(call.path)
    return f"{place}/documents/{document.sha256}"


AMENDMENT = Resource(
    schema="agreements:AmendmentTold",
    find=_find_amendment,
    show=_show_amendment,
    path=lambda amendment, _call: f"/agreements/{amendment.agreement.number}/amendments/{amendment.number}",
)
DOCUMENT = Resource(
    schema="agreements:DocumentTold",
    find=_find_document,
    show=lambda document, _call: document,
    path=_document_path,
)


def amendments(call: Call, agreement: Agreement, asked: Positioned) -> Page:
    query = sa.select(Amendment).where(Amendment.agreement_id == agreement.id)
    return page(call, asked, query, Amendment.number, lambda each: _show_amendment(each, call))


def step(call: Call, file: File, sent: Motivated | None = None) -> None:
    kind = STEPS[call.operation.path.rpartition("/")[2]]
    take_step(call.session, call.agent, file, kind, at=call.at, reason=sent.reason if sent else "")


def add_decision(call: Call, file: File, sent: sent_.NewDecision) -> None:
    acts.add_decision(call.session, call.agent, file, at=call.at, **sent.model_dump())


def add_document(
    call: Call, of: File | Processing, asked: schemas.DocumentNames, sent: sent_.NewDocument | bytes
) -> Document:
    if isinstance(sent, bytes):
        if asked.kind is None:
            raise InputError(N_("dites dans l’adresse quel document c’est : ?kind=AGREEMENT&name=…"), field="kind")
        kind, name, content = asked.kind, asked.name or "", sent
    else:
        kind, name, content = sent.kind, sent.name, _decoded(sent.content)
    return documents.add_document(call.session, call.agent, of, kind=kind, name=name, content=content, at=call.at)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except ValueError as error:
        raise InputError(N_("ce contenu n’est pas du base64 (RFC 4648, section 4)"), field="content") from error


def download(call: Call, document: Document) -> Response | None:
    if call.media != PDF:
        return None
    response = Response(document.content, mimetype=PDF)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(document.name, safe='')}"
    return response


def sign(call: Call, file: File, sent: sent_.Signed) -> None:
    acts.sign(call.session, call.agent, file, on=sent.on, signatories=sent.signatories, at=call.at)


def transmit(call: Call, file: File, sent: sent_.Transmitted) -> None:
    acts.transmit(call.session, call.agent, file, on=sent.on, receipt=sent.receipt, at=call.at)


def notify(call: Call, file: File, sent: sent_.Notified) -> None:
    acts.notify(call.session, call.agent, file, on=sent.on, means=sent.means, at=call.at)
