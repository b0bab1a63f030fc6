"""The grid of the convention (R17 to R30) and its readings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glc.errors import InputError
from partner_registry.models import Offer
from partner_registry.tariff import GNM_2019, Bracket, bracket_of, fee

POPULATIONS = st.integers(min_value=0, max_value=3_000_000)

GRID = [
    (Bracket.LT_5000, 1_800, 1_400),
    (Bracket.FROM_5000, 5_400, 4_200),
    (Bracket.FROM_10000, 8_400, 6_500),
    (Bracket.FROM_20000, 10_800, 8_400),
    (Bracket.FROM_40000, 14_000, 10_800),
    (Bracket.FROM_80000, 18_000, 14_000),
]


@pytest.mark.parametrize(("bracket", "whole", "restricted"), GRID, ids=[row[0].code for row in GRID])
def test_the_grid_is_the_convention_s(bracket: Bracket, whole: int, restricted: int) -> None:
    """R17 to R28, euros taxes included a year."""
    for offer, euros in ((Offer.GLOBAL, whole), (Offer.RESTRICTED, restricted)):
        price = fee(GNM_2019, 2020, bracket.lower_bound, offer, founding=True)
        assert (price.bracket, price.offer, price.due_cents) == (bracket, offer, euros * 100)


@pytest.mark.parametrize("bound", [5_000, 10_000, 20_000, 40_000, 80_000])
def test_a_bracket_s_lower_bound_is_in_it(bound: int) -> None:
    """Reading A1: the convention leaves the exact bounds open."""
    below, at, above = (bracket_of(bound + step) for step in (-1, 0, 1))
    assert at is above is not below
    assert at.lower_bound == bound


@pytest.mark.parametrize("wrong", [-1, 4_999.5, "5000", None, True])
def test_what_is_no_number_of_inhabitants_is_refused(wrong: object) -> None:
    """Reading A1: a missing population is never a zero."""
    with pytest.raises(InputError, match="not a number of inhabitants"):
        bracket_of(wrong)  # type: ignore[arg-type]


@given(POPULATIONS, POPULATIONS, st.sampled_from(Offer))
def test_more_inhabitants_never_pay_less(one: int, other: int, offer: Offer) -> None:
    """Brackets are total and monotone."""
    fewer, more = sorted((one, other))
    prices = [fee(GNM_2019, 2020, count, offer, founding=False).due_cents for count in (fewer, more)]
    assert prices[0] <= prices[1]


@given(POPULATIONS)
def test_the_restricted_offer_costs_less(population: int) -> None:
    """R13: the price depends on the bracket and on using the agents' tools or not."""
    prices = {offer: fee(GNM_2019, 2021, population, offer, founding=False).due_cents for offer in Offer}
    assert prices[Offer.RESTRICTED] < prices[Offer.GLOBAL]


@pytest.mark.parametrize(
    ("year", "founding", "percent"), [(2019, True, 50), (2020, True, 0), (2019, False, 0), (2023, True, 0)]
)
def test_founders_pay_half_in_2019_only(year: int, founding: bool, percent: int) -> None:
    """R29, readings A5 and A9: an explicit flag, one year, and every half is a whole number of euros."""
    for offer in Offer:
        for bracket in Bracket:
            price = fee(GNM_2019, year, bracket.lower_bound, offer, founding=founding)
            assert price.discount_cents == price.base_cents * percent // 100
            assert price.due_cents % 100 == 0


@pytest.mark.parametrize("year", [2018, 2024])
def test_the_grid_covers_2019_to_2023(year: int) -> None:
    """R33, reading A17: a new framework is a new tariff."""
    with pytest.raises(InputError, match="covers 2019 to 2023"):
        fee(GNM_2019, year, 1_000, Offer.GLOBAL, founding=False)
