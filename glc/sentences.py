"""Sentences for people: French templates and their values, told in the language of whoever reads."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Translate = Callable[[str], str]
"""A language's gettext; `str` for French, which templates are written in."""


def N_(message: str) -> str:  # noqa: N802 — gettext's own name for it
    """Mark a message for translation where it is written; it is translated where it is shown."""
    return message


DAY = N_("%d/%m/%Y")
"""How a civil date is written."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template and its values."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def told(self, translate: Translate = str) -> str:
        """The sentence, in another language when its gettext is given."""
        return fill(self.template, self.values, translate)


def fill(template: str, values: Mapping[str, object], translate: Translate = str) -> str:
    """A template with its values: words in the same language, a civil date as it is written there, several things one
    after the other. Without values a `%` is a mere sign."""
    text = translate(template)
    return text % {name: _told(value, translate) for name, value in values.items()} if values else text


def _told(value: Any, translate: Translate) -> object:
    if isinstance(value, str):
        return translate(value) if value else value  # the translation of nothing is the catalog's header
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.strftime(translate(DAY))
    if isinstance(value, list | tuple):
        between = N_(" ; ") if any(hasattr(each, "told") for each in value) else ", "
        return translate(between).join(str(_told(each, translate)) for each in value)
    return value.told(translate) if hasattr(value, "told") else value


_PARTED = re.compile(r" (?=[;:!?€»]|%(?![(a-z]))|(?<=«) |(?<=[<>]) (?=\d)|(?<=\d) (?=\d{3}\b)")


def typeset(text: str) -> str:
    """French as it is printed: what belongs together is not parted at the end of a line (« 14 000 € », « Qui ? »)."""
    return _PARTED.sub("\u00a0", text)
