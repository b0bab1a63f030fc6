"""Suspending, ending and amending by the pages: the impact is shown first, and the partner's short name is typed."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from conftest import register_site
from flask import Flask
from flows import Citizen, text_of
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, typed
from registry.web.test_file_pages import status

from glc.clock import ManualClock
from glc.mail import OutboxMail
from partner_registry.agents import Agent
from partner_registry.models import Agreement, Environment

Desk = Callable[[Agent], Citizen]
Villeurbanne = Callable[..., Commune]


def connect(app: Flask, clock: ManualClock) -> Citizen:
    """Villeurbanne's production site, and Camille who used it just now."""
    uri = "https://www.villeurbanne.example/retour"
    site = register_site(
        app,
        clock,
        partner="villeurbanne",
        environment=Environment.PRODUCTION,
        redirect_uris=(uri,),
        name="Mes démarches",
    )
    camille = Citizen(app.test_client())
    assert site.redeem(camille.client, camille.code(site.request())).status_code == 200
    return camille


def test_suspending_shows_who_would_be_cut_and_wants_the_short_name(
    app: Flask,
    clock: ManualClock,
    make_account: Callable[..., str],
    desk: Desk,
    villeurbanne: Villeurbanne,
    registry: Registry,
) -> None:
    """Registry reference 6.3, mistake 14: suspending the wrong partner."""
    commune = villeurbanne("in force")
    make_account()
    connect(app, clock)
    admin = desk(commune.people.admin)
    form = admin.get(f"{commune.file}suspend")
    assert "1 personne s’est servie" in " ".join(element(form, "impact").get_text().split())
    assert "Mes démarches" in element(form, "impact").get_text()

    refused = admin.submit(form, reason="Clé compromise", confirmation="lyon")
    assert refused.status_code == 400
    assert "tapez le nom court du partenaire : villeurbanne" in element(refused, "refused").get_text()
    assert typed(refused, "reason") == "Clé compromise"
    assert status(admin.get(commune.file)) == "en vigueur"

    page = admin.submit(form, reason="Clé compromise", confirmation="villeurbanne")
    assert status(page) == "suspendue"
    with registry() as session:
        told = session.scalars(sa.select(OutboxMail.recipient).where(OutboxMail.subject.contains("suspendu"))).all()
    assert "dpo@villeurbanne.example" in told

    page = admin.submit(admin.get(f"{commune.file}lift"), reason="Clé changée")
    assert status(page) == "en vigueur"
    assert "Clé compromise" in element(page, "timeline").get_text()


def test_a_suspension_may_be_planned_in_lyon_s_time(desk: Desk, villeurbanne: Villeurbanne, clock: ManualClock) -> None:
    """A18: the agent types what clocks in Lyon show."""
    commune = villeurbanne("in force")
    admin = desk(commune.people.admin)

    page = admin.submit(
        admin.get(f"{commune.file}suspend"),
        reason="Travaux",
        starts_at="03/03/2026 8:00",
        ends_at="03/03/2026 9:30",
        confirmation="villeurbanne",
    )

    assert status(page) == "en vigueur"
    assert "jusqu’au 03/03/2026 à 08:00" in " ".join(element(page, "main").get_text().split())
    clock.advance(hours=21)
    assert status(desk(commune.people.admin).get(commune.file)) == "suspendue"


def test_a_planned_suspension_is_cancelled_before_it_begins(
    desk: Desk, villeurbanne: Villeurbanne, clock: ManualClock, registry: Registry
) -> None:
    """6.2: a mistyped date is taken back; the partner is told, and the story does not tell what never was."""
    commune = villeurbanne("in force")
    admin = desk(commune.people.admin)
    assert element(admin.get(commune.file), "act-lift") is None
    planned = {"reason": "Travaux", "starts_at": "03/03/2026 8:00", "confirmation": "villeurbanne"}
    page = admin.submit(admin.get(f"{commune.file}suspend"), **planned)
    assert element(page, "act-lift") is not None

    page = admin.submit(admin.get(f"{commune.file}lift"), reason="Date fausse")

    assert element(page, "act-lift") is None
    assert "Accès suspendu" not in element(page, "timeline").get_text()
    clock.advance(hours=21)
    assert status(desk(commune.people.admin).get(commune.file)) == "en vigueur"
    with registry() as session:
        told = session.scalars(sa.select(OutboxMail.recipient).where(OutboxMail.subject.contains("annulée"))).all()
    assert "dpo@villeurbanne.example" in told


def test_only_an_administrator_suspends_or_ends(desk: Desk, villeurbanne: Villeurbanne, people: People) -> None:
    """Hidden from a reviewer, and refused."""
    commune = villeurbanne("in force")
    reviewer = desk(people.reviewer)

    page = reviewer.get(commune.file)

    assert element(page, "act-amend") is not None
    for name in ("suspend", "terminate", "correct"):
        assert element(page, f"act-{name}") is None
        assert reviewer.get(f"{commune.file}{name}").status_code == 403


def test_an_agreement_is_denounced_and_ended(
    desk: Desk, villeurbanne: Villeurbanne, clock: ManualClock, registry: Registry
) -> None:
    """R32: denounced, it goes on until 31 December; ended, until the evening of its last day."""
    commune = villeurbanne("in force")
    admin = desk(commune.people.admin)

    form = admin.get(f"{commune.file}denounce")
    assert "Le préavis est de 3 mois. Reçue le 30/09/2026 au plus tard" in text_of(form)
    assert "dernier jour le 31/12/2026" in element(form, "effects").get_text()
    page = admin.submit(form, received_on="02/03/2026", sender="la commune")
    assert status(page) == "dénoncée, en vigueur jusqu’à son terme"
    assert "31/12/2026" in element(page, "timeline").get_text()
    page = admin.submit(
        admin.get(f"{commune.file}terminate"), last_on="10/03/2026", cause="D’un accord", confirmation="villeurbanne"
    )
    assert "La résiliation est enregistrée" in text_of(page)
    assert status(page) == "résiliée au 10/03/2026"
    for path in ("/registry/", "/registry/partners/villeurbanne/"):
        assert "résiliée au 10/03/2026" in text_of(admin.get(path))
    row = element(admin.get("/registry/partners/villeurbanne/"), f"agreement-{commune.agreement}")
    assert row("td")[-1].get_text() == "10/03/2026"
    with registry() as session:
        told = {each.subject: each.text for each in session.scalars(sa.select(OutboxMail))}
    assert "dernier jour est le 31/12/2026" in told["Convention CONV-villeurbanne : dénonciation"]
    assert "dernier jour est le 10/03/2026" in told["Convention CONV-villeurbanne : résiliation"]
    clock.advance(days=9)
    assert status(desk(commune.people.admin).get(commune.file)) == "résiliée"


def test_a_gap_is_pointed_out_and_a_derogation_fills_it(desk: Desk, villeurbanne: Villeurbanne, people: People) -> None:
    """A6, R34: dated, with a reason, by an administrator."""
    commune = villeurbanne("approved")
    admin = desk(people.admin)

    page = admin.submit(
        admin.get(f"{commune.file}derogate"), from_on="02/03/2026", until_on="31/03/2026", reason="Continuité"
    )

    assert "Accès par dérogation jusqu’au 31/03/2026" in element(page, "timeline").get_text()
    assert desk(people.reviewer).get(f"{commune.file}derogate").status_code == 403


def test_an_amendment_goes_through_the_same_stages_while_the_agreement_runs(
    desk: Desk, villeurbanne: Villeurbanne, people: People, registry: Registry
) -> None:
    """A reopened or amended file keeps the running one in force; A12: a downgrade waits for 1 January."""
    commune = villeurbanne("in force")
    applicant, reviewer = desk(commune.people.applicant), desk(people.reviewer)
    form = applicant.get(f"{commune.file}amend")

    refused = applicant.submit(form, purpose="Rien", effective_on="01/04/2026")
    assert refused.status_code == 400
    assert "l’offre, le terme" in element(refused, "refused").get_text()
    assert typed(refused, "purpose") == "Rien"
    applicant.submit(form, purpose="Outils des agents", effective_on="01/04/2026", offer="GLOBAL")

    with registry() as session:
        number = session.get_one(Agreement, commune.agreement).amendments[0].id
    path = f"/registry/amendments/{number}/"
    page = applicant.get(path)
    assert status(page) == "en préparation"
    assert element(page, "changes").get_text(" ", strip=True).startswith("Ce qu’il change")
    assert "restreinte (sans les outils des agents)" in element(page, "changes").get_text()
    assert element(page, "stage-clients") is None
    applicant.submit(applicant.get(f"{path}submit"))
    assert status(reviewer.submit(reviewer.get(f"{path}examine"), kind="APPROVED")) == "approuvée"
    assert status(applicant.get(commune.file)) == "en vigueur"
    assert "Avenant n° 1 approuvée" in " ".join(element(applicant.get(commune.file), "amendments").get_text().split())
    assert reviewer.get(f"{path}suspend").status_code == 404
