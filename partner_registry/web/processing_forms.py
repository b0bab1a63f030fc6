"""The forms of a processing: its facts, a purpose with its claims, a processor with its contract, a document."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField
from wtforms.validators import ValidationError

from glc.i18n import N_, gettext
from partner_registry.clients.registration import GLC_CLAIMS
from partner_registry.completeness import CONTRACT_POINTS
from partner_registry.models import DocumentKind, LegalBasis
from partner_registry.web import words
from partner_registry.web.fields import CheckboxesField, ChoiceField, YesNoField
from partner_registry.web.forms import RegistryForm, Required, choice, day, lines, number, paragraph, several, text
from partner_registry.web.rows import Column, RowsField

BASES = {basis: told for basis, told in words.BASIS_WORDS.items() if basis is not LegalBasis.LEGITIMATE_INTEREST}
KNOWN_CLAIMS = tuple(rule["name"] for rule in GLC_CLAIMS)
DOCUMENT_WORDS = {
    DocumentKind.PROCESSOR_CONTRACT: N_("Contrat de sous-traitance (article 28)"),
    DocumentKind.JOINT_ARRANGEMENT: N_("Accord entre responsables conjoints (article 26)"),
    DocumentKind.DPIA: N_("Analyse d’impact (AIPD)"),
}


def _maybe(label: str, hint: str = "", longest: int = 200) -> Any:
    return text(label, longest=longest, required=False, hint=hint)


class ProcessingForm(RegistryForm):
    """The facts of a processing. Only its name and the partner's part are needed to begin."""

    name = text(N_("Nom du traitement"))
    reference = _maybe(N_("Numéro au registre du partenaire"), longest=60)
    part = choice(
        N_("Rôle du partenaire"),
        words.PART_WORDS,
        blank=N_("Choisissez"),
        hint=N_("Il suit des faits : qui décide des finalités et des moyens ?"),
    )
    part_reason = paragraph(N_("Pourquoi ce rôle"), required=False)
    legal_basis = choice(N_("Base légale"), BASES, blank=N_("Choisissez"))
    legal_reference = _maybe(
        N_("Texte qui fonde la base légale"),
        N_("Une loi, un règlement, un arrêté : obligatoire pour une mission publique ou une obligation."),
        300,
    )
    data_subjects = lines(N_("Personnes concernées"), required=False, hint=N_("Une catégorie par ligne."))
    data_categories = lines(
        N_("Autres catégories de données"),
        required=False,
        hint=N_("Une par ligne : ce qui est traité en plus des données que les finalités demandent au compte."),
    )
    recipients = lines(N_("Destinataires des données"), required=False, hint=N_("Une catégorie par ligne."))
    source = _maybe(N_("Source des données"), N_("Vide : GrandLyonConnect."))
    transfers = paragraph(
        N_("Transferts hors de l’Union européenne, et garanties"), required=False, hint=N_("Vide : aucun.")
    )
    security_measures = paragraph(N_("Mesures de sécurité, en général (article 32)"), required=False)
    sensitive_data = BooleanField(N_("Des données sensibles sont traitées (articles 9 et 10)"))
    retention_months = number(N_("Durée de conservation, en mois"), required=False)
    retention_reason = paragraph(
        N_("Pourquoi plus de 36 mois"), required=False, hint=N_("Seulement si la durée dépasse 36 mois.")
    )
    privacy_notice_url = _maybe(
        N_("Adresse de la mention d’information"), N_("En https : c’est elle que les usagers liront."), 255
    )
    dpia_required = YesNoField(N_("Une analyse d’impact (AIPD) est-elle requise ?"))
    dpia_reason = paragraph(
        N_("Pourquoi"), required=False, hint=N_("Deux des neuf critères du CEPD réunis : elle l’est en principe.")
    )
    dpia_reference = _maybe(N_("Référence de l’analyse d’impact"), longest=100)
    dpia_on = day(N_("Date de l’analyse d’impact"), required=False)
    joint_controllers = CheckboxesField(
        N_("Autres responsables conjoints"),
        validate_choice=False,
        description=N_("Article 26 : seulement s’il y en a."),
    )
    joint_essence_url = _maybe(N_("Adresse des grandes lignes de l’accord conjoint"), longest=255)
    joint_contact = _maybe(N_("Contact des responsables conjoints"), longest=255)


GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("what", N_("Le traitement"), ("name", "reference", "part", "part_reason", "legal_basis", "legal_reference")),
    (
        "data",
        N_("Les données"),
        (
            "data_subjects",
            "data_categories",
            "recipients",
            "source",
            "transfers",
            "sensitive_data",
            "security_measures",
        ),
    ),
    ("time", N_("La conservation et l’information"), ("retention_months", "retention_reason", "privacy_notice_url")),
    ("dpia", N_("L’analyse d’impact"), ("dpia_required", "dpia_reason", "dpia_reference", "dpia_on")),
    (
        "joint",
        N_("Les responsables conjoints"),
        ("joint_controllers", "joint_essence_url", "joint_contact"),
    ),
)
"""The form in parts: key, title, fields."""


class PurposeForm(RegistryForm):
    """A purpose, and why it needs each claim."""

    text = paragraph(
        N_("Finalité"), hint=N_("Comme on la dit aux usagers : « Vous reconnaître et préremplir vos démarches ».")
    )
    claims = RowsField(
        N_("Données nécessaires, et pourquoi"),
        (
            Column("claim", N_("Donnée (claim)"), optional=True),
            Column("why", N_("Pourquoi la finalité en a besoin"), optional=True),
        ),
        row_label=N_("Donnée %(number)s"),
        description=N_("N’écrivez que devant celles dont la finalité a besoin : sans justification, pas de donnée."),
    )

    def validate_claims(self, field: RowsField) -> None:
        """Raise `ValidationError` for a reason without its claim, or a claim nobody knows without its reason."""
        for row in field.data:
            if row["why"] and not row["claim"]:
                raise ValidationError(gettext("« %(why)s » : dites de quelle donnée il s’agit.") % row)
            if row["claim"] and not row["why"] and row["claim"] not in KNOWN_CLAIMS:
                raise ValidationError(gettext("« %(claim)s » : dites pourquoi, ou videz la ligne.") % row)

    @property
    def wanted(self) -> dict[str, str]:
        """The claims that were justified."""
        return {row["claim"]: row["why"] for row in self.claims.data if row["why"]}


class ProcessorForm(RegistryForm):
    """A processor and its contract (GDPR 28)."""

    partner = ChoiceField(N_("Un partenaire"), validate_choice=False)
    name = _maybe(N_("Ou un autre organisme : son nom"))
    subject = paragraph(N_("Ce qu’il fait"))
    checklist = several(
        N_("Ce que contient le contrat (article 28.3)"),
        {point: words.CONTRACT_WORDS[point] for point in CONTRACT_POINTS},
    )
    sub_processors = lines(N_("Sous-traitants ultérieurs autorisés"), required=False)
    contract_on = day(N_("Date du contrat"), required=False)
    contract_sha256 = _maybe(
        N_("Empreinte SHA-256 du contrat"), N_("Elle s’affiche quand vous joignez le PDF au traitement."), 64
    )


class DocumentForm(RegistryForm):
    """A document about a processing."""

    kind = choice(N_("Nature de la pièce"), DOCUMENT_WORDS)
    content = FileField(N_("Fichier PDF"), validators=[Required()], description=N_("10 Mio au plus."))


class OpinionForm(RegistryForm):
    """The DPO's opinion."""

    favourable = YesNoField(N_("L’avis est-il favorable ?"), validators=[Required()])
    text = paragraph(N_("Avis"), hint=N_("Il est montré au partenaire et reste au registre."))
