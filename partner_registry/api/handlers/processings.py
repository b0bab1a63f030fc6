"""Processings of personal data."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from partner_registry.api.call import Call, Page, Shown, page
from partner_registry.api.language import translate
from partner_registry.api.operation import Resource
from partner_registry.api.schemas import processings as schemas
from partner_registry.api.schemas.base import Motivated
from partner_registry.completeness import missing_in_processing
from partner_registry.data_protection import processings as rules
from partner_registry.models import Partner, Processing, Processor


def _find(call: Call) -> Processing:
    processing = call.one(sa.select(Processing).where(Processing.id == call.path["processing"]))
    call.expect_visible(rules.holder_of(processing, call.at))
    return processing


def _show(processing: Processing) -> Shown:
    processors = [Shown(each, partner=each.partner.slug if each.partner else None) for each in processing.processors]
    return Shown(
        processing,
        partner=processing.partner.slug,
        processors=processors,
        joint_controllers=sorted(each.slug for each in processing.joint_controllers),
        replaces=processing.replaces_id,
    )


PROCESSING = Resource(
    schema="processings:ProcessingTold",
    find=_find,
    show=lambda processing, _call: _show(processing),
    path=lambda processing, _call: f"/processings/{processing.id}",
)


def processings(call: Call, asked: schemas.Processings) -> Page:
    query = call.theirs(sa.select(Processing), Processing.partner_id)
    if asked.partner is not None:
        query = query.join(Processing.partner).where(Partner.slug == asked.partner)
    return page(
        call,
        asked,
        query,
        Processing.id,
        _show,
        keep=lambda each: asked.valid in {None, rules.is_valid(each, call.at)},
    )


def draft(call: Call, sent: schemas.NewProcessing) -> Processing:
    return rules.draft_processing(
        call.session,
        call.agent,
        call.own(sent.partner),
        at=call.at,
        purposes=[(each.text, each.claims) for each in sent.purposes or []],
        processors=_processors(call, sent),
        **sent.facts() | _people(call, sent),
    )


def edit(call: Call, processing: Processing, sent: schemas.ProcessingChanges) -> None:
    given = sent.model_fields_set
    rules.edit_processing(
        call.session,
        call.agent,
        processing,
        at=call.at,
        purposes=[(each.text, each.claims) for each in sent.purposes] if "purposes" in given else None,
        processors=_processors(call, sent) if "processors" in given else None,
        **sent.facts() | _people(call, sent),
    )


def _people(call: Call, sent: schemas.ProcessingChanges) -> dict[str, Any]:
    if "joint_controllers" not in sent.model_fields_set:
        return {}
    return {"joint_controllers": [call.named(each) for each in sent.joint_controllers]}


def _processors(call: Call, sent: schemas.ProcessingChanges) -> list[Processor]:
    return [
        Processor(
            partner=call.named(each.partner) if each.partner is not None else None,
            **each.model_dump(exclude={"partner"}),
        )
        for each in sent.processors or []
    ]


def replace(call: Call, processing: Processing) -> Processing:
    return rules.replace_processing(call.session, call.agent, processing, at=call.at)


def give_opinion(call: Call, processing: Processing, sent: schemas.Opinion) -> None:
    rules.give_opinion(call.session, call.agent, processing, favourable=sent.favourable, text=sent.text, at=call.at)


def validate(call: Call, processing: Processing) -> None:
    rules.validate_processing(call.session, call.agent, processing, at=call.at)


def withdraw(call: Call, processing: Processing, sent: Motivated) -> None:
    rules.withdraw_processing(call.session, call.agent, processing, at=call.at, reason=sent.reason)


def missing(_call: Call, processing: Processing) -> dict[str, Any]:
    found = missing_in_processing(processing)
    step = "validation" if processing.validated_on is None and processing.withdrawn_on is None else None
    return {"step": step, "missing": [{"key": each.key, "detail": each.told(translate)} for each in found]}
