"""The parts of paths that vary: what each means, and what it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.routing import BaseConverter

LARGEST = 999_999_999
"""Largest number a path holds: every database keeps it."""


class Digits(BaseConverter):
    """A whole number up to LARGEST."""

    regex = "[0-9]{1,9}"

    def to_python(self, value: str) -> int:
        return int(value)


class Year(Digits):
    """A year of these two centuries."""

    regex = "2[01][0-9][0-9]"


CONVERTERS = {"digits": Digits, "year": Year}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One part of a path: a text without slash, unless `rule` names another converter of werkzeug's rules."""

    meaning: str
    rule: str = "string(maxlength=200)"

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        if self.rule == "digits":
            return {"type": "integer", "minimum": 0, "maximum": LARGEST}
        if self.rule == "year":
            return {"type": "integer", "minimum": 2000, "maximum": 2199}
        return {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^/]+$"}


PARAMETERS = {
    "partner": Parameter("Short name of the partner: `lyon`"),
    "commune": Parameter("SIREN of the commune"),
    "contact": Parameter("Number of the contact", "digits"),
    "agreement": Parameter("Number of the agreement: `GNM-2019-lyon`"),
    "amendment": Parameter("Number of the amendment, from 1", "digits"),
    "sha256": Parameter("SHA-256 of the document, hexadecimal"),
    "processing": Parameter("Number of the processing", "digits"),
    "client": Parameter("`client_id` of the client"),
    "version": Parameter("Number of the version, from 1", "digits"),
    "acceptance": Parameter("Number of the acceptance run", "digits"),
    "secret": Parameter("Number of the secret", "digits"),
    "tariff": Parameter("Name of the tariff"),
    "year": Parameter("Year (exercice)", "year"),
    "run": Parameter("Number of the billing run", "digits"),
    "line": Parameter("Number of the billing line", "digits"),
    "incident": Parameter("Number of the incident", "digits"),
    "endpoint": Parameter("Number of the endpoint", "digits"),
    "delivery": Parameter("Number of the delivery", "digits"),
    "token": Parameter("Number of the token", "digits"),
    "role": Parameter("Number of the role held", "digits"),
    "problem": Parameter("Name of the type of problem"),
}
