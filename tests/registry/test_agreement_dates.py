"""What an agreement's dates say at an instant (registry reference, 1.3 and readings A6, A7, A18)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from partner_registry.agreements.status import AgreementStatus, last_day, standing
from partner_registry.models import Agreement, Amendment, Suspension

Make = Callable[..., Agreement]
LyonTime = Callable[[str], dt.datetime]

IN_FORCE, EXPIRED, TERMINATED = AgreementStatus.IN_FORCE, AgreementStatus.EXPIRED, AgreementStatus.TERMINATED
PENDING, DENOUNCED, SUSPENDED, DRAFT = (
    AgreementStatus.PENDING_START,
    AgreementStatus.DENOUNCED,
    AgreementStatus.SUSPENDED,
    AgreementStatus.DRAFT,
)


@pytest.mark.parametrize(
    ("facts", "shown_in_lyon", "status"),
    [
        # R31, R33: from the first second to the last one
        ({}, "2018-12-31 23:59:59", PENDING),
        ({}, "2019-01-01 00:00:00", IN_FORCE),
        ({}, "2023-12-31 23:59:59", IN_FORCE),
        ({}, "2024-01-01 00:00:00", EXPIRED),
        # R31, A6: both the day and the notification
        ({"notified_on": None}, "2019-06-01 12:00:00", DRAFT),
        ({"notified_on": dt.date(2019, 1, 10)}, "2019-01-09 23:59:59", DRAFT),
        ({"notified_on": dt.date(2018, 12, 20)}, "2018-12-19 23:59:59", DRAFT),
        ({"notified_on": dt.date(2018, 12, 20)}, "2018-12-20 00:00:00", PENDING),
        ({"notified_on": dt.date(2019, 1, 10)}, "2019-01-10 00:00:00", IN_FORCE),
        # R32, A7: renewed by itself, until a notice, with effect on 31 December of its year
        ({}, "2021-01-01 00:00:00", IN_FORCE),
        ({"renewal_refused_on": dt.date(2021, 9, 1)}, "2021-08-31 23:59:59", IN_FORCE),
        ({"renewal_refused_on": dt.date(2021, 9, 1)}, "2021-12-31 23:59:59", DENOUNCED),
        ({"renewal_refused_on": dt.date(2021, 9, 1)}, "2022-01-01 00:00:00", EXPIRED),
        ({"renews_yearly": False}, "2019-12-31 23:59:59", IN_FORCE),
        ({"renews_yearly": False}, "2020-01-01 00:00:00", EXPIRED),
        # A8: a notice that comes too late ends the next year (three months: assumed)
        ({"renewal_refused_on": dt.date(2021, 10, 1)}, "2022-12-31 23:59:59", DENOUNCED),
        ({"renewal_refused_on": dt.date(2021, 10, 1)}, "2023-01-01 00:00:00", EXPIRED),
        # one that came before the beginning ends the first year, not the agreement before it began
        ({"renewal_refused_on": dt.date(2018, 12, 25)}, "2019-12-31 23:59:59", DENOUNCED),
        ({"renewal_refused_on": dt.date(2018, 12, 25)}, "2020-01-01 00:00:00", EXPIRED),
        # a notice never passes the hard end
        ({"renewal_refused_on": dt.date(2024, 2, 1)}, "2024-01-01 00:00:00", EXPIRED),
        # termination: its day is the last one
        ({"terminated_on": dt.date(2020, 6, 30)}, "2020-06-30 23:59:59", IN_FORCE),
        ({"terminated_on": dt.date(2020, 6, 30)}, "2020-07-01 00:00:00", TERMINATED),
        # summer time: Lyon's midnight is 22:00 UTC
        ({"terminated_on": dt.date(2020, 6, 30)}, "2020-06-30 22:00:00", IN_FORCE),
    ],
)
def test_status_by_the_second_in_lyon(
    new_agreement: Make, lyon_time: LyonTime, facts: dict[str, Any], shown_in_lyon: str, status: AgreementStatus
) -> None:
    """R31 to R33."""
    assert standing(new_agreement(**facts), lyon_time(shown_in_lyon)).status is status


def test_the_last_half_hour_of_2023_in_utc_is_already_2024_in_lyon(new_agreement: Make) -> None:
    """Reading A18."""
    late = dt.datetime(2023, 12, 31, 23, 30, tzinfo=dt.UTC)
    assert standing(new_agreement(), late).status is EXPIRED
    assert standing(new_agreement(), late - dt.timedelta(hours=1)).status is IN_FORCE


@pytest.mark.parametrize(
    ("shown_in_lyon", "status"),
    [
        ("2020-02-29 23:59:59", IN_FORCE),
        ("2020-03-01 00:00:00", SUSPENDED),
        ("2020-03-31 23:59:59", SUSPENDED),
        ("2020-04-01 00:00:00", IN_FORCE),
        ("2021-01-01 00:00:00", SUSPENDED),
        ("2024-01-01 00:00:00", EXPIRED),
    ],
)
def test_a_suspension_is_an_interval_and_an_open_one_lasts_until_the_end(
    new_agreement: Make, lyon_time: LyonTime, shown_in_lyon: str, status: AgreementStatus
) -> None:
    """Registry reference, 6.2."""
    march = Suspension(starts_at=lyon_time("2020-03-01"), ends_at=lyon_time("2020-04-01"), reason="essai")
    open_one = Suspension(starts_at=lyon_time("2021-01-01"), reason="essai")
    assert standing(new_agreement(suspensions=[march, open_one]), lyon_time(shown_in_lyon)).status is status


def test_an_answer_says_exactly_how_long_it_holds(new_agreement: Make, lyon_time: LyonTime) -> None:
    """What the provider keeps, it keeps no longer than the dates allow: no second before nor after differs."""
    facts = {
        "terminated_on": dt.date(2022, 6, 30),
        "suspensions": [
            Suspension(starts_at=lyon_time("2020-03-01"), ends_at=lyon_time("2020-04-01"), reason="essai"),
            Suspension(starts_at=lyon_time("2021-03-01"), ends_at=lyon_time("2021-04-01"), reason="essai"),
        ],
    }
    agreement = new_agreement(**facts)
    at, end, seen = lyon_time("2018-12-21"), lyon_time("2025-01-01"), []
    while at < end:
        stands = standing(agreement, at)
        assert stands.since <= at < stands.until
        before_the_change = standing(agreement, min(stands.until, end) - dt.timedelta(seconds=1))
        assert before_the_change == stands
        seen.append(stands.status)
        at = stands.until
    assert seen == [PENDING, IN_FORCE, SUSPENDED, IN_FORCE, SUSPENDED, IN_FORCE, TERMINATED]


@pytest.mark.parametrize(
    ("changes", "effective_on", "notified_on", "last"),
    [
        ({"hard_end_on": "2025-12-31"}, "2023-07-01", "2023-06-01", "2025-12-31"),
        ({"hard_end_on": "2021-12-31"}, "2021-07-01", "2021-06-01", "2021-12-31"),
        # what is over stays over, however the amendment is dated
        ({"hard_end_on": "2025-12-31"}, "2023-07-01", "2024-01-01", "2023-12-31"),
        ({"hard_end_on": "2025-12-31"}, "2024-01-01", "2023-06-01", "2023-12-31"),
        # no more renewal: the year in which that is agreed is the last one, not the first
        ({"renews_yearly": False}, "2021-07-01", "2021-06-01", "2021-12-31"),
        ({"renews_yearly": False}, "2021-07-01", None, "2023-12-31"),
    ],
)
def test_an_amendment_moves_the_end_of_what_is_not_over(
    new_agreement: Make, lyon_time: LyonTime, changes: dict[str, Any], effective_on: str, notified_on: str, last: str
) -> None:
    """R31 to R33; 6.3, mistake 15: access never comes back after the end."""
    amendment = Amendment(
        number=1,
        changes=changes,
        effective_on=dt.date.fromisoformat(effective_on),
        notified_on=dt.date.fromisoformat(notified_on) if notified_on else None,
    )
    agreement = new_agreement(amendments=[amendment])
    assert last_day(agreement) == dt.date.fromisoformat(last)
    end = standing(agreement, lyon_time(f"{last} 23:59:59"))
    assert (end.status, end.until) == (IN_FORCE, lyon_time(f"{last} 23:59:59") + dt.timedelta(seconds=1))
    assert standing(agreement, lyon_time("2024-06-01")).status is (IN_FORCE if last > "2024" else EXPIRED)
