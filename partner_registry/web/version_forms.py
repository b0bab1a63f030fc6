"""The form of a client's configuration: everything that may be registered, in parts."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField
from wtforms.fields.choices import SelectChoice

from glc.i18n import N_
from partner_registry.clients.metadata import SIGNING_ALGS
from partner_registry.clients.registration import FIELD_WORDS, MAX_URI_LENGTH, ClientRegistration
from partner_registry.web import words
from partner_registry.web.fields import ChoiceField, JsonField
from partner_registry.web.forms import RegistryForm, Required, choice, lines, number, text
from partner_registry.web.rows import Column, RowsField

CLAIM_COLUMNS = (
    Column("name", N_("Donnée (claim)")),
    Column("source", N_("Renseignement du compte, ou modèle")),
    Column("scopes", N_("Portées, séparées par des blancs")),
)


def _address(name: str, hint: str = "") -> Any:
    return text(FIELD_WORDS[name], longest=MAX_URI_LENGTH, required=False, hint=hint)


def _number(name: str, hint: str) -> Any:
    return number(FIELD_WORDS[name], required=False, hint=hint)


def _yes(name: str, hint: str = "") -> BooleanField:
    return BooleanField(FIELD_WORDS[name], description=hint)


class DraftForm(RegistryForm):
    """Everything that may be registered of a client: the fields are those of `ClientRegistration`."""

    name = text(FIELD_WORDS["name"], longest=100, hint=N_("Les usagers le lisent au moment de se connecter."))
    home_url = _address("home_url")
    logo_url = _address("logo_url")
    colour = text(FIELD_WORDS["colour"], longest=7, required=False, hint=N_("Elle s’écrit #rrvvbb : #cc0033."))
    redirect_uris = lines(FIELD_WORDS["redirect_uris"], hint=N_("Une par ligne."))
    post_logout_redirect_uris = lines(
        FIELD_WORDS["post_logout_redirect_uris"], required=False, hint=N_("Une par ligne.")
    )
    scopes = lines(FIELD_WORDS["scopes"], hint=N_("Une par ligne ; openid est obligatoire."))
    claims = RowsField(
        FIELD_WORDS["claims"],
        CLAIM_COLUMNS,
        row_label=N_("Donnée %(number)s"),
        description=N_("Pour retirer une donnée, videz sa ligne. Chacune doit être déclarée par une finalité."),
    )
    flow = choice(FIELD_WORDS["flow"], words.FLOW_WORDS)
    id_token_alg = ChoiceField(
        FIELD_WORDS["id_token_alg"],
        choices=[SelectChoice(each, each) for each in SIGNING_ALGS],
        validators=[Required()],
        validate_choice=False,
    )
    subject_policy = choice(
        FIELD_WORDS["subject_policy"],
        words.SUBJECT_WORDS,
        hint=N_("En production il ne change plus : chaque usager deviendrait quelqu’un d’autre pour le service."),
    )
    sector_identifier_uri = _address(
        "sector_identifier_uri", N_("Nécessaire quand les adresses de retour sont chez plusieurs hôtes.")
    )
    id_token_lifetime_in = _number("id_token_lifetime_in", N_("Vide : celle du fournisseur."))
    access_token_lifetime_in = _number("access_token_lifetime_in", N_("Vide : celle du fournisseur."))
    refresh_tokens = _yes("refresh_tokens", N_("Le service garde un accès quand l’usager n’est plus là."))
    pkce_required = _yes("pkce_required", N_("Recommandé quand le service sait le faire."))
    consent_mode = choice(FIELD_WORDS["consent_mode"], words.CONSENT_WORDS)
    consent_always_remembered = _yes("consent_always_remembered", N_("Sans que l’usager ait à cocher une case."))
    consent_remembered_in = _number("consent_remembered_in", N_("Vide : celle du fournisseur."))
    frontchannel_logout_uri = _address("frontchannel_logout_uri")
    frontchannel_timeout_in = _number("frontchannel_timeout_in", N_("Vide : celui du fournisseur."))
    required_attributes = lines(
        FIELD_WORDS["required_attributes"],
        required=False,
        hint=N_("Un par ligne : birthdate, city… Ils sont demandés à l’usager avant de revenir au service."),
    )
    authorised_roles = lines(FIELD_WORDS["authorised_roles"], required=False, hint=N_("Aucun : tout le monde."))
    unauthorized_url = _address("unauthorized_url")
    protocol = JsonField(
        FIELD_WORDS["protocol"],
        description=N_("En JSON, sous leurs noms normalisés (RFC 7591). Vide : celles du vrai service."),
    )


class AcceptanceForm(RegistryForm):
    """The file that an acceptance run wrote."""

    content = FileField(
        N_("Résultat signé"),
        validators=[Required()],
        description=N_("Le fichier .jws que glc recette run a écrit, tel quel."),
    )


GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("service", N_("Le service"), ("name", "home_url", "logo_url", "colour")),
    ("addresses", N_("Adresses"), ("redirect_uris", "post_logout_redirect_uris")),
    ("data", N_("Données"), ("scopes", "claims")),
    (
        "tokens",
        N_("Jetons et identifiant de l’usager"),
        (
            "flow",
            "id_token_alg",
            "subject_policy",
            "sector_identifier_uri",
            "id_token_lifetime_in",
            "access_token_lifetime_in",
            "refresh_tokens",
            "pkce_required",
        ),
    ),
    ("consent", N_("Accord"), ("consent_mode", "consent_always_remembered", "consent_remembered_in")),
    ("logout", N_("Déconnexion"), ("frontchannel_logout_uri", "frontchannel_timeout_in")),
    ("access", N_("Accès"), ("required_attributes", "authorised_roles", "unauthorized_url")),
    ("protocol", N_("Protocole"), ("protocol",)),
)
"""The draft's form in parts: key, title, fields."""


def shown(registration: ClientRegistration) -> dict[str, Any]:
    """A registration as the form shows it."""
    claims = [{**rule, "scopes": " ".join(rule["scopes"])} for rule in registration.claims]
    return {name: getattr(registration, name) for name in FIELD_WORDS} | {"claims": claims}


def typed(form: DraftForm) -> ClientRegistration:
    """A registration as the form was filled in."""
    typed: dict[str, Any] = {name: form[name].data for name in FIELD_WORDS}
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in typed.items()}
    empty = {name: None for name, value in values.items() if value == "" and name not in {"name", "id_token_alg"}}
    claims = tuple({**row, "scopes": row["scopes"].replace(",", " ").split()} for row in form.claims.data)
    return ClientRegistration(**values | empty | {"claims": claims})
