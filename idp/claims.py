"""What an account tells a client: the client's claim table, narrowed by the granted scopes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy.engine import Row

from glc.logs import logger
from idp.dialects import Dialect
from idp.models import PROFILE_ATTRIBUTES
from partner_registry.terms import ClaimRule, ReleaseTerms

EMPTY_TEXT = frozenset(
    {"given_name", "family_name", "full_name", "name", "middle_name", "nickname", "email", "preferred_username"}
)
"""Claims that the real service sends as "" when empty; it sends null for all others."""

_PREFIX = "django_user_"
_ATTRIBUTES = (*PROFILE_ATTRIBUTES, "uuid", "email", "email_verified", "roles", "verified_attributes")
_environment = ImmutableSandboxedEnvironment()


def attributes_of(row: Row[Any]) -> dict[str, Any]:
    """An account's attributes by name, from a row that has its columns."""
    mapping = row._mapping
    return {name: mapping[name] for name in _ATTRIBUTES} | {"username": mapping["email"]}


def released(
    terms: ReleaseTerms, scopes: frozenset[str], attributes: Mapping[str, Any], dialect: Dialect
) -> dict[str, Any]:
    """The claims of the granted scopes, `sub` and `iss` apart. What is not in the client's table is not there."""
    claims: dict[str, Any] = {}
    for rule in terms.claims:
        if not rule.scopes & scopes:
            continue
        value = value_of(rule, attributes)
        if value in ("", None, []):
            if not dialect.empty_claims_are_sent:
                continue
            value = "" if rule.name in EMPTY_TEXT else None
        claims[rule.name] = value
        source = rule.source.removeprefix(_PREFIX)
        if source in attributes["verified_attributes"]:
            claims[f"{rule.name if dialect.verified_suffix_on_claim else source}_verified"] = True
    return claims


def value_of(rule: ClaimRule, attributes: Mapping[str, Any]) -> Any:
    """The value of one line of a claim table: an attribute, or a template over the attributes (`{{ city }}`)."""
    if "{" not in rule.source:
        return attributes.get(rule.source.removeprefix(_PREFIX))
    names = dict(attributes) | {_PREFIX + name: value for name, value in attributes.items()}
    try:
        return _template(rule.source).render(names)
    except Exception as error:
        logger().warning("claim.template_failed", claim=rule.name, reason=type(error).__name__)
        return None


@lru_cache(maxsize=256)
def _template(source: str) -> Template:
    return _environment.from_string(source)
