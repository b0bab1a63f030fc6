"""How a run tells whether somebody is logged in, from a page."""

from __future__ import annotations

import pytest

from testkit.recette.errors import RunError
from testkit.recette.pages import Page, shown
from testkit.recette.signs import Sign, Signs, State

INSIDE = Page(
    "https://site.example/compte?onglet=1",
    200,
    "<html><head><title>Mon compte</title><script>Connexion</script></head>"
    "<body><main><p id='moi'>Bonjour,\n <b>Camille</b></p></main></body></html>",
)
OUTSIDE = Page("https://site.example/", 200, "<title>Accueil</title><body><a id='entrer'>Connexion</a></body>")
BROKEN = Page("https://site.example/callback?code=abc&state=def", 500, "<h1>Internal Server Error</h1>")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "Bonjour, Camille"),
        ("selector", "p#moi > b"),
        ("url", "https://site.example/compte"),
        ("url", "*/compte?onglet=*"),
    ],
)
def test_each_kind_of_sign_tells_the_two_pages_apart(kind: str, value: str) -> None:
    """A sign that is seen everywhere, or nowhere, tells nothing."""
    assert (Sign(kind, value).is_seen(INSIDE), Sign(kind, value).is_seen(OUTSIDE)) == (True, False)


def test_a_status_is_a_sign_too() -> None:
    """For sites that answer 401 to whoever is not logged in."""
    assert Sign("status", "500").is_seen(BROKEN)
    assert not Sign("status", "500").is_seen(INSIDE)


def test_words_in_scripts_and_titles_are_no_sign() -> None:
    """Nobody sees them on the page."""
    assert not Sign("text", "Connexion").is_seen(INSIDE)
    assert not Sign("text", "Mon compte").is_seen(INSIDE)


def test_one_sign_is_enough_and_its_absence_says_the_contrary() -> None:
    """With --logged-in-… alone."""
    signs = Signs(logged_in=(Sign("selector", "#moi"),))
    assert [signs.state(page) for page in (INSIDE, OUTSIDE, BROKEN)] == [
        State.LOGGED_IN,
        State.LOGGED_OUT,
        State.LOGGED_OUT,
    ]


def test_with_both_signs_an_error_page_is_neither() -> None:
    """Nor is a page that bears both."""
    signs = Signs((Sign("selector", "#moi"),), (Sign("selector", "#entrer"),))
    both = Page("https://site.example/", 200, "<p id=moi></p><p id=entrer></p>")
    assert [signs.state(page) for page in (INSIDE, OUTSIDE, BROKEN, both)] == [
        State.LOGGED_IN,
        State.LOGGED_OUT,
        State.UNCLEAR,
        State.UNCLEAR,
    ]


def test_all_signs_of_one_state_must_be_seen() -> None:
    """Two signs say more than one."""
    signs = Signs(logged_in=(Sign("selector", "#moi"), Sign("text", "Dominique")))
    assert signs.state(INSIDE) is State.LOGGED_OUT


@pytest.mark.parametrize(("kind", "value"), [("status", "ok"), ("selector", "p[")])
def test_a_sign_that_cannot_be_looked_for_is_refused_at_once(kind: str, value: str) -> None:
    """And not after a hundred cases."""
    with pytest.raises(RunError, match=value.replace("[", r"\[")):
        Sign(kind, value)


def test_no_sign_at_all_is_refused_with_the_options_that_give_one() -> None:
    """Usage."""
    with pytest.raises(RunError, match="--logged-in-text"):
        Signs()


def test_a_page_is_quoted_by_status_title_and_first_words_without_any_parameters_value() -> None:
    """A report is shared: codes and states are not."""
    assert BROKEN.told().english == "500 at https://site.example/callback?code=…&state=…: Internal Server Error"
    assert INSIDE.told().english == "200 « Mon compte » at https://site.example/compte?onglet=…: Bonjour, Camille"
    assert "abc" not in shown(BROKEN.url)
