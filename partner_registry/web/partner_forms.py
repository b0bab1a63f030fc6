"""The forms of a partner's record; each field is named after what the rule takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from wtforms import Form
from wtforms.fields.choices import SelectChoice

from glc.database import db
from glc.i18n import N_
from partner_registry.agents import Agent, visible
from partner_registry.agreements.instruction import STATUS_WORDS
from partner_registry.billing.tariff import Bracket
from partner_registry.completeness import CONTACT_WORDS
from partner_registry.models import Offer, Partner, PartnerKind
from partner_registry.web.fields import ChoiceField, PickField
from partner_registry.web.forms import RegistryForm, Required, choice, day, lines, reason, text

HTTPS = N_("Une adresse en https://.")
OFFERS = {Offer.GLOBAL: N_("globale"), Offer.RESTRICTED: N_("restreinte")}


class RegisterForm(RegistryForm):
    """A commune that becomes a partner."""

    more = ("slug", "legal_name", "siret", "support_url")
    code = text(
        N_("Commune : code INSEE, SIREN ou nom"),
        longest=100,
        hint=N_("Par exemple 69266 pour Villeurbanne. La liste propose les communes qui ne sont pas partenaires."),
        render_kw={"list": "communes"},
    )
    portal_url = text(
        N_("Site de la commune"),
        longest=255,
        required=False,
        blank=None,
        hint=N_("C’est là que ses usagers sont renvoyés."),
    )
    support_url = text(N_("Page d’aide aux usagers"), longest=255, required=False, blank=None, hint=HTTPS)
    legal_name = text(N_("Dénomination légale"), required=False, blank=None, hint=N_("Vide : « Commune de … »."))
    siret = text(N_("SIRET du siège"), longest=20, required=False, blank=None, hint=N_("Seulement s’il est confirmé."))
    slug = text(
        N_("Nom court"), longest=60, required=False, blank=None, hint=N_("Vide : tiré du nom. Il ne changera plus.")
    )


class EditForm(RegistryForm):
    """Where a partner's users are sent and helped."""

    portal_url = text(N_("Site"), longest=255, required=False, blank=None, hint=HTTPS)
    support_url = text(N_("Page d’aide aux usagers"), longest=255, required=False, blank=None, hint=HTTPS)


class DomainsForm(RegistryForm):
    """Where its production services may live."""

    domains = lines(
        N_("Domaines, en plus de celui de son site"),
        required=False,
        hint=N_("Un par ligne, sans https://. Ceux de ses fournisseurs aussi. Exemple : mairie.example"),
    )


class RenameForm(RegistryForm):
    """Another name from a day on."""

    from_on = day(N_("À partir du"))
    name = text(N_("Nom montré aux usagers"), longest=100)
    legal_name = text(N_("Dénomination légale"))
    siret = text(N_("SIRET du siège"), longest=20, required=False, blank=None)
    reason = reason()


class SucceedForm(RegistryForm):
    """Who takes over."""

    successor = PickField(N_("Partenaire qui prend la suite"), validators=[Required()])
    on = day(N_("À partir du"))
    reason = reason()

    def offer_successors(self, agent: Agent, partner: Partner) -> None:
        """Let any other commune be chosen."""
        others = db.session.scalars(
            sa.select(Partner)
            .where(Partner.id != partner.id, Partner.kind == PartnerKind.COMMUNE)
            .order_by(Partner.slug)
        )
        things = {each.slug: (each, each.identities[-1].name) for each in others if visible(agent, each)}
        self.successor.offer(things, N_("choisissez"))


class ContactForm(RegistryForm):
    """Whom to ask about something."""

    role = choice(N_("Pour quoi"), CONTACT_WORDS)
    name = text(N_("Personne ou service"))
    email = text(
        N_("Courriel"), longest=255, hint=N_("Pour le DPO, l’adresse de la fonction (dpo@…), pas celle d’une personne.")
    )
    phone = text(N_("Téléphone"), longest=30, required=False)
    cnil_designation = text(
        N_("DPO : numéro de désignation à la CNIL"), longest=60, required=False, hint=N_("Pour le DPO seulement.")
    )


def _select(label: str, words: dict[str, str]) -> Any:
    choices = [SelectChoice("", N_("tous")), *(SelectChoice(value, told) for value, told in words.items())]
    return ChoiceField(label, choices=choices, validate_choice=False)


class FilterForm(Form):
    """What the list of partners is narrowed to; sent by GET, so that it can be bookmarked."""

    q = text(N_("Nom, SIREN, INSEE"), required=False)
    status = _select(N_("État"), {each.value: words for each, words in STATUS_WORDS.items()})
    bracket = _select(N_("Tranche"), {})
    offer = _select(N_("Offre"), {each.value: words for each, words in OFFERS.items()})
    on = day(N_("Date (05/06/2024)"), required=False)

    def offer_brackets(self, brackets: Iterable[Bracket]) -> None:
        """Let one of a grid's brackets be chosen."""
        self.bracket.choices += [SelectChoice(each.code, each.wording) for each in brackets]
