"""The language of refusals and advice: English, or French for whoever prefers it (Accept-Language)."""

from __future__ import annotations

from collections.abc import Callable

from flask import request

from glc.i18n import english

Translate = Callable[[str], str]


def spoken() -> str:
    """`fr` for whoever prefers French, else `en`."""
    preferred = (language.partition("-")[0].lower() for language in request.accept_languages.values())
    return next((each for each in preferred if each in {"en", "fr"}), "en")


def translate(message: str) -> str:
    """A French message in that language."""
    return message if spoken() == "fr" else english(message)
