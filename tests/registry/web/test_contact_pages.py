"""Contacts: an address counts once somebody proved to read it, by a link that GET shows and POST confirms."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flows import Citizen, text_of
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, typed
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.mail import OutboxMail
from partner_registry.agents import Agent
from partner_registry.models import Contact, ContactRole
from partner_registry.partners.life import find_partner

Desk = Callable[[Agent], Citizen]
NEW = "/registry/partners/bron/contacts/new"


def dpo_of_bron(session: Session) -> Contact:
    """The latest DPO of Bron."""
    return [each for each in find_partner(session, "bron").contacts if each.role is ContactRole.DPO][-1]


@pytest.fixture
def link(desk: Desk, people: People, registry: Registry) -> str:
    """Bron's new DPO was added, and this is the path of the link in the mail they received."""
    admin = desk(people.admin)
    page = admin.submit(admin.get(NEW), role="DPO", name="La nouvelle DPO", email="dpo@ville-bron.example")
    assert "un lien de confirmation est parti" in text_of(page)
    return mailed(registry, "dpo@ville-bron.example")


def mailed(registry: Registry, to: str) -> str:
    """The path of the link that was mailed there."""
    with registry() as session:
        text = session.scalars(sa.select(OutboxMail.text).where(OutboxMail.recipient == to)).all()[-1]
    found = re.search(r"http://localhost:8040(/registry/contacts/verify/\S+)", text)
    assert found is not None, text
    return found[1]


def test_opening_the_link_verifies_nothing_and_confirming_does(app: Flask, link: str, registry: Registry) -> None:
    """Mail scanners open links: only a form changes anything. Whoever reads the mail needs no account."""
    reader = Citizen(app.test_client())

    shown = reader.get(link)
    assert "délégué à la protection des données" in text_of(shown)
    with registry() as session:
        assert dpo_of_bron(session).verified_at is None

    assert "est vérifiée" in text_of(reader.submit(shown))
    with registry() as session:
        assert dpo_of_bron(session).verified_at is not None
    assert "est vérifiée" in text_of(reader.get(link))


def test_a_link_that_expired_was_altered_or_is_of_a_replaced_contact_verifies_nothing(
    app: Flask, link: str, clock: ManualClock, desk: Desk, people: People
) -> None:
    """Signed and expiring."""
    reader = Citizen(app.test_client())
    assert reader.get(link[:-3] + ("AA/" if link[-3:] != "AA/" else "BB/")).status_code == 410
    clock.advance(hours=25)
    assert reader.get(link).status_code == 410
    clock.advance(hours=-25)
    assert reader.get(link).status_code == 200
    admin = desk(people.admin)
    admin.submit(admin.get(NEW), role="DPO", name="Encore une autre", email="dpo2@ville-bron.example")
    assert reader.get(link).status_code == 410


def test_the_one_who_had_the_role_ends_and_stays_on_record(desk: Desk, people: People, link: str) -> None:
    """A change of person ends one contact and begins another."""
    page = desk(people.admin).get("/registry/partners/bron/")

    assert "pas encore vérifiée" in element(page, "contact-dpo").get_text()
    assert "La déléguée à la protection des données" in text_of(page)


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("marie.dupont@ville.example", "l’adresse du DPO doit être celle de la fonction"),
        ("dpo", "n’est pas une adresse"),
    ],
)
def test_a_contact_that_is_refused_keeps_what_was_typed(desk: Desk, people: People, email: str, why: str) -> None:
    """Registry reference 6.3, mistake 17: a leaver's box."""
    admin = desk(people.admin)

    page = admin.submit(admin.get(NEW), role="DPO", name="Marie Dupont", email=email, phone="04 72 00 00 00")

    assert page.status_code == 400
    assert why in element(page, "refused").get_text()
    assert (typed(page, "name"), typed(page, "phone")) == ("Marie Dupont", "04 72 00 00 00")


def test_the_link_is_sent_again_and_a_contact_is_ended(
    desk: Desk, people: People, registry: Registry, link: str
) -> None:
    """Both are acts of their own, with a page that says what they do."""
    admin = desk(people.admin)
    with registry() as session:
        number = dpo_of_bron(session).id
    base = f"/registry/partners/bron/contacts/{number}/"

    assert "Le lien de confirmation est parti" in text_of(admin.submit(admin.get(f"{base}verify")))
    assert "Le contact est retiré" in text_of(admin.submit(admin.get(f"{base}end")))
    refused = admin.submit(admin.get(f"{base}verify"))
    assert refused.status_code == 409
    assert "a pris fin" in element(refused, "refused").get_text()
    assert admin.get(f"/registry/partners/lyon/contacts/{number}/end").status_code == 404


def test_links_are_not_sent_without_end(desk: Desk, people: People, registry: Registry, link: str) -> None:
    """An agent's slip must not become a nuisance to strangers."""
    admin = desk(people.admin)
    with registry() as session:
        path = f"/registry/partners/bron/contacts/{dpo_of_bron(session).id}/verify"

    answers = [admin.submit(admin.get(path)).status_code for _ in range(20)]

    assert answers == [200] * 19 + [409]


def test_an_applicant_looks_after_its_own_contacts(
    desk: Desk, villeurbanne: Callable[..., Commune], registry: Registry
) -> None:
    """The commune keeps its record; another's is not there for it."""
    applicant = desk(villeurbanne().people.applicant)

    page = applicant.submit(
        applicant.get("/registry/partners/villeurbanne/contacts/new?role=BILLING"),
        name="Les finances",
        email="finances@villeurbanne.example",
    )

    assert "finances@villeurbanne.example" in element(page, "contact-billing").get_text()
    assert applicant.get(NEW).status_code == 404
