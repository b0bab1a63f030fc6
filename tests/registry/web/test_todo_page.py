"""An agent's home: what waits for them and nothing that waits for somebody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from flows import Citizen
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.agents import OPERATOR, Agent
from partner_registry.data_protection.incidents import record_incident, update_incident
from partner_registry.models import ContactRole, Incident
from partner_registry.partners.contacts import add_contact
from partner_registry.partners.life import find_partner

Desk = Callable[[Agent], Citizen]
Villeurbanne = Callable[..., Commune]
HOME = "/registry/todo/"


def waiting(page: TestResponse) -> dict[str, list[str]]:
    """Each group of the page with its lines."""
    found = element(page, "main").find_all("section", id=True)
    return {
        each["id"].removeprefix("todo-"): [" ".join(line.get_text().split()) for line in each.find_all("li")]
        for each in found
    }


def test_each_sees_what_is_theirs_to_do(desk: Desk, villeurbanne: Villeurbanne) -> None:
    """A submitted file waits for an opinion and an examination, not for its author."""
    people = villeurbanne("submitted").people

    assert waiting(desk(people.reviewer).get(HOME)) == {
        "examine": [
            "Villeurbanne : convention CONV-villeurbanne : déposée, l’avis du DPO est attendu avant d’approuver"
        ]
    }
    assert waiting(desk(people.dpo).get(HOME)) == {"opine": ["Villeurbanne : traitement « Compte »"]}
    assert waiting(desk(people.applicant).get(HOME)) == {}


def test_a_draft_waits_for_its_author_and_an_approved_file_for_its_acts(desk: Desk, villeurbanne: Villeurbanne) -> None:
    """The link leads to the file."""
    commune = villeurbanne("approved")
    page = desk(commune.people.reviewer).get(HOME)

    assert list(waiting(page)) == ["record"]
    assert element(page, "todo-record").find("a")["href"] == commune.file


def test_once_notified_the_applicant_is_told_to_connect_its_services(desk: Desk, villeurbanne: Villeurbanne) -> None:
    """The page says what the file says; the Métropole's agents wait for what is submitted."""
    commune = villeurbanne("in force")
    page = desk(commune.people.applicant).get(HOME)
    assert waiting(page) == {
        "connect": [
            "Villeurbanne : convention CONV-villeurbanne : raccordez vos services, enregistrez le client de production"
        ]
    }
    assert waiting(desk(commune.people.reviewer).get(HOME)) == {}


@pytest.mark.parametrize(
    ("day", "groups"),
    [
        (dt.date(2026, 7, 31), []),
        (dt.date(2026, 8, 2), ["notice"]),
        (dt.date(2026, 10, 1), []),
        (dt.date(2031, 10, 1), []),
        (dt.date(2031, 10, 2), ["ending"]),
    ],
)
def test_dates_that_come_near_are_announced(
    desk: Desk, people: People, clock: ManualClock, day: dt.date, groups: list[str]
) -> None:
    """Notices within 60 days of their deadline (A8), agreements that end within 90 days (R33)."""
    clock.set(dt.datetime.combine(day, dt.time(12), dt.UTC))

    assert list(waiting(desk(people.auditor).get(HOME))) == groups


def test_a_breach_that_the_cnil_was_not_told_of_comes_first(
    desk: Desk, people: People, registry: Registry, clock: ManualClock
) -> None:
    """GDPR 33(1): 72 hours; for the DPO and administrators, until it is notified."""
    with registry() as session:
        incident = record_incident(session, OPERATOR, at=clock.now(), aware_at=clock.now(), nature="Fuite", clients=[])
        session.flush()

    assert waiting(desk(people.dpo).get(HOME)) == {"incident": ["Fuite échéance : 05/03/2026"]}
    assert waiting(desk(people.reviewer).get(HOME)) == {}
    with registry() as session:
        again = session.get_one(Incident, incident.id)
        update_incident(session, OPERATOR, again, at=clock.now(), authority_notified_at=clock.now())
    assert waiting(desk(people.dpo).get(HOME)) == {}


def test_an_agent_finds_the_registry_from_the_home_page_and_a_citizen_does_not(desk: Desk, people: People) -> None:
    """The door of the registry, for those who have a role."""
    assert element(desk(people.auditor).get("/"), "registry")["href"] == HOME
    assert element(desk(people.citizen).get("/"), "registry") is None


def test_contacts_to_verify_wait_for_those_who_may_write_to_them(
    desk: Desk, people: People, registry: Registry, clock: ManualClock
) -> None:
    """An auditor may not, and sees none."""
    with registry() as session:
        bron = find_partner(session, "bron")
        add_contact(
            session, OPERATOR, bron, role=ContactRole.BUSINESS, name="X", email="x@bron.example", at=clock.now()
        )

    assert waiting(desk(people.admin).get(HOME)) == {"contact": ["Bron : contact métier"]}
    assert waiting(desk(people.auditor).get(HOME)) == {}
