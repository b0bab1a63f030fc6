"""What a file still lacks, in words that say what to do: the onboarding's checklist (registry reference, 6.2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from glc.sentences import N_, Translate, fill
from partner_registry.models import (
    Agreement,
    Contact,
    ContactRole,
    DocumentKind,
    LegalBasis,
    Partner,
    PartnerPart,
    Processing,
    Processor,
)

CONTRACT_POINTS = tuple("abcdefgh")
"""The eight points of GDPR 28(3) that a processor's contract holds."""

LONG_RETENTION_MONTHS = 36
HIGHEST_ACR = "eidas1"
"""What a password account proves; a processing that needs more cannot be served."""

REQUIRED_CONTACTS = (ContactRole.CONTROLLER, ContactRole.DPO, ContactRole.TECHNICAL, ContactRole.SECURITY)

CONTACT_WORDS = {
    ContactRole.CONTROLLER: N_("représentant du responsable de traitement"),
    ContactRole.DPO: N_("délégué à la protection des données (DPO)"),
    ContactRole.TECHNICAL: N_("contact technique"),
    ContactRole.BUSINESS: N_("contact métier"),
    ContactRole.BILLING: N_("contact facturation"),
    ContactRole.SECURITY: N_("contact sécurité"),
}
BASES_WITH_TEXT = frozenset({LegalBasis.PUBLIC_TASK, LegalBasis.LEGAL_OBLIGATION})


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing: `key` names where to mend it, `template` and `values` say what to do, in French."""

    key: str
    template: str
    values: Mapping[str, str] = field(default_factory=dict)

    def told(self, translate: Translate = str) -> str:
        """What to do, in another language when its gettext is given; so are the values marked for translation."""
        return fill(self.template, self.values, translate)


Gap = tuple[str, dict[str, str]]
"""What a processing lacks: template and values."""


def current_contacts(partner: Partner, day: dt.date) -> list[Contact]:
    """The contacts of a partner on a day."""
    return [
        each for each in partner.contacts if each.since_on <= day and (each.ended_on is None or day < each.ended_on)
    ]


def dpo_of(partner: Partner, day: dt.date) -> Contact | None:
    """The data protection officer of a partner on a day."""
    return next((each for each in current_contacts(partner, day) if each.role is ContactRole.DPO), None)


def missing_contacts(partner: Partner, day: dt.date) -> list[Missing]:
    """The contacts a partner must have, with an address somebody proved to read."""
    there = {each.role: each for each in current_contacts(partner, day)}
    found = []
    for role in REQUIRED_CONTACTS:
        if role not in there:
            found.append(Missing("contacts", N_("ajoutez le contact « %(role)s »"), {"role": CONTACT_WORDS[role]}))
        elif there[role].verified_at is None:
            told = N_("faites vérifier l’adresse du contact « %(role)s »")
            found.append(Missing("contacts", told, {"role": CONTACT_WORDS[role]}))
    return found


def missing_in_processing(processing: Processing) -> list[Missing]:
    """What a declared processing lacks (GDPR 13, 14, 26, 28, 30, 35)."""
    return [Missing("processings", text, values | {"name": processing.name}) for text, values in _gaps(processing)]


def _gaps(processing: Processing) -> Iterator[Gap]:
    yield from _purpose_gaps(processing)
    if processing.legal_basis in BASES_WITH_TEXT and not processing.legal_reference.strip():
        yield N_("« %(name)s » : citez le texte qui fonde la base légale (article 6.3)"), {}
    if not processing.data_subjects:
        yield N_("« %(name)s » : dites quelles personnes sont concernées"), {}
    if not processing.data_categories and not any(purpose.claims for purpose in processing.purposes):
        yield N_("« %(name)s » : dites quelles catégories de données sont traitées (article 30.1.c)"), {}
    if not processing.recipients:
        yield N_("« %(name)s » : dites qui reçoit les données"), {}
    if processing.retention_months is None:
        yield N_("« %(name)s » : donnez la durée de conservation, en mois"), {}
    elif processing.retention_months > LONG_RETENTION_MONTHS and not processing.retention_reason.strip():
        yield N_("« %(name)s » : justifiez une conservation de plus de 36 mois"), {}
    if not (processing.privacy_notice_url or "").startswith("https://"):
        yield N_("« %(name)s » : donnez l’adresse https de la mention d’information (articles 13 et 14)"), {}
    yield from _assessment_gaps(processing)
    yield from _role_gaps(processing)


def _purpose_gaps(processing: Processing) -> Iterator[Gap]:
    if not processing.purposes:
        yield N_("« %(name)s » : déclarez au moins une finalité"), {}
    for purpose in processing.purposes:
        if not purpose.text.strip():
            yield N_("« %(name)s » : écrivez la finalité"), {}
        bare = sorted(claim for claim, why in purpose.claims.items() if not why.strip())
        if bare:
            yield N_("« %(name)s » : justifiez chaque donnée demandée (%(claims)s)"), {"claims": ", ".join(bare)}


def _assessment_gaps(processing: Processing) -> Iterator[Gap]:
    if processing.dpia_required is None:
        yield N_("« %(name)s » : dites si une AIPD est requise, et pourquoi"), {}
    elif not processing.dpia_reason.strip():
        yield N_("« %(name)s » : dites pourquoi une AIPD est requise, ou ne l’est pas"), {}
    elif processing.dpia_required and (not processing.dpia_reference.strip() or processing.dpia_on is None):
        yield N_("« %(name)s » : donnez la référence et la date de l’AIPD (article 35)"), {}


def _role_gaps(processing: Processing) -> Iterator[Gap]:
    if not processing.part_reason.strip():
        yield (
            N_(
                "« %(name)s » : dites pourquoi les parties sont ainsi qualifiées (responsable, conjoint, sous-traitant)"
            ),
            {},
        )
    if processing.part is PartnerPart.JOINT_CONTROLLER:
        yield from _joint_gaps(processing)
    if processing.part is PartnerPart.PROCESSOR:
        yield from _processor_gaps(processing)
    for processor in processing.processors:
        lacking = ", ".join(point for point in CONTRACT_POINTS if point not in processor.checklist)
        if lacking or processor.contract_on is None:
            told = N_("« %(name)s » : complétez le contrat de %(who)s (article 28.3, points absents : %(points)s)")
            yield told, {"who": processor_name(processor), "points": lacking or "—"}


def _joint_gaps(processing: Processing) -> Iterator[Gap]:
    if not processing.joint_controllers:
        yield N_("« %(name)s » : nommez les autres responsables conjoints (article 26)"), {}
    if not (processing.joint_essence_url or "").startswith("https://") or not processing.joint_contact.strip():
        told = N_("« %(name)s » : donnez l’adresse https des grandes lignes de l’accord et un contact (article 26.2)")
        yield told, {}
    if not any(each.kind is DocumentKind.JOINT_ARRANGEMENT for each in processing.documents):
        yield N_("« %(name)s » : joignez l’accord entre responsables conjoints (article 26.1)"), {}


def _processor_gaps(processing: Processing) -> Iterator[Gap]:
    if not processing.joint_controllers:
        yield N_("« %(name)s » : nommez le responsable pour le compte de qui il est fait (article 28)"), {}
    if not any(each.partner is processing.partner for each in processing.processors):
        yield N_("« %(name)s » : décrivez le contrat du partenaire sous-traitant (article 28.3)"), {}


def processor_name(processor: Processor) -> str:
    """What a processor is called."""
    return processor.partner.slug if processor.partner is not None else processor.name


def declared(partner: Partner) -> list[Processing]:
    """A partner's processings that are not withdrawn."""
    return [each for each in partner.processings if each.withdrawn_on is None]


def processings_under(agreement: Agreement, day: dt.date) -> list[Processing]:
    """The processings that count for an agreement on a day: its partner's, and those of whoever succeeded it."""
    parties = dict.fromkeys([agreement.partner, agreement.partner.holder_on(day)])
    return [each for partner in parties for each in declared(partner)]


def missing_for_submission(agreement: Agreement, day: dt.date) -> list[Missing]:
    """What a file needs before it is submitted: identity, contacts with the DPO's, one complete processing (R35)."""
    partner = agreement.partner.holder_on(day)
    identity = partner.identity_on(day)
    found = []
    if not is_siren(identity.siren):
        found.append(
            Missing("identity", N_("corrigez le SIREN %(siren)s : sa clé est fausse"), {"siren": identity.siren})
        )
    found += missing_contacts(partner, day)
    processings = processings_under(agreement, day)
    if not processings or all(each.part is PartnerPart.PROCESSOR for each in processings):
        found.append(Missing("processings", N_("déclarez un traitement dont la commune est responsable (R35)")))
    for processing in processings:
        found += missing_in_processing(processing)
    return found


def missing_for_approval(agreement: Agreement, day: dt.date) -> list[Missing]:
    """What approval takes besides: the DPO's opinion on every processing."""
    found = missing_for_submission(agreement, day)
    for processing in processings_under(agreement, day):
        if processing.dpo_favourable is None:
            found.append(Missing("opinion", N_("l’avis du DPO manque sur « %(name)s »"), {"name": processing.name}))
        elif not processing.dpo_favourable:
            told = N_("l’avis du DPO est défavorable sur « %(name)s »")
            found.append(Missing("opinion", told, {"name": processing.name}))
    return found


def is_siren(text: str) -> bool:
    """Whether nine digits are a SIREN (Luhn's key)."""
    if not re.fullmatch("[0-9]{9}", text):
        return False
    digits = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(text)]
    return sum(digit - 9 if digit > 9 else digit for digit in digits) % 10 == 0
