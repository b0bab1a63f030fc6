"""What the deliberation of 2018 says of the partners, their services and their agreements (rules R1 to R16, R36)."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from onboarding import PDF, new_file, new_partner
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.entropy import SystemEntropy
from glc.errors import InputError
from glc.settings import Settings
from partner_registry.agreements.amendments import open_amendment
from partner_registry.agreements.documents import add_document
from partner_registry.agreements.interruptions import gap_before, grant_derogation, refuse_renewal
from partner_registry.agreements.onboarding import remarks
from partner_registry.agreements.status import (
    AgreementStatus,
    amendment_status_at,
    effective_on,
    last_day,
    notice_deadline,
    status_at,
    terms_on,
)
from partner_registry.billing.runs import preview_agreements
from partner_registry.clients.life import register_client
from partner_registry.clients.registration import ClientRegistration
from partner_registry.gate import GRU_SCOPES
from partner_registry.models import (
    Agreement,
    AgreementKind,
    Commune,
    DocumentKind,
    Environment,
    GnmService,
    Offer,
    Partner,
)
from partner_registry.partners.life import find_partner, register_partner


def of_lyon(session: Session) -> dict[str, Agreement]:
    """Lyon's agreements by number."""
    return {each.number: each for each in find_partner(session, "lyon").agreements}


def test_the_date_of_the_report_is_kept_apart_from_the_vote_s(session: Session) -> None:
    """R1, R2: decision 2018/4385, report of 5 December 2018; the sitting's date is unknown and stays so."""
    framework = of_lyon(session)["GNM-2019-lyon"]
    (decision,) = framework.decisions
    assert (decision.number, decision.decided_on) == ("2018/4385", None)
    assert framework.reported_on == dt.date(2018, 12, 5)


def test_the_experiment_is_the_same_platform_under_an_earlier_name(session: Session) -> None:
    """R3, R4, R6: an agreement of another kind, not another system; it ends where the framework begins."""
    agreements = of_lyon(session)
    experiment, framework = agreements["CUT-2017-lyon"], agreements["GNM-2019-lyon"]
    assert experiment.kind is AgreementKind.EXPERIMENT
    assert [(each.number, each.decided_on) for each in experiment.decisions] == [("2017/3250", dt.date(2017, 9, 27))]
    assert (experiment.starts_on, experiment.hard_end_on) == (dt.date(2017, 12, 1), dt.date(2018, 12, 31))
    assert framework.predecessor is experiment
    assert gap_before(framework) is None


def test_an_account_among_56_000_is_found_by_an_index(session: Session) -> None:
    """R7: what a login looks up does not grow with the number of accounts."""
    query = "EXPLAIN QUERY PLAN SELECT id FROM account WHERE email_key = 'camille.dupre@citoyen.example'"
    plan = " ".join(str(row) for row in session.execute(sa.text(query)))
    assert "USING" in plan
    assert "INDEX" in plan
    assert "SCAN" not in plan


def test_the_founding_partners_are_five(session: Session) -> None:
    """R8: Bron, Dardilly, Oullins, Vaulx-en-Velin and Lyon; the flag is explicit (A5)."""
    founding = session.scalars(sa.select(Agreement).where(Agreement.founding_partner.is_(True)))
    names = {each.partner.slug for each in founding}
    assert names == {"bron", "dardilly", "oullins", "vaulx-en-velin", "lyon"}


def test_any_commune_of_the_metropole_may_join(session: Session, people: Any, clock: ManualClock) -> None:
    """R9, reading A10: each of the 58 of today that is no partner yet."""
    known = {identity.siren for partner in session.scalars(sa.select(Partner)) for identity in partner.identities}
    living = session.scalars(sa.select(Commune).where(Commune.exists_until_on.is_(None))).all()
    assert len(living) == 58
    joined = [
        register_partner(session, people.reviewer, code=each.siren, at=clock.now())
        for each in living
        if each.siren not in known
    ]
    assert len(joined) == 53
    assert len({each.slug for each in joined}) == 53


def test_lyon_s_record_holds_who_asked_and_where_it_is_charged(session: Session) -> None:
    """R10, R11: the four codes, and credits that nobody said were voted."""
    framework = of_lyon(session)["GNM-2019-lyon"]
    assert "DSIT" in framework.notes
    assert "Sandrine FRIH" in framework.notes
    budget = (
        framework.budget_program,
        framework.budget_operation,
        framework.budget_nature,
        framework.budget_function,
    )
    assert budget == ("RECIT", "GESTSI", "62878", "020")
    assert [each.budget_voted for each in framework.years if each.budget_voted is not None] == []


def test_the_guichet_gives_access_to_four_services() -> None:
    """R12; the agents' tools alone are what the restricted offer leaves out (R13, reading A13)."""
    assert {each.name for each in GnmService} == {"GRANDLYONCONNECT", "TOODEGO", "GRU", "SUPPORT"}
    assert {"gru"} == GRU_SCOPES


def test_the_price_does_not_depend_on_which_services_are_used(
    session: Session, app: Flask, people: Any, clock: ManualClock
) -> None:
    """R14: a partner of the global offer need not switch everything on; its fee is the same."""
    before = preview_agreements(session, 2020)
    register_client(
        session,
        people.admin,
        "bron",
        ClientRegistration(name="Agents", redirect_uris=("https://gru.bron.example/retour",)),
        at=clock.now(),
        entropy=SystemEntropy(),
        seal=app.extensions["idp"].ring.secrets.seal,
        environment=Environment.PRODUCTION,
        service=GnmService.GRU,
    )
    after = preview_agreements(session, 2020)
    assert after.total_cents == before.total_cents > 0


def test_lyon_is_equipped_takes_the_restricted_offer_and_receives_its_users_first(session: Session) -> None:
    """R15: article 4.1; its users are sent first to lyon.fr."""
    lyon = find_partner(session, "lyon")
    framework = of_lyon(session)["GNM-2019-lyon"]
    assert (framework.offer, framework.already_equipped, framework.clause) == (Offer.RESTRICTED, True, "4.1")
    assert lyon.portal_url == "https://www.lyon.fr/"
    assert not any("Offre restreinte" in each.told() for each in remarks(framework))


@pytest.mark.parametrize("kind", [DocumentKind.AGREEMENT, DocumentKind.FINANCIAL_ANNEX, DocumentKind.ANNEX])
def test_an_agreement_keeps_its_documents_with_their_digest(
    session: Session, people: Any, clock: ManualClock, kind: DocumentKind
) -> None:
    """R36: terms, financial annex and others; a PDF, named and proven by its SHA-256."""
    file = new_file(session, people.admin, new_partner(session, people.reviewer, clock), clock)
    kept = add_document(session, people.admin, file, kind=kind, name="a/b\\annexe 3.pdf", content=PDF, at=clock.now())
    assert kept.name == "annexe 3.pdf"
    assert kept.sha256 == hashlib.sha256(PDF).hexdigest()
    with pytest.raises(InputError, match="n’est pas un PDF"):
        add_document(session, people.admin, file, kind=kind, name="x.pdf", content=b"PK\x03\x04", at=clock.now())


def test_a_gap_is_seen_and_a_derogation_covers_it(session: Session, people: Any, clock: ManualClock) -> None:
    """Reading A6, R31, R34: notified on 10 January 2019, effect that day; the nine days before are a gap."""
    framework = of_lyon(session)["GNM-2019-lyon"]
    framework.notified_on = dt.date(2019, 1, 10)
    framework.signed_on = dt.date(2018, 12, 20)
    assert effective_on(framework) == dt.date(2019, 1, 10)
    assert gap_before(framework) == (dt.date(2019, 1, 1), dt.date(2019, 1, 9))
    days = {"from_on": dt.date(2019, 1, 1), "at": dt.datetime(2019, 1, 2, 12, tzinfo=dt.UTC)}
    with pytest.raises(InputError, match="motif"):
        grant_derogation(session, people.admin, framework, until_on=dt.date(2019, 1, 9), reason=" ", **days)
    with pytest.raises(InputError, match="a déjà effet"):
        grant_derogation(session, people.admin, framework, until_on=dt.date(2019, 1, 10), reason="continuité", **days)
    made = grant_derogation(
        session, people.admin, framework, until_on=dt.date(2019, 1, 9), reason="continuité du service", **days
    )
    assert made.account_id == people.admin.account_id


def test_the_agreement_goes_on_each_january_until_a_notice_in_time(
    session: Session, people: Any, clock: ManualClock
) -> None:
    """R32, readings A7 and A8: renewed without any act; a notice ends the year if it came by 30 September (assumed),
    else the next one."""
    bron = find_partner(session, "bron").agreements[0]
    assert [notice_deadline(bron, year) for year in (2020, 2021)] == [dt.date(2020, 9, 30), dt.date(2021, 9, 30)]
    clock.set(dt.datetime(2020, 10, 15, 12, tzinfo=dt.UTC))
    assert last_day(bron) == dt.date(2023, 12, 31)
    for received, last in ((dt.date(2020, 9, 30), 2020), (dt.date(2020, 10, 1), 2021)):
        bron.renewal_refused_on = None
        who: dict[str, Any] = {"sender": "Ville de Bron", "settings": Settings(), "at": clock.now()}
        refuse_renewal(session, people.reviewer, bron, received_on=received, **who)
        assert last_day(bron) == dt.date(last, 12, 31)
        assert status_at(bron, clock.now()) is AgreementStatus.DENOUNCED


def test_a_smaller_offer_waits_for_january_and_a_larger_one_for_its_amendment(
    session: Session, people: Any, clock: ManualClock
) -> None:
    """Reading A12."""
    bron, lyon = find_partner(session, "bron").agreements[-1], find_partner(session, "lyon").agreements[-1]
    common = {"purpose": "changer d’offre", "at": clock.now()}
    with pytest.raises(InputError, match="1er janvier"):
        open_amendment(
            session,
            people.admin,
            bron,
            changes={"offer": "RESTRICTED"},
            effective_on=dt.date(2026, 7, 1),
            **common,
        )
    smaller = open_amendment(
        session, people.admin, bron, changes={"offer": "RESTRICTED"}, effective_on=dt.date(2027, 1, 1), **common
    )
    larger = open_amendment(
        session, people.admin, lyon, changes={"offer": "GLOBAL"}, effective_on=dt.date(2026, 7, 1), **common
    )
    for amendment in (smaller, larger):
        amendment.notified_on = dt.date(2026, 3, 2)
    offers = [terms_on(bron, dt.date(year, 1, 1)).offer for year in (2026, 2027)]
    assert offers == [Offer.GLOBAL, Offer.RESTRICTED]
    assert [terms_on(lyon, dt.date(2026, month, 1)).offer for month in (6, 7)] == [Offer.RESTRICTED, Offer.GLOBAL]


def test_a_smaller_offer_notified_too_late_waits_for_the_next_january(
    session: Session, people: Any, clock: ManualClock
) -> None:
    """Reading A12: the year goes on with the offer that it began with, and is paid for."""
    bron = find_partner(session, "bron").agreements[-1]
    amendment = open_amendment(
        session,
        people.admin,
        bron,
        purpose="changer d’offre",
        changes={"offer": "RESTRICTED"},
        effective_on=dt.date(2027, 1, 1),
        at=clock.now(),
    )
    amendment.notified_on = dt.date(2027, 2, 15)
    days = (dt.date(2027, 2, 15), dt.date(2027, 12, 31), dt.date(2028, 1, 1))
    assert [terms_on(bron, day).offer for day in days] == [Offer.GLOBAL, Offer.GLOBAL, Offer.RESTRICTED]
    in_spring = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
    assert amendment_status_at(amendment, in_spring) is AgreementStatus.PENDING_START


def test_a_commune_without_tools_may_take_the_restricted_offer_and_is_asked_twice(
    session: Session, people: Any, clock: ManualClock
) -> None:
    """Reading A14; A11: a first day within the year is charged whole, which the file says too."""
    file = new_file(session, people.admin, new_partner(session, people.reviewer, clock), clock)
    told = [each.told() for each in remarks(file)]
    assert any("Offre restreinte sans outils" in each for each in told)
    assert any("l’année entière est due" in each for each in told)


def test_the_metropole_signs_nothing_with_itself(session: Session, people: Any, clock: ManualClock) -> None:
    """Reading A16."""
    with pytest.raises(InputError, match="A16"):
        new_file(session, people.admin, find_partner(session, "metropole"), clock)


def test_a_new_framework_is_a_new_agreement(session: Session) -> None:
    """Reading A17: what was signed in 2018 still says so."""
    framework, follow_on = of_lyon(session)["GNM-2019-lyon"], of_lyon(session)["SIMULATEUR-2024-lyon"]
    assert framework.hard_end_on == dt.date(2023, 12, 31)
    assert follow_on.framework != framework.framework
