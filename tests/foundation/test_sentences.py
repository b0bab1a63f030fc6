"""Sentences are told in the language of whoever reads, and set as French is printed."""

from __future__ import annotations

import datetime as dt

import pytest

from glc.i18n import english
from glc.sentences import Sentence, fill, typeset


@pytest.mark.parametrize(
    ("plain", "printed"),
    [
        ("Qui ? Lui ; toujours : voilà !", "Qui_? Lui_; toujours_: voilà_!"),
        ("ajoutez le contact « %(role)s »", "ajoutez le contact «_%(role)s_»"),
        ("515 695 hab. → tranche > 80 000, 14 000 €", "515_695 hab. → tranche >_80_000, 14_000_€"),
        ("remise 50 % : au %(day)s", "remise 50_%_: au %(day)s"),
        ("GNM 2019-2023, 31/12/2023 14:30", "GNM 2019-2023, 31/12/2023 14:30"),
        ("https://site.example/retour", "https://site.example/retour"),
    ],
)
def test_french_is_not_parted_where_it_belongs_together(plain: str, printed: str) -> None:
    """Lexique de l’Imprimerie nationale: no line ends inside a number, a quotation, or before high punctuation."""
    assert typeset(plain) == printed.replace("_", "\u00a0")


def test_values_are_told_in_the_language_of_their_sentence() -> None:
    """Issue 3, point 8: words, days, several things one after the other, sentences within sentences."""
    day = dt.date(2024, 1, 31)
    assert fill("le %(day)s", {"day": day}) == "le 31/01/2024"
    assert Sentence("%(day)s", {"day": day}).told(english) == "2024-01-31"
    assert fill("%(who)s", {"who": ["instructeur", "auditeur"]}, english) == "reviewer, auditor"
    missing = [Sentence("oui"), Sentence("non")]
    assert (fill("%(what)s", {"what": missing}), fill("%(what)s", {"what": missing}, english)) == (
        "oui ; non",
        "yes; no",
    )
    assert fill("50 %", {}) == "50 %"
