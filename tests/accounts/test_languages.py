"""French first, English one click away."""

from __future__ import annotations

import pytest
from accounts.mailbox import heading, problems, soup
from flows import Citizen, link, text_of
from werkzeug.test import TestResponse


def language(page: TestResponse) -> str:
    """What the page says it is written in."""
    return str(soup(page).find("html")["lang"])


def test_a_page_turns_english_and_french_again_where_it_is(citizen: Citizen) -> None:
    """The choice lasts from page to page."""
    french = citizen.get("/login/?next=/accounts/consents/")
    english = citizen.get(link(french, "lang-en"))
    back = citizen.get(link(english, "lang-fr"))

    assert [(language(each), heading(each)) for each in (french, english, back)] == [
        ("fr", "Connexion"),
        ("en", "Log in"),
        ("fr", "Connexion"),
    ]
    assert english.request.full_path == french.request.full_path
    citizen.get(link(back, "lang-en"))
    assert language(citizen.log_in(citizen.get("/login/"))) == "en"


def test_mistakes_are_told_in_the_visitors_language(at_home: Citizen) -> None:
    """Counts and names inside a message included."""
    at_home.get("/language/en")
    page = at_home.submit(at_home.get("/accounts/edit/"), first_name="", street_number="1" * 21, birthdate="x")

    assert problems(page) == {
        "first_name": "Error: Fill in this field.",
        "street_number": "Error: Too long: 20 characters at most.",
        "birthdate": "Error: Write the date like this: 05/06/1987.",
    }


@pytest.mark.parametrize("code", ["xx", "..", "%00", "fr-FR"])
def test_a_language_that_there_is_not_changes_nothing(passer_by: Citizen, code: str) -> None:
    """French stays."""
    passer_by.client.get(f"/language/{code}")

    assert language(passer_by.get("/login/")) == "fr"


def test_errors_speak_english_too(passer_by: Citizen) -> None:
    """A page that there is not."""
    passer_by.get("/language/en")
    page = passer_by.get("/nowhere/")

    assert page.status_code == 404
    assert heading(page) == "Page not found"
    assert "Back to the home page" in text_of(page)
