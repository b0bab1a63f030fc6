"""Processings of personal data: declared by the partner, validated by the Métropole after its DPO's opinion, and from
then on what decides which claims its clients get. No declared purpose, no claim."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date, start_of_day
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_another, require_reason
from partner_registry.agreements.instruction import refuse_incomplete
from partner_registry.completeness import HIGHEST_ACR, missing_in_processing
from partner_registry.models import Client, Environment, LegalBasis, Partner, Processing, Processor, Purpose
from partner_registry.trail import differences, note, snapshot

EDITABLE = frozenset(
    "reference name part part_reason legal_basis legal_reference data_subjects data_categories recipients source "
    "retention_months retention_reason transfers security_measures sensitive_data privacy_notice_url dpia_required "
    "dpia_reason dpia_on dpia_reference required_acr joint_essence_url joint_contact joint_controllers".split()
)

Purposes = Sequence[tuple[str, Mapping[str, str]]]
"""Pairs of a text and its claims, each with its justification."""


def draft_processing(
    session: Session,
    by: Agent,
    partner: Partner,
    *,
    name: str,
    at: dt.datetime,
    purposes: Purposes = (),
    processors: Sequence[Processor] = (),
    replaces: Processing | None = None,
    **facts: Any,
) -> Processing:
    """Declare a processing.

    Raises `Forbidden`; `InputError` for a legal basis no public body has, or a level of assurance GLC cannot prove.
    """
    require(by, "processing.draft", partner)
    check_facts(partner, {"name": name, **facts})
    processing = Processing(
        partner=partner, name=name.strip(), author_id=by.account_id, created_at=at, replaces=replaces, **facts
    )
    session.add(processing)
    processing.purposes = _purposes(purposes)
    processing.processors = list(processors)
    session.flush()
    after = facts_of(processing)
    note(session, by, at, "processing.drafted", subject_of(processing), partner=partner, after=after)
    return processing


def edit_processing(
    session: Session,
    by: Agent,
    processing: Processing,
    *,
    at: dt.datetime,
    purposes: Purposes | None = None,
    processors: Sequence[Processor] | None = None,
    **changes: Any,
) -> None:
    """Change a processing that is not validated yet. The DPO's opinion, given on what it was, is asked again; whoever
    changed it is its author, so that somebody else decides.

    Raises `Conflict` for a validated one: `replace_processing` makes a copy to change. Else as `draft_processing`.
    """
    partner = holder_of(processing, at)
    require(by, "processing.draft", partner)
    if processing.validated_on is not None or processing.withdrawn_on is not None:
        raise Conflict(N_("un traitement validé ne se modifie pas : déclarez-en un qui le remplace"))
    check_facts(partner, changes)
    before = facts_of(processing)
    for name, value in changes.items():
        setattr(processing, name, value)
    if purposes is not None:
        for purpose in list(processing.purposes):
            session.delete(purpose)
        processing.purposes = _purposes(purposes)
    if processors is not None:
        for processor in list(processing.processors):
            session.delete(processor)
        processing.processors = list(processors)
    processing.author_id = by.account_id or processing.author_id
    processing.dpo_opinion, processing.dpo_opinion_at, processing.dpo_favourable = "", None, None
    session.flush()
    old, new = differences(before, facts_of(processing))
    note(session, by, at, "processing.edited", subject_of(processing), partner=partner, before=old, after=new)


def replace_processing(session: Session, by: Agent, processing: Processing, *, at: dt.datetime) -> Processing:
    """A copy to change, which takes the other's place on the day it is validated: nothing is cut meanwhile.

    It is the partner's that holds the other one today. Raises `Forbidden`, `Conflict` (nothing to replace).
    """
    if not is_valid(processing, at):
        raise Conflict(N_("seul un traitement validé se remplace ; modifiez celui-ci, ou déclarez-en un autre"))
    copied = {name: getattr(processing, name) for name in EDITABLE - {"name"}}
    return draft_processing(
        session,
        by,
        holder_of(processing, at),
        name=processing.name,
        at=at,
        purposes=[(each.text, each.claims) for each in processing.purposes],
        processors=[copy_of(each) for each in processing.processors],
        replaces=processing,
        **copied | {"joint_controllers": list(processing.joint_controllers)},
    )


def copy_of(processor: Processor) -> Processor:
    """The same processor and contract, not stored yet."""
    copied = "partner_id name subject checklist sub_processors contract_on contract_sha256"
    return Processor(**{name: getattr(processor, name) for name in copied.split()})


def facts_of(processing: Processing) -> dict[str, Any]:
    """Everything a processing declares, as JSON values for the trail."""
    return snapshot(processing) | {
        "purposes": [{"text": each.text, "claims": dict(each.claims)} for each in processing.purposes],
        "processors": [snapshot(each) for each in processing.processors],
        "joint_controllers": [each.slug for each in processing.joint_controllers],
    }


def give_opinion(
    session: Session, by: Agent, processing: Processing, *, favourable: bool, text: str, at: dt.datetime
) -> None:
    """Record the opinion of the Métropole's DPO. Raises `Forbidden`, `Conflict`, `InputError` (no words)."""
    require(by, "processing.opine")
    require_another(by, processing.author_id)
    _expect_open(processing)
    processing.dpo_opinion = require_reason(text)
    processing.dpo_favourable, processing.dpo_opinion_at = favourable, at
    after = {"favourable": favourable, "opinion": processing.dpo_opinion}
    note(session, by, at, "processing.opinion", subject_of(processing), partner=holder_of(processing, at), after=after)


def validate_processing(session: Session, by: Agent, processing: Processing, *, at: dt.datetime) -> None:
    """Let a processing receive data from today on; the one it replaces stops. Its clients serve it from now on.

    Raises `Forbidden`, `Conflict`, `InputError` (incomplete, or without a favourable opinion of the DPO).
    """
    require(by, "processing.validate")
    require_another(by, processing.author_id)
    _expect_open(processing)
    refuse_incomplete(missing_in_processing(processing))
    if not processing.dpo_favourable:
        raise InputError(N_("il faut d’abord un avis favorable du DPO"))
    today = paris_date(at)
    processing.validated_on = today
    replaced = processing.replaces
    if replaced is not None:
        replaced.withdrawn_on = replaced.withdrawn_on or today
        for client in session.scalars(sa.select(Client).where(Client.processings.contains(replaced))):
            if processing not in client.processings:
                client.processings.append(processing)
    note(
        session,
        by,
        at,
        "processing.validated",
        subject_of(processing),
        partner=holder_of(processing, at),
        after={"validated_on": today.isoformat(), "replaces": replaced.id if replaced else None},
    )


def withdraw_processing(session: Session, by: Agent, processing: Processing, *, at: dt.datetime, reason: str) -> None:
    """Stop a processing today: its claims are no longer released, everything else goes on. Raises `Conflict`."""
    require(by, "processing.withdraw", holder_of(processing, at))
    reason = require_reason(reason)
    if processing.withdrawn_on is not None:
        raise Conflict(N_("ce traitement est déjà retiré"))
    processing.withdrawn_on = paris_date(at)
    note(
        session,
        by,
        at,
        "processing.withdrawn",
        subject_of(processing),
        partner=holder_of(processing, at),
        after={"withdrawn_on": processing.withdrawn_on.isoformat()},
        reason=reason,
    )


def holder_of(processing: Processing, at: dt.datetime) -> Partner:
    """Whose processing it is at an instant, mergers counted."""
    return processing.partner.holder_on(paris_date(at))


def serves_holder(client: Client, processing: Processing, at: dt.datetime) -> bool:
    """Whether a processing is of whoever holds a client at an instant: a transfer takes no purpose along."""
    return holder_of(processing, at) is client.partner_on(paris_date(at))


def counted_for(client: Client, at: dt.datetime) -> list[Processing]:
    """The processings that justify what a client gets: its partner's, and validated in production."""
    trial = client.environment is Environment.SANDBOX
    return [
        each
        for each in client.processings
        if serves_holder(client, each, at) and (not is_withdrawn(each, at) if trial else is_valid(each, at))
    ]


def is_valid(processing: Processing, at: dt.datetime) -> bool:
    """Whether a processing may receive data at an instant."""
    begun = processing.validated_on is not None and start_of_day(processing.validated_on) <= at
    return begun and not is_withdrawn(processing, at)


def is_withdrawn(processing: Processing, at: dt.datetime) -> bool:
    """Whether a processing was stopped by then."""
    return processing.withdrawn_on is not None and start_of_day(processing.withdrawn_on) <= at


def claims_of(processings: Iterable[Processing]) -> frozenset[str]:
    """The claims that the purposes of some processings declare."""
    return frozenset(claim for each in processings for purpose in each.purposes for claim in purpose.claims)


def subject_of(processing: Processing) -> str:
    """What the audit trail calls a processing."""
    return f"partner:{processing.partner.slug}/processing:{processing.id}"


def _purposes(pairs: Purposes) -> list[Purpose]:
    return [Purpose(text=text.strip(), claims=dict(claims)) for text, claims in pairs]


def _expect_open(processing: Processing) -> None:
    if processing.validated_on is not None or processing.withdrawn_on is not None:
        raise Conflict(N_("ce traitement est déjà validé, ou retiré"))


def check_facts(partner: Partner, facts: Mapping[str, Any]) -> None:
    """Raise `InputError` for what no processing of a public body says, or GrandLyonConnect cannot serve."""
    unknown = sorted(facts.keys() - EDITABLE)
    if unknown:
        raise InputError(N_("%(name)s ne se modifie pas ici"), name=unknown[0])
    if not facts.get("name", "?").strip():
        raise InputError(N_("donnez un nom au traitement"))
    if facts.get("legal_basis") is LegalBasis.LEGITIMATE_INTEREST:
        raise InputError(N_("l’intérêt légitime n’est pas ouvert aux autorités publiques (RGPD, article 6.1)"))
    if facts.get("required_acr", "") not in {"", HIGHEST_ACR}:
        raise InputError(
            N_("GrandLyonConnect ne prouve que le niveau %(acr)s : ce traitement demande davantage"), acr=HIGHEST_ACR
        )
    if (facts.get("retention_months") or 0) < 0:
        raise InputError(N_("une durée de conservation ne se compte pas en mois négatifs"))
    if partner in facts.get("joint_controllers", ()):
        raise InputError(N_("nommez d’autres responsables que le partenaire qui déclare le traitement"))
