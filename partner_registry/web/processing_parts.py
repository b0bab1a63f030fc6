"""The parts of a processing that each have a page: its purposes, its processors, its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa
from flask import request
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from glc.database import db
from glc.errors import InputError, NotFound
from glc.i18n import N_, gettext
from partner_registry.agents import Agent
from partner_registry.agreements.documents import add_document
from partner_registry.clients.registration import GLC_CLAIMS
from partner_registry.data_protection import processings as rules
from partner_registry.data_protection.processings import holder_of
from partner_registry.models import Partner, Processor
from partner_registry.web import links, words
from partner_registry.web.act_page import act_page
from partner_registry.web.base import agents_only, done, now, page, registry, today
from partner_registry.web.forms import RegistryForm, carried_out, pressed
from partner_registry.web.processing_forms import DocumentForm, ProcessorForm, PurposeForm
from partner_registry.web.processings import inside, processing_seen

T = TypeVar("T")
Typed = tuple[str, Mapping[str, str]]


def _nth(items: Sequence[T], place: str) -> T | None:
    """The item of that place, counted from 1; None for a new one. Raises `NotFound`."""
    if place == "new":
        return None
    if not place.isdecimal() or not 1 <= int(place) <= len(items):
        raise NotFound(N_("ce traitement n’a rien à cette place"))
    return items[int(place) - 1]


def _instead(items: list[T], old: T | None, new: T | None) -> list[T]:
    """The items with one changed, added (no old one) or taken away (no new one)."""
    if old is None:
        return [*items, *([new] if new is not None else [])]
    return [each if each is not old else new for each in items if each is not old or new is not None]  # type: ignore[misc]


@registry.route("/processings/<int:number>/purposes/<place>", methods=["GET", "POST"])
@agents_only
def purpose_edit(agent: Agent, number: int, place: str) -> Response:
    """Add a purpose, change one, or take it away."""
    processing = processing_seen(agent, number)
    purpose = _nth(processing.purposes, place)
    kept = dict(purpose.claims) if purpose is not None else {}
    names = list(dict.fromkeys([*kept, *(rule["name"] for rule in GLC_CLAIMS)]))
    shown = [{"claim": name, "why": kept.get(name, "")} for name in names]
    form = PurposeForm(data={"text": purpose.text if purpose is not None else "", "claims": shown})

    def store(new: Typed | None) -> None:
        pairs: list[Typed] = [(each.text, dict(each.claims)) for each in processing.purposes]
        old = pairs[processing.purposes.index(purpose)] if purpose is not None else None
        rules.edit_processing(db.session(), agent, processing, at=now(), purposes=_instead(pairs, old, new))

    if pressed("remove"):
        bare = RegistryForm()
        if carried_out(bare, lambda: store(None)):
            return done(N_("la finalité est retirée."), links.processing(processing))
        form.refused, form.status = bare.refused, bare.status
    elif not pressed("more") and carried_out(form, lambda: store((form.text.data, form.wanted))):
        return done(N_("la finalité est enregistrée."), links.processing(processing))
    return page(
        "processing_purpose.html",
        agent,
        form.status,
        claim_words=words.CLAIM_WORDS,
        form=form,
        processing=processing,
        purpose=purpose,
        crumbs=inside(processing),
        back=links.processing(processing),
    )


@registry.route("/processings/<int:number>/processors/<place>", methods=["GET", "POST"])
@agents_only
def processor_edit(agent: Agent, number: int, place: str) -> Response:
    """Add a processor, change one, or take it away."""
    processing = processing_seen(agent, number)
    processor = _nth(processing.processors, place)
    form = ProcessorForm(obj=processor)
    partners = db.session.scalars(sa.select(Partner).where(Partner.successor_id.is_(None)).order_by(Partner.slug))
    offered = {str(each.id): each for each in partners if each is not holder_of(processing, now())}
    form.partner.choices = [
        SelectChoice("", gettext("Aucun : un autre organisme")),
        *[SelectChoice(key, each.identity_on(today()).name) for key, each in offered.items()],
    ]
    if not form.is_submitted():
        form.partner.data = str(processor.partner_id or "") if processor is not None else ""

    def store(new: Processor | None) -> None:
        copies = [rules.copy_of(each) for each in processing.processors]
        old = copies[processing.processors.index(processor)] if processor is not None else None
        rules.edit_processing(db.session(), agent, processing, at=now(), processors=_instead(copies, old, new))

    if pressed("remove"):
        bare = RegistryForm()
        if carried_out(bare, lambda: store(None)):
            return done(N_("le sous-traitant est retiré."), links.processing(processing))
        form.refused, form.status = bare.refused, bare.status
    elif carried_out(form, lambda: store(_typed_processor(form, offered))):
        return done(N_("le sous-traitant est enregistré."), links.processing(processing))
    return page(
        "processing_processor.html",
        agent,
        form.status,
        form=form,
        processing=processing,
        processor=processor,
        crumbs=inside(processing),
        back=links.processing(processing),
    )


def _typed_processor(form: ProcessorForm, offered: dict[str, Partner]) -> Processor:
    partner = offered.get(form.partner.data or "")
    if partner is None and not form.name.data:
        raise InputError(N_("nommez le sous-traitant : un partenaire, ou un autre organisme"))
    return Processor(
        partner_id=partner.id if partner is not None else None,
        name="" if partner is not None else form.name.data,
        subject=form.subject.data,
        checklist=form.checklist.data or [],
        sub_processors=form.sub_processors.data,
        contract_on=form.contract_on.data,
        contract_sha256=form.contract_sha256.data.lower(),
    )


@registry.route("/processings/<int:number>/documents/new", methods=["GET", "POST"])
@agents_only
def processing_document_new(agent: Agent, number: int) -> Response:
    """Keep a document."""
    processing, form = processing_seen(agent, number), DocumentForm()

    def act() -> None:
        sent = request.files[form.content.name]
        add_document(
            db.session(),
            agent,
            processing,
            kind=form.kind.data,
            name=sent.filename or "",
            content=sent.read(),
            at=now(),
        )

    if carried_out(form, act):
        return done(N_("la pièce est jointe."), links.processing(processing))
    return act_page(
        agent,
        form,
        title=N_("Joindre une pièce à « %(name)s »"),
        lead=[N_("Elle est gardée telle quelle, avec son empreinte SHA-256.")],
        button=N_("Joindre la pièce"),
        back=links.processing(processing),
        crumbs=inside(processing),
        name=processing.name,
    )
