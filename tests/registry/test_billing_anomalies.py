"""What is to be looked at before a run is validated, and what must be settled first (reference, 5.3, 6.3)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from glc.audit import AuditEntry
from glc.errors import Conflict, Forbidden, InputError
from partner_registry.agreements.acts import correct
from partner_registry.billing.drafts import draw_up
from partner_registry.billing.dues import Counted, Facts
from partner_registry.billing.runs import Draft, confirm_bracket, draft_of, draft_of_year, prepare_run, validate_run
from partner_registry.billing.tariff import Bracket, Grid
from partner_registry.exports import lines_csv
from partner_registry.models import Agreement, Amendment, LegalPopulation, Offer, PopulationKind, Suspension

NUMBER = "GNM-2019-villeurbanne"


@pytest.fixture
def now(lyon_time: Callable[[str], dt.datetime]) -> dt.datetime:
    """Spring of 2024: every year of the framework is over."""
    return lyon_time("2024-03-01T10:00")


def found(draft: Draft, number: str = NUMBER) -> list[tuple[str, bool]]:
    """The anomalies of one agreement, and whether each blocks."""
    return [(each.key, each.blocking) for each in draft.anomalies if each.agreement_number == number]


def agreement(session: Session, number: str = NUMBER) -> Agreement:
    """An agreement by its number."""
    return session.scalars(sa.select(Agreement).where(Agreement.number == number)).one()


@pytest.fixture
def smaller(session: Session) -> None:
    """Bron loses inhabitants: 40 000 on 1 January 2020, 39 999 a year later, 40 000 again in 2022."""
    for year, count in ((2020, 40_000), (2021, 39_999), (2022, 40_000)):
        row = session.get_one(LegalPopulation, ("216900290", dt.date(year, 1, 1)))
        row.municipal = count
    session.commit()


@pytest.mark.usefixtures("smaller")
def test_a_change_of_bracket_is_confirmed_by_an_administrator_before_validation(
    session: Session, people: Any, now: dt.datetime
) -> None:
    """Reading A4: a silent change of price is risky, down as well as up."""
    bron = agreement(session, "GNM-2019-bron")
    assert found(draft_of_year(session, 2020), bron.number) == []
    run = prepare_run(session, people.reviewer, 2021, at=now)
    assert found(draft_of(session, run), bron.number) == [("bracket_changed", True)]
    with pytest.raises(Conflict, match="la tranche passe de FROM_40000 à FROM_20000 : un administrateur doit"):
        validate_run(session, people.other_reviewer, run, at=now)
    with pytest.raises(Forbidden, match="administrateur du registre"):
        confirm_bracket(session, people.reviewer, bron, 2021, "FROM_20000", at=now, reason="recensement")
    with pytest.raises(InputError, match="donnez un motif"):
        confirm_bracket(session, people.admin, bron, 2021, "FROM_20000", at=now, reason="")
    with pytest.raises(InputError, match="donne la tranche FROM_20000, pas FROM_40000"):
        confirm_bracket(session, people.admin, bron, 2021, "FROM_40000", at=now, reason="avenant n° 1")
    confirm_bracket(session, people.admin, bron, 2021, "FROM_20000", at=now, reason="avenant n° 1")
    validate_run(session, people.other_reviewer, run, at=now)
    assert run.anomalies == [
        "GNM-2019-bron : la tranche passe de FROM_40000 à FROM_20000, changement confirmé : avenant n° 1"
    ]
    line = next(line for line in run.lines if line.agreement_number == "GNM-2019-bron")
    assert (line.bracket, line.due_cents) == ("FROM_20000", 1_080_000)
    assert line.basis == (
        "39 999 hab. (municipale, 2018) → tranche > 20 000 et < 40 000, offre globale 10 800 € ; "
        "changement de tranche confirmé : avenant n° 1"
    )
    noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "billing.bracket_confirmed")).one()
    assert (noted.reason, noted.after["confirmed_bracket"]) == ("avenant n° 1", "FROM_20000")


@pytest.mark.usefixtures("smaller")
def test_a_confirmation_is_for_one_year_and_one_bracket(session: Session, people: Any, now: dt.datetime) -> None:
    """Reading A4: recomputed each year; a corrected figure asks again."""
    bron = agreement(session, "GNM-2019-bron")
    confirm_bracket(session, people.admin, bron, 2021, "FROM_20000", at=now, reason="recensement")
    assert found(draft_of_year(session, 2021), bron.number) == [("bracket_changed", False)]
    assert found(draft_of_year(session, 2022), bron.number) == [("bracket_changed", True)]
    session.get_one(LegalPopulation, ("216900290", dt.date(2021, 1, 1))).municipal = 19_999
    assert found(draft_of_year(session, 2021), bron.number) == [("bracket_changed", True)]


@pytest.mark.usefixtures("smaller")
def test_the_bracket_before_is_the_one_that_was_billed(session: Session, people: Any, now: dt.datetime) -> None:
    """Reading A4: what the partner was asked for, even when last year's figure was corrected since."""
    run = prepare_run(session, people.reviewer, 2020, at=now)
    validate_run(session, people.other_reviewer, run, at=now)
    session.get_one(LegalPopulation, ("216900290", dt.date(2020, 1, 1))).municipal = 39_000
    assert found(draft_of_year(session, 2021), "GNM-2019-bron") == [("bracket_changed", True)]


def test_there_is_nothing_to_confirm_where_nothing_changed(session: Session, people: Any, now: dt.datetime) -> None:
    """Reading A4; R33."""
    lyon = agreement(session, "GNM-2019-lyon")
    with pytest.raises(Conflict, match="rien à confirmer"):
        confirm_bracket(session, people.admin, lyon, 2020, "FROM_80000", at=now, reason="recensement")
    for year in (2018, 2024):
        with pytest.raises(Conflict, match=f"n’est pas facturée en {year}"):
            confirm_bracket(session, people.admin, lyon, year, "FROM_80000", at=now, reason="recensement")


def test_a_suspension_does_not_change_what_is_due(
    session: Session, join: Any, new_agreement: Any, lyon_time: Callable[[str], dt.datetime]
) -> None:
    """Reference, 5.3: still due, and told in the years it touches."""
    join(new_agreement())
    session.add(
        Suspension(
            agreement_id=agreement(session).id,
            starts_at=lyon_time("2020-11-01"),
            ends_at=lyon_time("2021-02-01"),
            reason="incident",
        )
    )
    due = {year: draft_of_year(session, year) for year in (2019, 2020, 2021, 2022)}
    assert [found(draft) for draft in due.values()] == [[], [("suspended", False)], [("suspended", False)], []]
    assert {line.due_cents for draft in due.values() for line in draft.lines if line.agreement_number == NUMBER} == {
        1_400_000
    }


def test_joining_or_leaving_within_a_year_makes_the_whole_year_due(
    session: Session, join: Any, new_agreement: Any
) -> None:
    """Readings A6, A11: no prorata. The debtor, the offer are those of the first day."""
    join(new_agreement(notified_on=dt.date(2020, 5, 15), terminated_on=dt.date(2022, 6, 30)))
    drafts = {year: draft_of_year(session, year) for year in range(2019, 2024)}
    lines = {
        year: [(line.from_on, line.until_on, line.due_cents) for line in draft.lines if line.agreement_number == NUMBER]
        for year, draft in drafts.items()
    }
    assert lines == {
        2019: [],
        2020: [(dt.date(2020, 5, 15), dt.date(2020, 12, 31), 1_400_000)],
        2021: [(dt.date(2021, 1, 1), dt.date(2021, 12, 31), 1_400_000)],
        2022: [(dt.date(2022, 1, 1), dt.date(2022, 6, 30), 1_400_000)],
        2023: [],
    }
    assert [found(drafts[year]) for year in (2020, 2021, 2022)] == [
        [("joined_in_the_year", False)],
        [],
        [("left_in_the_year", False)],
    ]
    assert f"{NUMBER} : pas en vigueur en 2023" in [each.told() for each in drafts[2023].excluded]


def test_an_agreement_ended_before_it_began_owes_nothing(session: Session, join: Any, new_agreement: Any) -> None:
    """R31, A6: it never took effect."""
    join(new_agreement(starts_on=dt.date(2021, 9, 1), terminated_on=dt.date(2021, 3, 1)))
    assert NUMBER not in {line.agreement_number for line in draft_of_year(session, 2021).lines}


@pytest.mark.parametrize("begins", [Offer.GLOBAL, Offer.RESTRICTED])
def test_the_offer_of_1_january_prices_the_year(session: Session, join: Any, new_agreement: Any, begins: Offer) -> None:
    """Reading A12: an upgrade opens rights at once, and is paid from the next year on; a downgrade waits for it."""
    (other,) = set(Offer) - {begins}
    join(new_agreement(offer=begins))
    session.add(
        Amendment(
            agreement_id=agreement(session).id,
            number=1,
            purpose="changer d’offre",
            changes={"offer": other.value},
            effective_on=dt.date(2020, 4, 1),
            notified_on=dt.date(2020, 3, 1),
            created_at=dt.datetime(2020, 2, 1, tzinfo=dt.UTC),
        )
    )
    drafts = {year: draft_of_year(session, year) for year in (2020, 2021)}
    offers = {
        year: line.offer for year, draft in drafts.items() for line in draft.lines if line.agreement_number == NUMBER
    }
    assert offers == {2020: begins, 2021: other}
    upgraded = [("offer_changed", False)] if begins is Offer.RESTRICTED else []
    assert [found(draft) for draft in drafts.values()] == [upgraded, []]


def test_mistake_6_a_discount_for_who_is_no_founder_blocks_until_it_is_corrected(
    session: Session, people: Any, join: Any, new_agreement: Any, now: dt.datetime
) -> None:
    """Mistake 6; R8, R29, reading A5: an import or an old record may hold it; the message says what to do."""
    join(new_agreement(founding_partner=True))
    run = prepare_run(session, people.reviewer, 2019, at=now)
    assert found(draft_of(session, run)) == [("not_a_founder", True)]
    with pytest.raises(Conflict, match="Villeurbanne, qui n’est pas un partenaire initial : corrigez la convention"):
        validate_run(session, people.other_reviewer, run, at=now)
    correct(session, people.admin, agreement(session), at=now, reason="coché par erreur", founding_partner=False)
    validate_run(session, people.other_reviewer, run, at=now)
    assert {line.agreement_number: line.due_cents for line in run.lines}[NUMBER] == 1_400_000
    with pytest.raises(InputError, match="n’est pas un partenaire initial"):
        correct(session, people.admin, agreement(session), at=now, reason="encore", founding_partner=True)


def test_mistake_6_a_discount_left_on_in_2020_takes_nothing_off(
    session: Session, join: Any, new_agreement: Any
) -> None:
    """Mistake 6; R29, R30: founders pay the whole fee from 2020 on, whatever the box says."""
    join(new_agreement(founding_partner=True))
    draft = draft_of_year(session, 2020)
    assert {line.discount_cents for line in draft.lines} == {0}
    assert draft.total_cents == 5_820_000 + 1_400_000
    assert found(draft) == [("not_a_founder", False)]


def test_mistake_5_last_years_census_under_this_years_date_is_told(session: Session) -> None:
    """Mistake 5, reading A3: the figure in force on 1 January comes from the census of three years before."""
    session.get_one(LegalPopulation, ("216901231", dt.date(2020, 1, 1))).census_year = 2016
    assert [each.told() for each in draft_of_year(session, 2020).anomalies] == [
        "GNM-2019-lyon : la population vient du recensement de 2016, on attend celui de 2017 (A3)"
    ]


def test_a_debtor_with_two_agreements_in_a_year_is_told(session: Session, join: Any, new_agreement: Any) -> None:
    """Mistake 5: billing twice."""
    join(
        new_agreement(number="V-1", terminated_on=dt.date(2020, 6, 30)),
        new_agreement(number="V-2", starts_on=dt.date(2020, 7, 1)),
    )
    draft = draft_of_year(session, 2020)
    twice = [each.agreement_number for each in draft.anomalies if each.key == "debtor_twice"]
    assert twice == ["V-1", "V-2"]


GRID = Grid(
    name="G",
    reference="annexe",
    first_year=2019,
    last_year=2023,
    population_kind=PopulationKind.MUNICIPAL,
    brackets=(
        Bracket(code="A", lower_bound=0, wording="< 5 000", global_cents=180_000, restricted_cents=140_000),
        Bracket(code="B", lower_bound=5_000, wording="> 5 000", global_cents=540_000, restricted_cents=420_000),
    ),
    founders_discount_year=2019,
    founders_discount_percent=50,
)

FACTS = st.builds(
    Facts,
    agreement_id=st.integers(1, 999),
    agreement_number=st.text("ABC-123", min_size=1, max_size=6),
    name=st.just("Commune"),
    partner_name=st.sampled_from(["Commune d’A", "Commune de B"]),
    siren=st.sampled_from(["216900290", "216901231", "216902668"]),
    siret=st.none(),
    insee_code=st.just("69029"),
    chorus_service_code=st.just(""),
    commitment_number=st.just(""),
    budget=st.just(""),
    budget_voted=st.sampled_from([None, True, False]),
    council_decision=st.just("2018/4385"),
    from_on=st.dates(dt.date(2020, 1, 1), dt.date(2020, 6, 30)),
    until_on=st.dates(dt.date(2020, 7, 1), dt.date(2020, 12, 31)),
    offer=st.sampled_from(Offer),
    later_offers=st.just(()),
    founding_partner=st.booleans(),
    founder=st.booleans(),
    suspended=st.booleans(),
    population=st.none()
    | st.builds(
        Counted,
        kind=st.just(PopulationKind.MUNICIPAL),
        inhabitants=st.integers(0, 600_000),
        census_year=st.sampled_from([2016, 2017]),
        source=st.just("INSEE"),
    ),
    bracket_before=st.sampled_from([None, "A", "B"]),
    confirmed_bracket=st.sampled_from([None, "A", "B"]),
    confirmed_reason=st.just("avenant"),
)


@given(
    st.lists(FACTS, max_size=8, unique_by=lambda each: each.agreement_number),
    st.sampled_from([2019, 2020]),
    st.randoms(use_true_random=False),
)
def test_a_run_is_a_function_of_its_inputs(facts: list[Facts], year: int, chance: random.Random) -> None:
    """Reference, 5.3: the same inputs in any order give the same bytes, and each agreement one line or one reason."""
    shuffled = [dataclasses.replace(each) for each in facts]
    chance.shuffle(shuffled)
    one, other = draw_up(GRID, year, facts), draw_up(GRID, year, shuffled)
    assert one == other
    assert [each.told() for each in one.anomalies] == [each.told() for each in other.anomalies]
    assert lines_csv(one.lines, spreadsheet=True).encode() == lines_csv(other.lines, spreadsheet=True).encode()
    assert len(one.lines) + len(one.blocked) == len(facts)
    assert one.total_cents == sum(line.base_cents - line.discount_cents for line in one.lines)
    assert all(line.due_cents >= 0 and line.due_cents % 100 == 0 for line in one.lines)
    if year != GRID.founders_discount_year:
        assert all(line.discount_cents == 0 for line in one.lines)
