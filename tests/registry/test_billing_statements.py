"""The état liquidatif to print: every basis of the calculation, in the same bytes each time (reference, 5.2, 5.3)."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader
from registry.conftest import issue
from sqlalchemy.orm import Session

from glc.errors import InputError
from partner_registry.billing.runs import counter_line, draft_of_year, lines_for
from partner_registry.billing.statements import statement_pdf, typeset
from partner_registry.models import Agreement, BillingRun
from partner_registry.partners.life import find_partner


@pytest.fixture
def issued(session: Session, people: Any, lyon_time: Callable[[str], dt.datetime]) -> BillingRun:
    """The run of 2019, issued on 1 March 2019."""
    now = lyon_time("2019-03-01T10:00")
    lyon = session.scalars(sa.select(Agreement).where(Agreement.number == "GNM-2019-lyon")).one()
    lyon.chorus_service_code, lyon.commitment_number = "FACTURES", "E-2019-42"
    return issue(session, people, 2019, at=now)


def text_of(pdf: bytes) -> str:
    """What a reader finds in the document, spaces made plain."""
    pages = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(pages.replace("\xa0", " ").split())


def test_a_statement_states_every_basis_of_its_calculation(session: Session, issued: BillingRun) -> None:
    """Décret 2012-1246, article 24; R1, R11, R16, R30: who owes, under which act, how it was found, how much."""
    lyon = find_partner(session, "lyon")
    text = text_of(statement_pdf(lines_for(session, issued, lyon), year=2019))
    for told in (
        "État liquidatif Exercice 2019",
        "Créancier Métropole de Lyon — SIREN 200046977",
        "Débiteur Ville de Lyon — SIREN 216901231, SIRET 21690123100011, INSEE 69123",
        "Convention GNM-2019-lyon",
        "Délibérations 2018/4385 (commune)",
        "Grille tarifaire GNM 2019-2023 : article 9 et annexe 3 de la convention",
        "Imputation du débiteur programme RECIT, opération GESTSI, nature 62878, fonction 020",
        "Code service FACTURES",
        "N° d’engagement E-2019-42",
        "En vigueur du 01/01/2019 au 31/12/2019",
        "515 695 habitants : population municipale en vigueur au 1er janvier 2019, recensement de 2016",
        "Source INSEE, populations légales",
        "Tranche > 80 000 habitants (FROM_80000)",
        "Niveau de service offre restreinte",
        "Participation annuelle selon la grille 14 000 €",
        "Remise des partenaires initiaux (50 %) −7 000 €",
        "Somme due TTC 7 000 €",
        "Arrêté le présent état à la somme de 7 000 € TTC.",
        "Établie le 01/03/2019",
    ):
        assert told in text
    assert text.count("Simulateur — sans valeur") == 2


def test_the_same_lines_make_the_same_bytes(session: Session, issued: BillingRun) -> None:
    """Reference, 5.3."""
    lines = lines_for(session, issued, find_partner(session, "bron"))
    one, other = (statement_pdf(lines, year=2019) for _ in range(2))
    assert one == other
    assert one.startswith(b"%PDF-")


def test_the_document_says_its_title_and_its_language(session: Session, issued: BillingRun) -> None:
    """RGAA 13.3: what assistive technology reads first."""
    lines = lines_for(session, issued, find_partner(session, "lyon"))
    reader = PdfReader(io.BytesIO(statement_pdf(lines, year=2019)))
    assert reader.metadata is not None
    assert reader.metadata.title == "État liquidatif 2019 — Ville de Lyon"
    assert reader.trailer["/Root"]["/Lang"] == "fr-FR"
    fonts = {font["/BaseFont"] for page in reader.pages for font in _fonts(page)}
    assert fonts
    assert not [name for name in fonts if "Vera" not in name and name != "/Helvetica"], "fonts that are not embedded"


def _fonts(page: Any) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def test_a_draft_says_that_it_is_one(session: Session) -> None:
    """Reference, 5.3: nothing is due before validation."""
    line = next(line for line in draft_of_year(session, 2020).lines if line.partner_name == "Ville de Lyon")
    text = text_of(statement_pdf([line], year=2020))
    assert "Projet d’état liquidatif" in text
    assert "Participation annuelle (non validée)" in text
    assert "Remise" not in text
    assert "Somme due TTC 14 000 €" in text


def test_a_line_that_was_undone_is_shown_with_what_undid_it(
    session: Session, people: Any, issued: BillingRun, lyon_time: Callable[[str], dt.datetime]
) -> None:
    """Reference, 5.2, 5.3: nothing disappears; the sum is what remains."""
    bron = find_partner(session, "bron")
    (line,) = lines_for(session, issued, bron)
    counter_line(session, people.admin, line, at=lyon_time("2019-04-02"), reason="offre mal saisie <b>")
    text = text_of(statement_pdf(lines_for(session, issued, bron), year=2019))
    assert f"qui annule la ligne n° {line.id}" in text
    assert "Motif offre mal saisie <b>" in text
    assert "Somme due TTC −7 000 €" in text
    assert "Arrêté le présent état à la somme de 0 € TTC." in text


def test_there_is_no_statement_of_nothing(session: Session, issued: BillingRun) -> None:
    """Reading A16: the Métropole owes nothing."""
    with pytest.raises(InputError, match="rien n’est dû en 2019"):
        statement_pdf([], year=2019)


@pytest.mark.parametrize(
    ("plain", "set_in_type"),
    [
        ("515 695 hab.", "515\xa0695 hab."),
        ("1 234 567 €", "1\xa0234\xa0567\xa0€"),
        ("2016) → tranche > 80 000", "2016)\xa0: tranche >\xa080\xa0000"),
        ("remise 50 % : -7 000 €", "remise 50\xa0%\xa0: −7\xa0000\xa0€"),
        ("GNM 2019-2023", "GNM 2019-2023"),
        ("« cadre » ; suite", "«\xa0cadre\xa0»\xa0; suite"),
    ],
)
def test_french_typography(plain: str, set_in_type: str) -> None:
    """Lexique de l’Imprimerie nationale: no line breaks inside a number, nor before high punctuation."""
    assert typeset(plain) == set_in_type
