"""The forms of a file's acts, an agreement's or an amendment's; each field is named after what the rule takes."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import FileField
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from glc.i18n import N_
from partner_registry.models import CouncilBody, DocumentKind, StepKind
from partner_registry.web.fields import YesNoField
from partner_registry.web.forms import (
    RegistryForm,
    Required,
    choice,
    confirmation,
    day,
    instant,
    number,
    paragraph,
    reason,
    text,
)

BODY_WORDS = {CouncilBody.PARTNER: N_("conseil municipal"), CouncilBody.METROPOLE: N_("conseil de la Métropole")}
DOCUMENT_WORDS = {
    DocumentKind.AGREEMENT: N_("convention ou avenant signé"),
    DocumentKind.FINANCIAL_ANNEX: N_("annexe financière"),
    DocumentKind.ANNEX: N_("autre annexe"),
    DocumentKind.COUNCIL_DECISION: N_("délibération"),
    DocumentKind.PREFECTURE_RECEIPT: N_("accusé de réception de la préfecture"),
    DocumentKind.NOTICE: N_("courrier (notification, dénonciation, résiliation)"),
}


class ReasonForm(RegistryForm):
    """Why."""

    reason = reason()


class ExamineForm(RegistryForm):
    """The outcome of the examination."""

    kind = RadioField(
        N_("Votre décision"),
        choices=[
            SelectChoice(StepKind.APPROVED.value, N_("Approuver le dossier")),
            SelectChoice(StepKind.CHANGES_REQUESTED.value, N_("Demander des compléments")),
            SelectChoice(StepKind.REFUSED.value, N_("Refuser le dossier")),
        ],
        validators=[Required()],
        validate_choice=False,
    )
    reason = paragraph(
        N_("Motif"),
        required=False,
        hint=N_("Obligatoire pour demander des compléments ou refuser : le demandeur le lit."),
    )

    def validate_kind(self, field: Any) -> None:
        """One of the three."""
        if field.data not in {option.value for option in field.choices}:
            raise ValidationError(N_("Choisissez l’une des réponses proposées."))

    def values(self) -> dict[str, Any]:
        """The step as the rule knows it."""
        return {"kind": StepKind(self.kind.data), "reason": self.reason.data}


class DecisionForm(RegistryForm):
    """A council's decision."""

    body = choice(N_("De quel conseil"), BODY_WORDS)
    number = text(N_("Numéro de la délibération"), longest=60, hint=N_("Par exemple 2018/4385."))
    decided_on = day(
        N_("Date de la séance"),
        required=False,
        hint=N_("La date du vote, pas celle du rapport. La signature la demande. Exemple : 05/06/2024."),
    )


class DocumentForm(RegistryForm):
    """A PDF to keep."""

    kind = choice(N_("Ce que c’est"), DOCUMENT_WORDS)
    content = FileField(N_("Fichier PDF"), validators=[Required()], description=N_("10 Mio au plus."))

    def values(self) -> dict[str, Any]:
        """The document's bytes and name."""
        sent = self.content.data
        return {"kind": self.kind.data, "name": sent.filename or "", "content": sent.read()}


class SignForm(RegistryForm):
    """The signature."""

    on = day(N_("Date de la signature"))
    signatories = text(
        N_("Signataires et qualité"),
        longest=300,
        required=False,
        hint=N_("Par exemple : la Maire ; le Président de la Métropole."),
    )


class TransmitForm(RegistryForm):
    """The transmission to the State's representative."""

    on = day(N_("Date de la transmission"))
    receipt = text(N_("Numéro de l’accusé de réception"), longest=100)


class NotifyForm(RegistryForm):
    """The notification."""

    on = day(N_("Date de la notification"))
    means = text(
        N_("Moyen"), longest=60, required=False, hint=N_("Par exemple : lettre recommandée, courriel avec accusé.")
    )


class SuspendForm(RegistryForm):
    """A suspension, from now or later."""

    reason = reason(
        hint=N_("Il reste au journal et part par courriel au partenaire, à son DPO et à son équipe technique.")
    )
    starts_at = instant(
        N_("Début"), required=False, hint=N_("Vide : tout de suite. À l’heure de Lyon : 05/06/2024 14:30.")
    )
    ends_at = instant(N_("Fin prévue"), required=False, hint=N_("Vide : jusqu’à ce que vous la leviez."))
    confirmation = confirmation()


class DenounceForm(RegistryForm):
    """A notice of non-renewal."""

    received_on = day(N_("Date de réception"))
    sender = text(N_("Qui dénonce"), longest=100, hint=N_("Par exemple : la commune, ou la Métropole."))


class TerminateForm(RegistryForm):
    """An early end."""

    last_on = day(N_("Dernier jour"), hint=N_("L’accès est ouvert jusqu’au soir de ce jour, à l’heure de Lyon."))
    cause = reason(N_("Cause"), hint=N_("Elle reste au journal et part par courriel au partenaire."))
    confirmation = confirmation()


class DerogateForm(RegistryForm):
    """Access for a gap."""

    from_on = day(N_("Premier jour d’accès"))
    until_on = day(N_("Dernier jour d’accès"))
    reason = reason()


class BudgetForm(RegistryForm):
    """Whether a year's credits were voted."""

    year = number(N_("Exercice"), hint=N_("Par exemple 2026."))
    voted = YesNoField(N_("Crédits votés par le partenaire"), blank=N_("on ne sait pas"))
