"""Shortcuts through the life of a file, for tests that begin where it ends."""

from __future__ import annotations

import datetime as dt

from conftest import CHEAP
from sqlalchemy.orm import Session

from glc.clock import ManualClock, paris_date
from glc.settings import Settings
from partner_registry.agents import OPERATOR, Agent
from partner_registry.agreements.acts import add_decision, notify, sign, transmit
from partner_registry.agreements.documents import add_document
from partner_registry.agreements.drafting import draft_agreement
from partner_registry.agreements.instruction import take_step
from partner_registry.clients.registration import GLC_CLAIMS
from partner_registry.data_protection.processings import draft_processing, give_opinion, validate_processing
from partner_registry.models import (
    Agreement,
    ContactRole,
    CouncilBody,
    DocumentKind,
    Offer,
    Partner,
    Processing,
    StepKind,
)
from partner_registry.partners.contacts import add_contact
from partner_registry.partners.life import edit_partner, register_partner

SETTINGS = Settings(**CHEAP)
PDF = b"%PDF-1.7\n% a signed agreement\n"

COMPLETE = {
    "part_reason": "La commune détermine les finalités et les moyens (R35)",
    "legal_reference": "CGCT, article L.2121-29",
    "data_subjects": ["Usagers"],
    "recipients": ["Service des sports"],
    "retention_months": 24,
    "privacy_notice_url": "https://www.villeurbanne.example/donnees",
    "dpia_required": False,
    "dpia_reason": "Un seul critère du CEPD",
}
"""What a processing says when nothing is missing."""


def new_partner(session: Session, by: Agent, clock: ManualClock, code: str = "69266", **options: object) -> Partner:
    """Villeurbanne, registered, with every contact verified and its portal."""
    partner = register_partner(session, by, code=code, at=clock.now(), **options)
    for role in (ContactRole.CONTROLLER, ContactRole.DPO, ContactRole.TECHNICAL, ContactRole.SECURITY):
        email = f"{'dpo' if role is ContactRole.DPO else role.value.lower()}@{partner.slug}.example"
        add_contact(session, by, partner, role=role, name="Un service", email=email, at=clock.now(), verified=True)
    edit_partner(session, OPERATOR, partner, at=clock.now(), portal_url=f"https://www.{partner.slug}.example/")
    return partner


def new_processing(session: Session, by: Agent, partner: Partner, clock: ManualClock, **facts: object) -> Processing:
    """A complete processing that declares every claim of the preset."""
    claims = {rule["name"]: "pour la démarche" for rule in GLC_CLAIMS}
    purposes = [("Inscrire aux activités", claims)]
    return draft_processing(session, by, partner, name="Compte", at=clock.now(), purposes=purposes, **COMPLETE | facts)


def new_file(session: Session, by: Agent, partner: Partner, clock: ManualClock, **facts: object) -> Agreement:
    """A draft that would begin today and end with the decade."""
    values = {
        "number": f"CONV-{partner.slug}",
        "framework": "Cadre d’essai",
        "offer": Offer.RESTRICTED,
        "starts_on": paris_date(clock.now()),
        "hard_end_on": dt.date(2029, 12, 31),
    }
    return draft_agreement(session, by, partner, at=clock.now(), **values | facts)


def examine(
    session: Session, applicant: Agent, reviewer: Agent, dpo: Agent, agreement: Agreement, clock: ManualClock
) -> None:
    """Submit a file, have the DPO agree to each processing, approve it."""
    take_step(session, applicant, agreement, StepKind.SUBMITTED, at=clock.now())
    for processing in agreement.partner.processings:
        if processing.validated_on is None:
            give_opinion(session, dpo, processing, favourable=True, text="Rien à redire", at=clock.now())
            validate_processing(session, reviewer, processing, at=clock.now())
    take_step(session, reviewer, agreement, StepKind.APPROVED, at=clock.now())


def conclude(session: Session, by: Agent, agreement: Agreement, clock: ManualClock) -> None:
    """Decisions, PDF, signature, transmission, notification: all today."""
    today, at = paris_date(clock.now()), clock.now()
    for body in CouncilBody:
        add_decision(session, by, agreement, body=body, number="2026/12", decided_on=today, at=at)
    add_document(session, by, agreement, kind=DocumentKind.AGREEMENT, name="convention.pdf", content=PDF, at=at)
    sign(session, by, agreement, on=today, at=at)
    transmit(session, by, agreement, on=today, receipt="AR-1", at=at)
    notify(session, by, agreement, on=today, means="LRAR", at=at)
