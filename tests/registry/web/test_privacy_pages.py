"""The pages of personal data: registers to print and to take away, as they were on any day."""

from __future__ import annotations

import json
from collections.abc import Callable

from flows import Citizen, Site, text_of
from registry.conftest import People
from registry.web.conftest import Commune, element, typed

from partner_registry.agents import Agent
from partner_registry.models import Environment

Desk = Callable[[Agent], Citizen]
PRIVACY = "/registry/privacy/"


def test_a_controller_s_register_is_read_printed_and_taken_away(desk: Desk, people: People) -> None:
    """GDPR 30(1): a page, a spreadsheet, JSON; none is cached."""
    dpo = desk(people.dpo)
    page = dpo.get(element(dpo.get(PRIVACY), "registers").find_next("a", string="Ville de Lyon")["href"])
    csv, as_json = dpo.get(element(page, "csv-link")["href"]), dpo.get(element(page, "json-link")["href"])

    assert "Compte usager du site" in text_of(page)
    assert "Vous reconnaître et préremplir vos démarches en ligne" in text_of(page)
    assert csv.data.startswith(b"\xef\xbb\xbf")
    assert {each["name"] for each in json.loads(as_json.text)["processings"]} >= {"Compte usager du site"}
    assert {each.headers["Cache-Control"] for each in (page, csv, as_json)} == {"no-store"}


def test_a_register_is_shown_as_it_was_on_a_day(desk: Desk, people: People) -> None:
    """Before anything was validated, it is empty; its files are of the same day."""
    dpo = desk(people.dpo)
    page = dpo.get("/registry/partners/lyon/register?on=01/01/2017")
    wrong = dpo.get("/registry/partners/lyon/register?on=autrefois")
    assert "Compte usager du site" not in text_of(page)
    assert json.loads(dpo.get(element(page, "json-link")["href"]).text)["processings"] == []
    assert (wrong.status_code, typed(wrong, "on")) == (400, "autrefois")


def test_the_processor_s_register_and_the_recipients_are_the_metropole_s(
    desk: Desk, people: People, register: Callable[..., Site]
) -> None:
    """GDPR 30(2); 4.5: recipients come from the clients that are open."""
    register(environment=Environment.PRODUCTION, redirect_uris=("https://lyon.example/r",), name="Mes démarches")
    auditor = desk(people.auditor)
    assert "Démarches en ligne (Toodego)" in text_of(auditor.get(PRIVACY + "registers/processor"))
    assert "Mes démarches" in text_of(auditor.get(PRIVACY + "registers/recipients"))
    assert auditor.get(PRIVACY + "registers/recipients.csv").mimetype == "text/csv"


def test_an_applicant_sees_their_own_register_and_no_other(desk: Desk, villeurbanne: Callable[..., Commune]) -> None:
    """Rights: applicants see only their partner."""
    applicant = desk(villeurbanne("in force").people.applicant)
    record = applicant.get("/registry/partners/villeurbanne/")
    assert "Inscrire aux activités" in text_of(applicant.get(element(record, "register-link")["href"]))
    paths = ["/registry/partners/lyon/register", "/registry/partners/lyon/register.csv", PRIVACY]
    paths += [PRIVACY + f"registers/{kind}" for kind in ("processor", "recipients", "processor.json")]
    assert [applicant.get(path).status_code for path in paths] == [404] * len(paths)
