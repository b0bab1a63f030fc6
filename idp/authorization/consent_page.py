"""The question « do you want to be authenticated at this service? », and the receipt of the answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy.engine import Row

from consent.models import Answer, ConsentReceipt
from consent.receipts import audience, keep
from glc.clock import UTC, paris_date
from glc.database import db
from glc.i18n import N_
from glc.i18n import gettext as _
from idp.authorization.checks import AuthorizationRequest
from idp.claims import attributes_of, day_shown, value_of
from idp.provider import Provider
from partner_registry.models import ConsentMode
from partner_registry.terms import ReleaseTerms

CLAIM_LABELS = {
    "given_name": N_("Prénoms de naissance"),
    "first_name": N_("Prénoms de naissance"),
    "family_name": N_("Nom de naissance"),
    "last_name": N_("Nom de naissance"),
    "gender": N_("Civilité"),
    "birthdate": N_("Date de naissance"),
    "birthplace": N_("Lieu de naissance"),
    "birthcountry": N_("Pays de naissance"),
    "email": N_("Courriel"),
    "email_verified": N_("Courriel vérifié"),
    "phone_number": N_("Téléphone"),
    "preferred_username": N_("Nom d’usage"),
    "name": N_("Nom complet"),
    "middle_name": N_("Autres prénoms"),
    "nickname": N_("Surnom"),
    "profile": N_("Page de profil"),
    "picture": N_("Photographie"),
    "website": N_("Site personnel"),
    "zoneinfo": N_("Fuseau horaire"),
    "locale": N_("Langue"),
    "updated_at": N_("Dernière modification du compte"),
    "address": N_("Adresse postale"),
    "phone_number_verified": N_("Téléphone vérifié"),
    "roles": N_("Rôles"),
}
HEADINGS = {
    "profile": N_("Vos prénom, nom et identifiants"),
    "email": N_("Votre adresse de courriel"),
    "address": N_("Votre adresse postale"),
    "phone": N_("Votre téléphone"),
}
OTHER_HEADING = N_("Autres informations")
LEGAL_BASES = {"PUBLIC_TASK": N_("Mission d’intérêt public (RGPD, article 6.1.e)")}
VALUES = {"male": N_("Monsieur"), "female": N_("Madame"), "True": N_("oui"), "False": N_("non")}


@dataclass(frozen=True, slots=True)
class Service:
    """A client as citizens see it."""

    name: str
    url: str | None
    logo_url: str | None
    colour: str | None
    home_url: str | None
    policy_uri: str
    tos_uri: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever is logged in, as the page's header shows it."""

    display_name: str
    email: str


def service(terms: ReleaseTerms) -> Service:
    """The service that a page speaks of."""
    said = terms.protocol
    return Service(
        terms.name, terms.home_url, terms.logo_url, terms.colour, terms.home_url, said.policy_uri, said.tos_uri
    )


def holder(login: Row[Any] | None) -> Holder | None:
    """The person that a page greets."""
    if login is None:
        return None
    return Holder(f"{login.first_name} {login.last_name}".strip() or login.email, login.email)


def audience_of(terms: ReleaseTerms) -> str:
    """Whom a consent given to this client covers."""
    if terms.consent_mode is ConsentMode.PARTNER:
        return audience(partner=terms.consent_slug)
    return audience(client_id=terms.client_id)


def render(house: Provider, asked: AuthorizationRequest, login: Row[Any], action: str) -> str:
    """The page: who receives which data for which purpose."""
    terms = asked.terms
    return render_template(
        "idp/consent.html",
        service=service(terms),
        account=holder(login),
        action=action,
        partner_name=terms.controller,
        whole_partner=terms.consent_mode is ConsentMode.PARTNER,
        purposes=terms.purposes,
        legal_basis=_(LEGAL_BASES.get(terms.legal_basis or "", terms.legal_basis or "")) or None,
        privacy_notice_url=terms.privacy_notice_url,
        dpo_contact=terms.dpo_contact,
        scope_lines=_groups(terms, asked.permissions, login),
        offline="offline_access" in asked.scopes,
        offer_to_remember=_may_choose_to_remember(asked),
        remember_days=_days(house, terms),
    )


def keep_answer(
    house: Provider,
    asked: AuthorizationRequest,
    login: Row[Any],
    answer: Answer,
    at: dt.datetime,
    *,
    remember: bool,
) -> None:
    """Keep the receipt. It is remembered when the user asked for it, or the client always has it remembered."""
    terms = asked.terms
    always = terms.consent_always_remembered or "offline_access" in asked.scopes
    remembered = answer is Answer.ACCEPTED and (always or (remember and _may_choose_to_remember(asked)))
    groups = _groups(terms, asked.permissions, login)
    until = at + dt.timedelta(days=_days(house, terms)) if remembered else None
    if until is None and answer is Answer.ACCEPTED and house.dialect.consent_lasts_the_session:
        until = login.session_expires_at
    keep(
        db.session(),
        ConsentReceipt(
            account_id=login.account_id,
            client_id=terms.key,
            audience=audience_of(terms),
            answer=answer,
            scopes=sorted(asked.permissions),
            claims=[
                rule.name
                for rule in terms.claims
                if rule.scopes & asked.scopes or f"claim:{rule.name}" in asked.permissions
            ],
            text_shown=_in_words(terms, groups),
            answered_at=at,
            remembered_until=until,
        ),
    )


def _may_choose_to_remember(asked: AuthorizationRequest) -> bool:
    return not asked.terms.consent_always_remembered and "offline_access" not in asked.scopes


def _days(house: Provider, terms: ReleaseTerms) -> int:
    return terms.consent_remembered_in or house.settings.consent_remembered_in


def _groups(terms: ReleaseTerms, scopes: frozenset[str], login: Row[Any]) -> list[dict[str, Any]]:
    """The data by scope, each thing once however many claims carry it."""
    attributes = attributes_of(login)
    groups = []
    told: set[str] = set()
    for scope in [*HEADINGS, *sorted(scopes - HEADINGS.keys())]:
        items = []
        for rule in terms.claims:
            label = CLAIM_LABELS.get(rule.name, rule.name)
            if (scope in rule.scopes & scopes or scope == f"claim:{rule.name}") and label not in told:
                told.add(label)
                items.append({"label": _(label), "value": _shown(rule.source, value_of(rule, attributes))})
        if items:
            groups.append({"heading": _(HEADINGS.get(scope, OTHER_HEADING)), "items": items})
    return groups


def _shown(source: str, value: object) -> str:
    if source == "updated_at" and isinstance(value, int):
        return paris_date(dt.datetime.fromtimestamp(value, UTC)).strftime("%d/%m/%Y")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return str(value.get("formatted", ", ".join(map(str, value.values()))))
    text = "" if value is None else str(value)
    if source == "birthdate":
        return day_shown(text)
    return _(VALUES[text]) if text in VALUES else text


def _in_words(terms: ReleaseTerms, groups: list[dict[str, Any]]) -> str:
    """What the page said, without the values: a receipt must not become a second copy of the account."""
    data = "; ".join(f"{group['heading']}: {', '.join(item['label'] for item in group['items'])}" for group in groups)
    return f"{terms.name} ({terms.controller}) — {' / '.join(terms.purposes)} — {data}"
