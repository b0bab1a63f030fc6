"""The forms of the account pages. Labels and messages are French msgids; the templates translate them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, Form, PasswordField, RadioField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, DataRequired, EqualTo, Length, Optional, StopValidation, ValidationError

from glc.clock import paris_date
from glc.i18n import N_, gettext
from glc.services import services
from idp.accounts.rules import EMAIL
from idp.claims import BIRTHDATE, day_shown
from idp.models import CONTACT_ATTRIBUTES, IDENTITY_ATTRIBUTES, PROFILE_ATTRIBUTES, Account

PASSWORD_LENGTHS = (8, 200)

LABELS = {
    "last_name": N_("Nom de naissance"),
    "first_name": N_("Prénoms de naissance"),
    "gender": N_("Civilité"),
    "birthdate": N_("Date de naissance"),
    "birth_country": N_("Pays de naissance"),
    "birth_place": N_("Lieu de naissance"),
    "birth_department": N_("Département de naissance"),
    "usage_last_name": N_("Nom d’usage"),
    "usage_first_name": N_("Prénoms d’usage"),
    "city": N_("Commune"),
    "street": N_("Voie"),
    "street_number": N_("Numéro sur la voie"),
    "address_complement": N_("Complément d’adresse"),
    "postal_code": N_("Code postal"),
    "home_phone": N_("Téléphone personnel fixe"),
    "mobile_phone": N_("Téléphone personnel portable"),
    "work_phone": N_("Téléphone professionnel fixe"),
    "work_mobile_phone": N_("Téléphone professionnel portable"),
}
AUTOCOMPLETE = {
    "last_name": "family-name",
    "first_name": "given-name",
    "birthdate": "bday",
    "city": "address-level2",
    "street": "street-address",
    "address_complement": "address-line2",
    "postal_code": "postal-code",
    "home_phone": "home tel",
    "mobile_phone": "mobile tel",
    "work_phone": "work tel",
}
SCOPES = {"identity": IDENTITY_ATTRIBUTES, "contact": CONTACT_ATTRIBUTES}
GENDERS = (("", N_("Non précisée")), ("female", N_("Madame")), ("male", N_("Monsieur")))
DAY_TYPED = re.compile(r"(?P<day>[0-2]?[0-9]|3[01])[/.-](?P<month>0?[0-9]|1[0-2])[/.-](?P<year>[0-9]{4})")
POSTAL_CODE = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z -]{1,11}")
PHONE = re.compile(r"\+?[0-9][0-9 .()-]{5,24}")


def _matches(pattern: re.Pattern[str], message: str, *, stop: bool = False) -> Any:
    def validate(_form: Form, field: Field) -> None:
        if field.data and not pattern.fullmatch(field.data):
            raise (StopValidation if stop else ValidationError)(message)

    return validate


class _DayField(StringField):
    """A day typed as people here write it, kept as OpenID Connect wants it (Core 1.0, section 5.1)."""

    data: str | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep what is no date as it was typed, for the next try."""
        super().process_formdata(valuelist)
        typed = DAY_TYPED.fullmatch((self.data or "").strip())
        if typed:
            self.data = f"{typed['year']}-{typed['month']:0>2}-{typed['day']:0>2}"

    def _value(self) -> str:
        return day_shown(self.data or "")


def _is_a_day(_form: Form, field: Field) -> None:
    """A day of the calendar, not to come; an unknown month or day is 00."""
    year, *rest = field.data.split("-")
    try:
        earliest = dt.date(int(year), *(max(int(part), 1) for part in rest))
    except ValueError as error:
        raise ValidationError(N_("Ce jour n’existe pas dans le calendrier.")) from error
    if earliest > paris_date(services().clock.now()):
        raise ValidationError(N_("Cette date est à venir."))


class _Required(DataRequired):
    def __init__(self) -> None:
        super().__init__(N_("Renseignez ce champ."))


def _trimmed(value: str | None) -> str:
    return value.strip() if value else ""


def _fits(name: str) -> Any:
    """No longer than the column that keeps it."""
    longest = Account.__table__.columns[name].type.length  # type: ignore[attr-defined]

    def validate(_form: Form, field: Field) -> None:
        if len(field.data or "") > longest:
            raise ValidationError(gettext("C’est trop long : %(max)d caractères au plus.") % {"max": longest})

    return validate


def _text(name: str, *validators: Any, kind: type[Field] = StringField) -> Any:
    return kind(
        LABELS[name],
        validators=[*validators, _fits(name)],
        filters=[_trimmed],
        render_kw={"autocomplete": AUTOCOMPLETE.get(name, "off")},
    )


def _email(label: str = N_("Courriel")) -> EmailField:
    shape = _matches(EMAIL, N_("Cette adresse n’a pas la forme nom@domaine.fr."))
    return EmailField(label, validators=[_Required(), shape, _fits("email")], filters=[_trimmed])


def _new_password(label: str = N_("Mot de passe")) -> PasswordField:
    shortest, longest = PASSWORD_LENGTHS
    return PasswordField(
        label,
        validators=[_Required(), Length(shortest, longest, N_("De 8 à 200 caractères."))],
        render_kw={"autocomplete": "new-password"},
    )


def _again(name: str) -> PasswordField:
    return PasswordField(
        N_("Le même, une seconde fois"),
        validators=[_Required(), EqualTo(name, N_("Les deux mots de passe diffèrent."))],
        render_kw={"autocomplete": "new-password"},
    )


class AddressForm(FlaskForm):
    """An e-mail address to write to."""

    email = _email()


class LoginForm(FlaskForm):
    """User name and password, named as the real service names them."""

    username = StringField(N_("Courriel"), validators=[_Required()])
    password = PasswordField(N_("Mot de passe"), validators=[_Required()])


class RegistrationForm(FlaskForm):
    """What an account needs besides its address."""

    first_name = _text("first_name", _Required())
    last_name = _text("last_name", _Required())
    password1 = _new_password()
    password2 = _again("password1")


class NewPasswordForm(FlaskForm):
    """A new password, twice."""

    password1 = _new_password(N_("Nouveau mot de passe"))
    password2 = _again("password1")


class ChangePasswordForm(NewPasswordForm):
    """The same, by somebody who knows the old one."""

    old_password = PasswordField(
        N_("Mot de passe actuel"),
        validators=[_Required()],
        render_kw={"autocomplete": "current-password"},
    )


class ConfirmForm(FlaskForm):
    """A question that the password answers."""

    password = PasswordField(
        N_("Mot de passe"), validators=[_Required()], render_kw={"autocomplete": "current-password"}
    )


class ChangeEmailForm(AddressForm):
    """A new address, by somebody who knows the password."""

    email = _email(N_("Nouvelle adresse de courriel"))
    password = PasswordField(
        N_("Mot de passe"), validators=[_Required()], render_kw={"autocomplete": "current-password"}
    )


class PlainForm(FlaskForm):
    """A button, protected against other sites."""


def is_not_the_address(field: Field, email: str) -> bool:
    """Whether a new password is not the account's address; otherwise the field says so."""
    if (field.data or "").strip().casefold() != email.casefold():
        return True
    field.errors = [N_("Choisissez autre chose que votre adresse.")]
    return False


def profile_form(names: list[str], required: frozenset[str] = frozenset()) -> type[Any]:
    """A form with some of the account's attributes, in the order of the profile."""
    fields = {name: _attribute(name, required=name in required) for name in PROFILE_ATTRIBUTES if name in names}
    return type("ProfileForm", (FlaskForm,), fields)


def _attribute(name: str, *, required: bool) -> Any:
    presence = _Required() if required else Optional()
    if name == "gender":
        return RadioField(
            LABELS[name],
            choices=[SelectChoice(value, label) for value, label in GENDERS if value or not required],
            validators=[
                presence,
                AnyOf([value for value, _ in GENDERS], N_("Choisissez l’une des réponses proposées.")),
            ],
            validate_choice=False,  # its own message is English
            default="",
        )
    if name == "birthdate":
        shape = _matches(BIRTHDATE, N_("Écrivez la date ainsi : 05/06/1987."), stop=True)
        return _text(name, presence, shape, _is_a_day, kind=_DayField)
    if name == "postal_code":
        return _text(name, presence, _matches(POSTAL_CODE, N_("Ce n’est pas un code postal : 69003, par exemple.")))
    if name.endswith("phone"):
        shape = _matches(PHONE, N_("Ce n’est pas un numéro : 04 72 00 00 00, par exemple."))
        return _text(name, presence, shape, kind=TelField)
    return _text(name, presence)
