"""The profile: the nineteen attributes, seen, completed and corrected by their holder."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from accounts.mailbox import field, heading, problems, soup
from flows import Arrival, Citizen, Site, link, text_of
from sqlalchemy.engine import Engine

from idp.models import Account
from partner_registry.models import ConsentMode

EVERYTHING = {
    "last_name": "Dupré-Müller",
    "first_name": "Camille Zoé",
    "gender": "male",
    "birthdate": "05/06/1987",
    "birth_country": "99100",
    "birth_place": "Lyon 3e",
    "birth_department": "Rhône",
    "usage_last_name": "Müller",
    "usage_first_name": "Cam",
    "city": "Vaulx-en-Velin",
    "street": "rue de l’Égalité",
    "street_number": "12 bis",
    "address_complement": "bâtiment C",
    "postal_code": "69120",
    "home_phone": "04 72 00 00 00",
    "mobile_phone": "+33 6 00 00 00 00",
    "work_phone": "04.72.00.00.01",
    "work_mobile_phone": "0600000001",
}
"""With the address, the nineteen attributes of section 2."""
LABELS = (
    "Nom de naissance, Prénoms de naissance, Courriel, Civilité, Date de naissance, Pays de naissance, "
    "Lieu de naissance, Département de naissance, Nom d’usage, Prénoms d’usage, Commune, Voie, Numéro sur la voie, "
    "Complément d’adresse, Code postal, Téléphone personnel fixe, Téléphone personnel portable, "
    "Téléphone professionnel fixe, Téléphone professionnel portable"
).split(", ")


def kept(engine: Engine, name: str) -> str:
    """What the account holds."""
    with engine.connect() as connection:
        return connection.execute(sa.select(Account.__table__.c[name])).scalar_one()


def test_the_profile_has_the_real_ones_nineteen_attributes(at_home: Citizen) -> None:
    """Section 2, help page."""
    shown = [term.get_text() for term in soup(at_home.get("/accounts/")).find_all("dt")]

    assert sorted(shown) == sorted(LABELS)
    assert len(shown) == 19


def test_every_attribute_can_be_written_and_is_shown(at_home: Citizen, engine: Engine) -> None:
    """Section 1.1, /accounts/edit/."""
    page = at_home.submit(at_home.get("/accounts/edit/"), **EVERYTHING)

    shown = text_of(page)
    assert page.request.path == "/accounts/"
    assert [value for value in EVERYTHING.values() if value not in shown] == ["male"]
    assert "Monsieur" in shown
    assert {name: kept(engine, name) for name in EVERYTHING} == EVERYTHING | {"birthdate": "1987-06-05"}


@pytest.mark.parametrize(("part", "other"), [("identity", "contact"), ("contact", "identity")])
def test_a_part_can_be_edited_alone(at_home: Citizen, part: str, other: str) -> None:
    """Section 1.1, /accounts/edit/<scope>/."""
    whole, here, there = (
        {each["name"] for each in soup(at_home.get(path)).find("main").find_all("input")} - {"csrf_token"}
        for path in ("/accounts/edit/", f"/accounts/edit/{part}/", f"/accounts/edit/{other}/")
    )

    assert whole == EVERYTHING.keys()
    assert here | there == whole
    assert not here & there


def test_an_attribute_can_be_emptied_unless_it_is_mandatory(at_home: Citizen, engine: Engine) -> None:
    """Section 2: last name and first name are mandatory, nothing else."""
    emptied = at_home.submit(at_home.get("/accounts/edit/identity/"), birth_place="", birthdate="", gender="")
    assert emptied.request.path == "/accounts/"
    assert (kept(engine, "birth_place"), kept(engine, "birthdate"), kept(engine, "gender")) == ("", "", "")

    page = at_home.submit(at_home.get("/accounts/edit/identity/"), first_name=" ", last_name="")
    assert problems(page).keys() == {"first_name", "last_name"}
    assert kept(engine, "first_name") == "Camille"


def test_what_an_authority_vouched_for_is_shown_as_such_and_cannot_be_changed(
    make_account: Callable[..., str], passer_by: Citizen, engine: Engine
) -> None:
    """Section 2: identity data that FranceConnect gave."""
    make_account(verified_attributes=["last_name", "birthdate"])
    passer_by.log_in(passer_by.get("/login/"))
    page = passer_by.get("/accounts/edit/identity/")
    assert not soup(page).find("input", attrs={"name": "last_name"})

    profile = passer_by.submit(page, last_name="Autre", birthdate="01/01/2000", birth_place="Bron")

    assert (kept(engine, "last_name"), kept(engine, "birthdate")) == ("Dupré", "1987-06-05")
    assert kept(engine, "birth_place") == "Bron"
    assert "Dupré (vérifié)" in text_of(profile)
    assert "Bron (vérifié)" not in text_of(profile)


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        ("05/06/1987", "1987-06-05"),
        ("5/6/1987", "1987-06-05"),
        ("05-06-1987", "1987-06-05"),
        ("1987-06-05", "1987-06-05"),
        ("00/06/1987", "1987-06-00"),
        ("00/00/1987", "1987-00-00"),
        ("1987-00-00", "1987-00-00"),
        ("29/02/2000", "2000-02-29"),
    ],
)
def test_a_birthdate_is_typed_as_people_write_it_and_may_be_partly_unknown(
    at_home: Citizen, engine: Engine, typed: str, date: str
) -> None:
    """Section 6.3: people born abroad have 00 for an unknown month or day; OpenID Connect wants the year first."""
    at_home.submit(at_home.get("/accounts/edit/identity/"), birthdate=typed)

    assert kept(engine, "birthdate") == date
    year, month, day = date.split("-")
    assert field(at_home.get("/accounts/edit/identity/"), "birthdate")["value"] == f"{day}/{month}/{year}"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("birthdate", "hier", "Écrivez la date ainsi"),
        ("birthdate", "5/6/87", "Écrivez la date ainsi"),
        ("birthdate", "31/02/1987", "n’existe pas"),
        ("birthdate", "29/02/1900", "n’existe pas"),
        ("birthdate", "13/13/1987", "Écrivez la date ainsi"),
        ("birthdate", "00/00/0000", "n’existe pas"),
        ("birthdate", "03/03/2026", "à venir"),
        ("birthdate", "٠٥/٠٦/١٩٨٧", "Écrivez la date ainsi"),
        ("postal_code", "Lyon", "code postal"),
        ("postal_code", "6" * 21, "code postal"),
        ("mobile_phone", "demain", "Ce n’est pas un numéro"),
        ("home_phone", "1", "Ce n’est pas un numéro"),
        ("street_number", "1" * 21, "20 caractères au plus"),
        ("city", "L" * 256, "255 caractères au plus"),
        ("gender", "autre", "l’une des réponses"),
    ],
)
def test_a_bad_value_is_explained_and_nothing_typed_is_lost(
    at_home: Citizen, engine: Engine, name: str, value: str, reason: str
) -> None:
    """Nothing is kept before all of it can be."""
    page = at_home.submit(at_home.get("/accounts/edit/"), **(EVERYTHING | {name: value}))

    assert problems(page).keys() == {name}
    assert reason in problems(page)[name]
    assert reason in soup(page).find(id="error-summary").get_text()
    typed = {each: field(page, each)["value"] for each in EVERYTHING if each != "gender"}
    assert typed == {each: text for each, text in (EVERYTHING | {name: value}).items() if each != "gender"}
    assert kept(engine, "city") == ""


def test_a_part_that_there_is_not_is_not_found(at_home: Citizen) -> None:
    """Nor is there any other name in that place."""
    assert at_home.get("/accounts/edit/nothing/").status_code == 404


@pytest.mark.parametrize("required", [("mobile_phone",), ("birthdate", "city")])
def test_what_a_service_needs_is_asked_for_on_the_way_and_led_back_from(
    register: Callable[..., Site], at_home: Citizen, engine: Engine, required: tuple[str, ...]
) -> None:
    """Section 1.7, the required profile; only what is missing is asked for."""
    site = register(consent_mode=ConsentMode.NONE, required_attributes=required, name="Piscines")
    page = at_home.get(site.request())
    assert page.request.path == "/accounts/edit/required/"
    assert "Piscines" in text_of(page)
    asked = {each["name"] for each in soup(page).find("main").find_all("input")} - {"csrf_token"}
    assert asked == {name for name in required if not kept(engine, name)}

    again = at_home.submit(page)
    assert problems(again).keys() == asked
    arrival = at_home.submit(again, **{name: EVERYTHING[name] for name in asked})

    assert isinstance(arrival, Arrival)
    assert "code" in arrival.query


def test_who_does_not_want_to_say_goes_back_with_a_refusal(register: Callable[..., Site], at_home: Citizen) -> None:
    """Section 1.7: Cancel returns to authorize with cancel=1."""
    page = at_home.get(register(required_attributes=("mobile_phone",)).request())

    assert at_home.get(link(page, "cancel")).query["error"] == "access_denied"


def test_a_complete_profile_is_asked_for_nothing(at_home: Citizen) -> None:
    """/accounts/edit/required/ without a need leads on."""
    assert heading(at_home.get("/accounts/edit/required/")) == "Mon compte"
