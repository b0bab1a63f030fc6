"""A year's billing run: computed while it is a draft, frozen when a second person validates it (reference, 5.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from registry.conftest import issue
from sqlalchemy.orm import Session

from glc.audit import AuditEntry
from glc.errors import Conflict, Forbidden, InputError
from partner_registry.agents import OPERATOR
from partner_registry.billing.runs import (
    RunState,
    counter_line,
    discard_run,
    draft_of,
    draft_of_year,
    is_undone,
    issue_run,
    lines_for,
    lines_of,
    prepare_run,
    run_state,
    set_budget_voted,
    validate_run,
)
from partner_registry.billing.tariff import save_tariff
from partner_registry.models import (
    Agreement,
    BillingLine,
    BillingRun,
    CouncilBody,
    CouncilDecision,
    LegalPopulation,
    Offer,
    PopulationKind,
    TariffBracket,
)
from partner_registry.partners.life import find_partner


@pytest.fixture
def now(lyon_time: Callable[[str], dt.datetime]) -> dt.datetime:
    """Spring of 2024: every year of the framework is over."""
    return lyon_time("2024-03-01T10:00")


@pytest.fixture
def issued(session: Session, people: Any, now: dt.datetime) -> BillingRun:
    """The run of 2019, issued."""
    return issue(session, people, 2019, at=now)


def line_of(run: BillingRun, name: str) -> BillingLine:
    """The first line of a debtor."""
    return next(line for line in run.lines if line.partner_name == name)


def test_a_run_goes_from_draft_to_validated_to_issued(session: Session, people: Any, now: dt.datetime) -> None:
    """Reference, 5.3."""
    run = prepare_run(session, people.reviewer, 2019, at=now)
    assert (run_state(run), len(draft_of(session, run).lines), run.lines) == (RunState.DRAFT, 5, [])
    with pytest.raises(Conflict, match="attend une campagne validée"):
        issue_run(session, people.admin, run, at=now)
    validate_run(session, people.other_reviewer, run, at=now)
    assert (run_state(run), len(run.lines)) == (RunState.VALIDATED, 5)
    issue_run(session, people.reviewer, run, at=now)
    assert run_state(run) is RunState.ISSUED
    for act in (validate_run, issue_run):
        with pytest.raises(Conflict, match="celle-ci est : émise"):
            act(session, people.other_reviewer, run, at=now)
    with pytest.raises(Conflict, match="celle-ci est : émise"):
        draft_of(session, run)
    trail = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == f"billing_run:{run.id}")).all()
    assert [(each.action, each.after.get("total_cents")) for each in trail] == [
        ("billing.prepared", None),
        ("billing.validated", 2_910_000),
        ("billing.issued", 2_910_000),
    ]


def test_the_preparer_does_not_validate_nor_does_the_command_line_alone(
    session: Session, people: Any, now: dt.datetime
) -> None:
    """Four eyes (reference, 5.3; mistake 9)."""
    run = prepare_run(session, people.reviewer, 2020, at=now)
    with pytest.raises(Forbidden, match="une autre personne"):
        validate_run(session, people.reviewer, run, at=now)
    with pytest.raises(Forbidden, match="dites qui décide"):
        validate_run(session, OPERATOR, run, at=now)
    for agent in (people.applicant, people.dpo, people.auditor, people.citizen):
        with pytest.raises(Forbidden):
            validate_run(session, agent, run, at=now)
        with pytest.raises(Forbidden):
            prepare_run(session, agent, 2021, at=now)
    assert run_state(run) is RunState.DRAFT


def test_a_validated_line_stands_by_itself(session: Session, people: Any, now: dt.datetime) -> None:
    """Reference, 5.3; R1, R2, R11, R15, R16, R30: the whole basis, whatever changes afterwards."""
    lyon = session.scalars(sa.select(Agreement).where(Agreement.number == "GNM-2019-lyon")).one()
    lyon.chorus_service_code, lyon.commitment_number = "FACTURES", "E-2019-42"
    lyon.decisions.append(
        CouncilDecision(body=CouncilBody.METROPOLE, number="2018-3216", decided_on=dt.date(2018, 12, 10))
    )
    run = prepare_run(session, people.reviewer, 2019, at=now)
    validate_run(session, people.other_reviewer, run, at=now)
    lyon.offer, lyon.budget_nature = Offer.GLOBAL, "0"
    session.get_one(LegalPopulation, ("216901231", dt.date(2019, 1, 1))).municipal = 1
    session.execute(sa.update(TariffBracket).values(global_cents=100, restricted_cents=100))
    session.commit()
    session.expire_all()
    line = line_of(run, "Ville de Lyon")
    kept = {
        each.key: getattr(line, each.key)
        for each in sa.inspect(BillingLine).column_attrs
        if each.key not in {"id", "run_id", "agreement_id"}
    }
    assert kept == {
        "year": 2019,
        "attempt": 1,
        "counters_id": None,
        "reason": "",
        "written_at": now,
        "from_on": dt.date(2019, 1, 1),
        "until_on": dt.date(2019, 12, 31),
        "tariff": "GNM 2019-2023 : article 9 et annexe 3 de la convention",
        "agreement_number": "GNM-2019-lyon",
        "partner_name": "Ville de Lyon",
        "siren": "216901231",
        "siret": "21690123100011",
        "insee_code": "69123",
        "chorus_service_code": "FACTURES",
        "commitment_number": "E-2019-42",
        "budget": "programme RECIT, opération GESTSI, nature 62878, fonction 020",
        "council_decision": "2018/4385 (commune) ; 2018-3216 du 10/12/2018 (Métropole)",
        "population": 515_695,
        "population_kind": PopulationKind.MUNICIPAL,
        "census_year": 2016,
        "population_source": "INSEE, populations légales, via Etalab (Licence Ouverte)",
        "bracket": "FROM_80000",
        "bracket_wording": "> 80 000",
        "offer": Offer.RESTRICTED,
        "base_cents": 1_400_000,
        "discount_percent": 50,
        "discount_cents": 700_000,
        "due_cents": 700_000,
        "basis": "515 695 hab. (municipale, 2016) → tranche > 80 000, offre restreinte 14 000 € ; "
        "remise partenaires initiaux 50 % : 7 000 €",
    }


@pytest.mark.parametrize("state", [RunState.VALIDATED, RunState.ISSUED])
@pytest.mark.parametrize(
    "tamper",
    [
        lambda session, run: setattr(run.lines[0], "due_cents", 1),
        lambda session, run: setattr(run.lines[0], "basis", ""),
        lambda session, run: setattr(run.lines[0], "run_id", 99),
        lambda session, run: session.delete(run.lines[0]),
        lambda session, run: session.delete(run),
        lambda session, run: setattr(run, "year", 2020),
        lambda session, run: setattr(run, "preparer_id", None),
        lambda session, run: setattr(run, "validated_at", None),
        lambda session, run: setattr(run, "discarded_at", run.prepared_at),
        lambda session, run: session.execute(sa.update(BillingLine).values(due_cents=1)),
        lambda session, run: session.execute(sa.delete(BillingLine)),
        lambda session, run: session.execute(sa.update(BillingRun).values(validated_at=None)),
        lambda session, run: session.query(BillingLine).update({"due_cents": 1}),
    ],
)
def test_what_was_validated_never_changes_whatever_code_tries(
    session: Session, people: Any, now: dt.datetime, state: RunState, tamper: Callable[[Session, BillingRun], object]
) -> None:
    """Reference, 5.3; issue, « no changed issued line »: guarded in the session itself, before anything is written."""
    run = prepare_run(session, people.reviewer, 2019, at=now)
    validate_run(session, people.other_reviewer, run, at=now)
    if state is RunState.ISSUED:
        issue_run(session, people.reviewer, run, at=now)
    session.commit()
    session.expire_all()
    before = session.execute(sa.select(BillingLine.__table__)).all()
    with pytest.raises(Conflict, match="passez une contre-écriture"):  # noqa: PT012 — by a statement, or at the flush
        tamper(session, run)
        session.flush()
    session.rollback()
    assert session.execute(sa.select(BillingLine.__table__)).all() == before
    assert run_state(run) is state


@pytest.mark.parametrize("statement", ["UPDATE billing_line SET due_cents = 1", "DELETE FROM billing_line"])
def test_the_database_itself_lets_nobody_change_a_line(session: Session, issued: BillingRun, statement: str) -> None:
    """Reference, 5.3: not even by hand."""
    session.commit()
    with pytest.raises(sa.exc.DatabaseError, match="append-only"):
        session.execute(sa.text(statement))
    session.rollback()
    assert len(issued.lines) == 5


def test_an_issued_run_is_not_issued_again_nor_brought_back(
    session: Session, issued: BillingRun, now: dt.datetime
) -> None:
    """Reference, 5.3."""
    session.commit()
    for value in (None, now + dt.timedelta(days=1)):
        issued.issued_at = value
        with pytest.raises(Conflict, match="passez une contre-écriture"):
            session.flush()
        session.rollback()


def test_a_draft_is_set_aside_with_a_reason_and_another_may_follow(
    session: Session, people: Any, now: dt.datetime
) -> None:
    """Reference, 5.3; one draft a year."""
    run = prepare_run(session, people.reviewer, 2019, at=now)
    with pytest.raises(Conflict, match="a déjà un brouillon"):
        prepare_run(session, people.other_reviewer, 2019, at=now)
    with pytest.raises(InputError, match="donnez un motif"):
        discard_run(session, people.reviewer, run, at=now, reason=" ")
    discard_run(session, people.reviewer, run, at=now, reason="préparée trop tôt")
    assert (run_state(run), run.discarded_reason) == (RunState.DISCARDED, "préparée trop tôt")
    assert lines_of(session, run) == []
    with pytest.raises(Conflict, match="celle-ci est : écartée"):
        validate_run(session, people.other_reviewer, run, at=now)
    again = prepare_run(session, people.reviewer, 2019, at=now)
    validate_run(session, people.other_reviewer, again, at=now)
    with pytest.raises(Conflict, match="celle-ci est : validée"):
        discard_run(session, people.reviewer, again, at=now, reason="trop tard")


def test_the_database_itself_holds_one_draft_a_year(session: Session, now: dt.datetime) -> None:
    """Two agents who prepare at the same moment make one draft."""
    for _ in range(2):
        session.add(BillingRun(year=2019, prepared_at=now, anomalies=[], discarded_reason=""))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    session.rollback()


def test_mistake_5_nothing_is_billed_twice(session: Session, people: Any, issued: BillingRun, now: dt.datetime) -> None:
    """Mistake 5: one living line an agreement and year; a second run takes up only what has none."""
    second = prepare_run(session, people.reviewer, 2019, at=now)
    draft = draft_of(session, second)
    assert draft.lines == ()
    assert sorted(each.told() for each in draft.excluded if "déjà" in each.told()) == [
        f"GNM-2019-{slug} : déjà facturée" for slug in ("bron", "dardilly", "lyon", "oullins", "vaulx-en-velin")
    ]
    with pytest.raises(Conflict, match="écartez-la"):
        validate_run(session, people.other_reviewer, second, at=now)


def test_mistake_5_the_database_refuses_a_second_living_line(
    session: Session, people: Any, issued: BillingRun, now: dt.datetime
) -> None:
    """Mistake 5, were the rule forgotten."""
    line = issued.lines[0]
    values = {each.key: getattr(line, each.key) for each in sa.inspect(BillingLine).column_attrs if each.key != "id"}
    session.commit()
    session.add(BillingLine(**values))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    session.rollback()


def test_a_second_run_takes_up_who_joined_since(
    session: Session, people: Any, issued: BillingRun, now: dt.datetime, join: Any, new_agreement: Any
) -> None:
    """Reference, 5.3; R29: a commune that joins is not a founder."""
    session.commit()
    join(new_agreement())
    second = prepare_run(session, people.reviewer, 2019, at=now)
    validate_run(session, people.other_reviewer, second, at=now)
    (line,) = second.lines
    assert (line.partner_name, line.bracket, line.offer) == ("Ville de Villeurbanne", "FROM_80000", Offer.RESTRICTED)
    assert (line.base_cents, line.discount_cents, line.due_cents) == (1_400_000, 0, 1_400_000)


def test_mistake_5_a_missing_population_blocks_and_is_never_zero(
    session: Session, people: Any, now: dt.datetime
) -> None:
    """Mistake 5; readings A1, A3: neither zero, nor last year's."""
    session.execute(
        sa.delete(LegalPopulation).where(
            LegalPopulation.siren == "216900290", LegalPopulation.in_force_on == dt.date(2020, 1, 1)
        )
    )
    run = prepare_run(session, people.reviewer, 2020, at=now)
    draft = draft_of(session, run)
    assert draft.blocked == ("Bron",)
    assert "69029" not in {line.insee_code for line in draft.lines}
    with pytest.raises(Conflict, match="population inconnue au 1er janvier 2020 : Bron ; chargez-la"):
        validate_run(session, people.other_reviewer, run, at=now)
    assert run.lines == []


def test_a_counter_entry_undoes_an_issued_line_and_a_new_run_may_bill_again(
    session: Session, people: Any, issued: BillingRun, now: dt.datetime
) -> None:
    """Reference, 5.3: never an edit; the opposite amount, with its reason and its line."""
    line = line_of(issued, "Ville de Bron")
    with pytest.raises(InputError, match="donnez un motif"):
        counter_line(session, people.admin, line, at=now, reason="")
    undone = counter_line(session, people.admin, line, at=now, reason="offre mal saisie")
    assert (undone.base_cents, undone.discount_cents, undone.due_cents) == (-1_400_000, -700_000, -700_000)
    assert (undone.counters_id, undone.reason, undone.basis) == (line.id, "offre mal saisie", line.basis)
    assert line.due_cents + undone.due_cents == 0
    assert is_undone(session, line)
    with pytest.raises(Conflict, match="déjà annulée"):
        counter_line(session, people.admin, line, at=now, reason="encore")
    with pytest.raises(Conflict, match="une contre-écriture ne s’annule pas"):
        counter_line(session, people.admin, undone, at=now, reason="encore")

    again = prepare_run(session, people.reviewer, 2019, at=now)
    validate_run(session, people.other_reviewer, again, at=now)
    assert [(each.partner_name, each.attempt, each.due_cents) for each in again.lines] == [
        ("Ville de Bron", 2, 700_000)
    ]
    issue_run(session, people.admin, again, at=now)
    counter_line(session, people.admin, again.lines[0], at=now, reason="encore")
    third = prepare_run(session, people.reviewer, 2019, at=now)
    validate_run(session, people.other_reviewer, third, at=now)
    assert [each.attempt for each in third.lines] == [3]


def test_only_an_issued_line_is_countered(session: Session, people: Any, now: dt.datetime) -> None:
    """Reference, 5.3."""
    run = prepare_run(session, people.reviewer, 2019, at=now)
    validate_run(session, people.other_reviewer, run, at=now)
    with pytest.raises(Conflict, match="attend une campagne émise"):
        counter_line(session, people.admin, run.lines[0], at=now, reason="erreur")


def test_the_run_of_2024_is_empty(session: Session, people: Any, now: dt.datetime) -> None:
    """R33, reading A17: nothing is due after the framework's end; who has no line is told, and why; the Métropole
    never has one (reading A16)."""
    run = prepare_run(session, people.reviewer, 2024, at=now)
    draft = draft_of(session, run)
    assert (draft.lines, draft.total_cents, draft.blocked, draft.anomalies) == ((), 0, (), ())
    told = [each.told() for each in draft.excluded]
    assert "Métropole de Lyon : aucune convention avec elle-même, rien à facturer (A16)" in told
    assert "SIMULATEUR-2024-lyon : le cadre « Simulateur, suite du cadre 2019-2023 » n’a pas de grille en 2024" in told
    with pytest.raises(Conflict, match="il n’y a rien à valider"):
        validate_run(session, people.other_reviewer, run, at=now)


@pytest.mark.parametrize("year", range(2018, 2026))
def test_the_metropole_is_in_no_run(session: Session, year: int) -> None:
    """Reading A16."""
    draft = draft_of_year(session, year)
    assert "200046977" not in {line.siren for line in draft.lines}
    assert "Métropole de Lyon" in {each.name for each in draft.excluded}


def test_nothing_is_validated_before_the_year_begins(
    session: Session, people: Any, lyon_time: Callable[[str], dt.datetime]
) -> None:
    """Readings A3, A12, A18: offer and population are those of 1 January, in Lyon."""
    eve = lyon_time("2019-12-31T23:59:59")
    run = prepare_run(session, people.reviewer, 2020, at=eve)
    with pytest.raises(Conflict, match="2020 n’a pas commencé"):
        validate_run(session, people.other_reviewer, run, at=eve)
    validate_run(session, people.other_reviewer, run, at=eve + dt.timedelta(seconds=1))
    assert run_state(run) is RunState.VALIDATED


def test_after_a_merger_the_successor_pays(session: Session, people: Any, now: dt.datetime) -> None:
    """Reference, 3: Oullins until 2023, Oullins-Pierre-Bénite from 1 January 2024, under the agreement Oullins signed,
    by its own name, SIREN and population."""
    save_tariff(
        session,
        people.admin,
        at=now,
        name="Suite",
        reference="",
        first_year=2024,
        last_year=2025,
        population_kind=PopulationKind.MUNICIPAL,
        brackets=[
            {"code": "A", "lower_bound": 0, "wording": "A", "global_cents": 100, "restricted_cents": 100},
            {"code": "B", "lower_bound": 30_000, "wording": "B", "global_cents": 200, "restricted_cents": 200},
        ],
    )
    oullins = session.scalars(sa.select(Agreement).where(Agreement.number == "GNM-2019-oullins")).one()
    in_2023 = next(line for line in draft_of_year(session, 2023).lines if line.agreement_number == oullins.number)
    oullins.framework, oullins.hard_end_on = "Suite", dt.date(2025, 12, 31)
    (in_2024,) = draft_of_year(session, 2024).lines
    assert (in_2023.partner_name, in_2023.siren, in_2023.population < 30_000) == ("Ville d’Oullins", "216901496", True)
    assert (in_2024.partner_name, in_2024.siren) == ("Commune d’Oullins-Pierre-Bénite", "200102747")
    assert (in_2024.insee_code, in_2024.population, in_2024.bracket) == ("69149", 37_628, "B")
    assert in_2024.agreement_number == in_2023.agreement_number


def test_a_partners_lines_are_found_under_each_of_its_names(session: Session, issued: BillingRun) -> None:
    """Reference, 3: names and numbers are dated."""
    assert [line.siren for line in lines_for(session, issued, find_partner(session, "lyon"))] == ["216901231"]
    assert lines_for(session, issued, find_partner(session, "metropole")) == []


def test_the_vote_of_credits_is_recorded_by_year(session: Session, people: Any, now: dt.datetime) -> None:
    """R11: subject to the vote of credits; unknown until said; told, never a reason not to bill."""
    lyon = session.scalars(sa.select(Agreement).where(Agreement.number == "GNM-2019-lyon")).one()
    assert "credits_not_voted" not in {each.key for each in draft_of_year(session, 2020).anomalies}
    set_budget_voted(session, people.reviewer, lyon, 2020, False, at=now)
    assert [each.told() for each in draft_of_year(session, 2020).anomalies] == [
        "GNM-2019-lyon : le partenaire n’a pas voté les crédits (R11)"
    ]
    assert draft_of_year(session, 2020).unresolved == ()
    set_budget_voted(session, people.reviewer, lyon, 2020, True, at=now)
    assert draft_of_year(session, 2020).anomalies == ()
    with pytest.raises(Forbidden):
        set_budget_voted(session, people.auditor, lyon, 2020, True, at=now)
    noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "billing.budget_voted")).all()
    assert [(each.before["budget_voted"], each.after["budget_voted"]) for each in noted] == [
        (None, False),
        (False, True),
    ]
