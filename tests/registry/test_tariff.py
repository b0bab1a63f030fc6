"""The grid of the convention (R16 to R30), its readings, and what a tariff may become."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from glc.audit import AuditEntry
from glc.errors import Conflict, Forbidden, InputError
from partner_registry.billing.runs import draft_of_year, prepare_run, preview_agreements, validate_run
from partner_registry.billing.tariff import (
    Bracket,
    Fee,
    Grid,
    check_grid,
    described,
    fee,
    grid_of,
    save_tariff,
    tariff_for,
)
from partner_registry.models import Offer, PopulationKind, Tariff
from partner_registry.overview import populations

Registry = Callable[[], AbstractContextManager[Session]]
AT = dt.datetime(2024, 3, 1, 10, tzinfo=dt.UTC)
POPULATIONS = st.integers(min_value=0, max_value=3_000_000)

CODES = ("LT_5000", "FROM_5000", "FROM_10000", "FROM_20000", "FROM_40000", "FROM_80000")
BOUNDS = (0, 5_000, 10_000, 20_000, 40_000, 80_000)
PRICES = ((1_800, 1_400), (5_400, 4_200), (8_400, 6_500), (10_800, 8_400), (14_000, 10_800), (18_000, 14_000))
"""R17 to R28, euros taxes included a year: global, restricted."""

GNM = Grid(
    name="GNM 2019-2023",
    reference="article 9 et annexe 3 de la convention",
    first_year=2019,
    last_year=2023,
    population_kind=PopulationKind.MUNICIPAL,
    brackets=tuple(
        Bracket(code=code, lower_bound=bound, wording=code, global_cents=whole * 100, restricted_cents=restricted * 100)
        for code, bound, (whole, restricted) in zip(CODES, BOUNDS, PRICES, strict=True)
    ),
    founders_discount_year=2019,
    founders_discount_percent=50,
)


def test_the_list_of_communes_counts_the_population_that_its_grid_counts(registry: Registry) -> None:
    """Reading A2: which population sorts communes is an attribute of the tariff, on every screen."""
    day = dt.date(2019, 6, 1)
    with registry() as session:
        assert populations(session, day)["216900720"] == 8_617
        session.scalars(sa.select(Tariff)).one().population_kind = PopulationKind.TOTAL
        session.flush()
        assert populations(session, day)["216900720"] == 9_173
        session.rollback()


def test_the_seeded_tariff_is_the_convention_s(registry: Registry) -> None:
    """R16 to R30, reading A2: article 9 and annexe 3; municipal population; half for founders in 2019."""
    with registry() as session:
        grid = grid_of(session.scalars(sa.select(Tariff)).one())
    wordings = [bracket.wording for bracket in grid.brackets]
    assert wordings == [
        "< 5 000",
        "> 5 000 et < 10 000",
        "> 10 000 et < 20 000",
        "> 20 000 et < 40 000",
        "> 40 000 et < 80 000",
        "> 80 000",
    ]
    same = tuple(dataclasses.replace(bracket, wording=bracket.code) for bracket in grid.brackets)
    assert dataclasses.replace(grid, brackets=same) == GNM


@pytest.mark.parametrize(
    ("rule", "population", "offer", "code", "euros"),
    [
        ("R17", 4_999, Offer.GLOBAL, "LT_5000", 1_800),
        ("R18", 4_999, Offer.RESTRICTED, "LT_5000", 1_400),
        ("R19", 9_999, Offer.GLOBAL, "FROM_5000", 5_400),
        ("R20", 9_999, Offer.RESTRICTED, "FROM_5000", 4_200),
        ("R21", 19_999, Offer.GLOBAL, "FROM_10000", 8_400),
        ("R22", 19_999, Offer.RESTRICTED, "FROM_10000", 6_500),
        ("R23", 39_999, Offer.GLOBAL, "FROM_20000", 10_800),
        ("R24", 39_999, Offer.RESTRICTED, "FROM_20000", 8_400),
        ("R25", 79_999, Offer.GLOBAL, "FROM_40000", 14_000),
        ("R26", 79_999, Offer.RESTRICTED, "FROM_40000", 10_800),
        ("R27", 515_695, Offer.GLOBAL, "FROM_80000", 18_000),
        ("R28", 515_695, Offer.RESTRICTED, "FROM_80000", 14_000),
    ],
)
def test_the_price_is_the_bracket_s_and_the_offer_s(
    rule: str, population: int, offer: Offer, code: str, euros: int
) -> None:
    """R13, R17 to R28: bracket and offer too, for three amounts stand twice in the grid."""
    price = fee(GNM, 2020, population, offer, founding=True)
    assert (price.bracket.code, price.offer, price.due_cents) == (code, offer, euros * 100), rule


@pytest.mark.parametrize("bound", BOUNDS[1:])
def test_a_bracket_s_lower_bound_is_in_it(bound: int) -> None:
    """Reading A1: the convention leaves the exact bounds open."""
    below, at, above = (GNM.bracket_of(bound + step) for step in (-1, 0, 1))
    assert at is above is not below
    assert at.lower_bound == bound


@pytest.mark.parametrize("wrong", [-1, 4_999.5, "5000", None, True])
def test_what_is_no_number_of_inhabitants_is_refused(wrong: object) -> None:
    """Reading A1: a missing population is never a zero."""
    with pytest.raises(InputError, match="n’est pas un nombre d’habitants"):
        GNM.bracket_of(wrong)  # type: ignore[arg-type]


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Any grid that may be saved: brackets from 0 on, prices in euros that never fall."""
    bounds = [0, *draw(st.lists(st.integers(1, 200_000), unique=True, max_size=8).map(sorted))]
    euros = draw(st.lists(st.integers(0, 50_000), min_size=len(bounds), max_size=len(bounds)).map(sorted))
    shares = draw(st.integers(0, 100))
    brackets = tuple(
        Bracket(
            code=f"B{bound}",
            lower_bound=bound,
            wording=f"à partir de {bound}",
            global_cents=price * 100,
            restricted_cents=price * shares // 100 * 100,
        )
        for bound, price in zip(bounds, euros, strict=True)
    )
    return dataclasses.replace(
        GNM, brackets=brackets, founders_discount_year=None, founders_discount_percent=0, name="Quelconque"
    )


@given(grids(), POPULATIONS, POPULATIONS, st.sampled_from(Offer))
def test_brackets_are_total_and_monotone_in_any_grid(grid: Grid, one: int, other: int, offer: Offer) -> None:
    """R13, A1: every population has exactly one bracket, and more inhabitants never pay less."""
    check_grid(grid)
    fewer, more = (fee(grid, 2020, count, offer, founding=False) for count in sorted((one, other)))
    assert fewer.bracket.lower_bound <= more.bracket.lower_bound
    assert fewer.due_cents <= more.due_cents
    above = [bracket for bracket in grid.brackets if bracket.lower_bound > fewer.bracket.lower_bound]
    assert fewer.bracket.lower_bound <= min(one, other)
    assert all(min(one, other) < bracket.lower_bound for bracket in above)


@given(POPULATIONS)
def test_the_restricted_offer_costs_less(population: int) -> None:
    """R13: the price depends on the bracket and on using the agents' tools or not."""
    prices = {offer: fee(GNM, 2021, population, offer, founding=False).due_cents for offer in Offer}
    assert prices[Offer.RESTRICTED] < prices[Offer.GLOBAL]


@pytest.mark.parametrize(
    ("year", "founding", "percent"), [(2019, True, 50), (2020, True, 0), (2019, False, 0), (2023, True, 0)]
)
def test_founders_pay_half_in_2019_only(year: int, founding: bool, percent: int) -> None:
    """R29, readings A5, A9 and A15; mistake 6: an explicit flag, one year whatever the flag says later, and every
    amount is a whole number of euros, taxes included."""
    for offer in Offer:
        for bracket in GNM.brackets:
            price = fee(GNM, year, bracket.lower_bound, offer, founding=founding)
            assert price.discount_cents * 100 == price.base_cents * percent
            assert price.due_cents % 100 == 0


@pytest.mark.parametrize("year", [2018, 2024])
def test_the_grid_covers_2019_to_2023(year: int) -> None:
    """R33, reading A17: a new framework is a new tariff."""
    with pytest.raises(InputError, match="vaut de 2019 à 2023"):
        fee(GNM, year, 1_000, Offer.GLOBAL, founding=False)


def test_no_amount_before_taxes_is_ever_computed() -> None:
    """Reading A15: the specification gives no rate."""
    words = {name for kind in (Fee, Bracket, Grid) for name in kind.__dataclass_fields__}
    assert not {word for word in words if "tax" in word or "vat" in word or "rate" in word}


def arguments(**changes: Any) -> dict[str, Any]:
    """What `save_tariff` takes, for the years after the convention's."""
    following = dataclasses.replace(
        GNM,
        name="Simulateur, suite du cadre 2019-2023",
        reference="annexe financière inventée",
        first_year=2024,
        last_year=2028,
        founders_discount_year=None,
        founders_discount_percent=0,
    )
    return described(following) | {"population_kind": PopulationKind.MUNICIPAL} | changes


def bracket(**changes: Any) -> dict[str, Any]:
    """One bracket that holds everybody."""
    whole = {"code": "ALL", "lower_bound": 0, "wording": "toutes", "global_cents": 10_000, "restricted_cents": 9_000}
    return whole | changes


def test_a_new_framework_is_a_new_tariff_and_its_agreements_are_due_from_then_on(
    registry: Registry, people: Any
) -> None:
    """Reading A17: the tariff's name is the framework that agreements say; the one of 2019 stays as it was."""
    with registry() as session:
        before = grid_of(session.scalars(sa.select(Tariff)).one())
        assert preview_agreements(session, 2024).lines == ()
        made = save_tariff(session, people.admin, at=AT, **arguments())
        assert tariff_for(session, 2024) is made
        due = {line.name: line.fee.due_cents // 100 for line in preview_agreements(session, 2024).lines}
        assert grid_of(session.scalars(sa.select(Tariff).where(Tariff.name == before.name)).one()) == before
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "tariff.saved")).one()
    assert due == {
        "Bron": 14_000,
        "Dardilly": 5_400,
        "Lyon": 14_000,
        "Oullins-Pierre-Bénite": 10_800,
        "Vaulx-en-Velin": 14_000,
    }
    assert noted.after["brackets"][5]["restricted_cents"] == 1_400_000


def test_an_unused_tariff_may_be_corrected_and_saving_the_same_changes_nothing(registry: Registry, people: Any) -> None:
    """Import of an export is a no-op."""
    with registry() as session:
        made = save_tariff(session, people.admin, at=AT, **arguments())
        assert save_tariff(session, people.admin, at=AT, **arguments(brackets=[bracket()])) is made
        assert [each.code for each in made.brackets] == ["ALL"]
        assert save_tariff(session, people.admin, at=AT, **arguments(brackets=[bracket()])) is made
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "tariff.saved")).all()
    assert len(noted) == 2
    assert (len(noted[1].before["brackets"]), len(noted[1].after["brackets"])) == (6, 1)


def test_mistake_4_a_tariff_that_billed_something_never_changes(registry: Registry, people: Any) -> None:
    """Mistake 4, reading A17: the message says what to do instead."""
    with registry() as session:
        billed = described(grid_of(tariff_for(session, 2019))) | {"population_kind": PopulationKind.MUNICIPAL}
        run = prepare_run(session, people.reviewer, 2019, at=AT)
        draft = draft_of_year(session, 2019)
        save_tariff(session, people.admin, at=AT, **billed | {"reference": "annexe 3"})
        assert draft_of_year(session, 2019).total_cents == draft.total_cents, "a draft alone freezes nothing"
        validate_run(session, people.other_reviewer, run, at=AT)
        for change in ({"brackets": [bracket()]}, {"last_year": 2024}, {"founders_discount_year": 2020}):
            with pytest.raises(Conflict, match="un nouveau cadre est une nouvelle grille"):
                save_tariff(session, people.admin, at=AT, **billed | change)
        assert len(tariff_for(session, 2019).brackets) == 6


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"brackets": []}, "au moins une tranche"),
        ({"brackets": [bracket(lower_bound=1)]}, "commence à 0 habitant, sans trou"),
        ({"brackets": [bracket(), bracket(code="B")]}, "la même borne ou le même code"),
        ({"brackets": [bracket(), bracket(lower_bound=5)]}, "la même borne ou le même code"),
        ({"brackets": [bracket(restricted_cents=10_100)]}, "l’offre restreinte ne coûte pas plus"),
        ({"brackets": [bracket(restricted_cents=-100)]}, "rien n’est négatif"),
        ({"brackets": [bracket(), bracket(code="B", lower_bound=5, global_cents=9_900)]}, "ne paie pas moins"),
        ({"brackets": [bracket(global_cents=10_050)]}, "des euros entiers"),
        ({"brackets": [bracket(global_cents=100.0)]}, "bornes et centimes sont des entiers"),
        ({"brackets": [bracket(lower_bound=True)]}, "bornes et centimes sont des entiers"),
        ({"brackets": [bracket(surcharge=1)]}, "une tranche a code, lower_bound"),
        ({"brackets": [bracket(code="")]}, "chaque tranche a un code et un libellé"),
        ({"first_year": 2029}, "la première année précède la dernière"),
        ({"first_year": "2024"}, "des nombres entiers"),
        ({"first_year": 2023}, "vaut déjà de 2019 à 2023"),
        ({"name": " "}, "le nom de son cadre"),
        ({"founders_discount_percent": 50}, "une remise a une année et un taux"),
        ({"founders_discount_year": 2030, "founders_discount_percent": 50}, "une de celles de la grille"),
        (
            {
                "founders_discount_year": 2024,
                "founders_discount_percent": 50,
                "brackets": [bracket(global_cents=9_900)],
            },
            "remise déduite, sont des euros entiers",
        ),
    ],
)
def test_a_grid_with_a_hole_is_refused_with_what_to_change(
    registry: Registry, people: Any, changes: dict[str, Any], told: str
) -> None:
    """Readings A1, A15, A17."""
    with registry() as session:
        with pytest.raises(InputError, match=told):
            save_tariff(session, people.admin, at=AT, **arguments(**changes))
        assert tariff_for(session, 2024) is None


def test_an_administrator_alone_edits_tariffs(registry: Registry, people: Any) -> None:
    """Registry reference, 6.2."""
    with registry() as session, pytest.raises(Forbidden):
        save_tariff(session, people.reviewer, at=AT, **arguments())
