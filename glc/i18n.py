"""Screens speak French; English is one click away. Messages are written in French and translated by gettext."""

from __future__ import annotations

import gettext as gnu
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from flask import Flask, has_request_context, request, session

from glc.sentences import N_ as N_
from glc.sentences import typeset

LANGUAGES = {"fr": "Français", "en": "English"}
LOCALE = Path(__file__).parent / "locale"


@cache
def _catalog(language: str) -> gnu.NullTranslations:
    if language == "fr":
        return gnu.NullTranslations()
    return gnu.translation("messages", LOCALE, [language], fallback=True)


def language() -> str:
    """The language of this visitor's screens: what they chose, else French."""
    chosen = session.get("language") if has_request_context() else None
    return chosen if chosen in LANGUAGES else "fr"


def prefer(locales: Iterable[str]) -> None:
    """Show this visitor the first of some languages (BCP 47) that there is; nothing changes when there is none."""
    spoken = [locale.partition("-")[0].lower() for locale in locales]
    known = next((each for each in spoken if each in LANGUAGES), None)
    if known is not None:
        session["language"] = known


def gettext(message: str) -> str:
    """The message in the visitor's language, as it is printed."""
    spoken = language()
    return _printed(message) if spoken == "fr" else _catalog(spoken).gettext(message)


_printed = lru_cache(4096)(typeset)


def english(message: str) -> str:
    """The message in English: what the command line and the REST interface speak."""
    return _catalog("en").gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The same for a counted thing; in French zero is singular."""
    if language() == "fr":
        return _printed(singular if abs(number) < 2 else plural)
    return _catalog(language()).ngettext(singular, plural, number)


def language_links() -> list[dict[str, str]]:
    """The other languages this very page can be read in."""
    here = request.full_path if request.query_string else request.path
    return [
        {"code": code, "label": label, "url": f"{request.script_root}/language/{code}?{_next(here)}"}
        for code, label in LANGUAGES.items()
        if code != language()
    ]


def _next(path: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"next": request.script_root + path})


def init_i18n(app: Flask) -> None:
    """Teach the application's templates to translate."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.filters["typeset"] = typeset
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
