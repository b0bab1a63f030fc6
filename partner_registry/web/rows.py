"""A field of several rows of short texts: a client's claim table, the claims of a purpose, the grid of a tariff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wtforms import Field
from wtforms.utils import unset_value
from wtforms.validators import ValidationError

from glc.i18n import N_, gettext

SPARE = 3
"""Empty rows offered after those that are filled in; a button of the page brings as many more."""
MOST = 60
LONGEST = 1000
"""Bounds of what is read: rows, and characters in a cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the form, its label, and whether a row may leave it empty."""

    key: str
    label: str
    optional: bool = False


class RowsField(Field):
    """Rows typed into `name-0-key`, `name-1-key` …; `data` is a list of dicts, without the rows left empty."""

    data: list[dict[str, str]]

    def __init__(self, label: str, columns: Iterable[Column], *, row_label: str, **options: Any) -> None:
        super().__init__(label, **options)
        self.columns = tuple(columns)
        self.row_label = row_label
        """What one row is called, with its %(number)s."""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:  # noqa: ARG002
        """Take the rows that were typed, else those that are kept."""
        self.process_errors: list[str] = []
        given = self.default if data is unset_value else data
        kept: Iterable[Mapping[str, Any]] = (given() if callable(given) else given) or ()
        self.data = [{column.key: str(row.get(column.key, "")) for column in self.columns} for row in kept]
        if formdata is not None:
            self.data = [row for row in map(self._typed(formdata), range(MOST)) if any(row.values())]

    def _typed(self, formdata: Any) -> Any:
        return lambda number: {
            column.key: formdata.get(f"{self.name}-{number}-{column.key}", "").strip() for column in self.columns
        }

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 — WTForms' signature
        """Raise `ValidationError` for a row begun and not finished, or a cell that is too long."""
        for number, row in enumerate(self.data, start=1):
            empty = [column.label for column in self.columns if not column.optional and not row[column.key]]
            if empty:
                told = gettext(N_("ligne %(number)s : renseignez « %(what)s », ou videz la ligne."))
                raise ValidationError(told % {"number": number, "what": gettext(empty[0])})
            if any(len(text) > LONGEST for text in row.values()):
                told = gettext(N_("ligne %(number)s : c’est trop long, %(max)s caractères au plus."))
                raise ValidationError(told % {"number": number, "max": LONGEST})

    @property
    def shown(self) -> list[dict[str, str]]:
        """The rows to show: those there are, and spare ones."""
        blank = {column.key: "" for column in self.columns}
        return [*self.data, *[blank] * SPARE]
