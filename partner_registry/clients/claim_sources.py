"""Which data of the account a claim tells, whatever it is called: no declared purpose, no claim (4.5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from partner_registry.clients.registration import GLC_CLAIMS, STANDARD_CLAIMS

_PREFIX = "django_user_"
_PARTS = {
    "name": ("first_name", "last_name", "usage_last_name"),
    "phone_number": ("mobile_phone", "home_phone"),
    "address": ("street_number", "street", "address_complement", "postal_code", "city"),
}
"""The attributes that a claim of the standard is put together from."""
_SAME_AS = {"username": "email"}


def undeclared_in(rule: Mapping[str, Any], declared: Collection[str]) -> frozenset[str]:
    """The attributes that one line of a claim table draws on and that neither its own name nor a declared claim covers.

    A template draws on all its variables, a known claim on whatever attribute it is fed with; a site's own name for one
    attribute is declared under that name.
    """
    name, source = rule["name"], rule["source"]
    if "{" not in source and name not in _KNOWN:
        return frozenset()
    covering = {name, *declared}
    return frozenset(each for each in _drawn_on(source) if not _carriers(each) & covering)


def _carriers(attribute: str) -> frozenset[str]:
    """The claims that tell an attribute; its own name is one."""
    return _CARRIERS.get(attribute, frozenset()) | {attribute}


@lru_cache(maxsize=1024)
def _drawn_on(source: str) -> frozenset[str]:
    from jinja2 import meta
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    names = {source}
    if "{" in source:
        environment = ImmutableSandboxedEnvironment()
        names = meta.find_undeclared_variables(environment.parse(source)) - environment.globals.keys()
    plain = (each.removeprefix(_PREFIX) for each in names)
    return frozenset(_SAME_AS.get(each, each) for each in plain)


def _told() -> Iterator[tuple[str, str]]:
    """Each attribute with a claim that tells it."""
    for rule in (*GLC_CLAIMS, *STANDARD_CLAIMS):
        yield rule["source"], rule["name"]
    for claim, attributes in _PARTS.items():
        yield from ((each, claim) for each in attributes)


_KNOWN = frozenset(claim for _, claim in _told())
_CARRIERS = {attribute: frozenset(claim for other, claim in _told() if other == attribute) for attribute, _ in _told()}
