"""English screens: every French message has its translation, and what is served is what was translated."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from flows import Citizen, Site
from werkzeug.test import TestResponse

from glc.i18n import LANGUAGES, LOCALE

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("glc", "idp", "keys", "partner_registry", "consent", "testkit")
TRANSLATIONS = sorted(LANGUAGES.keys() - {"fr"})
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
PAGES = [
    "/",
    "/login/",
    "/register/",
    "/password/reset/",
    "/nowhere/",
    "/accounts/activate/x/",
    "/idp/oidc/authorize?pending=x",
]
PAGES_OF_AN_ACCOUNT = [
    "/",
    "/accounts/",
    "/accounts/edit/",
    "/accounts/consents/",
    "/accounts/change-email/",
    "/accounts/password/change/",
    "/accounts/delete/",
]


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The French messages, collected anew from the code and the templates."""
    path = tmp_path_factory.mktemp("messages") / "messages.pot"
    folders = [str(ROOT / folder) for folder in FOLDERS]
    CommandLineInterface().run(["pybabel", "-q", "extract", "-F", str(ROOT / "babel.cfg"), "-o", str(path), *folders])
    with path.open("rb") as file:
        return read_po(file)


def catalog(language: str) -> Catalog:
    """What the translators wrote."""
    with (LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def texts(text: object) -> list[str]:
    """A message, or its singular and plural."""
    return [text] if isinstance(text, str) else list(text)  # type: ignore[call-overload]


def placeholders(text: str) -> list[str]:
    """What is filled in."""
    return sorted(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_message_of_the_screens_is_translated(messages: Catalog, language: str) -> None:
    """`make messages` says what is missing."""
    translated = catalog(language)
    asked = [message for message in messages if message.id]
    assert len(asked) > 200

    missing = [each.id for each in asked if (found := translated.get(each.id)) is None or not all(texts(found.string))]

    assert missing == []
    assert [each.id for each in translated if each.id and messages.get(each.id) is None] == []
    assert [each.id for each in translated if each.fuzzy and each.id] == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_fills_in_what_its_message_fills_in(language: str) -> None:
    """A name lost on the way would be missing from the page, one too many an error on it."""

    def faithful(message: Message) -> bool:
        forms = zip(texts(message.id), texts(message.string), strict=True)  # one thing may go without its number
        return all(placeholders(french) == placeholders(translated) for french, translated in forms)

    assert [each.id for each in catalog(language) if each.id and not faithful(each)] == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_what_is_served_is_what_was_translated(language: str) -> None:
    """The compiled file is committed: nothing needs compiling before the first start."""
    compiled = io.BytesIO()
    write_mo(compiled, catalog(language))

    assert (LOCALE / language / "LC_MESSAGES" / "messages.mo").read_bytes() == compiled.getvalue()


def french_in(page: TestResponse, messages: Catalog) -> list[str]:
    """The French messages that a page shows; explanations for a site's developers and mails are French only."""
    soup = BeautifulSoup(page.text, "html.parser")
    for aside in soup.body.find_all(lang="fr") + soup.body.find_all(id="hint"):
        aside.decompose()
    attributes = [each.get(name, "") for each in soup.find_all(True) for name in ("aria-label", "title", "alt")]
    shown = " ".join([*soup.stripped_strings, *attributes])
    translated = catalog("en")
    return [
        text
        for message in messages
        for text in texts(message.id)
        if re.search(r"\w", text) and text not in texts(translated[message.id].string) and _shows(shown, text)
    ]


def _shows(shown: str, text: str) -> bool:
    filled_in = ".+?".join(map(re.escape, PLACEHOLDER.split(text)))
    return re.search(rf"(?<!\w){filled_in}(?!\w)", shown) is not None


def test_no_french_is_left_on_english_pages(messages: Catalog, register: Callable[..., Site], citizen: Citizen) -> None:
    """A text that nobody marked, or that was put together before it was translated, would stay French."""
    site = register(name="Swimming pools")
    assert len(french_in(citizen.get("/login/"), messages)) > 10

    citizen.get("/language/en")
    pages = [citizen.get(path) for path in PAGES]
    pages += [citizen.get(site.request(scope=None)), citizen.get(site.request())]
    pages.append(citizen.submit(pages[-1], username=citizen.email, password="raté"))
    question = citizen.log_in(pages[-1])
    pages += [question, citizen.submit(citizen.get("/accounts/edit/"), first_name="", birthdate="x", city="x" * 300)]
    citizen.submit(question, "a2-oidc-authorization-form", "accept", do_not_ask_again="on")
    pages += [citizen.get(path) for path in PAGES_OF_AN_ACCOUNT]

    assert {page.request.path: found for page in pages if (found := french_in(page, messages))} == {}
    assert [page.request.path for page in pages if 'lang="en"' not in page.text] == []
