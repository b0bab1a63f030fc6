"""The stages of a file: what is done, what waits and for whom, from its facts alone (registry reference, 6.2)."""

from __future__ import annotations

import pytest
from flask import Flask
from onboarding import conclude, examine, new_file, new_partner, new_processing
from registry.conftest import People, for_partner
from sqlalchemy.orm import Session
from visits import production

from glc.clock import ManualClock, paris_date
from partner_registry.agents import OPERATOR
from partner_registry.agreements.instruction import take_step
from partner_registry.agreements.onboarding import Progress, Stage, clients_under, missing_in, remarks, stages
from partner_registry.agreements.timeline import timeline
from partner_registry.clients.bindings import bind
from partner_registry.clients.life import find_client
from partner_registry.clients.transfers import transfer
from partner_registry.models import Agreement, StepKind


@pytest.fixture
def file(session: Session, people: People, clock: ManualClock) -> Agreement:
    """Villeurbanne's draft, with everything it needs but its processing."""
    partner = new_partner(session, OPERATOR, clock)
    return new_file(session, for_partner(people.applicant, partner), partner, clock)


def now(found: list[Stage]) -> list[str]:
    """The stages that wait for somebody."""
    return [each.key for each in found if each.progress is Progress.NOW]


def test_a_draft_waits_for_what_it_lacks_and_then_for_its_submission(
    session: Session, people: People, clock: ManualClock, file: Agreement
) -> None:
    """Nothing is submitted that is incomplete; each missing thing says where it is mended."""
    assert now(stages(file, clock.now())) == ["processings"]
    assert {each.key for each in missing_in(file, clock.now())} >= {"processings"}
    new_processing(session, for_partner(people.applicant, file.partner), file.partner, clock)
    assert now(stages(file, clock.now())) == ["submission"]


def test_a_submitted_file_may_be_sent_back_before_the_opinion(
    session: Session, people: People, clock: ManualClock, file: Agreement
) -> None:
    """The examination waits for a reviewer at once: only approving takes the DPO's opinion."""
    applicant = for_partner(people.applicant, file.partner)
    new_processing(session, applicant, file.partner, clock)
    take_step(session, applicant, file, StepKind.SUBMITTED, at=clock.now())
    assert now(stages(file, clock.now())) == ["opinion", "examination"]

    take_step(session, people.reviewer, file, StepKind.REFUSED, at=clock.now(), reason="Hors cadre")
    stopped = [each for each in stages(file, clock.now()) if each.progress is Progress.STOPPED]
    assert [(each.key, each.act) for each in stopped] == [("examination", "reopen")]


def test_an_agreement_in_force_waits_for_its_clients_and_one_that_is_over_for_nothing(
    session: Session, people: People, clock: ManualClock, file: Agreement
) -> None:
    """From approval on, clients may be prepared; the clock alone makes it take effect."""
    applicant = for_partner(people.applicant, file.partner)
    new_processing(session, applicant, file.partner, clock)
    examine(session, applicant, people.reviewer, people.dpo, file, clock)
    assert now(stages(file, clock.now())) == ["decisions", "clients"]
    conclude(session, people.reviewer, file, clock)
    assert now(stages(file, clock.now())) == ["clients"]
    clock.advance(days=365 * 5)
    assert {each.progress for each in stages(file, clock.now())} == {Progress.DONE}


def test_a_client_received_by_transfer_is_one_of_the_agreement(
    app: Flask, session: Session, people: People, clock: ManualClock, file: Agreement
) -> None:
    """6.2: the file lacks no client when one was handed over for it."""
    new_processing(session, for_partner(people.applicant, file.partner), file.partner, clock)
    examine(session, for_partner(people.applicant, file.partner), people.reviewer, people.dpo, file, clock)
    conclude(session, people.reviewer, file, clock)
    session.commit()
    site = production(app, clock, "lyon")
    client, today = find_client(session, site.client_id), paris_date(clock.now())
    transfer(session, OPERATOR, client, file.partner, on=today, at=clock.now(), reason="mutualisation")
    bind(session, OPERATOR, client, file, from_on=today, at=clock.now())
    assert clients_under(file) == [client]
    assert now(stages(file, clock.now())) == []


def test_what_should_be_known_is_told_and_stops_nothing(file: Agreement) -> None:
    """A11: a whole year is due whenever it began; A14: the restricted offer needs no equipment; no grid, no fee."""
    told = [each.told() for each in remarks(file)]
    assert [text.split(",")[0] for text in told] == [
        "Aucune grille ne porte le nom de son cadre",
        "Elle prend effet en cours d’année",
        "Offre restreinte sans outils de gestion des demandes déclarés : c’est permis",
    ]
    file.already_equipped = True
    assert len(remarks(file)) == 2
    file.framework = "GNM 2019-2023"
    assert len(remarks(file)) == 1


def test_on_one_day_acts_come_after_the_steps_that_led_to_them(
    session: Session, people: People, clock: ManualClock, file: Agreement
) -> None:
    """An act has a day and a step an instant: the story stays in the order it was lived."""
    applicant = for_partner(people.applicant, file.partner)
    new_processing(session, applicant, file.partner, clock)
    examine(session, applicant, people.reviewer, people.dpo, file, clock)
    conclude(session, people.reviewer, file, clock)

    told = [each.template for each in timeline(file, clock.now()) if each.at <= clock.now()]

    assert told[:3] == ["Dossier ouvert", "Dossier déposé", "Dossier approuvé"]
    assert told[-3:] == ["Transmission au contrôle de légalité, accusé n° %(receipt)s", "Notification", "Prise d’effet"]
