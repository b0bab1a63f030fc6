"""What GrandLyonConnect shared, in words for the person it is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from demo.lyon_fr.logins import Login
from demo.lyon_fr.look import Text

LABELS: dict[str, Text] = {
    "sub": Text("Identifiant pour ce site", "Identifier for this site"),
    "email": Text("Adresse électronique", "Email address"),
    "email_verified": Text("Adresse électronique vérifiée", "Email address verified"),
    "given_name": Text("Prénom", "First name"),
    "first_name": Text("Prénom", "First name"),
    "family_name": Text("Nom", "Last name"),
    "last_name": Text("Nom", "Last name"),
    "gender": Text("Genre", "Gender"),
    "birthdate": Text("Date de naissance", "Date of birth"),
    "birthplace": Text("Lieu de naissance", "Place of birth"),
}

VALUES: dict[object, Text] = {
    "male": Text("Homme", "Male"),
    "female": Text("Femme", "Female"),
    True: Text("Oui", "Yes"),
    False: Text("Non", "No"),
    None: Text("Non renseigné", "Not given"),
    "": Text("Non renseigné", "Not given"),
}

PROTOCOL = {"iss", "aud", "exp", "iat", "nbf", "auth_time", "acr", "nonce", "sid", "jti", "azp", "amr", "at_hash"}
"""Claims about the login itself."""


@dataclass(frozen=True)
class Row:
    """One line of the account page."""

    claim: str
    label: Text
    value: Text
    in_id_token: bool
    in_userinfo: bool


def rows(login: Login) -> Iterator[Row]:
    """The claims about the person: those known here first, in their order, then any other."""
    claims = login.claims
    unknown = sorted(claims.keys() - LABELS.keys() - PROTOCOL)
    for claim in [*(name for name in LABELS if name in claims), *unknown]:
        label = LABELS.get(claim, Text(claim, claim))
        yield Row(claim, label, _words(claim, claims[claim]), claim in login.id_token, claim in login.userinfo)


def technical(login: Login) -> list[tuple[str, object]]:
    """The claims about the login itself, but for the nonce."""
    return [(name, login.id_token[name]) for name in sorted(PROTOCOL & login.id_token.keys() - {"nonce"})]


def _words(claim: str, value: object) -> Text:
    if value is None or (isinstance(value, bool | str) and value in VALUES):
        return VALUES[value]
    text = str(value)
    if claim == "birthdate":
        with suppress(ValueError):  # A month or a day may be unknown: 1977-00-03.
            text = date.fromisoformat(text).strftime("%d/%m/%Y")
    return Text(text, text)
