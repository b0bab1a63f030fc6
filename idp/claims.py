"""What an account tells a client: the client's claim table, narrowed by the granted scopes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.logs import logger
from idp.dialects import Dialect
from idp.models import PROFILE_ATTRIBUTES
from idp.provider import Provider
from idp.subjects import subject
from partner_registry.terms import ClaimRule, ReleaseTerms

EMPTY_TEXT = frozenset(
    {"given_name", "family_name", "full_name", "name", "middle_name", "nickname", "email", "preferred_username"}
)
"""Claims that the real service sends as "" when empty; it sends null for all others."""

EXAMPLES: Mapping[str, Any] = {
    "middle_name": "Andrée",
    "nickname": "Cam",
    "preferred_username": "camille",
    "profile": "https://citoyens.example/camille",
    "picture": "https://citoyens.example/camille.png",
    "website": "https://camille.example/",
    "zoneinfo": "Europe/Paris",
    "locale": "fr-FR",
    "phone_number_verified": True,
}
"""A value of each standard claim that no attribute of an account gives (OpenID Connect Core 1.0, section 5.1)."""

BIRTHDATE = re.compile(r"[0-9]{4}-(0[0-9]|1[0-2])-([0-2][0-9]|3[01])")
"""OpenID Connect Core 1.0, section 5.1; an unknown month or day is 00."""

_PREFIX = "django_user_"
_ATTRIBUTES = (
    *PROFILE_ATTRIBUTES,
    *("uuid", "email", "email_verified", "roles", "verified_attributes", "created_at", "changed_at"),
)
_environment = ImmutableSandboxedEnvironment()


def day_shown(birthdate: str) -> str:
    """A kept date, 1987-06-05, as people here write it: 05/06/1987. Any other text stays as it is."""
    return "/".join(reversed(birthdate.split("-"))) if BIRTHDATE.fullmatch(birthdate) else birthdate


def claims_of(
    house: Provider, terms: ReleaseTerms, scopes: frozenset[str], account: Row[Any], named: Collection[str] = ()
) -> dict[str, Any]:
    """The claims of an account for a client: those of the scopes and those asked for by name (OpenID Connect Core 1.0,
    5.4 and 5.5), subject and issuer included."""
    return released(terms, terms.released(scopes), attributes_of(account), house.dialect, named) | {
        "sub": subject(house.ring, terms, account.uuid, account.email),
        "iss": house.settings.issuer,
    }


def attributes_of(row: Row[Any]) -> dict[str, Any]:
    """An account's attributes by name, from a row that has its columns."""
    mapping = row._mapping
    attributes = {name: mapping[name] for name in _ATTRIBUTES} | {"username": mapping["email"]}
    return {**mapping["other_claims"], **attributes} if mapping["other_claims"] else attributes


def released(
    terms: ReleaseTerms,
    scopes: frozenset[str],
    attributes: Mapping[str, Any],
    dialect: Dialect,
    named: Collection[str] = (),
) -> dict[str, Any]:
    """The claims of the granted scopes and those asked for by name, `sub` and `iss` apart. What is not in the client's
    table is not there."""
    claims: dict[str, Any] = {}
    for rule in terms.claims:
        if not rule.scopes & scopes and rule.name not in named:
            continue
        value = value_of(rule, attributes)
        if value in ("", None, [], {}):
            if not dialect.empty_claims_are_sent:
                continue
            value = "" if rule.name in EMPTY_TEXT else None
        claims[rule.name] = value
        source = rule.source.removeprefix(_PREFIX)
        marked = {"claim": rule.name, "attribute": source}.get(dialect.verified_suffix_on)
        if marked and source in attributes["verified_attributes"]:
            claims[f"{marked}_verified"] = True
    return claims


def value_of(rule: ClaimRule, attributes: Mapping[str, Any]) -> Any:
    """The value of one line of a claim table: an attribute, or a template over the attributes (`{{ city }}`)."""
    if "{" not in rule.source:
        source = rule.source.removeprefix(_PREFIX)
        made_up = _MADE_UP.get(source)
        return made_up(attributes) if made_up and source not in attributes else attributes.get(source)
    names = dict(attributes) | {_PREFIX + name: value for name, value in attributes.items()}
    try:
        return _template(rule.source).render(names)
    except Exception as error:
        logger().warning("claim.template_failed", claim=rule.name, reason=type(error).__name__)
        return None


def _full_name(attributes: Mapping[str, Any]) -> str:
    return f"{attributes['first_name']} {attributes['usage_last_name'] or attributes['last_name']}".strip()


def _phone_number(attributes: Mapping[str, Any]) -> str:
    return str(attributes["mobile_phone"] or attributes["home_phone"])


def _address(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The address claim (OpenID Connect Core 1.0, section 5.1.1)."""
    street = f"{attributes['street_number']} {attributes['street']}".strip()
    lines = [street, attributes["address_complement"], f"{attributes['postal_code']} {attributes['city']}".strip()]
    parts = {
        "formatted": "\n".join(line for line in lines if line),
        "street_address": "\n".join(line for line in lines[:2] if line),
        "locality": attributes["city"],
        "postal_code": attributes["postal_code"],
    }
    return {name: value for name, value in parts.items() if value}


def _updated_at(attributes: Mapping[str, Any]) -> int:
    return epoch(attributes["changed_at"] or attributes["created_at"])


_MADE_UP: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "full_name": _full_name,
    "phone_number": _phone_number,
    "address": _address,
    "updated_at": _updated_at,
}
"""Sources that are no attribute of the account, but follow from several."""


@lru_cache(maxsize=256)
def _template(source: str) -> Template:
    return _environment.from_string(source)
