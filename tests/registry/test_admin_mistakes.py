"""The twenty mistakes an administrator makes (registry reference, 6.3): each is refused with what to do instead."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from conftest import register_site
from flask import Flask
from onboarding import PDF, SETTINGS, conclude, examine, new_file, new_partner, new_processing
from registry.conftest import WAIVED, for_partner
from sqlalchemy.orm import Session

from glc.clock import ManualClock, paris_date, start_of_day
from glc.entropy import SystemEntropy
from glc.errors import Conflict, Forbidden, InputError
from idp.accounts.rules import erase
from idp.models import Account
from partner_registry.agents import Agent, grant_role, held_roles, revoke_role
from partner_registry.agreements.acts import add_decision, correct, notify, sign, transmit
from partner_registry.agreements.amendments import open_amendment
from partner_registry.agreements.documents import add_document
from partner_registry.agreements.drafting import draft_agreement, edit_draft
from partner_registry.agreements.instruction import take_step
from partner_registry.agreements.interruptions import refuse_renewal, suspend, terminate
from partner_registry.agreements.status import AgreementStatus, last_day, status_at
from partner_registry.billing.dues import days_of
from partner_registry.clients.bindings import bind
from partner_registry.clients.life import archive, find_client, register_client
from partner_registry.clients.registration import GLC_CLAIMS, ClientRegistration, registration_of
from partner_registry.clients.secrets import check_secret_is_new, rotate_secret
from partner_registry.clients.versions import draft_version, publish_at_once, publish_version, submit_version
from partner_registry.gate import Access, gate_at
from partner_registry.models import (
    Agreement,
    Client,
    ContactRole,
    CouncilBody,
    DocumentKind,
    Environment,
    Offer,
    Partner,
    Role,
    StepKind,
    SubjectPolicy,
)
from partner_registry.partners.contacts import add_contact
from partner_registry.partners.life import edit_partner, find_partner, register_partner, rename_partner
from partner_registry.partners.succession import succeed
from partner_registry.terms import terms_for
from partner_registry.trail import entries

URI = "https://www.villeurbanne.example/retour"


@pytest.fixture
def partner(session: Session, people: Any, clock: ManualClock) -> Partner:
    """Villeurbanne, with contacts and one complete processing."""
    made = new_partner(session, people.reviewer, clock)
    new_processing(session, people.admin, made, clock)
    return made


@pytest.fixture
def running(session: Session, people: Any, partner: Partner, clock: ManualClock) -> Agreement:
    """Its agreement, in force today."""
    file = new_file(session, people.admin, partner, clock)
    examine(session, people.admin, people.reviewer, people.dpo, file, clock)
    conclude(session, people.reviewer, file, clock)
    return file


@pytest.fixture
def make_client(app: Flask, session: Session, people: Any, clock: ManualClock) -> Callable[..., Client]:
    """Register a client in production, published or not."""

    def make(partner: str = "villeurbanne", *, published: bool = True, **options: Any) -> Client:
        values: dict[str, Any] = {"name": "Piscines", "redirect_uris": (URI,), **options}
        client, _ = register_client(
            session,
            people.admin,
            partner,
            ClientRegistration(**values),
            at=clock.now(),
            entropy=SystemEntropy(),
            seal=app.extensions["idp"].ring.secrets.seal,
            environment=Environment.PRODUCTION,
        )
        if published:
            publish_at_once(session, people.reviewer, client.latest, at=clock.now())
        return client

    return make


def test_1_a_client_is_not_bound_to_another_communes_agreement(
    session: Session, people: Any, running: Agreement, make_client: Callable[..., Client], clock: ManualClock
) -> None:
    """Mistake 1."""
    lyon = find_partner(session, "lyon").agreements[-1]
    with pytest.raises(InputError, match=r"SIMULATEUR-2024-lyon est celle d’un autre partenaire \(lyon\)"):
        bind(session, people.admin, make_client(), lyon, from_on=dt.date(2026, 6, 1), at=clock.now())


def test_2_bindings_do_not_overlap_and_one_version_is_published(
    session: Session, people: Any, running: Agreement, make_client: Callable[..., Client], clock: ManualClock
) -> None:
    """Mistake 2: the message says to choose a later day; publishing ends the version there was."""
    client = make_client()
    with pytest.raises(Conflict, match="choisissez une date plus tard"):
        bind(session, people.admin, client, running, from_on=client.bindings[0].valid_from_on, at=clock.now())
    version = draft_version(session, people.admin, client, registration_of(client.latest), at=clock.now())
    submit_version(session, people.admin, version, at=clock.now())
    publish_version(session, people.reviewer, version, at=clock.now(), **WAIVED)
    assert [each.number for each in client.versions if each.published_at and not each.ended_at] == [version.number]
    first = client.versions[0]
    first.ended_at = None
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        session.flush()
    session.rollback()


def test_2_two_agreements_of_the_same_day_make_one_binding(
    session: Session,
    people: Any,
    partner: Partner,
    running: Agreement,
    make_client: Callable[..., Client],
    clock: ManualClock,
) -> None:
    """Mistake 2: a file opened twice does not bind a new client twice; the one that is notified counts."""
    new_file(session, people.admin, partner, clock, number="CONV-bis")
    session.expire_all()
    assert [each.agreement.number for each in make_client().bindings] == [running.number]


def test_2_a_new_client_is_bound_to_no_file_that_was_set_aside(
    session: Session,
    people: Any,
    partner: Partner,
    running: Agreement,
    make_client: Callable[..., Client],
    clock: ManualClock,
) -> None:
    """Mistake 2: a withdrawn draft for next year would cut the site on 1 January, with an agreement in force."""
    draft = new_file(session, people.admin, partner, clock, number="CONV-2027", starts_on=dt.date(2027, 1, 1))
    take_step(session, people.admin, draft, StepKind.WITHDRAWN, at=clock.now(), reason="abandon")
    session.expire_all()
    client = make_client()
    assert [(each.agreement.number, each.valid_to_on) for each in client.bindings] == [(running.number, None)]
    assert gate_at(client, dt.datetime(2027, 1, 2, tzinfo=dt.UTC)).access is Access.OPEN


def test_2_a_file_that_may_come_to_nothing_takes_no_day_from_an_agreement_in_force(
    session: Session,
    people: Any,
    partner: Partner,
    running: Agreement,
    make_client: Callable[..., Client],
    clock: ManualClock,
) -> None:
    """Mistake 2, R34: a draft for next year that nobody finished would cut a new site on 1 January."""
    new_file(session, people.admin, partner, clock, number="CONV-2027", starts_on=dt.date(2027, 1, 1))
    follows = running.hard_end_on + dt.timedelta(days=1)
    later = new_file(
        session, people.admin, partner, clock, number="SUITE", starts_on=follows, hard_end_on=dt.date(2033, 12, 31)
    )
    session.expire_all()
    client = make_client()
    bound = [(each.agreement, each.valid_from_on, each.valid_to_on) for each in client.bindings]
    assert bound == [(running, running.starts_on, running.hard_end_on), (later, follows, None)]
    assert gate_at(client, dt.datetime(2027, 1, 2, tzinfo=dt.UTC)).access is Access.OPEN


def test_2_a_binding_follows_the_first_day_of_a_file_in_preparation(
    session: Session, people: Any, partner: Partner, make_client: Callable[..., Client], clock: ManualClock
) -> None:
    """Mistake 2, 6.2: the site is registered early, the first day comes earlier: both begin together."""
    file = new_file(session, people.reviewer, partner, clock, starts_on=dt.date(2027, 1, 1))
    session.expire_all()
    client = make_client(published=False)
    for first in (dt.date(2026, 6, 1), dt.date(2026, 9, 1)):
        edit_draft(session, people.reviewer, file, at=clock.now(), starts_on=first)
        assert [(each.valid_from_on, each.valid_to_on) for each in client.bindings] == [(first, None)]


def test_2_an_agreement_that_is_over_takes_no_day_from_one_that_is_not(
    session: Session,
    people: Any,
    partner: Partner,
    running: Agreement,
    make_client: Callable[..., Client],
    clock: ManualClock,
) -> None:
    """Mistake 2: a second agreement began a month after the first and was ended a month later."""
    clock.advance(days=31)
    second = new_file(session, people.admin, partner, clock, number="CONV-2")
    examine(session, people.admin, people.reviewer, people.dpo, second, clock)
    conclude(session, people.reviewer, second, clock)
    ends: dict[str, Any] = {"confirmation": "villeurbanne", "settings": SETTINGS, "at": clock.now()}
    terminate(session, people.admin, second, last_on=paris_date(clock.now()), cause="doublon", **ends)
    clock.advance(days=2)
    session.expire_all()
    assert [each.agreement for each in make_client().bindings] == [running]


def test_2_a_binding_to_a_file_that_was_set_aside_makes_room(
    session: Session, people: Any, partner: Partner, make_client: Callable[..., Client], clock: ManualClock
) -> None:
    """Mistake 2: the file was withdrawn after the client was registered; the next one starts on the same day."""
    draft = new_file(session, people.admin, partner, clock, number="CONV-1")
    session.expire_all()
    client = make_client(published=False)
    take_step(session, people.admin, draft, StepKind.WITHDRAWN, at=clock.now(), reason="abandon")
    again = new_file(session, people.admin, partner, clock, number="CONV-2")
    bind(session, people.admin, client, again, from_on=again.starts_on, at=clock.now())
    session.commit()
    session.refresh(client)
    assert [each.agreement for each in client.bindings] == [again]
    (told,) = entries(session, action="client.bound")
    assert told.before["replaced"][0]["agreement"] == "CONV-1"


@pytest.mark.parametrize(
    ("signed", "transmitted", "notified", "says"),
    [
        ("2026-02-27", None, None, "ne peut pas suivre la signature"),
        ("2026-03-01", "2026-02-28", None, "la transmission ne précède pas la signature"),
        ("2026-03-01", "2026-03-01", "2026-02-28", "la notification ne précède pas la signature"),
        ("2026-03-01", "2026-03-02", "2026-03-01", "la notification ne précède pas la transmission"),
        ("2026-03-03", None, None, "à venir"),
    ],
)
def test_3_dates_follow_each_other(
    session: Session,
    people: Any,
    partner: Partner,
    clock: ManualClock,
    signed: str,
    transmitted: str | None,
    notified: str | None,
    says: str,
) -> None:
    """Mistake 3: decision, signature, transmission, notification, in this order."""
    file = new_file(session, people.admin, partner, clock)
    examine(session, people.admin, people.reviewer, people.dpo, file, clock)
    for body in CouncilBody:
        add_decision(
            session, people.admin, file, body=body, number="1", decided_on=dt.date(2026, 2, 28), at=clock.now()
        )
    add_document(session, people.admin, file, kind=DocumentKind.AGREEMENT, name="c.pdf", content=PDF, at=clock.now())
    day = dt.date.fromisoformat

    def record() -> None:
        sign(session, people.reviewer, file, on=day(signed), at=clock.now())
        transmit(session, people.reviewer, file, on=day(transmitted or ""), receipt="AR", at=clock.now())
        notify(session, people.reviewer, file, on=day(notified or ""), at=clock.now())

    with pytest.raises(InputError, match=says):
        record()


def test_3_no_agreement_of_the_framework_ends_after_2023(
    session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """Mistake 3, R33: neither when it is drafted nor when it is edited."""
    facts = {"framework": "GNM 2019-2023", "starts_on": dt.date(2020, 1, 1), "hard_end_on": dt.date(2024, 1, 1)}
    with pytest.raises(InputError, match="au plus tard le 31 décembre 2023"):
        new_file(session, people.admin, partner, clock, **facts)
    file = new_file(session, people.admin, partner, clock, **facts | {"hard_end_on": dt.date(2023, 12, 31)})
    with pytest.raises(InputError, match="au plus tard le 31 décembre 2023"):
        edit_draft(session, people.admin, file, at=clock.now(), hard_end_on=dt.date(2026, 12, 31))


def test_3_correcting_dates_does_not_put_an_unexamined_draft_in_force(
    session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """Mistake 3; R31, 6.2: an act is recorded at its stage, after the instruction and its second person."""
    file = new_file(session, people.admin, partner, clock)
    for name in ("signed_on", "transmitted_on", "notified_on"):
        with pytest.raises(Conflict, match="n’est pas encore enregistré"):
            correct(session, people.admin, file, at=clock.now(), reason="oubli", **{name: paris_date(clock.now())})
    assert status_at(file, clock.now()) is AgreementStatus.DRAFT


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"notified_on": None}, "ne s’efface pas"),
        ({"signed_on": None}, "ne s’efface pas"),
        ({"notified_on": dt.date(2029, 1, 1)}, "à venir"),
        ({"signed_on": dt.date(2026, 3, 1)}, "une délibération précède la signature"),
    ],
)
def test_3_a_corrected_date_is_still_one_that_could_be_recorded(
    session: Session, people: Any, running: Agreement, clock: ManualClock, changes: dict[str, Any], says: str
) -> None:
    """Mistake 3: no running agreement is cut by a correction; what both councils decided on 2 March is signed after."""
    with pytest.raises(InputError, match=says):
        correct(session, people.admin, running, at=clock.now(), reason="faute de frappe", **changes)
    session.refresh(running)
    assert status_at(running, clock.now()) is AgreementStatus.IN_FORCE


def test_3_a_date_that_was_typed_wrong_is_corrected_and_one_nobody_knew_is_completed(
    session: Session, people: Any, running: Agreement, clock: ManualClock
) -> None:
    """What was notified was signed: its date may become known later, as for the agreements of 2019."""
    clock.advance(days=10)
    day = dt.date(2026, 3, 3)
    correct(session, people.admin, running, at=clock.now(), reason="faute de frappe", notified_on=day)
    assert running.notified_on == day
    lyon = find_partner(session, "lyon").agreements[-1]
    assert lyon.signed_on is None
    correct(session, people.admin, lyon, at=clock.now(), reason="retrouvée", signed_on=lyon.notified_on)
    assert lyon.signed_on == lyon.notified_on


def test_3_a_notice_of_non_renewal_ends_nothing_in_the_past(
    session: Session, people: Any, running: Agreement, clock: ManualClock
) -> None:
    """R32, A7: the agreement goes on until 31 December, whatever day is typed."""
    clock.set(dt.datetime(2027, 3, 2, 11, tzinfo=dt.UTC))
    options: dict[str, Any] = {"sender": "la commune", "settings": SETTINGS, "at": clock.now()}
    with pytest.raises(InputError, match="elle aurait mis fin à la convention le 31/12/2026"):
        refuse_renewal(session, people.admin, running, received_on=dt.date(2026, 6, 1), **options)
    session.refresh(running)
    with pytest.raises(InputError, match="commence le 02/03/2026"):
        refuse_renewal(session, people.admin, running, received_on=dt.date(2026, 3, 1), **options)
    assert status_at(running, clock.now()) is AgreementStatus.IN_FORCE
    refuse_renewal(session, people.admin, running, received_on=dt.date(2026, 11, 1), **options)
    assert last_day(running) == dt.date(2027, 12, 31)


def test_15_one_notice_of_non_renewal_counts(
    session: Session, people: Any, running: Agreement, clock: ManualClock
) -> None:
    """Mistake 15, A7: what was received in time is not replaced by a later letter, even while access is suspended."""
    options: dict[str, Any] = {"settings": SETTINGS, "at": clock.now()}
    refuse_renewal(session, people.admin, running, received_on=dt.date(2026, 3, 2), sender="le maire", **options)
    assert last_day(running) == dt.date(2026, 12, 31)
    clock.set(dt.datetime(2026, 11, 2, 11, tzinfo=dt.UTC))
    options["at"] = clock.now()
    suspend(session, people.admin, running, reason="fuite", confirmation="villeurbanne", **options)
    with pytest.raises(Conflict, match="déjà dénoncée"):
        refuse_renewal(session, people.admin, running, received_on=dt.date(2026, 11, 1), sender="le maire", **options)
    assert last_day(running) == dt.date(2026, 12, 31)


def test_1_an_agreement_continues_one_of_its_own_partner_and_never_itself(
    session: Session, people: Any, running: Agreement, clock: ManualClock
) -> None:
    """Mistake 1, A17: a follow-on framework takes services over from its own commune's earlier agreement."""
    options: dict[str, Any] = {"offer": Offer.RESTRICTED, "framework": "Suite", "at": clock.now()}
    days: dict[str, Any] = {"starts_on": dt.date(2030, 1, 1), "hard_end_on": dt.date(2034, 12, 31)}
    new = {**options, **days, "partner": running.partner}
    bron = find_partner(session, "bron").agreements[-1]
    with pytest.raises(InputError, match="est d’un autre partenaire"):
        draft_agreement(session, people.admin, number="SUITE", predecessor=bron, **new)
    made = draft_agreement(session, people.admin, number="SUITE", predecessor=running, **new)
    session.flush()
    last = draft_agreement(session, people.admin, number="FIN", predecessor=made, **new)
    session.flush()
    for wrong, says in ((bron, "autre partenaire"), (made, "ne se continue pas elle-même"), (last, "elle-même")):
        with pytest.raises(InputError, match=says):
            edit_draft(session, people.admin, made, at=clock.now(), predecessor=wrong)
    assert made.predecessor is running


def test_3_a_notice_takes_a_year_at_most(session: Session, people: Any, partner: Partner, clock: ManualClock) -> None:
    """A8: beyond twelve months there is no deadline within the year that a notice would end."""
    file = new_file(session, people.reviewer, partner, clock)
    with pytest.raises(InputError, match="préavis de dénonciation est de 12 mois au plus"):
        edit_draft(session, people.reviewer, file, at=clock.now(), notice_months=13)


def test_7_a_portal_elsewhere_is_for_whoever_sets_the_domains(
    session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """Mistake 7: the portal's host is a domain of production, so that its applicant would choose its own domains."""
    applicant = for_partner(people.applicant, partner)
    for elsewhere in ("https://attaquant.example/", None):
        with pytest.raises(Forbidden, match="administrateur du registre"):
            edit_partner(session, applicant, partner, at=clock.now(), portal_url=elsewhere)
    edit_partner(session, applicant, partner, at=clock.now(), portal_url="https://www.villeurbanne.example/accueil")
    edit_partner(session, people.admin, partner, at=clock.now(), portal_url="https://ville.example/")
    assert partner.portal_url == "https://ville.example/"


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("http://www.villeurbanne.example/retour", "https"),
        ("https://*.villeurbanne.example/retour", "exacte"),
        ("https://www.villeurbanne.example/*", "exacte"),
        ("https://localhost/retour", "machine locale"),
        ("https://127.0.0.1/retour", "machine locale"),
        ("https://www.villeurbanne.example/retour#ici", "fragment"),
        ("https://www.bron.example/retour", "n’est pas un domaine de ce partenaire"),
        ("https://villeurbanne.example.attaquant.example/retour", "n’est pas un domaine de ce partenaire"),
    ],
)
def test_7_a_redirect_uri_of_production_is_exact_https_and_the_partners_own(
    running: Agreement, make_client: Callable[..., Client], uri: str, says: str
) -> None:
    """Mistake 7."""
    with pytest.raises(InputError, match=says):
        make_client(redirect_uris=(uri,))


def test_7_two_partners_do_not_share_a_redirect_uri(
    session: Session, people: Any, running: Agreement, make_client: Callable[..., Client]
) -> None:
    """Mistake 7."""
    make_client()
    find_partner(session, "bron").domains = ["villeurbanne.example"]
    with pytest.raises(Conflict, match=r"d’un autre partenaire \(villeurbanne\)"):
        make_client("bron")


def test_8_claims_stay_within_the_declared_purposes(
    session: Session, running: Agreement, make_client: Callable[..., Client]
) -> None:
    """Mistake 8: ticking every claim is refused, with the claims that are too many."""
    phone = {"name": "phone_number", "source": "mobile_phone", "scopes": ["profile"]}
    with pytest.raises(InputError, match=r"phone_number\. Retirez ces données du client, ou déclarez-les"):
        make_client(claims=(*GLC_CLAIMS, phone))


@pytest.mark.parametrize(
    ("rule", "lacking"),
    [
        ({"name": "given_name", "source": "{{ email }} {{ birthdate }}"}, "birthdate, email"),
        ({"name": "given_name", "source": "django_user_email"}, "email"),
        ({"name": "given_name", "source": "{{ username }}"}, "email"),
        ({"name": "ville", "source": "{{ city }}"}, "city, ville"),
    ],
)
def test_8_what_a_claim_is_made_from_is_declared_too(
    session: Session,
    running: Agreement,
    make_client: Callable[..., Client],
    clock: ManualClock,
    rule: dict[str, Any],
    lacking: str,
) -> None:
    """Mistake 8, 4.5: no claim goes out under another one's name, neither at save nor at run time."""
    running.partner.processings[0].purposes[0].claims = {"given_name": "saluer"}
    rules = ({**rule, "scopes": ["profile"]},)
    with pytest.raises(InputError, match=f" : {lacking}\\."):
        make_client(claims=rules)
    plain = {"name": "given_name", "source": "first_name", "scopes": ["profile"]}
    client = make_client(claims=(plain,))
    client.published.claims = list(rules)  # as it may have been published before
    session.flush()
    assert terms_for(session, client.client_id, clock.now()).claims == ()


def test_8_what_is_declared_may_be_put_together(
    session: Session, running: Agreement, make_client: Callable[..., Client], clock: ManualClock
) -> None:
    """4.5: a template of declared claims tells nothing else."""
    whole = {"name": "name", "source": "{{ first_name }} {{ last_name }}", "scopes": ["profile"]}
    running.partner.processings[0].purposes[0].claims |= {"name": "saluer"}
    client = make_client(claims=(*GLC_CLAIMS, whole))
    assert "name" in {each.name for each in terms_for(session, client.client_id, clock.now()).claims}


def test_9_nobody_approves_what_they_submitted(
    session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """Mistake 9."""
    file = new_file(session, people.admin, partner, clock)
    take_step(session, people.reviewer, file, StepKind.SUBMITTED, at=clock.now())
    for somebody in (people.admin, people.reviewer):
        with pytest.raises(Forbidden, match="demandez à un collègue"):
            take_step(session, somebody, file, StepKind.APPROVED, at=clock.now())


def test_9_the_last_administrator_stays(session: Session, people: Any, clock: ManualClock) -> None:
    """Mistake 9."""
    admins = [each for each in held_roles(session, clock.now()) if each.role is Role.ADMIN]
    revoke_role(session, people.admin, admins[0], at=clock.now(), reason="départ")
    with pytest.raises(Conflict, match="donnez d’abord ce rôle à quelqu’un d’autre"):
        revoke_role(session, people.admin, admins[1], at=clock.now(), reason="départ")
    grant_role(session, people.admin, people.citizen.account_id, Role.ADMIN, at=clock.now())
    revoke_role(session, people.admin, admins[1], at=clock.now(), reason="départ")


def test_9_a_role_ends_once(session: Session, people: Any, clock: ManualClock) -> None:
    """Mistake 9: the day on which somebody left is not moved by leaving again."""
    held = next(each for each in held_roles(session, clock.now()) if each.role is Role.DPO)
    revoke_role(session, people.admin, held, at=clock.now(), reason="départ")
    left_at = clock.now()
    clock.advance(days=1)
    with pytest.raises(Conflict, match="a déjà pris fin"):
        revoke_role(session, people.admin, held, at=clock.now(), reason="départ")
    assert held.revoked_at == left_at


def test_9_an_administrator_whose_account_is_deleted_is_nobody(
    app: Flask, session: Session, people: Any, clock: ManualClock
) -> None:
    """Mistake 9: whoever deletes their account leaves the registry too, and the last administrator does neither."""
    leaves, stays = (session.get_one(Account, each.account_id) for each in (people.other_admin, people.admin))
    erase(session, leaves, clock.now())
    admins = [each for each in held_roles(session, clock.now()) if each.role is Role.ADMIN]
    assert [each.account_id for each in admins] == [stays.id]
    with pytest.raises(Conflict, match="donnez d’abord ce rôle à quelqu’un d’autre"):
        revoke_role(session, people.admin, admins[0], at=clock.now(), reason="départ")
    with pytest.raises(Conflict, match="donnez d’abord ce rôle à quelqu’un d’autre"):
        erase(session, stays, clock.now())
    assert stays.erased_at is None


def test_9_a_role_left_by_an_erased_account_does_not_count(session: Session, people: Any, clock: ManualClock) -> None:
    """Mistake 9: roles outlived accounts once."""
    session.get_one(Account, people.other_admin.account_id).erased_at = clock.now()
    admins = [each for each in held_roles(session, clock.now()) if each.role is Role.ADMIN]
    own = next(each for each in admins if each.account_id == people.admin.account_id)
    with pytest.raises(Conflict, match="donnez d’abord ce rôle à quelqu’un d’autre"):
        revoke_role(session, people.admin, own, at=clock.now(), reason="départ")


def test_10_a_trials_secret_does_not_serve_in_production(app: Flask, session: Session, clock: ManualClock) -> None:
    """Mistake 10; a secret is given once, when it is made: nothing else in the registry returns it."""
    site = register_site(app, clock)
    opened = app.extensions["idp"].ring.secrets.open
    with pytest.raises(Conflict, match="laissez-en tirer un au hasard"):
        check_secret_is_new(session, site.secret, opened)
    check_secret_is_new(session, "another", opened)
    assert site.secret not in str([vars(each) for each in find_client(session, site.client_id).secrets])


def test_11_a_secret_is_rotated_with_an_overlap(
    app: Flask,
    session: Session,
    people: Any,
    running: Agreement,
    make_client: Callable[..., Client],
    clock: ManualClock,
) -> None:
    """Mistake 11: both are accepted meanwhile, no third one is made."""
    client = make_client()
    options: dict[str, Any] = {"entropy": SystemEntropy(), "seal": app.extensions["idp"].ring.secrets.seal}
    with pytest.raises(InputError, match="laissez l’ancien secret valide quelque temps"):
        rotate_secret(session, people.admin, client, at=clock.now(), overlap=dt.timedelta(0), **options)
    rotate_secret(session, people.admin, client, at=clock.now(), overlap=dt.timedelta(days=3), **options)
    until = [each.valid_until for each in client.secrets]
    assert until == [clock.now() + dt.timedelta(days=3), None]
    with pytest.raises(Conflict, match="deux secrets sont déjà valides"):
        rotate_secret(session, people.admin, client, at=clock.now(), **options)


@pytest.mark.parametrize(
    "change",
    [
        {"subject_policy": SubjectPolicy.UUID},
        {"redirect_uris": ("https://autre.villeurbanne.example/retour",)},
        {"sector_identifier_uri": "https://autre.villeurbanne.example/secteur"},
    ],
)
def test_12_what_every_sub_depends_on_does_not_change(
    session: Session,
    people: Any,
    running: Agreement,
    make_client: Callable[..., Client],
    clock: ManualClock,
    change: dict[str, Any],
) -> None:
    """Mistake 12: the way is another client."""
    client = make_client()
    wanted = dataclasses.replace(registration_of(client.latest), **change)
    version = draft_version(session, people.admin, client, wanted, at=clock.now())
    submit_version(session, people.admin, version, at=clock.now())
    with pytest.raises(InputError, match="enregistrez un autre client"):
        publish_version(session, people.reviewer, version, at=clock.now(), **WAIVED)


def test_13_a_client_is_archived_never_deleted(
    session: Session, people: Any, running: Agreement, make_client: Callable[..., Client], clock: ManualClock
) -> None:
    """Mistake 13: what it was stays on record."""
    client = make_client()
    archive(session, people.admin, client, at=clock.now(), reason="service fermé")
    assert find_client(session, client.client_id).versions[0].name == "Piscines"
    session.delete(client)
    with pytest.raises(Exception, match=r"FOREIGN|NOT NULL|foreign"):
        session.flush()
    session.rollback()


@pytest.mark.parametrize("act", ["suspend", "terminate"])
def test_14_lyon_is_not_cut_off_by_mistake(session: Session, people: Any, clock: ManualClock, act: str) -> None:
    """Mistake 14: the partner's short name is typed, a reason is given, an administrator decides."""
    lyon = find_partner(session, "lyon").agreements[-1]
    options: dict[str, Any] = {"settings": SETTINGS, "at": clock.now()}
    today = paris_date(clock.now())

    def cut(by: Agent, why: str, typed: str) -> None:
        if act == "suspend":
            suspend(session, by, lyon, reason=why, confirmation=typed, **options)
        else:
            terminate(session, by, lyon, last_on=today, cause=why, confirmation=typed, **options)

    with pytest.raises(InputError, match="tapez le nom court du partenaire : lyon"):
        cut(people.admin, "incident", "oui")
    with pytest.raises(InputError, match="motif"):
        cut(people.admin, " ", "lyon")
    with pytest.raises(Forbidden, match="administrateur du registre"):
        cut(people.reviewer, "incident", "lyon")
    cut(people.admin, "incident", "lyon")


def test_15_an_end_that_passed_is_not_moved(
    session: Session, people: Any, running: Agreement, clock: ManualClock
) -> None:
    """Mistake 15: the end is a term, and an amendment does not revive what is over."""
    with pytest.raises(InputError, match="ouvrez un avenant"):
        correct(session, people.admin, running, at=clock.now(), reason="oubli", hard_end_on=dt.date(2031, 12, 31))
    with pytest.raises(InputError, match="ne ranime pas"):
        open_amendment(
            session,
            people.admin,
            running,
            purpose="prolonger",
            changes={"hard_end_on": "2031-12-31"},
            effective_on=dt.date(2030, 1, 1),
            at=clock.now(),
        )
    clock.set(dt.datetime(2030, 1, 2, tzinfo=dt.UTC))
    with pytest.raises(Conflict, match="n’a pas d’avenant"):
        open_amendment(
            session,
            people.admin,
            running,
            purpose="prolonger",
            changes={"hard_end_on": "2031-12-31"},
            effective_on=dt.date(2030, 1, 3),
            at=clock.now(),
        )


def test_15_an_amendment_does_not_end_the_agreement_before_its_own_effect(
    session: Session, people: Any, running: Agreement, clock: ManualClock
) -> None:
    """Mistakes 3 and 15: access would go on in a year that nobody is billed for."""
    common: dict[str, Any] = {"purpose": "abréger", "changes": {"hard_end_on": "2026-12-31"}}
    with pytest.raises(InputError, match="précède la prise d’effet de l’avenant, le 01/12/2027"):
        open_amendment(session, people.admin, running, effective_on=dt.date(2027, 12, 1), at=clock.now(), **common)
    amendment = open_amendment(
        session, people.admin, running, effective_on=dt.date(2026, 12, 1), at=clock.now(), **common
    )
    take_step(session, people.admin, amendment, StepKind.SUBMITTED, at=clock.now())
    take_step(session, people.reviewer, amendment, StepKind.APPROVED, at=clock.now())
    clock.set(dt.datetime(2027, 2, 1, 11, tzinfo=dt.UTC))
    with pytest.raises(InputError, match="précède la prise d’effet de l’avenant, le 01/02/2027"):
        conclude(session, people.reviewer, amendment, clock)
    assert days_of(running, 2027) == (dt.date(2027, 1, 1), dt.date(2027, 12, 31))


def test_16_a_merger_is_a_successor_and_no_edited_siren(
    session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """Mistake 16: a new name keeps the number; another number is another partner, that succeeds."""
    renamed = rename_partner(
        session,
        people.admin,
        partner,
        from_on=dt.date(2027, 1, 1),
        name="Villeurbanne-la-Neuve",
        legal_name="Ville de Villeurbanne-la-Neuve",
        at=clock.now(),
        reason="délibération",
    )
    assert renamed.siren == "216902668"
    with pytest.raises(InputError, match="commence par le SIREN 216902668"):
        rename_partner(
            session,
            people.admin,
            partner,
            from_on=dt.date(2028, 1, 1),
            name="Autre",
            legal_name="Autre",
            at=clock.now(),
            reason="fusion",
            siret="20010274700011",
        )
    bron = find_partner(session, "bron")
    succeed(session, people.admin, partner, bron, on=dt.date(2027, 1, 1), at=clock.now(), reason="fusion")
    assert partner.holder_on(dt.date(2026, 12, 31)) is partner
    assert partner.holder_on(dt.date(2027, 1, 1)) is bron


def test_16_another_successor_is_named_until_the_day_of_the_merger(
    session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """Mistake 16: a successor mistaken for another is corrected before anything passes to it; the trail keeps both."""
    day, options = dt.date(2027, 1, 1), {"by": people.admin, "reason": "fusion"}
    succeed(session, partner=partner, successor=find_partner(session, "bron"), on=day, at=clock.now(), **options)
    lyon = find_partner(session, "lyon")
    succeed(session, partner=partner, successor=lyon, on=day, at=clock.now(), **options)
    assert partner.holder_on(day) is lyon
    entry = entries(session, action="partner.succeeded")[0]
    assert (entry.before["successor"], entry.after["successor"]) == ("bron", "lyon")
    clock.set(start_of_day(day))
    with pytest.raises(Conflict, match="a déjà un successeur"):
        succeed(session, partner=partner, successor=lyon, on=day, at=clock.now(), **options)


def test_16_a_commune_is_succeeded_by_a_commune_that_is_there(
    session: Session, people: Any, partner: Partner, clock: ManualClock
) -> None:
    """Mistake 16, A16: what the Métropole took over would be served under no agreement, and billed to nobody."""
    metropole, bron = find_partner(session, "metropole"), find_partner(session, "bron")
    options: dict[str, Any] = {"at": clock.now(), "reason": "fusion"}
    for gone, heir in ((bron, metropole), (metropole, bron)):
        with pytest.raises(InputError, match="une commune succède à une commune"):
            succeed(session, people.admin, gone, heir, on=dt.date(2027, 1, 1), **options)
    with pytest.raises(InputError, match="villeurbanne n’est connu que depuis le 02/03/2026"):
        succeed(session, people.admin, bron, partner, on=dt.date(2026, 3, 1), **options)
    assert bron.successor is None


def test_16_what_is_bound_to_the_successors_agreement_is_taken_back_first(
    session: Session, people: Any, running: Agreement, make_client: Callable[..., Client], clock: ManualClock
) -> None:
    """Mistakes 1 and 16: no client is left under the agreement of a commune that took nothing over."""
    day, options = dt.date(2027, 1, 1), {"by": people.admin, "at": clock.now(), "reason": "fusion"}
    client, bron = make_client(), find_partner(session, "bron")
    succeed(session, partner=running.partner, successor=bron, on=day, **options)
    bind(session, people.reviewer, client, bron.agreements[-1], from_on=day, at=clock.now())
    with pytest.raises(Conflict, match="annulez d’abord ces liaisons"):
        succeed(session, partner=running.partner, successor=find_partner(session, "lyon"), on=day, **options)
    assert running.partner.holder_on(day) is bron


@pytest.mark.parametrize("email", ["camille.dupre@villeurbanne.example", "cdupre@villeurbanne.example"])
def test_17_the_dpos_address_is_the_functions(
    session: Session, people: Any, partner: Partner, clock: ManualClock, email: str
) -> None:
    """Mistake 17: the message says which address to give."""
    with pytest.raises(InputError, match=r"dpo@…"):
        add_contact(
            session, people.admin, partner, role=ContactRole.DPO, name="Camille Dupré", email=email, at=clock.now()
        )


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("69383", "arrondissement de Lyon, pas une commune : enregistrez Lyon"),
        ("69264", "n’est pas une commune de la Métropole"),  # Villefranche-sur-Saône, in the Rhône
        ("75056", "n’est pas une commune de la Métropole"),
        ("216901496", "n’existe plus depuis le 01/01/2024 ; commune qui en tient lieu : Oullins-Pierre-Bénite"),
        ("123456789", "sa clé est fausse"),
    ],
)
def test_18_only_communes_of_the_metropole_are_registered(
    session: Session, people: Any, clock: ManualClock, code: str, says: str
) -> None:
    """Mistake 18, reading A10."""
    with pytest.raises(InputError, match=says):
        register_partner(session, people.reviewer, code=code, at=clock.now())


def test_18_a_commune_to_come_is_registered_once_it_is_there(session: Session, people: Any, clock: ManualClock) -> None:
    """Mistake 18, A10: in 2023 Oullins-Pierre-Bénite was known by its number and did not exist yet."""
    clock.set(dt.datetime(2023, 12, 31, 22, 59, 59, tzinfo=dt.UTC))
    with pytest.raises(InputError, match="n’existe qu’à partir du 01/01/2024"):
        register_partner(session, people.admin, code="200102747", at=clock.now(), slug="opb")


def test_19_dates_are_lyons(session: Session, people: Any, running: Agreement, clock: ManualClock) -> None:
    """Mistake 19, reading A18: at 23:30 UTC on 31 May it is 1 June in Lyon, and an act of that day may be recorded."""
    clock.set(dt.datetime(2026, 5, 31, 23, 30, tzinfo=dt.UTC))
    decided = {"body": CouncilBody.PARTNER, "number": "7", "at": clock.now()}
    amendment = open_amendment(
        session,
        people.admin,
        running,
        purpose="passer à l’offre globale",
        changes={"offer": Offer.GLOBAL.value},
        effective_on=dt.date(2026, 7, 1),
        at=clock.now(),
    )
    add_decision(session, people.admin, amendment, decided_on=dt.date(2026, 6, 1), **decided)
    with pytest.raises(InputError, match="à venir"):
        add_decision(session, people.admin, amendment, decided_on=dt.date(2026, 6, 2), **decided)
