"""A check, and what it finds: the values of `checks.py`."""

from __future__ import annotations

import inspect
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: the exchanges it stands in, and what its sentence says of it."""

    exchanges: tuple[int, ...]
    values: Mapping[str, Any] = field(default_factory=dict)


Look = Callable[..., list[Finding] | None]
"""Exchanges, then options, give findings."""
REQUIRED = "required"
"""A specification's MUST, or a hole in the site's security."""
RECOMMENDED = "recommended"
"""A specification's SHOULD; several sites live without."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a check says in a language: that it passed, that it failed, what to change. `{name}` takes an option's or a
    finding's value."""

    passed: str
    failed: str
    change: str


@dataclass(frozen=True, slots=True)
class Check:
    """A row: its name, who asks for it and where, how it is judged, how it is said."""

    name: str
    level: str
    section: str
    look: Look
    french: Words
    english: Words
    of_one_flow: bool = True
    """Whether the inspector judges it flow by flow, with its options' usual values."""
    across: bool = False
    """Whether a flow is judged among the site's others: what must differ each time."""

    @property
    def options(self) -> dict[str, Any]:
        """What may be asked along with it, and the usual values; `...` where one must be given."""
        return dict(_options(self.look))

    def words(self, language: str) -> Words:
        """Its sentences in a language: French, or else English."""
        return self.french if language == "fr" else self.english


@cache
def _options(look: Look) -> tuple[tuple[str, Any], ...]:
    taken = list(inspect.signature(look).parameters.values())[1:]
    return tuple((each.name, ... if each.default is inspect.Parameter.empty else each.default) for each in taken)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's judgement: `passed` is None when there was nothing to judge."""

    check: Check
    passed: bool | None
    findings: tuple[Finding, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exchanges(self) -> tuple[int, ...]:
        """The exchanges that failed it."""
        return tuple(sorted({each for finding in self.findings for each in finding.exchanges}))

    def sentence(self, language: str) -> str:
        """What was found, in plain words."""
        if self.passed is None:
            return NOTHING["fr" if language == "fr" else "en"]
        words = self.check.words(language)
        if self.passed:
            return _filled(words.passed, self.options)
        said = dict.fromkeys(_filled(words.failed, {**self.options, **finding.values}) for finding in self.findings)
        return " ".join(said)

    def change(self, language: str) -> str:
        """What to change in the site."""
        return _filled(self.check.words(language).change, self.options)


NOTHING = {"fr": "Rien de tel n’a été vu.", "en": "Nothing of the kind was seen."}


def _filled(sentence: str, values: Mapping[str, Any]) -> str:
    return string.Formatter().vformat(sentence, (), values) if "{" in sentence else sentence
