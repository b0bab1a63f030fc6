"""Processings of personal data (issue, point 4; registry reference, part 4): what is declared, by whom it is decided,
and that a client gets no claim that no validated purpose declares."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from onboarding import PDF, conclude, examine, new_file, new_processing
from registry.conftest import WAIVED
from sqlalchemy.orm import Session

from glc.clock import ManualClock, paris_date
from glc.entropy import SystemEntropy
from glc.errors import Conflict, Forbidden, InputError
from partner_registry.agreements.documents import add_document
from partner_registry.agreements.instruction import Incomplete, take_step
from partner_registry.clients.life import register_client, serve
from partner_registry.clients.registration import GLC_CLAIMS, ClientRegistration, registration_of
from partner_registry.clients.transfers import transfer
from partner_registry.clients.versions import draft_version, publish_version, submit_version
from partner_registry.completeness import CONTRACT_POINTS, missing_in_processing
from partner_registry.data_protection.processings import (
    draft_processing,
    edit_processing,
    give_opinion,
    replace_processing,
    validate_processing,
    withdraw_processing,
)
from partner_registry.gate import Access
from partner_registry.models import (
    Client,
    DocumentKind,
    Environment,
    LegalBasis,
    Partner,
    PartnerPart,
    Processing,
    Processor,
    StepKind,
    SubjectPolicy,
)
from partner_registry.partners.life import find_partner
from partner_registry.partners.succession import succeed
from partner_registry.terms import terms_for
from partner_registry.trail import entries

CLAIMS = {rule["name"]: "pour la démarche" for rule in GLC_CLAIMS}


@pytest.fixture
def declare(session: Session, people: Any, partner: Partner, clock: ManualClock) -> Callable[..., Processing]:
    """Declare one more processing of Villeurbanne, complete but for what is given."""

    def make(**facts: Any) -> Processing:
        return new_processing(session, people.admin, partner, clock, **facts)

    return make


@pytest.fixture
def validate(session: Session, people: Any, clock: ManualClock) -> Callable[[Processing], Processing]:
    """Have the DPO agree, and a reviewer validate."""

    def act(processing: Processing) -> Processing:
        give_opinion(session, people.dpo, processing, favourable=True, text="Rien à redire", at=clock.now())
        validate_processing(session, people.reviewer, processing, at=clock.now())
        return processing

    return act


def test_whoever_changed_a_processing_does_not_validate_it(
    declare: Callable[..., Processing], session: Session, people: Any, clock: ManualClock
) -> None:
    """6.2, mistake 9: four eyes on what is validated, not on what was drafted first."""
    processing = declare()
    edit_processing(session, people.reviewer, processing, at=clock.now(), name="Compte et factures")
    give_opinion(session, people.dpo, processing, favourable=True, text="Rien à redire", at=clock.now())
    with pytest.raises(Forbidden, match="demandez à un collègue"):
        validate_processing(session, people.reviewer, processing, at=clock.now())
    validate_processing(session, people.other_reviewer, processing, at=clock.now())


def gaps(processing: Processing) -> str:
    """What is missing, in one text."""
    return " | ".join(each.told() for each in missing_in_processing(processing))


# ── What a processing says ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"part_reason": " "}, "pourquoi les parties sont ainsi qualifiées"),
        ({"legal_reference": ""}, "le texte qui fonde la base légale"),
        ({"legal_basis": LegalBasis.LEGAL_OBLIGATION, "legal_reference": ""}, "le texte qui fonde la base légale"),
        ({"data_subjects": []}, "quelles personnes sont concernées"),
        ({"recipients": []}, "qui reçoit les données"),
        ({"retention_months": None}, "durée de conservation"),
        ({"retention_months": 37}, "justifiez une conservation de plus de 36 mois"),
        ({"privacy_notice_url": None}, "l’adresse https de la mention d’information"),
        ({"privacy_notice_url": "http://www.villeurbanne.example/"}, "l’adresse https de la mention d’information"),
        ({"dpia_required": None}, "dites si une AIPD est requise"),
        ({"dpia_reason": ""}, "dites pourquoi une AIPD"),
        ({"dpia_required": True}, "la référence et la date de l’AIPD"),
        ({"dpia_required": True, "dpia_reference": "AIPD-3"}, "la référence et la date de l’AIPD"),
    ],
)
def test_what_a_complete_processing_must_say(declare: Callable[..., Processing], facts: Any, says: str) -> None:
    """GDPR 4(7), 6(3), 13, 14, 30(1)(c), (d), (f) and 35; retention as DataPass asks it."""
    assert says in gaps(declare(**facts))
    assert gaps(declare()) == ""


@pytest.mark.parametrize(
    "facts",
    [
        {"retention_months": 36},
        {"retention_months": 60, "retention_reason": "prescription quinquennale"},
        {"dpia_required": True, "dpia_reference": "AIPD-3", "dpia_on": dt.date(2026, 1, 5)},
        {"legal_basis": LegalBasis.CONSENT, "legal_reference": ""},
    ],
)
def test_what_suffices(declare: Callable[..., Processing], facts: Any) -> None:
    """36 months need no reason; a consent needs no text (6(3) is about tasks and obligations)."""
    assert gaps(declare(**facts)) == ""


def test_each_claim_has_its_justification(declare: Callable[..., Processing], session: Session, people: Any) -> None:
    """GDPR 5(1)(c), minimisation; mistake 8: ticking every claim tells which ones lack a reason."""
    processing = declare()
    at = processing.created_at
    edit_processing(session, people.admin, processing, at=at, purposes=[("Inscrire", {"email": "x", "gender": " "})])
    assert "justifiez chaque donnée demandée (gender)" in gaps(processing)
    edit_processing(session, people.admin, processing, at=at, purposes=[(" ", {})])
    assert "écrivez la finalité" in gaps(processing)
    assert "quelles catégories de données sont traitées" in gaps(processing)
    edit_processing(session, people.admin, processing, at=at, purposes=[])
    assert "déclarez au moins une finalité" in gaps(processing)


def test_a_processing_without_claims_says_which_data_it_holds(
    declare: Callable[..., Processing], session: Session, people: Any
) -> None:
    """GDPR 30(1)(c): a form holds answers, not claims of the account."""
    processing = declare(data_categories=["Réponses aux formulaires"])
    edit_processing(session, people.admin, processing, at=processing.created_at, purposes=[("Répondre", {})])
    assert gaps(processing) == ""


def test_no_public_body_rests_on_its_legitimate_interest(
    declare: Callable[..., Processing], session: Session, people: Any
) -> None:
    """GDPR 6(1), last paragraph: refused when declared, and when changed."""
    with pytest.raises(InputError, match="n’est pas ouvert aux autorités publiques"):
        declare(legal_basis=LegalBasis.LEGITIMATE_INTEREST)
    processing = declare()
    with pytest.raises(InputError, match="n’est pas ouvert aux autorités publiques"):
        edit_processing(
            session,
            people.admin,
            processing,
            at=processing.created_at,
            legal_basis=LegalBasis.LEGITIMATE_INTEREST,
        )


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"required_acr": "eidas2"}, "ne prouve que le niveau eidas1"),
        ({"retention_months": -1}, "mois négatifs"),
        ({"validated_on": dt.date(2026, 1, 1)}, "validated_on ne se modifie pas ici"),
    ],
)
def test_what_nobody_may_declare(declare: Callable[..., Processing], facts: Any, says: str) -> None:
    """4.6: more assurance than a password proves is refused; validation is an act, not a field."""
    with pytest.raises(InputError, match=says):
        declare(**facts)


# ── Controllers, joint controllers, processors ─────────────────────────────────────────────────────────────────────


def test_joint_controllers_need_their_arrangement(
    declare: Callable[..., Processing], session: Session, people: Any, clock: ManualClock
) -> None:
    """GDPR 26: who, the arrangement itself, its essence and a contact for people; never a default."""
    processing = declare(part=PartnerPart.JOINT_CONTROLLER)
    for says in ("nommez les autres responsables conjoints", "grandes lignes de l’accord", "joignez l’accord"):
        assert says in gaps(processing)
    edit_processing(
        session,
        people.admin,
        processing,
        at=clock.now(),
        joint_controllers=[find_partner(session, "bron")],
        joint_essence_url="https://www.villeurbanne.example/accord",
        joint_contact="donnees@villeurbanne.example",
    )
    assert gaps(processing) == "« Compte » : joignez l’accord entre responsables conjoints (article 26.1)"
    kind = DocumentKind.JOINT_ARRANGEMENT
    add_document(session, people.admin, processing, kind=kind, name="accord.pdf", content=PDF, at=clock.now())
    assert gaps(processing) == ""
    assert declare().part is PartnerPart.CONTROLLER


def test_the_declaring_partner_is_not_named_twice(declare: Callable[..., Processing], partner: Partner) -> None:
    """GDPR 26: joint means several."""
    with pytest.raises(InputError, match="d’autres responsables que le partenaire"):
        declare(part=PartnerPart.JOINT_CONTROLLER, joint_controllers=[partner])


@pytest.mark.parametrize("point", CONTRACT_POINTS)
def test_a_processors_contract_holds_its_eight_points(
    declare: Callable[..., Processing], session: Session, people: Any, clock: ManualClock, point: str
) -> None:
    """GDPR 28(3)(a) to (h): the one that lacks is named."""
    processing = declare()
    day, points = paris_date(clock.now()), [each for each in CONTRACT_POINTS if each != point]
    processors = [Processor(name="Hébergeur", subject="Hébergement", checklist=points, contract_on=day)]
    edit_processing(session, people.admin, processing, at=clock.now(), processors=processors)
    assert gaps(processing) == (
        f"« Compte » : complétez le contrat de Hébergeur (article 28.3, points absents : {point})"
    )
    processing.processors[0].checklist = list(CONTRACT_POINTS)
    assert gaps(processing) == ""
    processing.processors[0].contract_on = None
    assert "complétez le contrat de Hébergeur" in gaps(processing)


def test_a_partner_that_is_a_processor_names_the_controller_and_its_contract(
    declare: Callable[..., Processing], session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """GDPR 28(3), 30(2)(a)."""
    processing = declare(part=PartnerPart.PROCESSOR)
    assert "pour le compte de qui" in gaps(processing)
    assert "décrivez le contrat" in gaps(processing)
    contract = Processor(partner=partner, checklist=list(CONTRACT_POINTS), contract_on=paris_date(clock.now()))
    edit_processing(
        session,
        people.admin,
        processing,
        at=clock.now(),
        joint_controllers=[find_partner(session, "bron")],
        processors=[contract],
    )
    assert gaps(processing) == ""


def test_a_commune_needs_a_processing_of_its_own_to_file_an_application(
    declare: Callable[..., Processing], session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """R35: each partner is the controller of what it determines; being somebody's processor is not that."""
    declare(part=PartnerPart.PROCESSOR)
    file = new_file(session, people.admin, partner, clock)
    with pytest.raises(Incomplete, match=r"dont la commune est responsable \(R35\)"):
        take_step(session, people.admin, file, StepKind.SUBMITTED, at=clock.now())


# ── Documents ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_processing_keeps_its_documents_as_an_agreement_does(
    declare: Callable[..., Processing], session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """R36: PDF, SHA-256, trail; each kind where it belongs."""
    processing, file = declare(), new_file(session, people.admin, partner, clock)
    options: dict[str, Any] = {"name": "aipd.pdf", "content": PDF, "at": clock.now()}
    kept = add_document(session, people.admin, processing, kind=DocumentKind.DPIA, **options)
    assert processing.documents == [kept]
    (entry,) = entries(session, action="processing.document_added")
    assert entry.after == {"kind": "DPIA", "name": "aipd.pdf", "sha256": kept.sha256}
    with pytest.raises(InputError, match="se joint à un traitement"):
        add_document(session, people.admin, file, kind=DocumentKind.DPIA, **options)
    with pytest.raises(InputError, match="à une convention ou à un avenant"):
        add_document(session, people.admin, processing, kind=DocumentKind.AGREEMENT, **options)
    with pytest.raises(InputError, match="exportez-le en PDF"):
        add_document(session, people.admin, processing, kind=DocumentKind.DPIA, **options | {"content": b"PK"})
    with pytest.raises(Forbidden, match="réservée"):
        add_document(session, people.auditor, processing, kind=DocumentKind.DPIA, **options)


# ── Decisions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_validation_takes_a_dpo_in_favour_and_another_person(
    declare: Callable[..., Processing], session: Session, people: Any, clock: ManualClock
) -> None:
    """6.2, DPO's opinion on processings; mistake 9."""
    processing, at = declare(), clock.now()
    with pytest.raises(InputError, match="avis favorable"):
        validate_processing(session, people.reviewer, processing, at=at)
    with pytest.raises(Forbidden, match="délégué à la protection"):
        give_opinion(session, people.reviewer, processing, favourable=True, text="Oui", at=at)
    with pytest.raises(InputError, match="motif"):
        give_opinion(session, people.dpo, processing, favourable=False, text=" ", at=at)
    give_opinion(session, people.dpo, processing, favourable=False, text="Trop de données", at=at)
    with pytest.raises(InputError, match="avis favorable"):
        validate_processing(session, people.reviewer, processing, at=at)
    give_opinion(session, people.dpo, processing, favourable=True, text="Réduit", at=at)
    with pytest.raises(Forbidden, match="demandez à un collègue"):
        validate_processing(session, people.admin, processing, at=at)
    validate_processing(session, people.reviewer, processing, at=at)
    for act in (
        lambda: validate_processing(session, people.reviewer, processing, at=at),
        lambda: give_opinion(session, people.dpo, processing, favourable=False, text="Non", at=at),
    ):
        with pytest.raises(Conflict, match="déjà validé"):
            act()


def test_an_incomplete_one_is_not_validated(
    declare: Callable[..., Processing], session: Session, people: Any, clock: ManualClock
) -> None:
    """4.4: without an https notice, for one, nothing goes to production."""
    processing = declare(privacy_notice_url=None)
    give_opinion(session, people.dpo, processing, favourable=True, text="Oui", at=clock.now())
    with pytest.raises(Incomplete, match="https de la mention d’information"):
        validate_processing(session, people.reviewer, processing, at=clock.now())


def test_a_change_asks_the_dpo_again_and_the_trail_keeps_the_purposes(
    declare: Callable[..., Processing], session: Session, people: Any, clock: ManualClock
) -> None:
    """The opinion was on what it was; every write says before and after."""
    processing = declare()
    give_opinion(session, people.dpo, processing, favourable=True, text="Oui", at=clock.now())
    edit_processing(session, people.admin, processing, at=clock.now(), purposes=[("Inscrire", {"email": "écrire"})])
    assert processing.dpo_favourable is None
    (entry,) = entries(session, action="processing.edited")
    assert entry.before["purposes"][0]["claims"] == CLAIMS
    assert entry.after["purposes"] == [{"text": "Inscrire", "claims": {"email": "écrire"}}]


def test_a_validated_one_never_changes_and_its_replacement_cuts_nothing(
    declare: Callable[..., Processing],
    validate: Callable[[Processing], Processing],
    session: Session,
    people: Any,
    clock: ManualClock,
) -> None:
    """A change is a copy that takes its place on the day it is validated; an earlier withdrawal keeps its day."""
    first = declare()
    with pytest.raises(Conflict, match="seul un traitement validé se remplace"):
        replace_processing(session, people.admin, first, at=clock.now())
    validate(first)
    with pytest.raises(Conflict, match="déclarez-en un qui le remplace"):
        edit_processing(session, people.admin, first, at=clock.now(), name="Autre")
    second = replace_processing(session, people.admin, first, at=clock.now())
    third = replace_processing(session, people.admin, first, at=clock.now())
    assert (first.withdrawn_on, [each.claims for each in second.purposes]) == (None, [CLAIMS])
    today = paris_date(clock.now())
    validate(second)
    assert first.withdrawn_on == today
    clock.advance(days=10)
    validate(third)
    assert first.withdrawn_on == today


def test_after_a_merger_the_successor_replaces_what_it_received(
    declare: Callable[..., Processing],
    validate: Callable[[Processing], Processing],
    session: Session,
    people: Any,
    partner: Partner,
    clock: ManualClock,
) -> None:
    """Mistake 16: the new commune steps into everything; the replacement is its own."""
    first, bron = validate(declare()), find_partner(session, "bron")
    succeed(session, people.admin, partner, bron, on=paris_date(clock.now()), at=clock.now(), reason="fusion")
    assert replace_processing(session, people.admin, first, at=clock.now()).partner is bron


# ── Invariant: the claims a client can get are those of its validated purposes (4.5) ───────────────────────────────


@pytest.fixture
def client(
    app: Flask,
    declare: Callable[..., Processing],
    session: Session,
    people: Any,
    partner: Partner,
    clock: ManualClock,
) -> Client:
    """Villeurbanne's client in production, with the preset's claims in a pending version; agreement in force."""
    declare()
    file = new_file(session, people.admin, partner, clock)
    examine(session, people.admin, people.reviewer, people.dpo, file, clock)
    conclude(session, people.reviewer, file, clock)
    made, _ = register_client(
        session,
        people.admin,
        partner.slug,
        ClientRegistration(name="Piscines", redirect_uris=("https://www.villeurbanne.example/retour",)),
        at=clock.now(),
        entropy=SystemEntropy(),
        seal=app.extensions["idp"].ring.secrets.seal,
        environment=Environment.PRODUCTION,
    )
    submit_version(session, people.admin, made.latest, at=clock.now())
    return made


def released(session: Session, client: Client, at: dt.datetime) -> set[str]:
    """The claims that the provider is told it may release."""
    session.flush()
    terms = terms_for(session, client.client_id, at)
    return {rule.name for rule in terms.claims} if terms else set()


def test_saved_a_draft_asks_for_nothing_undeclared(
    client: Client, session: Session, people: Any, clock: ManualClock
) -> None:
    """4.5, at save; mistake 8."""
    phone = {"name": "phone_number", "source": "mobile_phone", "scopes": ["profile"]}
    wider = dataclasses.replace(registration_of(client.latest), claims=(*GLC_CLAIMS, phone))
    with pytest.raises(InputError, match=r"aucune finalité ne déclare : phone_number\."):
        draft_version(session, people.admin, client, wider, at=clock.now())


def test_published_a_version_gets_nothing_that_is_not_validated(
    client: Client, session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """4.5, at publication: declared was enough to save, not to publish; an opinion does not validate either."""
    first = client.processings[0]
    withdraw_processing(session, people.admin, first, at=clock.now(), reason="à revoir")
    again = new_processing(session, people.admin, partner, clock)
    serve(session, people.admin, client, [again], at=clock.now())
    draft = draft_version(session, people.admin, client, registration_of(client.latest), at=clock.now())
    submit_version(session, people.admin, draft, at=clock.now())
    give_opinion(session, people.dpo, again, favourable=True, text="Oui", at=clock.now())
    with pytest.raises(InputError, match="aucune finalité validée ne déclare : birthdate, birthplace, email"):
        publish_version(session, people.reviewer, draft, at=clock.now(), **WAIVED)
    validate_processing(session, people.reviewer, again, at=clock.now())
    publish_version(session, people.reviewer, draft, at=clock.now(), **WAIVED)
    assert released(session, client, clock.now()) == set(CLAIMS)


def test_at_run_time_a_client_gets_what_is_validated_at_that_instant(
    client: Client, session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """4.5, at run time: published with every claim, it gets fewer from the moment a purpose shrinks."""
    publish_version(session, people.reviewer, client.latest, at=clock.now(), **WAIVED)
    assert released(session, client, clock.now()) == set(CLAIMS)
    smaller = replace_processing(session, people.admin, client.processings[0], at=clock.now())
    edit_processing(session, people.admin, smaller, at=clock.now(), purposes=[("Écrire", {"email": "écrire"})])
    assert released(session, client, clock.now()) == set(CLAIMS)
    give_opinion(session, people.dpo, smaller, favourable=True, text="Oui", at=clock.now())
    validate_processing(session, people.reviewer, smaller, at=clock.now())
    assert released(session, client, clock.now()) == {"email"}
    withdraw_processing(session, people.admin, smaller, at=clock.now(), reason="fini")
    assert released(session, client, clock.now()) == set()


def test_another_partners_purposes_justify_nothing_even_at_publication(
    client: Client, session: Session, people: Any, clock: ManualClock
) -> None:
    """4.2: a purpose is its controller's. After a transfer the former one's no longer count."""
    bron = find_partner(session, "bron")
    bron.domains = ["villeurbanne.example"]
    clock.advance(days=1)
    transfer(
        session,
        people.admin,
        client,
        bron,
        on=paris_date(clock.now()),
        at=clock.now(),
        reason="le service change de main",
    )
    with pytest.raises(InputError, match="aucune finalité validée ne déclare"):
        publish_version(session, people.reviewer, client.latest, at=clock.now(), **WAIVED)


def test_an_address_that_serves_as_sub_is_a_claim(
    client: Client, session: Session, people: Any, clock: ManualClock
) -> None:
    """4.5: the claims a client can get, by whatever name."""
    names = tuple(rule for rule in GLC_CLAIMS if rule["name"] in {"given_name", "family_name"})
    by_address = dataclasses.replace(registration_of(client.latest), claims=names, subject_policy=SubjectPolicy.EMAIL)
    draft_version(session, people.admin, client, by_address, at=clock.now())
    client.processings[0].purposes[0].claims = {"given_name": "saluer", "family_name": "saluer"}
    with pytest.raises(InputError, match=r"aucune finalité ne déclare : email\."):
        draft_version(session, people.admin, client, by_address, at=clock.now())


def test_an_address_that_serves_as_sub_goes_no_further_than_its_purpose(
    client: Client, session: Session, people: Any, clock: ManualClock
) -> None:
    """4.5, at run time: without the purpose there is no `sub` to give, hence no token, until it is declared again."""
    names = tuple(rule for rule in GLC_CLAIMS if rule["name"] == "email")
    by_address = dataclasses.replace(registration_of(client.latest), claims=names, subject_policy=SubjectPolicy.EMAIL)
    draft_version(session, people.admin, client, by_address, at=clock.now())
    submit_version(session, people.admin, client.versions[-1], at=clock.now())
    publish_version(session, people.reviewer, client.versions[-1], at=clock.now(), **WAIVED)
    session.flush()
    assert terms_for(session, client.client_id, clock.now()).access is Access.OPEN
    withdraw_processing(session, people.admin, client.processings[0], at=clock.now(), reason="fini")
    session.flush()
    terms = terms_for(session, client.client_id, clock.now())
    assert (terms.access, terms.reason, terms.claims) == (Access.PAUSED, "subject_undeclared", ())


def test_applicants_act_on_their_own_partners_processings_only(
    session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """6.2: who may act."""
    with pytest.raises(Forbidden):
        draft_processing(session, people.applicant, partner, name="Compte", at=clock.now())
    applicant = dataclasses.replace(people.applicant, partners=frozenset({partner.id}))
    made = draft_processing(session, applicant, partner, name=" Compte ", at=clock.now())
    assert made.name == "Compte"
    with pytest.raises(InputError, match="donnez un nom"):
        edit_processing(session, applicant, made, at=clock.now(), name=" ")
