"""Plain French words for what the registry keeps as codes. Each is a msgid: the templates translate it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from glc.i18n import N_, gettext
from partner_registry.agreements.instruction import STATUS_WORDS
from partner_registry.clients.registration import FIELD_WORDS
from partner_registry.clients.versions import VERSION_WORDS
from partner_registry.data_protection.register_tables import BASIS_WORDS, PART_WORDS
from partner_registry.gate import Access
from partner_registry.models import (
    Client,
    ClientSecret,
    ConsentMode,
    Environment,
    Flow,
    GnmService,
    Processing,
    SubjectPolicy,
    Verdict,
)

__all__ = ["BASIS_WORDS", "FIELD_WORDS", "PART_WORDS", "VERSION_WORDS"]

ENVIRONMENT_WORDS = {
    Environment.SANDBOX: N_("Bac à sable (identités d’essai)"),
    Environment.PRODUCTION: N_("Production"),
}
SERVICE_WORDS = {
    GnmService.GRANDLYONCONNECT: N_("GrandLyonConnect : connexion des usagers"),
    GnmService.TOODEGO: N_("Toodego : formulaires et portail"),
    GnmService.GRU: N_("GRU : outils des agents"),
    GnmService.SUPPORT: N_("Assistance aux usagers"),
}
VERDICT_WORDS = {Verdict.PASSED: N_("réussie"), Verdict.FAILED: N_("échouée")}
"""Verdicts of acceptance runs."""
CASE_WORDS = {"passed": N_("réussi"), "failed": N_("échoué"), "skipped": N_("non joué")}
"""Verdicts of one case of them."""
FLOW_WORDS = {
    Flow.CODE: N_("code d’autorisation, échangé de serveur à serveur (recommandé)"),
    Flow.IMPLICIT: N_("jetons remis au navigateur (anciens sites)"),
    Flow.HYBRID: N_("code et jetons, au choix de chaque demande (hybride)"),
}
SUBJECT_WORDS = {
    SubjectPolicy.PAIRWISE: N_("un identifiant propre à chaque service (recommandé)"),
    SubjectPolicy.PAIRWISE_REVERSIBLE: N_("un identifiant propre à chaque service, que le fournisseur sait relire"),
    SubjectPolicy.UUID: N_("le même identifiant pour tous les services"),
    SubjectPolicy.EMAIL: N_("l’adresse de courriel"),
}
CONSENT_WORDS = {
    ConsentMode.SERVICE: N_("pour ce service"),
    ConsentMode.PARTNER: N_("une fois pour tous les services du partenaire"),
    ConsentMode.NONE: N_("jamais demandé"),
}
ACCESS_WORDS = {
    Access.OPEN: N_("ouvert"),
    Access.NOT_YET: N_("pas encore ouvert"),
    Access.PAUSED: N_("suspendu"),
    Access.OVER: N_("terminé"),
    Access.CLOSED: N_("fermé"),
}
REASON_WORDS = {
    "client_archived": N_("le client est archivé"),
    "client_disabled": N_("le client est désactivé"),
    "metropole": N_("service de la Métropole : il ne dépend d’aucune convention"),
    "no_file_submitted": N_("le partenaire n’a pas encore déposé de dossier"),
    "agreement_derogation": N_("une dérogation datée ouvre l’accès"),
    "binding_pending_start": N_("la liaison à la convention commence plus tard"),
    "binding_ended": N_("plus aucune liaison à une convention"),
    "no_agreement": N_("le client n’est lié à aucune convention"),
    "offer_restricted": N_("l’offre restreinte n’ouvre pas les outils GRU"),
    "subject_undeclared": N_("aucune finalité ne déclare l’adresse de courriel, qui sert d’identifiant (sub)"),
    "never_published": N_("aucune configuration n’a encore été mise en service"),
}
"""The gate's reason codes; those of an agreement are its status (`STATUS_WORDS`)."""

CONTRACT_WORDS = {
    "a": N_("a) n’agit que sur instruction documentée"),
    "b": N_("b) confidentialité des personnes"),
    "c": N_("c) sécurité (article 32)"),
    "d": N_("d) conditions des sous-traitants ultérieurs"),
    "e": N_("e) aide aux demandes des personnes"),
    "f": N_("f) aide aux articles 32 à 36"),
    "g": N_("g) effacement ou restitution à la fin"),
    "h": N_("h) informations et audits"),
}
"""The eight points of GDPR 28(3)."""

CLAIM_WORDS = {
    "given_name": N_("prénoms"),
    "family_name": N_("nom de famille"),
    "first_name": N_("prénoms"),
    "last_name": N_("nom de famille"),
    "gender": N_("civilité"),
    "birthdate": N_("date de naissance"),
    "birthplace": N_("lieu de naissance"),
    "email": N_("adresse de courriel"),
    "email_verified": N_("si l’adresse de courriel a été vérifiée"),
}
"""The claims of the preset; others are shown by their names alone."""

_CODES: Mapping[str, Mapping[str, str]] = {
    "flow": {each.value: words for each, words in FLOW_WORDS.items()},
    "subject_policy": {each.value: words for each, words in SUBJECT_WORDS.items()},
    "consent_mode": {each.value: words for each, words in CONSENT_WORDS.items()},
}


def reason_in_words(reason: str) -> str:
    """A reason code of the gate, in the visitor's language."""
    statuses = {status.value: N_("la convention est %(status)s") for status in STATUS_WORDS}
    if reason in statuses:
        words = next(told for status, told in STATUS_WORDS.items() if status.value == reason)
        return gettext(statuses[reason]) % {"status": gettext(words)}
    return gettext(REASON_WORDS.get(reason, reason))


def setting_in_words(name: str, value: Any) -> list[str]:
    """One setting of a client's configuration, as kept or as JSON, in lines to read."""
    code = getattr(value, "value", value)
    if name in _CODES:
        return [gettext(_CODES[name].get(code, str(code)))] if code else []
    if name == "claims":
        return [f"{rule['name']} ← {rule['source']} ({' '.join(rule['scopes'])})" for rule in value or ()]
    if isinstance(value, bool):
        return [gettext("oui") if value else gettext("non")]
    if name == "scopes":
        return [", ".join(value or ())]
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    if isinstance(value, dict):
        return [f"{option}: {told}" for option, told in value.items()]
    return [] if value in (None, "") else [str(value)]


def claim_in_words(name: str) -> str:
    """A claim as people call it, with its technical name."""
    return f"{gettext(CLAIM_WORDS[name])} ({name})" if name in CLAIM_WORDS else name


def client_state(client: Client, at: dt.datetime) -> tuple[str, str]:
    """Whether a client is switched on: a code for its colour, and words."""
    if client.archived_at is not None and client.archived_at <= at:
        return "terminated", N_("archivé")
    if client.disabled_at is not None and client.disabled_at <= at:
        return "suspended", N_("désactivé")
    return "in_force", N_("activé")


def processing_state(processing: Processing, day: dt.date) -> tuple[str, str]:
    """Where a processing is in its life: a code for its colour, and words."""
    if processing.withdrawn_on is not None and processing.withdrawn_on <= day:
        return "terminated", N_("retiré")
    if processing.validated_on is not None and processing.validated_on <= day:
        return "validated", N_("validé")
    return "draft", N_("déclaré, à valider")


def secret_state(secret: ClientSecret, at: dt.datetime) -> tuple[str, str]:
    """Whether a secret is accepted: a code for its colour, and words."""
    if secret.valid_until is not None and secret.valid_until <= at:
        return "expired", N_("n’est plus accepté")
    if secret.valid_until is not None:
        return "denounced", N_("accepté jusqu’à sa fin")
    return "in_force", N_("accepté")
