"""Documents: downloaded as they came, by those who may see the partner's record."""

from __future__ import annotations

from urllib.parse import quote

from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import NotFound
from partner_registry.agents import Agent
from partner_registry.agreements.instruction import party_of
from partner_registry.data_protection.processings import holder_of
from partner_registry.models import Agreement, Amendment, Document, Partner, Processing
from partner_registry.web.base import NOTHING, agents_only, now, registry, shown_to


@registry.get("/documents/<int:number>")
@agents_only
def document(agent: Agent, number: int) -> Response:
    """The bytes of a document, to be saved and not shown: it came from outside."""
    session = db.session()
    found = session.get(Document, number)
    if found is None:
        raise NotFound(NOTHING)
    shown_to(agent, _partner_of(found))
    response = Response(found.content, mimetype=found.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["ETag"] = f'"{found.sha256}"'
    return response


def _partner_of(found: Document) -> Partner | None:
    """Whose record a document belongs to."""
    session = db.session()
    if found.amendment_id is not None:
        return party_of(session.get_one(Amendment, found.amendment_id), now())
    if found.agreement_id is not None:
        return party_of(session.get_one(Agreement, found.agreement_id), now())
    if found.processing_id is not None:
        return holder_of(session.get_one(Processing, found.processing_id), now())
    return None
