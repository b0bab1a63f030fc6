"""Fields of the registry's forms, read as people here write: dates, times of Lyon's clock, numbers, lists."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget, TextArea

from glc.clock import PARIS, UTC
from glc.i18n import N_, gettext

DAY_TYPED = re.compile(r"(?P<day>[0-9]{1,2})[/.-](?P<month>[0-9]{1,2})[/.-](?P<year>[0-9]{4})")
TIME_TYPED = re.compile(r"(?P<hour>[0-9]{1,2})(?:[:hH](?P<minute>[0-9]{2})?)?")


class DayField(StringField):
    """A civil date typed as people here write it (05/06/2024) or as ISO 8601 does; None when empty."""

    data: dt.date | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the date. Raises `ValueError` with what to type instead."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = read_day(typed) if typed else None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.strftime("%d/%m/%Y") if self.data else ""


def read_day(typed: str) -> dt.date:
    """The date that was typed. Raises `ValueError` with what to type instead."""
    found = DAY_TYPED.fullmatch(typed)
    iso = f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}" if found else typed
    if not re.fullmatch(r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}", iso):
        raise ValueError(N_("Écrivez la date ainsi : 05/06/2024."))
    try:
        return dt.date.fromisoformat(iso)
    except ValueError as error:
        raise ValueError(N_("Ce jour n’existe pas dans le calendrier.")) from error


class InstantField(StringField):
    """A date and a time of the clock in Lyon (05/06/2024 14:30); `data` is the aware UTC instant, None when empty."""

    data: dt.datetime | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the instant. Raises `ValueError` with what to type instead."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = read_instant(typed) if typed else None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.astimezone(PARIS).strftime("%d/%m/%Y %H:%M") if self.data else ""


def read_instant(typed: str) -> dt.datetime:
    """The instant that was typed, in Lyon's time (reading A18). Raises `ValueError` with what to type instead."""
    date, _blank, time = typed.replace("T", " ").partition(" ")
    found = TIME_TYPED.fullmatch(time.replace("à", "").strip())
    if found is None:
        raise ValueError(N_("Écrivez la date et l’heure ainsi : 05/06/2024 14:30."))
    on = read_day(date)
    try:
        local = dt.datetime(on.year, on.month, on.day, int(found["hour"]), int(found["minute"] or 0), tzinfo=PARIS)
    except ValueError as error:
        raise ValueError(N_("Cette heure n’existe pas.")) from error
    instant = local.astimezone(UTC)
    if instant.astimezone(PARIS).hour != local.hour:  # skipped when summer time begins
        raise ValueError(N_("Cette heure n’existe pas."))
    return instant


class NumberField(StringField):
    """A whole number, zero or more; None when empty."""

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number. Raises `ValueError` with what to type instead."""
        typed = re.sub(r"\s", "", valuelist[0]) if valuelist else ""
        if typed and not re.fullmatch("[0-9]{1,9}", typed):
            raise ValueError(N_("Écrivez un nombre entier : 36."))
        self.data = int(typed) if typed else None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)


class LinesField(StringField):
    """A list of texts, one a line."""

    widget = TextArea()
    data: list[str]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the lines; blank ones do not count."""
        self.data = [line.strip() for line in valuelist[0].splitlines() if line.strip()] if valuelist else []

    def process_data(self, value: Iterable[str] | None) -> None:
        """Show what is kept."""
        self.data = list(value or ())

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else "\n".join(self.data)


class JsonField(StringField):
    """A JSON object; empty: none of its members."""

    widget = TextArea()
    data: dict[str, Any]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the object. Raises `ValueError` with what to type instead."""
        typed = valuelist[0].strip() if valuelist else ""
        try:
            self.data = json.loads(typed) if typed else {}
        except ValueError as error:
            raise ValueError(N_('Écrivez un objet JSON : {"nom": "valeur"}.')) from error
        if not isinstance(self.data, dict):
            raise ValueError(N_('Écrivez un objet JSON : {"nom": "valeur"}.'))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return json.dumps(self.data, ensure_ascii=False, indent=2) if self.data else ""


class ChoiceField(SelectField):
    """One of several values; `data` is the enum's member, or None for the blank choice."""

    def iter_choices(self) -> list[Choice]:
        """The choices, in the visitor's language."""
        return [choice._replace(label=gettext(choice.label)) for choice in super().iter_choices()]


class CheckboxesField(SelectMultipleField):
    """Several values, each with its checkbox."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class YesNoField(SelectField):
    """Yes, no, or not said yet."""

    ANSWERS: ClassVar = {"": None, "yes": True, "no": False}

    def __init__(self, label: str, *, blank: str = N_("Pas encore dit"), **options: Any) -> None:
        words = [SelectChoice("", blank), SelectChoice("yes", N_("Oui")), SelectChoice("no", N_("Non"))]
        super().__init__(label, choices=words, coerce=self._read, validate_choice=False, **options)

    def iter_choices(self) -> list[Choice]:
        """The choices, in the visitor's language."""
        return [choice._replace(label=gettext(choice.label)) for choice in super().iter_choices()]

    def _read(self, value: object) -> bool | None:
        return value if isinstance(value, bool) else self.ANSWERS.get(str(value))


class PickField(SelectField):
    """One of the things `offer` proposes once the form is made; `data` is its key, `picked` the thing."""

    def __init__(self, label: str, **options: Any) -> None:
        self.things: dict[str, tuple[Any, str]] = {}
        super().__init__(label, choices=[], validate_choice=False, **options)

    def offer(self, things: dict[str, tuple[Any, str]], blank: str | None = None) -> None:
        """Say what may be picked: each by a key, with its label; `blank` is what picking nothing is called."""
        self.things = things
        none = [SelectChoice("", gettext(blank))] if blank is not None else []
        self.choices = none + [SelectChoice(key, label) for key, (_thing, label) in things.items()]

    @property
    def picked(self) -> Any:
        """The thing that was picked."""
        return self.things.get(self.data or "", (None, ""))[0]

    def pre_validate(self, form: object) -> None:  # noqa: ARG002 — WTForms' own name for it
        """Raise `ValidationError` for a key that was not proposed."""
        if self.data and self.data not in self.things:
            raise ValidationError(N_("Choisissez l’une des réponses proposées."))
