"""Registers in words: the same lines on a page to print and in a spreadsheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glc.i18n import N_
from partner_registry.models import LegalBasis, PartnerPart

Translate = Callable[[str], str]
Register = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""What `registers` makes: a register, or the list of recipients."""

PART_WORDS = {
    PartnerPart.CONTROLLER: N_("responsable de traitement (article 4.7)"),
    PartnerPart.JOINT_CONTROLLER: N_("responsable conjoint (article 26)"),
    PartnerPart.PROCESSOR: N_("sous-traitant (article 28)"),
}
BASIS_WORDS = {
    LegalBasis.PUBLIC_TASK: N_("mission d’intérêt public (6.1.e)"),
    LegalBasis.LEGAL_OBLIGATION: N_("obligation légale (6.1.c)"),
    LegalBasis.CONSENT: N_("consentement (6.1.a)"),
    LegalBasis.CONTRACT: N_("contrat (6.1.b)"),
    LegalBasis.VITAL: N_("intérêts vitaux (6.1.d)"),
    LegalBasis.LEGITIMATE_INTEREST: N_("intérêt légitime (6.1.f) : fermé aux autorités publiques"),
}

TITLES = {
    "controller": N_("Registre du responsable de traitement (RGPD, article 30.1)"),
    "processor": N_("Registre du sous-traitant (RGPD, article 30.2)"),
    "recipients": N_("Destinataires des données du compte"),
}
COLUMNS: dict[str, dict[str, str]] = {
    "controller": {
        "name": N_("Traitement"),
        "reference": N_("Référence"),
        "controllers": N_("Responsables et DPO (a)"),
        "part": N_("Qualification du partenaire"),
        "part_reason": N_("Motif de la qualification"),
        "joint_essence_url": N_("Grandes lignes de l’accord conjoint"),
        "joint_contact": N_("Contact des responsables conjoints"),
        "purposes": N_("Finalités (b)"),
        "legal_basis": N_("Base légale"),
        "legal_reference": N_("Texte qui la fonde"),
        "data_subjects": N_("Personnes concernées (c)"),
        "claims": N_("Données du compte, et pourquoi (c)"),
        "data_categories": N_("Autres catégories de données (c)"),
        "sensitive_data": N_("Données sensibles (articles 9 et 10)"),
        "source": N_("Source des données"),
        "recipients": N_("Destinataires (d)"),
        "processors": N_("Sous-traitants (d)"),
        "transfers": N_("Transferts hors de l’Union et garanties (e)"),
        "retention_months": N_("Durée de conservation, en mois (f)"),
        "retention_reason": N_("Motif d’une durée de plus de 36 mois"),
        "security_measures": N_("Mesures de sécurité (g)"),
        "privacy_notice_url": N_("Mention d’information"),
        "dpia_required": N_("AIPD requise"),
        "dpia_reason": N_("Motif"),
        "dpia_reference": N_("Référence de l’AIPD"),
        "dpia_on": N_("Date de l’AIPD"),
        "created_on": N_("Déclaré le"),
        "validated_on": N_("Validé le"),
    },
    "processor": {
        "controllers": N_("Responsable et DPO (a)"),
        "name": N_("Traitement"),
        "subject": N_("Opérations effectuées pour son compte (b)"),
        "data_subjects": N_("Personnes concernées"),
        "claims": N_("Données du compte, et pourquoi"),
        "data_categories": N_("Autres catégories de données"),
        "transfers": N_("Transferts hors de l’Union et garanties (c)"),
        "security_measures": N_("Mesures de sécurité (d)"),
        "contract_on": N_("Contrat du"),
        "points": N_("Points de l’article 28.3"),
        "sub_processors": N_("Sous-traitants ultérieurs autorisés"),
    },
    "recipients": {
        "recipient": N_("Destinataire"),
        "name": N_("Service"),
        "purposes": N_("Finalités"),
        "claims": N_("Données transmises"),
        "legal_basis": N_("Base légale"),
        "privacy_notice_url": N_("Mention d’information"),
        "dpo": N_("DPO"),
    },
}
"""For each register its columns: key and heading, with the letter of article 30 that asks for it."""


Row = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A register in words: each row has, for each heading, the lines of a cell; the first one names it."""

    title: str
    about: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[Row, ...]

    def said(self, row: Row) -> list[tuple[str, tuple[str, ...]]]:
        """The cells of a row that say something, but for the first, with their headings."""
        return [pair for pair in zip(self.headings[1:], row[1:], strict=True) if pair[1]]


def register_table(register: Register, translate: Translate = str) -> Table:
    """A register, or the list of recipients, in words; `translate` is a language's gettext."""
    if isinstance(register, Mapping):
        kind, entries = str(register["register"]), register["processings"]
        about = (*_lines("controllers", [register["body"]], translate), _day(register["day"]))
    else:
        kind, entries, about = "recipients", register, ()
    columns = COLUMNS[kind]
    return Table(
        title=translate(TITLES[kind]),
        about=about,
        headings=tuple(map(translate, columns.values())),
        rows=tuple(tuple(_lines(key, entry[key], translate) for key in columns) for entry in entries),
    )


def _lines(key: str, value: Any, translate: Translate) -> tuple[str, ...]:
    """The lines of a cell."""
    if key in _SHOWN:
        return tuple(_SHOWN[key](each, translate) for each in (value if isinstance(value, list) else [value]) if each)
    if isinstance(value, bool):
        return (translate(N_("oui")) if value else translate(N_("non")),)
    if isinstance(value, Mapping):
        return tuple(f"{name} : {words}" for name, words in value.items())
    if isinstance(value, list):
        return tuple(map(str, value))
    return () if value in (None, "") else (str(value),)


def _body(body: Mapping[str, Any], translate: Translate) -> str:
    told = [body["name"], f"SIREN {body['siren']}", body["url"]]
    if body["dpo"]:
        told.append(f"{translate(N_('DPO'))} {body['dpo']}")
    if body["dpo_designation"]:
        told.append(f"{translate(N_('désignation CNIL'))} {body['dpo_designation']}")
    return ", ".join(each for each in told if each)


def _processor(contract: Mapping[str, Any], translate: Translate) -> str:
    told = [contract["name"], contract["subject"]]
    if contract["contract_on"]:
        told.append(translate(N_("contrat du %(day)s")) % {"day": _day(contract["contract_on"])})
    told.append(translate(N_("points %(points)s")) % {"points": ", ".join(contract["points"]) or "—"})
    if contract["sub_processors"]:
        told.append(
            translate(N_("sous-traitants ultérieurs : %(who)s")) % {"who": ", ".join(contract["sub_processors"])}
        )
    return " ; ".join(each for each in told if each)


def _day(iso: str) -> str:
    return f"{dt.date.fromisoformat(iso):%d/%m/%Y}"


_SHOWN: dict[str, Callable[[Any, Translate], str]] = {
    "controllers": _body,
    "processors": _processor,
    "part": lambda value, translate: translate(PART_WORDS[PartnerPart(value)]),
    "legal_basis": lambda value, translate: translate(BASIS_WORDS[LegalBasis(value)]),
    **dict.fromkeys(("dpia_on", "created_on", "validated_on", "contract_on"), lambda value, _translate: _day(value)),
}
"""What is not shown as it is kept."""
