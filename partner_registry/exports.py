"""Lists as CSV, for people's spreadsheets and for programs; billing lines as CSV and JSON.

A French spreadsheet wants UTF-8 with a byte order mark, `;` between cells and a decimal comma. In both forms a text
that a spreadsheet would take for a formula begins with an apostrophe (OWASP, « CSV Injection »; mistake 20). No contact
of a partner is ever in them.
"""

from __future__ import annotations

import csv
import datetime as dt
import enum
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from partner_registry.billing.drafts import Line
from partner_registry.models import BillingLine

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text must not begin with in a spreadsheet."""
NUMBER = re.compile(r"-[0-9]+(,[0-9]+)?")

COLUMNS = {
    "run_id": "Campagne",
    "id": "Ligne",
    "counters_id": "Annule la ligne",
    "reason": "Motif de l’annulation",
    "year": "Exercice",
    "from_on": "En vigueur du",
    "until_on": "En vigueur au",
    "agreement_number": "Convention",
    "council_decision": "Délibérations",
    "tariff": "Grille",
    "partner_name": "Débiteur",
    "siren": "SIREN",
    "siret": "SIRET",
    "insee_code": "Code INSEE",
    "chorus_service_code": "Code service",
    "commitment_number": "N° d’engagement",
    "budget": "Imputation du débiteur",
    "population": "Population",
    "population_kind": "Nature de la population",
    "census_year": "Recensement",
    "population_source": "Source de la population",
    "bracket": "Tranche",
    "bracket_wording": "Libellé de la tranche",
    "offer": "Offre",
    "base_cents": "Participation (€ TTC)",
    "discount_percent": "Remise (%)",
    "discount_cents": "Remise (€ TTC)",
    "due_cents": "Dû (€ TTC)",
    "basis": "Base du calcul",
}
"""What is exported of a line, and its French heading."""


def line_values(line: Line | BillingLine) -> dict[str, Any]:
    """A line as JSON values, amounts in cents; what only a frozen line has is null in a draft's."""
    return {name: _plain(getattr(line, name, None)) for name in COLUMNS}


def lines_csv(lines: Iterable[Line | BillingLine], *, spreadsheet: bool) -> str:
    """Lines as CSV: with French headings and euros for a spreadsheet, with the names and cents of JSON otherwise."""
    values = map(line_values, lines)
    if not spreadsheet:
        return csv_text([[*COLUMNS], *([*each.values()] for each in values)])
    rows = ([_shown(name, value) for name, value in each.items()] for each in values)
    return csv_text([[*COLUMNS.values()], *rows], spreadsheet=True)


def csv_text(rows: Iterable[Sequence[str | int | None]], *, spreadsheet: bool = False) -> str:
    """Rows as CSV. Texts are made harmless; numbers stay numbers. A spreadsheet's file begins with the byte order
    mark, to be encoded in UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if spreadsheet else ",", lineterminator="\r\n")
    writer.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return ("\ufeff" if spreadsheet else "") + out.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; a negative number is none."""
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    return value.isoformat() if isinstance(value, dt.date) else value


def _shown(name: str, value: Any) -> Any:
    """A value as a French spreadsheet reads it."""
    if name.endswith("_cents"):
        return f"{'-' if value < 0 else ''}{abs(value) // 100},{abs(value) % 100:02d}"
    if name.endswith("_on"):
        return f"{dt.date.fromisoformat(value):%d/%m/%Y}"
    return value
