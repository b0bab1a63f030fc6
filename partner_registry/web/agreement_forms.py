"""The forms of what an agreement says: drafted, corrected, amended; each field is named after what the rule takes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from wtforms import BooleanField

from glc.i18n import N_, gettext
from partner_registry.agreements.acts import BILLED, CORRECTABLE
from partner_registry.agreements.status import TERM_WORDS, read_term, terms_on
from partner_registry.models import Agreement, AgreementKind, Amendment, Offer, Partner
from partner_registry.partners.life import agreements_of
from partner_registry.web.fields import PickField, YesNoField
from partner_registry.web.forms import RegistryForm, choice, day, number, paragraph, reason, text

OFFER_WORDS = {
    Offer.GLOBAL: N_("globale (avec les outils des agents, GRU)"),
    Offer.RESTRICTED: N_("restreinte (sans les outils des agents)"),
}
KIND_WORDS = {AgreementKind.FRAMEWORK: N_("convention partenariale"), AgreementKind.EXPERIMENT: N_("expérimentation")}


class BilledForm(RegistryForm):
    """What a bill says besides the price."""

    founding_partner = BooleanField(
        N_("Partenaire initial"),
        description=N_("L’une des cinq communes de 2019 ; elle a eu la remise de 50 pour cent."),
    )
    budget_program = text(N_("Imputation : programme"), longest=40, required=False)
    budget_operation = text(N_("Imputation : opération"), longest=40, required=False)
    budget_nature = text(N_("Imputation : nature"), longest=40, required=False)
    budget_function = text(N_("Imputation : fonction"), longest=40, required=False)
    chorus_service_code = text(N_("Chorus : code service"), longest=100, required=False)
    commitment_number = text(N_("Chorus : numéro d’engagement"), longest=100, required=False)


class CorrectForm(BilledForm):
    """What was typed wrong; every field shows what is recorded."""

    more = BILLED
    number = text(N_("Numéro de la convention"), longest=60)
    signed_on = day(N_("Date de la signature"), required=False)
    transmitted_on = day(N_("Date de la transmission"), required=False)
    prefecture_receipt = text(N_("Numéro de l’accusé de réception"), longest=100, required=False)
    notified_on = day(N_("Date de la notification"), required=False)
    reported_on = day(N_("Date du rapport au conseil"), required=False, hint=N_("Ce n’est pas la date du vote."))
    unpaid = BooleanField(N_("Un paiement est en retard"), description=N_("À savoir seulement : l’accès reste ouvert."))
    reason = reason()

    def values(self) -> dict[str, Any]:
        """Only what differs from what is recorded, and the reason."""
        names = (*CORRECTABLE, *BILLED)
        changed = {name: self[name].data for name in names if self[name].data != self[name].object_data}
        return {**changed, "reason": self.reason.data}


class TermsForm(BilledForm):
    """What an agreement's file says while it is prepared: `of` shows it."""

    FIRST = ("number", "kind", "framework", "predecessor")
    more = ("clause", "reported_on", "notes", *(name for name in BILLED if name != "founding_partner"))

    kind = choice(N_("Nature"), KIND_WORDS)
    framework = text(
        N_("Cadre"),
        longest=60,
        hint=N_("Le cadre dit la grille tarifaire et le terme."),
        render_kw={"list": "frameworks"},
    )
    predecessor = PickField(
        N_("Convention qu’elle continue"), description=N_("Les services passeront de l’une à l’autre.")
    )
    offer = choice(N_("Offre"), OFFER_WORDS)
    starts_on = day(
        N_("Premier jour prévu"),
        hint=N_("De préférence un 1er janvier : la participation est due pour l’année entière."),
    )
    hard_end_on = day(N_("Terme, au plus tard"), hint=N_("Le dernier jour que son cadre permet, d’ordinaire."))
    renews_yearly = BooleanField(
        N_("Reconduite tacitement chaque année"), default=True, description=N_("Sinon elle s’arrête au 31 décembre.")
    )
    notice_months = number(
        N_("Préavis de dénonciation, en mois"), hint=N_("Avant le 31 décembre. Supposé : 3 mois."), default=3
    )
    already_equipped = BooleanField(
        N_("La commune a déjà des outils de gestion des demandes"), description=N_("Article 4.1 de la convention.")
    )
    clause = text(N_("Article qui décrit son cas"), longest=20, required=False)
    reported_on = day(N_("Date du rapport au conseil"), required=False, hint=N_("Ce n’est pas la date du vote."))
    notes = paragraph(N_("Notes"), required=False, hint=N_("Service demandeur, avis de commission, extrait…"))

    @classmethod
    def of(cls, agreement: Agreement) -> TermsForm:
        """The form of an agreement's own file."""
        form = cls(obj=agreement)
        form.offer_predecessors(agreement.partner, but=agreement)
        if not form.is_submitted():
            form.predecessor.data = str(agreement.predecessor_id or "")
        return form

    def offer_predecessors(self, partner: Partner, *, but: Agreement | None = None) -> None:
        """Let another agreement of the partner, or of those it succeeds, be chosen."""
        others = {str(each.id): (each, each.number) for each in agreements_of(partner) if each is not but}
        self.predecessor.offer(others, N_("aucune"))

    def __iter__(self) -> Any:
        """The number and the framework before the terms."""
        fields = list(super().__iter__())
        return iter(sorted(fields, key=lambda each: each.name not in self.FIRST))


class DraftForm(TermsForm):
    """A new agreement."""

    number = text(N_("Numéro de la convention"), longest=60)


class AmendForm(RegistryForm):
    """A new amendment: what it changes, and from when."""

    purpose = paragraph(N_("Objet de l’avenant"))
    effective_on = day(
        N_("Date d’effet prévue"),
        hint=N_("Le passage à l’offre restreinte prend effet un 1er janvier. Exemple : 01/01/2027."),
    )
    offer = choice(N_("Nouvelle offre"), OFFER_WORDS, required=False, blank=N_("inchangée"))
    hard_end_on = day(N_("Nouveau terme"), required=False, hint=N_("Vide : inchangé."))
    already_equipped = YesNoField(N_("Outils de gestion des demandes"), blank=N_("inchangé"))
    renews_yearly = YesNoField(N_("Reconduction tacite chaque année"), blank=N_("inchangée"))

    def values(self) -> dict[str, Any]:
        """The changes as JSON keeps them."""
        changes: dict[str, object] = {}
        if self.offer.data is not None:
            changes["offer"] = self.offer.data.value
        if self.hard_end_on.data is not None:
            changes["hard_end_on"] = self.hard_end_on.data.isoformat()
        for name in ("already_equipped", "renews_yearly"):
            if self[name].data is not None:
                changes[name] = self[name].data
        return {"purpose": self.purpose.data, "effective_on": self.effective_on.data, "changes": changes}


def suggested_number(partner: Partner, year: int) -> str:
    """A number for a new agreement that nobody has to think up."""
    known = {each.number for each in partner.agreements}
    base = f"GNM-{year}-{partner.slug}"
    return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 99))) if name not in known)


def changes_in_words(amendment: Amendment) -> list[tuple[str, str, str]]:
    """Each term an amendment changes, in words, with what it is the day before it and what it becomes."""
    before = terms_on(amendment.agreement, amendment.effective_on - dt.timedelta(days=1))
    return [
        (TERM_WORDS[name], _in_words(getattr(before, name)), _in_words(read_term(name, value)))
        for name, value in amendment.changes.items()
    ]


def _in_words(value: object) -> str:
    if isinstance(value, Offer):
        return gettext(OFFER_WORDS[value])
    if isinstance(value, dt.date):
        return value.strftime("%d/%m/%Y")
    return gettext("oui") if value else gettext("non")
