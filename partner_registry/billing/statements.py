"""The état liquidatif: what a partner owes for a year and how that was found, to print.

A claim states the bases of its calculation (décret 2012-1246, article 24). The same lines give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from glc import sentences
from glc.clock import PARIS
from glc.errors import InputError
from glc.i18n import N_
from partner_registry.billing.drafts import OFFER_WORDS, Line, euros, grouped
from partner_registry.models import BillingLine
from partner_registry.seed import METROPOLE_SIREN

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

NOTICE = "Simulateur — sans valeur"
FOOTER = "Document produit par un simulateur de GrandLyonConnect : il ne vaut pas titre de recette."
_INK, _GREY, _RULE, _WARNING = "#1a1a1a", "#555555", "#c8c8c8", "#b00020"
_MARGIN, _INSET, _LABEL_WIDTH = 50.0, 6.0, 150.0
"""Points: the page's margin, the frame's own inside it, and the first column's width."""


def statement_pdf(lines: Sequence[Line | BillingLine], *, year: int) -> bytes:
    """The état liquidatif of a partner's lines of one year, as PDF: their own names, so that it never changes. Raises
    `InputError` when there are none."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    if not lines:
        raise InputError(N_("rien n’est dû en %(year)s : il n’y a pas d’état à dresser"), year=year)
    _register_fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=f"État liquidatif {year} — {lines[0].partner_name}",
        author="Métropole de Lyon (simulateur)",
        subject=NOTICE,
        creator="GrandLyonConnect (simulateur)",
        lang="fr-FR",
        invariant=1,
    )
    document.build(list(_story(lines, year)), onFirstPage=_frame, onLaterPages=_frame)
    return out.getvalue()


def typeset(text: str) -> str:
    """French typography within what the document's font holds: a minus that is one; the arrow of a basis becomes a
    colon."""
    text = text.replace(" → ", " : ").replace("\u202f", "\xa0")
    return sentences.typeset(re.sub(r"^-(?=\d)|(?<= )-(?=\d)", "−", text))


def _story(lines: Sequence[Line | BillingLine], year: int) -> Iterator[Flowable]:
    from reportlab.platypus import Spacer

    frozen = all(isinstance(line, BillingLine) for line in lines)
    yield _text("title", "État liquidatif" if frozen else "Projet d’état liquidatif")
    yield _text("subtitle", f"Exercice {year} — participation au guichet numérique métropolitain (GNM)")
    yield Spacer(0, 10)
    yield _table(_parties(lines[0]))
    for line in lines:
        yield _text("heading", _heading(line))
        yield _table(_references(line))
        yield _text("heading", "Bases du calcul (décret n° 2012-1246, article 24)")
        yield _table(_bases(line))
        yield Spacer(0, 6)
        yield _table(_amounts(line), amounts=True)
        yield Spacer(0, 6)
        yield _text("body", f"Calcul : {line.basis}.")
    total = sum(line.due_cents for line in lines)
    yield Spacer(0, 12)
    yield _text("sum", f"Arrêté le présent état à la somme de {euros(total)} TTC.")
    yield _text(
        "small", "Montants toutes taxes comprises ; la convention ne donne aucun taux de TVA, il n’en est pas calculé."
    )
    yield Spacer(0, 18)
    yield _table([("L’ordonnateur", "Date et signature : ……………………………………")])


def _heading(line: Line | BillingLine) -> str:
    if not isinstance(line, BillingLine):
        return "Participation annuelle (non validée)"
    if line.counters_id is not None:
        return f"Contre-écriture n° {line.id}, qui annule la ligne n° {line.counters_id}"
    return f"Participation annuelle — ligne n° {line.id}, campagne n° {line.run_id}"


def _parties(line: Line | BillingLine) -> list[tuple[str, str]]:
    numbers = {"SIREN": line.siren, "SIRET": line.siret, "INSEE": line.insee_code}
    return [
        ("Créancier", f"Métropole de Lyon — SIREN {METROPOLE_SIREN}"),
        (
            "Débiteur",
            " — ".join([line.partner_name, ", ".join(f"{name} {each}" for name, each in numbers.items() if each)]),
        ),
    ]


def _references(line: Line | BillingLine) -> list[tuple[str, str]]:
    rows = [
        ("Convention", line.agreement_number),
        ("Délibérations", line.council_decision or "non enregistrées"),
        ("Grille tarifaire", line.tariff),
        ("En vigueur", f"du {line.from_on:%d/%m/%Y} au {line.until_on:%d/%m/%Y}"),
        ("Imputation du débiteur", line.budget or "non communiquée"),
        ("Code service", line.chorus_service_code),
        ("N° d’engagement", line.commitment_number),
        ("Imputation du créancier", "à compléter par l’ordonnateur"),
    ]
    if isinstance(line, BillingLine):
        rows.append(("Établie le", f"{line.written_at.astimezone(PARIS):%d/%m/%Y}"))
        rows.append(("Motif", line.reason))
    return [(label, value) for label, value in rows if value]


def _bases(line: Line | BillingLine) -> list[tuple[str, str]]:
    population = (
        f"{grouped(line.population)} habitants : population {line.population_kind.value} en vigueur au 1er janvier "
        f"{line.year}, recensement de {line.census_year}"
    )
    return [
        ("Population", population),
        ("Source", line.population_source or "non enregistrée"),
        ("Tranche", f"{line.bracket_wording} habitants ({line.bracket})"),
        ("Niveau de service", OFFER_WORDS[line.offer]),
    ]


def _amounts(line: Line | BillingLine) -> list[tuple[str, str]]:
    discount = f"Remise des partenaires initiaux ({line.discount_percent} %)"
    return [
        ("Participation annuelle selon la grille", euros(line.base_cents)),
        *([(discount, euros(-line.discount_cents))] if line.discount_cents else []),
        ("Somme due TTC", euros(line.due_cents)),
    ]


def _register_fonts() -> None:
    """The fonts that come with reportlab: embedded, so that the document looks the same everywhere."""
    from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    for name, file in (("Vera", "Vera.ttf"), ("VeraBd", "VeraBd.ttf")):
        if name not in getRegisteredFontNames():
            registerFont(TTFont(name, file))


_STYLES: dict[str, dict[str, Any]] = {
    "title": {"fontName": "VeraBd", "fontSize": 17, "leading": 22},
    "subtitle": {"fontSize": 10, "leading": 14, "textColor": _GREY},
    "heading": {
        "fontName": "VeraBd",
        "fontSize": 10,
        "leading": 14,
        "spaceBefore": 12,
        "spaceAfter": 4,
        "keepWithNext": 1,
    },
    "body": {},
    "label": {"textColor": _GREY},
    "amount": {"alignment": 2},
    "due": {"fontName": "VeraBd"},
    "due_amount": {"fontName": "VeraBd", "alignment": 2},
    "sum": {"fontName": "VeraBd", "fontSize": 10, "leading": 14},
    "small": {"fontSize": 7.5, "leading": 11, "textColor": _GREY},
}


def _text(style: str, text: str) -> Flowable:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    values = {"fontName": "Vera", "fontSize": 8.5, "leading": 12, "textColor": _INK} | _STYLES[style]
    return Paragraph(escape(typeset(text)).replace("1er ", "1<super>er</super> "), ParagraphStyle(style, **values))


def _table(rows: list[tuple[str, str]], *, amounts: bool = False) -> Flowable:
    """Two columns; of amounts, the last row is what is due."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import Table

    width = A4[0] - 2 * (_MARGIN + _INSET)
    last = len(rows) - 1
    cells = []
    for place, (label, value) in enumerate(rows):
        styles = ("label", "body") if not amounts else ("due", "due_amount") if place == last else ("body", "amount")
        cells.append([_text(style, text) for style, text in zip(styles, (label, value), strict=True)])
    first = width - _LABEL_WIDTH if amounts else _LABEL_WIDTH
    style = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, _RULE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ]
    return Table(cells, colWidths=(first, width - first), style=style)


def _frame(canvas: Any, document: Any) -> None:
    """On every page: what it is worth, across it and below it, and the page's number."""
    width, height = document.pagesize
    canvas.saveState()
    canvas.setFillColor(_WARNING)
    canvas.setFont("VeraBd", 9)
    canvas.drawRightString(width - _MARGIN - _INSET, height - 36, NOTICE)
    canvas.setFillColor(_WARNING, alpha=0.06)
    canvas.setFont("VeraBd", 54)
    canvas.translate(width / 2, height / 2)
    canvas.rotate(52)
    canvas.drawCentredString(0, 0, NOTICE)
    canvas.restoreState()
    canvas.saveState()
    canvas.setFillColor(_GREY)
    canvas.setFont("Vera", 7.5)
    canvas.drawString(_MARGIN + _INSET, 32, FOOTER)
    canvas.drawRightString(width - _MARGIN - _INSET, 32, f"page {document.page}")
    canvas.restoreState()
