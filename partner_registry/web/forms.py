"""What every form of the registry is made of, and `carried_out`, which runs a rule with what was typed.

Labels, hints (`description`) and messages are French msgids: the templates translate them. What was typed is shown
again after a mistake, a rule's refusal included.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, StopValidation, ValidationError

from glc.database import db
from glc.errors import GlcError
from glc.i18n import N_, gettext
from partner_registry.agreements.instruction import Incomplete
from partner_registry.completeness import Missing
from partner_registry.web.fields import (
    CheckboxesField,
    ChoiceField,
    DayField,
    InstantField,
    LinesField,
    NumberField,
    PickField,
)

E = TypeVar("E", bound=enum.Enum)

LONGEST_TEXT = 4000


class RegistryForm(FlaskForm):
    """A form of the registry, protected against other sites."""

    refused = ""
    """What a rule refused, in the visitor's language."""
    sentence = True
    """Whether that begins with words of ours, and so with a capital letter."""
    missing: Sequence[Missing] = ()
    """What that rule found missing."""
    status = 200
    """HTTP status of the page that shows this form."""
    more: tuple[str, ...] = ()
    """The fields that are folded away: few people need them."""

    def values(self) -> dict[str, Any]:
        """What was typed, by name, as the rule wants it."""
        fields = [each for each in self if each.name != "csrf_token"]
        return {each.name: each.picked if isinstance(each, PickField) else each.data for each in fields}


def carried_out(form: RegistryForm, act: Callable[[], object]) -> bool:
    """Whether the form was sent, could be read, and its act was done: that is committed. Otherwise nothing is stored,
    and the form says why, keeps what was typed, and holds the status its page is answered with."""
    if not form.is_submitted():
        return False
    if not form.validate():
        form.status = 400
        return False
    try:
        act()
        db.session.commit()
    except GlcError as error:
        db.session.rollback()
        _explain(form, error)
        return False
    return True


def _explain(form: RegistryForm, error: GlcError) -> None:
    """Say what was refused: at the field that the error names (its value `field`), else above the form."""
    form.status = error.status
    form.missing = error.missing if isinstance(error, Incomplete) else ()
    named = error.values.get("field")
    if isinstance(named, str) and named in form:
        form[named].errors = [*form[named].errors, error.told(gettext)]
    else:
        form.refused, form.sentence = error.told(gettext), error.begins_with_words(gettext)


class Required:
    """Something must be typed or chosen."""

    field_flags: ClassVar = {"required": True}

    def __call__(self, _form: object, field: Field) -> None:
        """Raise `StopValidation` for an empty field; what could not be read keeps its own message."""
        typed = field.raw_data[0] if field.raw_data else ""
        if not (typed.strip() if isinstance(typed, str) else typed):
            field.errors[:] = []
            raise StopValidation(N_("Renseignez ce champ."))


def presence(*, required: bool) -> Required | Optional:
    """The first check of a field."""
    return Required() if required else Optional()


class ShortEnough:
    """No longer than what keeps it, and nothing that no database keeps."""

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def __call__(self, _form: object, field: Field) -> None:
        """Raise `ValidationError` for a text that is too long, or holds control characters."""
        text = field.data or ""
        if len(text) > self.longest:
            raise ValidationError(gettext("C’est trop long : %(max)d caractères au plus.") % {"max": self.longest})
        if any(unicodedata.category(letter) == "Cc" and letter not in "\r\n\t" for letter in text):
            raise ValidationError(N_("Ce texte contient un caractère qui ne peut pas être lu."))


def _trimmed(text: str | None) -> str:
    return text.strip().replace("\r\n", "\n") if text else ""


def text(
    label: str, *, longest: int = 200, required: bool = True, hint: str = "", blank: str | None = "", **options: Any
) -> StringField:
    """One line of text; `blank` is what an empty field gives."""
    checks = [presence(required=required), ShortEnough(longest)]
    filters = [_trimmed, lambda typed: typed or blank]
    return StringField(label, validators=checks, filters=filters, description=hint, **_no_autocomplete(options))


def paragraph(label: str, *, required: bool = True, hint: str = "", **options: Any) -> TextAreaField:
    """Several lines of text."""
    checks = [presence(required=required), ShortEnough(LONGEST_TEXT)]
    return TextAreaField(label, validators=checks, filters=[_trimmed], description=hint, **_no_autocomplete(options))


def reason(
    label: str = N_("Motif"), hint: str = N_("Il reste au journal, avec votre nom et la date.")
) -> TextAreaField:
    """Why: `agents.require_reason` wants one too."""
    return paragraph(label, hint=hint)


def confirmation() -> StringField:
    """The partner's short name, typed by whoever cuts it off (`acts.require_confirmation` compares it)."""
    return text(N_("Pour confirmer, tapez le nom court du partenaire"), longest=60)


def day(label: str, *, required: bool = True, hint: str = N_("Jour, mois, année : 05/06/2024."), **options: Any) -> Any:
    """A civil date in Lyon."""
    return DayField(label, validators=[presence(required=required)], description=hint, **_no_autocomplete(options))


def instant(
    label: str, *, required: bool = True, hint: str = N_("À l’heure de Lyon : 05/06/2024 14:30."), **options: Any
) -> Any:
    """An instant, in Lyon's time."""
    return InstantField(label, validators=[presence(required=required)], description=hint, **_no_autocomplete(options))


def number(label: str, *, required: bool = True, hint: str = "", **options: Any) -> Any:
    """A whole number."""
    options.setdefault("render_kw", {"inputmode": "numeric", "autocomplete": "off"})
    return NumberField(label, validators=[presence(required=required)], description=hint, **options)


def lines(label: str, *, required: bool = True, hint: str = N_("Un par ligne."), **options: Any) -> Any:
    """Several texts, one a line."""
    return LinesField(label, validators=[presence(required=required)], description=hint, **_no_autocomplete(options))


def choice(
    label: str,
    words: Mapping[E, str],
    *,
    required: bool = True,
    blank: str | None = None,
    hint: str = "",
    **options: Any,
) -> Any:
    """One member of an enum, shown in words; `blank` is what the choice of none of them is called."""
    members = {str(member.value): member for member in words}
    choices = [SelectChoice(str(member.value), told) for member, told in words.items()]
    return ChoiceField(
        label,
        choices=([SelectChoice("", blank)] if blank is not None else []) + choices,
        coerce=lambda value: value if isinstance(value, enum.Enum) else members.get(value),
        validators=[presence(required=required), _is_one_of(members)],
        validate_choice=False,  # its own message is English
        description=hint,
        **options,
    )


def several(label: str, words: Mapping[str, str], *, required: bool = False, hint: str = "", **options: Any) -> Any:
    """Several of some values, as checkboxes."""
    return CheckboxesField(
        label,
        choices=[SelectChoice(value, told) for value, told in words.items()],
        validators=[presence(required=required), _are_among(words)],
        validate_choice=False,
        description=hint,
        **options,
    )


def _is_one_of(members: Mapping[str, object]) -> Callable[[object, Field], None]:
    def validate(_form: object, field: Field) -> None:
        if field.raw_data and field.raw_data[0] and field.raw_data[0] not in members:
            raise ValidationError(N_("Choisissez l’une des réponses proposées."))

    return validate


def _are_among(words: Mapping[str, str]) -> Callable[[object, Field], None]:
    def validate(_form: object, field: Field) -> None:
        if any(value not in words for value in field.data or ()):
            raise ValidationError(N_("Choisissez l’une des réponses proposées."))

    return validate


def pressed(name: str) -> bool:
    """Whether the button of that name sent the form."""
    return name in request.form


def _no_autocomplete(options: dict[str, Any]) -> dict[str, Any]:
    return {"render_kw": {"autocomplete": "off", **options.pop("render_kw", {})}, **options}
