"""What agents type: dates, times and lists as people here write them, kept when they cannot be read."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import Form

from glc.clock import UTC
from glc.errors import InputError
from glc.sentences import typeset
from partner_registry.agents import require_reason
from partner_registry.models import Offer
from partner_registry.web.forms import RegistryForm, carried_out, choice, day, instant, lines, number, reason


class Sheet(Form):
    """One field of each kind."""

    on = day("Le")
    at = instant("À")
    how_many = number("Combien")
    who = lines("Qui")
    offer = choice("Offre", {Offer.GLOBAL: "globale", Offer.RESTRICTED: "restreinte"})


def filled(**values: str) -> Sheet:
    """The sheet with those values typed, the others as they should be."""
    right = {"on": "1/1/2024", "at": "31/12/2023 23:59", "how_many": "36", "who": "Usagers", "offer": "GLOBAL"}
    return Sheet(MultiDict(right | values))


def test_a_day_is_typed_as_people_write_it_or_as_iso_8601() -> None:
    """Reading A18: a civil date in Lyon."""
    assert [filled(on=typed).on.data for typed in ("05/06/2024", "5.6.2024", "2024-06-05")] == [dt.date(2024, 6, 5)] * 3


def test_a_time_is_lyon_s_in_winter_and_in_summer() -> None:
    """Registry reference 6.3, mistake 19: dates typed in UTC."""
    assert filled().at.data == dt.datetime(2023, 12, 31, 22, 59, tzinfo=UTC)
    assert filled(at="5/6/2024 à 14h").at.data == dt.datetime(2024, 6, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("on", "31/02/2024"),
        ("on", "demain"),
        ("at", "05/06/2024"),
        ("at", "05/06/2024 25:00"),
        ("at", "31/03/2024 02:30"),
        ("how_many", "3,5"),
    ],
)
def test_what_cannot_be_read_is_shown_again_with_what_to_type(field: str, typed: str) -> None:
    """Nothing typed is lost; no clock in Lyon showed 02:30 on the day summer time began (A18)."""
    sheet = filled(**{field: typed})

    assert not sheet.validate()
    assert list(sheet.errors) == [field]
    assert "Renseignez" not in sheet.errors[field][0]
    assert sheet[field]._value() == typed


def test_lists_numbers_and_choices_come_as_values() -> None:
    """One a line, blanks left out; thousands may be apart; enums are members."""
    sheet = filled(who="Usagers\r\n\r\n Agents ", how_many="515 695", offer="RESTRICTED")

    assert sheet.validate()
    assert (sheet.who.data, sheet.how_many.data, sheet.offer.data) == (["Usagers", "Agents"], 515_695, Offer.RESTRICTED)


def test_an_answer_nobody_proposed_is_refused() -> None:
    """A form made by hand."""
    assert list(_errors(filled(offer="GRATUITE"))) == ["offer"]


def _errors(sheet: Sheet) -> dict[str, list[str]]:
    sheet.validate()
    return dict(sheet.errors)


class WhyForm(RegistryForm):
    """A reason."""

    reason = reason()


def test_a_refusal_of_a_rule_is_shown_with_its_status_and_stores_nothing(app: Flask) -> None:
    """The rule decides; the form repeats what it says, in the visitor's language."""
    app.config["WTF_CSRF_ENABLED"] = False

    def refuse() -> None:
        raise InputError("le terme précède le début : vérifiez les deux dates")

    with app.test_request_context("/", method="POST", data={"reason": "parce que"}):
        form = WhyForm()
        assert not carried_out(form, refuse)
        assert (form.refused, form.status) == (typeset("le terme précède le début : vérifiez les deux dates"), 400)
        assert form.reason.data == "parce que"
        assert carried_out(WhyForm(), lambda: require_reason("parce que"))
