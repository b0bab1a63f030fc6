"""Billing lines as CSV and JSON: what a French spreadsheet reads, without formulas and without people (mistake 20)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from registry.conftest import issue
from sqlalchemy.orm import Session

from partner_registry.billing.runs import counter_line, draft_of_year, prepare_run, validate_run
from partner_registry.exports import COLUMNS, csv_text, harmless, line_values, lines_csv
from partner_registry.models import Agreement, BillingRun, Contact
from partner_registry.partners.life import find_partner


@pytest.fixture
def issued(session: Session, people: Any, lyon_time: Callable[[str], dt.datetime]) -> BillingRun:
    """The run of 2019, issued, with Bron's line undone."""
    now = lyon_time("2019-03-01T10:00")
    run = issue(session, people, 2019, at=now)
    counter_line(session, people.admin, run.lines[0], at=now, reason="offre mal saisie")
    return run


def test_a_french_spreadsheet_reads_the_lines_as_they_are(session: Session, issued: BillingRun) -> None:
    """Reference, 5.3: byte order mark, semicolons, decimal comma, days as people write them."""
    text = lines_csv(issued.lines, spreadsheet=True)
    assert text.encode().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert list(rows[0]) == list(COLUMNS.values())
    assert [row["Dû (€ TTC)"] for row in rows] == [
        "7000,00",
        "2700,00",
        "7000,00",
        "5400,00",
        "7000,00",
        "-7000,00",
    ]
    lyon = rows[2]
    assert (lyon["Débiteur"], lyon["SIREN"], lyon["En vigueur du"]) == ("Ville de Lyon", "216901231", "01/01/2019")
    assert lyon["Base du calcul"].startswith("515 695 hab. (municipale, 2016) → tranche > 80 000")
    undone = rows[-1]
    assert (undone["Annule la ligne"], undone["Motif de l’annulation"]) == (rows[0]["Ligne"], "offre mal saisie")


def test_a_program_reads_names_cents_and_iso_days(issued: BillingRun) -> None:
    """Reference, 5.3: plain CSV; the same values as JSON."""
    text = lines_csv(issued.lines, spreadsheet=False)
    rows = list(csv.DictReader(io.StringIO(text)))
    values = json.loads(json.dumps([line_values(line) for line in issued.lines]))
    assert rows == [{name: "" if each is None else str(each) for name, each in line.items()} for line in values]
    assert (values[2]["due_cents"], values[2]["from_on"], values[2]["offer"]) == (700_000, "2019-01-01", "RESTRICTED")


def test_a_draft_is_exported_too_without_what_only_a_frozen_line_has(session: Session) -> None:
    """Reference, 5.3: a draft is looked at before it is validated."""
    values = [line_values(line) for line in draft_of_year(session, 2020).lines]
    assert [each["due_cents"] for each in values] == [1_400_000, 540_000, 1_400_000, 1_080_000, 1_400_000]
    assert {each["id"] for each in values} == {None}


@pytest.mark.parametrize("spreadsheet", [True, False])
def test_mistake_20_no_cell_is_a_formula(
    session: Session, people: Any, lyon_time: Callable[[str], dt.datetime], spreadsheet: bool
) -> None:
    """Mistake 20: whoever names a commune, a service code or an engagement writes no formula into an accountant's
    spreadsheet."""
    now = lyon_time("2020-03-01T10:00")
    find_partner(session, "lyon").identities[0].legal_name = '=HYPERLINK("https://evil.example";"Lyon")'
    lyon = session.scalars(sa.select(Agreement).where(Agreement.number == "GNM-2019-lyon")).one()
    lyon.chorus_service_code, lyon.commitment_number, lyon.budget_program = "@SUM(A1)", "-2+3", "\t=1"
    lyon.number = "+33"
    run = prepare_run(session, people.reviewer, 2020, at=now)
    validate_run(session, people.other_reviewer, run, at=now)
    text = lines_csv(run.lines, spreadsheet=spreadsheet).removeprefix("\ufeff")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";" if spreadsheet else ",") for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert {'\'=HYPERLINK("https://evil.example";"Lyon")', "'@SUM(A1)", "'-2+3", "'+33"} <= set(cells)


@given(st.text(max_size=20))
def test_mistake_20_a_text_is_harmless_whatever_it_is(text: str) -> None:
    """Mistake 20: only a plain negative number may begin with a sign."""
    made = harmless(text)
    assert made.lstrip("'") == text.lstrip("'")
    assert made[:1] not in {"=", "+", "@", "\t", "\r", "\n"}
    if made.startswith("-"):
        assert float(made.replace(",", ".")) < 1


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=4))
def test_any_list_comes_out_as_it_went_in_but_for_the_apostrophes(rows: list[list[str]]) -> None:
    """Separators, quotes and line ends inside a cell stay inside it."""
    for spreadsheet, delimiter in ((True, ";"), (False, ",")):
        text = csv_text(rows, spreadsheet=spreadsheet)
        read = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
        assert list(read) == [[harmless(cell) for cell in row] for row in rows]


def test_mistake_20_no_contact_of_a_partner_is_in_an_export(session: Session, issued: BillingRun) -> None:
    """Mistake 20; GDPR 5(1)(c): a list of amounts needs no people."""
    contacts = session.scalars(sa.select(Contact)).all()
    assert contacts
    told = lines_csv(issued.lines, spreadsheet=True) + lines_csv(issued.lines, spreadsheet=False)
    told += json.dumps([line_values(line) for line in issued.lines], ensure_ascii=False)
    assert not [each.email for each in contacts if each.email in told or each.name in told]
