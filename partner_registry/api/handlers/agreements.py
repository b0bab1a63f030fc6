"""Agreements: listed, drafted, shown as of an instant, corrected, suspended, ended."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa

from glc.errors import InputError
from glc.i18n import N_
from glc.services import services
from partner_registry.agreements import acts, amendments, drafting, interruptions
from partner_registry.agreements.impact import impact_of
from partner_registry.agreements.instruction import party_of
from partner_registry.agreements.status import (
    FAR_FUTURE,
    FAR_PAST,
    AgreementStatus,
    effective_on,
    last_day,
    standing,
    status_at,
    terms_on,
)
from partner_registry.api.call import Call, Page, Shown, page
from partner_registry.api.language import translate
from partner_registry.api.operation import Resource
from partner_registry.api.schemas import acts as sent_
from partner_registry.api.schemas import agreements as schemas
from partner_registry.api.schemas.base import Motivated
from partner_registry.completeness import missing_for_approval, missing_for_submission
from partner_registry.models import Agreement, Amendment, Partner
from partner_registry.ports import ports


def find_agreement(call: Call) -> Agreement:
    """The agreement that the path names."""
    agreement = call.one(sa.select(Agreement).where(Agreement.number == call.path["agreement"]))
    call.expect_visible(party_of(agreement, call.at))
    return agreement


def _show(agreement: Agreement, call: Call) -> Shown:
    stands = standing(agreement, call.at)
    return Shown(
        agreement,
        partner=agreement.partner.slug,
        predecessor=agreement.predecessor.number if agreement.predecessor else None,
        status=stands.status,
        status_since=_known(stands.since),
        status_until=_known(stands.until),
        effective_on=effective_on(agreement),
        last_on=last_day(agreement),
        terms=terms_on(agreement, call.today),
        amendments=[each.number for each in agreement.amendments],
    )


def _known(instant: dt.datetime) -> dt.datetime | None:
    return None if instant in {FAR_PAST, FAR_FUTURE} else instant


AGREEMENT = Resource(
    schema="agreements:AgreementTold",
    find=find_agreement,
    show=_show,
    path=lambda agreement, _call: f"/agreements/{agreement.number}",
)


def agreements(call: Call, asked: schemas.Agreements) -> Page:
    query = call.theirs(sa.select(Agreement), Agreement.partner_id)
    if asked.partner is not None:
        query = query.join(Partner).where(Partner.slug == asked.partner)
    if asked.kind is not None:
        query = query.where(Agreement.kind == asked.kind)
    if asked.framework is not None:
        query = query.where(Agreement.framework == asked.framework)
    then = dataclasses.replace(call, at=asked.at or call.at)
    query = query.where(Agreement.created_at <= then.at)
    return page(
        call,
        asked,
        query,
        Agreement.number,
        lambda each: _show(each, then),
        keep=lambda each: asked.status in {None, status_at(each, then.at)},
    )


def draft(call: Call, sent: sent_.NewAgreement) -> Agreement:
    facts = sent.model_dump(exclude_unset=True) | _predecessor(call, sent)
    partner = call.own(facts.pop("partner"))
    return drafting.draft_agreement(call.session, call.agent, partner, at=call.at, **facts)


def _predecessor(call: Call, sent: sent_.AgreementChanges) -> dict[str, Any]:
    if "predecessor" not in sent.model_fields_set:
        return {}
    if sent.predecessor is None:
        return {"predecessor": None}
    found = named_agreement(call, sent.predecessor)
    return {"predecessor": found}


def named_agreement(call: Call, number: str) -> Agreement:
    """An agreement named in what is sent, if this agent may see it. Raises `InputError`."""
    found = call.session.scalar(sa.select(Agreement).where(Agreement.number == number))
    if found is None or not call.sees(party_of(found, call.at)):
        raise InputError(N_("aucune convention ne porte le numéro %(number)s"), number=number)
    return found


def show(call: Call, agreement: Agreement, asked: schemas.AsOf) -> Shown | None:
    return None if asked.at is None else _show(agreement, dataclasses.replace(call, at=asked.at))


def edit(call: Call, agreement: Agreement, sent: sent_.AgreementChanges) -> None:
    changes = sent.model_dump(exclude_unset=True) | _predecessor(call, sent)
    drafting.edit_draft(call.session, call.agent, agreement, at=call.at, **changes)


def missing(call: Call, agreement: Agreement) -> dict[str, Any]:
    status, step, found = status_at(agreement, call.at), None, []
    if status in {AgreementStatus.DRAFT, AgreementStatus.CHANGES_REQUESTED}:
        step, found = "submission", missing_for_submission(agreement, call.today)
    elif status is AgreementStatus.SUBMITTED:
        step, found = "approval", missing_for_approval(agreement, call.today)
    elif status is AgreementStatus.APPROVED:
        step, found = "signature", acts.missing_for_signature(agreement, call.today)
    return {"step": step, "missing": [{"key": each.key, "detail": each.told(translate)} for each in found]}


def impact(call: Call, agreement: Agreement) -> dict[str, Any]:
    found = impact_of(call.session, agreement, call.at, ports().active_users)
    clients = {name: [each.client_id for each in getattr(found, name)] for name in ("production", "sandbox")}
    return {**clients, "active_users": found.active_users}


def correct(call: Call, agreement: Agreement, sent: sent_.Corrected) -> None:
    acts.correct(call.session, call.agent, agreement, at=call.at, **sent.model_dump(exclude_unset=True))


def suspend(call: Call, agreement: Agreement, sent: sent_.Suspended) -> None:
    settings = services().settings
    interruptions.suspend(call.session, call.agent, agreement, settings=settings, at=call.at, **sent.model_dump())


def resume(call: Call, agreement: Agreement, sent: Motivated) -> None:
    interruptions.lift_suspension(
        call.session, call.agent, agreement, reason=sent.reason, settings=services().settings, at=call.at
    )


def denounce(call: Call, agreement: Agreement, sent: sent_.Denounced) -> None:
    settings = services().settings
    interruptions.refuse_renewal(
        call.session, call.agent, agreement, settings=settings, at=call.at, **sent.model_dump()
    )


def terminate(call: Call, agreement: Agreement, sent: sent_.Terminated) -> None:
    settings = services().settings
    interruptions.terminate(call.session, call.agent, agreement, settings=settings, at=call.at, **sent.model_dump())


def derogate(call: Call, agreement: Agreement, sent: sent_.NewDerogation) -> None:
    interruptions.grant_derogation(call.session, call.agent, agreement, at=call.at, **sent.model_dump())


def open_amendment(call: Call, agreement: Agreement, sent: sent_.NewAmendment) -> Amendment:
    return amendments.open_amendment(
        call.session,
        call.agent,
        agreement,
        purpose=sent.purpose,
        changes=sent.changes.as_json(),
        effective_on=sent.effective_on,
        at=call.at,
    )
