"""Registers of processing (GDPR 30) and the list of who receives the account's data, as JSON values.

They are made from what is validated on a day. Of the people of a partner they name nobody but the DPO, whose address is
published anyway (GDPR 37(7); mistake 20).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import NotFound
from glc.i18n import N_
from partner_registry.completeness import dpo_of, processor_name
from partner_registry.data_protection.register_tables import Register, Translate, register_table
from partner_registry.exports import csv_text
from partner_registry.gate import Access
from partner_registry.models import Client, Environment, Partner, PartnerKind, PartnerPart, Processing, Processor
from partner_registry.terms import terms_for


def controller_register(session: Session, partner: Partner, day: dt.date) -> dict[str, Any]:
    """The register of article 30(1): every processing of which a partner is controller, alone or jointly, on a day."""
    found = [each for each in _running(session, day) if partner in controllers_of(each, day)]
    return {
        "register": "controller",
        "day": day.isoformat(),
        "body": _body(partner, day),
        "processings": [_activity(each, day) for each in found],
    }


def processor_register(session: Session, day: dt.date) -> dict[str, Any]:
    """The register of article 30(2): what the Métropole does on behalf of each controller on a day, controller after
    controller. Raises `NotFound` when the Métropole is no partner yet."""
    metropole = session.scalar(sa.select(Partner).where(Partner.kind == PartnerKind.METROPOLE))
    if metropole is None:
        raise NotFound(N_("la Métropole n’est pas encore un partenaire du registre"))
    acts = [
        _act_on_behalf(contract, controller, day)
        for processing in _running(session, day)
        for contract in processing.processors
        if contract.partner is not None and contract.partner.holder_on(day) is metropole
        for controller in controllers_of(processing, day)
    ]
    return {
        "register": "processor",
        "day": day.isoformat(),
        "body": _body(metropole, day),
        "processings": sorted(acts, key=lambda each: (each["controllers"][0]["name"], each["name"])),
    }


def recipients(session: Session, at: dt.datetime) -> list[dict[str, Any]]:
    """Who receives data of the account at an instant, and for what: the clients in production that are let in.

    It is the « destinataires » of the account's own processing (registry reference, 4.2 and 4.5); trials get test
    identities only, and are no recipients.
    """
    found = session.scalars(
        sa.select(Client).where(Client.environment == Environment.PRODUCTION, Client.archived_at.is_(None))
    )
    return sorted(
        (told for client in found if (told := _recipient(session, client, at)) is not None),
        key=lambda each: (each["recipient"], each["name"], each["client_id"]),
    )


def register_csv(register: Register, translate: Translate = str) -> str:
    """A register, or the list of recipients, for a French spreadsheet: cells are made harmless (mistake 20)."""
    table = register_table(register, translate)
    rows = [["\n".join(cell) for cell in row] for row in table.rows]
    return csv_text([table.headings, *rows], spreadsheet=True)


def controllers_of(processing: Processing, day: dt.date) -> list[Partner]:
    """The controllers of a processing on a day, mergers counted: the declaring partner first, unless it is the
    processor of the others."""
    others = list(processing.joint_controllers)
    named = {
        PartnerPart.CONTROLLER: [processing.partner],
        PartnerPart.JOINT_CONTROLLER: [processing.partner, *others],
        PartnerPart.PROCESSOR: others,
    }[processing.part]
    return list(dict.fromkeys(each.holder_on(day) for each in named))


def _running(session: Session, day: dt.date) -> Sequence[Processing]:
    """The processings that are validated and not withdrawn on a day."""
    not_withdrawn = sa.or_(Processing.withdrawn_on.is_(None), Processing.withdrawn_on > day)
    return session.scalars(
        sa.select(Processing).where(Processing.validated_on <= day, not_withdrawn).order_by(Processing.id)
    ).all()


def _body(partner: Partner, day: dt.date) -> dict[str, Any]:
    """A body as it may be published: name, numbers, where to reach it, its DPO's address (30(1)(a), 30(2)(a))."""
    identity, dpo = partner.identity_on(day), dpo_of(partner, day)
    return {
        "partner": partner.slug,
        "name": identity.legal_name,
        "siren": identity.siren,
        "siret": identity.siret,
        "url": partner.support_url or partner.portal_url,
        "dpo": dpo.email if dpo else None,
        "dpo_designation": dpo.cnil_designation if dpo else "",
    }


def _activity(processing: Processing, day: dt.date) -> dict[str, Any]:
    """One processing of a controller: article 30(1)(a) to (g), and what articles 13, 14 and 35 ask besides."""
    copied = (
        "name reference part_reason legal_reference data_subjects data_categories sensitive_data recipients source "
        "transfers retention_months retention_reason security_measures privacy_notice_url joint_essence_url "
        "joint_contact dpia_required dpia_reason dpia_reference required_acr"
    )
    return {name: getattr(processing, name) for name in copied.split()} | {
        "number": processing.id,
        "part": processing.part.value,
        "controllers": [_body(each, day) for each in controllers_of(processing, day)],
        "purposes": [each.text for each in processing.purposes],
        "claims": {claim: why for each in processing.purposes for claim, why in each.claims.items()},
        "legal_basis": processing.legal_basis.value,
        "processors": [_contract(each, day) for each in processing.processors],
        "dpia_on": _iso(processing.dpia_on),
        "documents": [{"kind": each.kind.value, "sha256": each.sha256} for each in processing.documents],
        "created_on": paris_date(processing.created_at).isoformat(),
        "validated_on": _iso(processing.validated_on),
    }


def _contract(processor: Processor, day: dt.date) -> dict[str, Any]:
    partner = processor.partner
    return {
        "name": partner.holder_on(day).identity_on(day).legal_name if partner else processor_name(processor),
        "subject": processor.subject,
        "contract_on": _iso(processor.contract_on),
        "contract_sha256": processor.contract_sha256,
        "points": list(processor.checklist),
        "sub_processors": list(processor.sub_processors),
    }


def _act_on_behalf(contract: Processor, controller: Partner, day: dt.date) -> dict[str, Any]:
    """What is done for one controller: article 30(2)(a) to (d), under which contract."""
    processing = contract.processing
    told = _activity(processing, day)
    kept = "number name data_subjects data_categories claims transfers security_measures".split()
    return (
        {name: told[name] for name in kept}
        | _contract(contract, day)
        | {"name": processing.name}
        | {"controllers": [_body(controller, day)]}
    )


def _recipient(session: Session, client: Client, at: dt.datetime) -> dict[str, Any] | None:
    terms = terms_for(session, client.client_id, at)
    if terms is None or terms.access is not Access.OPEN:
        return None
    return {
        "partner": client.partner_on(paris_date(at)).slug,
        "recipient": terms.controller,
        "client_id": terms.client_id,
        "name": terms.name,
        "purposes": list(terms.purposes),
        "claims": sorted(rule.name for rule in terms.claims if rule.scopes & terms.scopes),
        "legal_basis": terms.legal_basis,
        "privacy_notice_url": terms.privacy_notice_url,
        "dpo": terms.dpo_contact,
    }


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day is not None else None
