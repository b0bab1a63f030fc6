"""Registers of processing (GDPR 30) and the list of recipients: what they hold, and what they leave out."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from conftest import register_site
from flask import Flask, render_template
from onboarding import SETTINGS, new_processing
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from partner_registry.agreements.interruptions import suspend
from partner_registry.completeness import CONTRACT_POINTS
from partner_registry.data_protection.processings import (
    edit_processing,
    give_opinion,
    validate_processing,
    withdraw_processing,
)
from partner_registry.data_protection.register_tables import register_table
from partner_registry.data_protection.registers import controller_register, processor_register, recipients, register_csv
from partner_registry.models import (
    Contact,
    ContactRole,
    Environment,
    Partner,
    PartnerPart,
    Processing,
    Processor,
)
from partner_registry.partners.life import find_partner
from partner_registry.partners.succession import succeed

TODAY, TOMORROW = dt.date(2026, 3, 2), dt.date(2026, 3, 3)


@pytest.fixture
def declared(session: Session, people: Any, partner: Partner, clock: ManualClock) -> Processing:
    """A processing of Villeurbanne's that says everything a processing can, not validated yet."""
    made = new_processing(
        session,
        people.admin,
        partner,
        clock,
        reference="T-12",
        data_categories=["Réponses aux formulaires"],
        recipients=["Service des sports", "Trésor public"],
        source="GrandLyonConnect, et la personne elle-même",
        transfers="Canada : décision d’adéquation 2002/2/CE",
        security_measures="Chiffrement, habilitations, journaux",
        retention_months=60,
        retention_reason="prescription quinquennale",
        dpia_required=True,
        dpia_reference="AIPD-3",
        dpia_on=dt.date(2026, 1, 5),
        sensitive_data=True,
    )
    contract = Processor(
        name="Hébergeur SA",
        subject="Hébergement",
        checklist=list(CONTRACT_POINTS),
        sub_processors=["Sauvegarde SARL"],
        contract_on=dt.date(2025, 12, 1),
    )
    edit_processing(session, people.admin, made, at=clock.now(), processors=[contract])
    return made


@pytest.fixture
def validate(session: Session, people: Any, clock: ManualClock) -> Callable[[Processing], None]:
    """Have the DPO agree, and a reviewer validate."""

    def act(processing: Processing) -> None:
        give_opinion(session, people.dpo, processing, favourable=True, text="Rien à redire", at=clock.now())
        validate_processing(session, people.reviewer, processing, at=clock.now())

    return act


def rows(text: str) -> list[dict[str, str]]:
    """A French spreadsheet's CSV, read as such."""
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


# ── Article 30(1) ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_controllers_register_holds_a_to_g_and_what_13_14_and_35_ask(
    session: Session, partner: Partner, declared: Processing, validate: Callable[[Processing], None]
) -> None:
    """GDPR 30(1)(a) to (g); legal basis, source, notice and impact assessment besides (reference, 4.3)."""
    validate(declared)
    register = json.loads(json.dumps(controller_register(session, partner, TODAY)))
    assert (register["body"]["name"], register["body"]["siren"]) == ("Commune de Villeurbanne", "216902668")
    assert register["body"]["dpo"] == "dpo@villeurbanne.example"
    (told,) = register["processings"]
    expected = {
        "controllers": [register["body"]],
        "purposes": ["Inscrire aux activités"],
        "data_subjects": ["Usagers"],
        "data_categories": ["Réponses aux formulaires"],
        "sensitive_data": True,
        "recipients": ["Service des sports", "Trésor public"],
        "transfers": "Canada : décision d’adéquation 2002/2/CE",
        "retention_months": 60,
        "security_measures": "Chiffrement, habilitations, journaux",
        "legal_basis": "PUBLIC_TASK",
        "legal_reference": "CGCT, article L.2121-29",
        "source": "GrandLyonConnect, et la personne elle-même",
        "privacy_notice_url": "https://www.villeurbanne.example/donnees",
        "dpia_reference": "AIPD-3",
        "validated_on": "2026-03-02",
    }
    assert {name: told[name] for name in expected} == expected
    assert told["claims"]["birthdate"] == "pour la démarche"
    assert told["processors"][0] | {"name": "Hébergeur SA", "contract_on": "2025-12-01"} == told["processors"][0]


def test_it_is_the_register_of_a_day(
    session: Session,
    people: Any,
    partner: Partner,
    declared: Processing,
    validate: Callable[[Processing], None],
    clock: ManualClock,
) -> None:
    """What is declared only is not processed yet; what is withdrawn no longer is; yesterday's register stays."""

    def there(day: dt.date) -> int:
        return len(controller_register(session, partner, day)["processings"])

    assert there(TODAY) == 0
    validate(declared)
    assert (there(TODAY - dt.timedelta(days=1)), there(TODAY)) == (0, 1)
    clock.advance(days=1)
    withdraw_processing(session, people.admin, declared, at=clock.now(), reason="fini")
    assert (there(TODAY), there(TOMORROW)) == (1, 0)


def test_joint_controllers_each_have_it_in_their_register_and_are_named_in_both(
    session: Session, partner: Partner, declared: Processing, validate: Callable[[Processing], None]
) -> None:
    """GDPR 26 and 30(1)(a): where applicable, the joint controller."""
    validate(declared)
    declared.part, declared.joint_controllers = PartnerPart.JOINT_CONTROLLER, [find_partner(session, "bron")]
    for each in (partner, find_partner(session, "bron")):
        found = [told for told in controller_register(session, each, TODAY)["processings"] if told["name"] == "Compte"]
        assert [body["partner"] for body in found[0]["controllers"]] == ["villeurbanne", "bron"]


def test_a_processors_declaration_is_in_the_controllers_register_and_not_in_its_own(
    session: Session, partner: Partner, declared: Processing, validate: Callable[[Processing], None]
) -> None:
    """GDPR 4(7), 4(8)."""
    validate(declared)
    declared.part, declared.joint_controllers = PartnerPart.PROCESSOR, [find_partner(session, "bron")]
    assert controller_register(session, partner, TODAY)["processings"] == []
    assert "Compte" in {
        told["name"] for told in controller_register(session, find_partner(session, "bron"), TODAY)["processings"]
    }


def test_after_a_merger_the_register_is_the_successors(
    session: Session,
    people: Any,
    partner: Partner,
    declared: Processing,
    validate: Callable[[Processing], None],
    clock: ManualClock,
) -> None:
    """Mistake 16: from its first day on the new commune answers for what it received."""
    validate(declared)
    bron = find_partner(session, "bron")
    succeed(session, people.admin, partner, bron, on=TOMORROW, at=clock.now(), reason="fusion")
    assert len(controller_register(session, partner, TODAY)["processings"]) == 1
    assert controller_register(session, partner, TOMORROW)["processings"] == []
    found = [
        told for told in controller_register(session, bron, TOMORROW)["processings"] if told["reference"] == "T-12"
    ]
    assert found[0]["controllers"][0]["name"] == "Ville de Bron"


# ── Article 30(2) ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_metropoles_register_as_processor_names_each_controller_with_what_it_does_for_it(session: Session) -> None:
    """GDPR 30(2)(a) to (d); reference, 4.3: Toodego for every commune, GRU for those of the global offer. Oullins is
    named by its successor."""
    register = processor_register(session, TODAY)
    assert register["body"]["name"] == "Métropole de Lyon"
    pairs = {(each["controllers"][0]["name"], each["name"]) for each in register["processings"]}
    assert ("Ville de Lyon", "Démarches en ligne (Toodego)") in pairs
    assert ("Ville de Lyon", "Suivi des demandes (GRU)") not in pairs
    assert ("Ville de Bron", "Suivi des demandes (GRU)") in pairs
    assert ("Commune d’Oullins-Pierre-Bénite", "Démarches en ligne (Toodego)") in pairs
    assert not [name for name, _ in pairs if name == "Ville de Oullins"]
    lyon = next(each for each in register["processings"] if each["controllers"][0]["partner"] == "lyon")
    assert lyon["controllers"][0]["dpo"] == "dpo@lyon.example"
    assert lyon["subject"] == "Portail et formulaires opérés par la Métropole"
    assert lyon["security_measures"].startswith("Connexion chiffrée")
    assert lyon["transfers"] == ""
    assert lyon["points"] == list(CONTRACT_POINTS)


def test_another_bodys_contract_is_not_in_it(
    session: Session, declared: Processing, validate: Callable[[Processing], None]
) -> None:
    """GDPR 30(2): each processor keeps its own."""
    validate(declared)
    assert "Compte" not in {each["name"] for each in processor_register(session, TODAY)["processings"]}


# ── Recipients ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_recipients_are_the_clients_that_are_let_in_with_what_they_get(
    app: Flask, session: Session, people: Any, clock: ManualClock
) -> None:
    """Reference, 4.2 and 4.5: generated, so that it cannot forget anybody; GDPR 13(1)(e)."""
    assert recipients(session, clock.now()) == []
    session.commit()
    uri = ("https://www.lyon.example/callback",)
    register_site(app, clock, partner="lyon", name="lyon.fr", redirect_uris=uri, environment=Environment.PRODUCTION)
    register_site(app, clock, partner="lyon", name="essai")
    (told,) = recipients(session, clock.now())
    assert (told["recipient"], told["name"], told["dpo"]) == ("Ville de Lyon", "lyon.fr", "dpo@lyon.example")
    assert told["purposes"] == ["Vous reconnaître et préremplir vos démarches en ligne"]
    assert {"given_name", "birthdate", "email"} <= set(told["claims"])
    assert told["privacy_notice_url"] == "https://lyon.example/donnees-personnelles"

    lyon = find_partner(session, "lyon")
    lyon.processings[0].purposes[0].claims = {"email": "écrire", "email_verified": "écrire"}
    session.flush()
    assert recipients(session, clock.now())[0]["claims"] == ["email", "email_verified"]
    suspend(
        session,
        people.admin,
        lyon.agreements[-1],
        reason="incident",
        confirmation="lyon",
        settings=SETTINGS,
        at=clock.now(),
    )
    assert recipients(session, clock.now()) == []


def test_scopes_that_a_client_may_not_ask_for_give_it_nothing(app: Flask, session: Session, clock: ManualClock) -> None:
    """The list says what a client can get, not what its claim table dreams of."""
    session.commit()
    options: dict[str, Any] = {"redirect_uris": ("https://www.lyon.example/callback",), "scopes": ("openid", "email")}
    register_site(app, clock, partner="lyon", environment=Environment.PRODUCTION, **options)
    assert set(recipients(session, clock.now())[0]["claims"]) <= {"email", "email_verified"}


# ── On paper and in spreadsheets ───────────────────────────────────────────────────────────────────────────────────


def test_in_a_spreadsheet_each_processing_is_a_row_with_french_headings(
    session: Session, partner: Partner, declared: Processing, validate: Callable[[Processing], None]
) -> None:
    """Reference, 4.3: exports."""
    validate(declared)
    (row,) = rows(register_csv(controller_register(session, partner, TODAY)))
    assert row["Traitement"] == "Compte"
    assert row["Destinataires (d)"] == "Service des sports\nTrésor public"
    assert row["Base légale"] == "mission d’intérêt public (6.1.e)"
    assert row["Données sensibles (articles 9 et 10)"] == "oui"
    assert row["Date de l’AIPD"] == "05/01/2026"
    assert row["Sous-traitants (d)"] == (
        "Hébergeur SA ; Hébergement ; contrat du 01/12/2025 ; points a, b, c, d, e, f, g, h ; "
        "sous-traitants ultérieurs : Sauvegarde SARL"
    )
    assert len(rows(register_csv(processor_register(session, TODAY)))) == 11
    assert rows(register_csv(recipients(session, declared.created_at))) == []


@pytest.mark.parametrize("typed", ["=HYPERLINK(1)", "+33", "-1+2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(
    session: Session,
    people: Any,
    partner: Partner,
    declared: Processing,
    validate: Callable[[Processing], None],
    clock: ManualClock,
    typed: str,
) -> None:
    """Mistake 20: what a commune typed is not run in the Métropole's spreadsheet."""
    edit_processing(
        session, people.admin, declared, at=clock.now(), transfers=typed, recipients=[typed], security_measures=typed
    )
    validate(declared)
    (row,) = rows(register_csv(controller_register(session, partner, TODAY)))
    for heading in ("Destinataires (d)", "Transferts hors de l’Union et garanties (e)", "Mesures de sécurité (g)"):
        assert row[heading].startswith("'")


def test_of_a_partners_people_an_export_names_nobody_but_the_dpo(
    app: Flask,
    session: Session,
    people: Any,
    partner: Partner,
    declared: Processing,
    validate: Callable[[Processing], None],
    clock: ManualClock,
) -> None:
    """Mistake 20, GDPR 37(7): the DPO's address is published; names, telephones and other contacts are not."""
    validate(declared)
    for contact in (each for each in partner.contacts if each.role is not ContactRole.DPO):
        contact.name, contact.phone = f"Camille Dupré {contact.role.value}", "+33 4 78 00 00 00"
    dpo = next(each for each in partner.contacts if each.role is ContactRole.DPO)
    dpo.name, dpo.phone = "Dominique Martin", "+33 6 00 00 00 00"
    exports = [
        controller_register(session, partner, TODAY),
        processor_register(session, TODAY),
        recipients(session, clock.now()),
    ]
    written = json.dumps(exports, ensure_ascii=False) + "".join(register_csv(each) for each in exports)  # type: ignore[arg-type]
    assert "dpo@villeurbanne.example" in written
    others = session.query(Contact).filter(Contact.role != ContactRole.DPO)
    assert not [each.email for each in others if each.email in written]
    assert not [word for word in ("Dupré", "Martin", "+33", "admin@agents.example") if word in written]


def test_it_can_be_printed_and_what_was_typed_is_text(
    app: Flask,
    session: Session,
    people: Any,
    partner: Partner,
    declared: Processing,
    validate: Callable[[Processing], None],
    clock: ManualClock,
) -> None:
    """GDPR 30(3), in writing: one section that any page may include; nothing in it is markup."""
    edit_processing(session, people.admin, declared, at=clock.now(), transfers="<script>alert(1)</script>")
    validate(declared)
    table = register_table(controller_register(session, partner, TODAY))
    with app.test_request_context():
        page = BeautifulSoup(render_template("registry/privacy/register.html", table=table), "html.parser")
    assert page.h2.text == "Registre du responsable de traitement (RGPD, article 30.1)"
    assert page.h3.text == "Compte"
    told = {line.dt.text: [each.text for each in line.find_all("dd")] for line in page.find_all("div")}
    assert told["Destinataires (d)"] == ["Service des sports", "Trésor public"]
    assert told["Transferts hors de l’Union et garanties (e)"] == ["<script>alert(1)</script>"]
    assert page.script is None


def test_an_empty_register_says_so(app: Flask, session: Session, partner: Partner) -> None:
    """Rather than a page that looks broken."""
    table = register_table(controller_register(session, partner, TODAY))
    with app.test_request_context():
        assert "Rien à ce jour." in render_template("registry/privacy/register.html", table=table)


def test_a_seeded_metropole_answers_for_the_account_itself(session: Session) -> None:
    """Reference, 4.2, P1 and P2: what the Métropole is the controller of."""
    register = controller_register(session, find_partner(session, "metropole"), TODAY)
    names = {each["name"] for each in register["processings"]}
    assert {"Compte GrandLyonConnect", "Registre des partenaires", "Toodego"} <= names
