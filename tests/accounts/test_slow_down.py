"""Slowing down after failed logins: guessing becomes hopeless, and nobody can keep somebody else out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flows import PASSWORD, Citizen, text_of
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from glc.settings import Settings
from idp.accounts.throttling import SHARED_ADDRESS_TOLERANCE, wait_after

FREE = Settings().login_free_failures
ELSEWHERE = "198.51.100.9"


def attempt(citizen: Citizen, password: str = "raté") -> TestResponse:
    """Try a password once."""
    citizen.password = password
    return citizen.log_in(citizen.get("/login/"))


def fail(citizen: Citizen, times: int) -> None:
    """Try wrong passwords one after the other, without waiting."""
    for _ in range(times):
        attempt(citizen)


def gets_in(citizen: Citizen) -> bool:
    """Whether the right password opens the account at once."""
    return attempt(citizen, PASSWORD).request.path == "/accounts/"


def wait_asked_of(citizen: Citizen) -> int:
    """The seconds that an attempt is told to wait."""
    response = attempt(citizen, PASSWORD)
    assert response.status_code == 429
    return int(response.headers["Retry-After"])


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (2, 0), (3, 2), (4, 4), (5, 8), (10, 256), (11, 512), (12, 900), (100_000, 900)]
)
def test_the_wait_doubles_with_each_failure_up_to_its_maximum(failures: int, seconds: float) -> None:
    """Settings: three failures free, factor two, at most fifteen minutes."""
    assert wait_after(Settings(), failures, free=3) == seconds


def test_the_settings_say_how_soon_how_fast_and_how_long() -> None:
    """Settings: login_slowdown_factor, login_slowdown_max_in."""
    settings = Settings(login_slowdown_factor=3.0, login_slowdown_max_in=20)

    assert [wait_after(settings, failures, free=1) for failures in range(5)] == [0, 3, 9, 20, 20]


def test_an_impatient_attempt_is_told_how_long_to_wait_and_is_not_looked_at(
    citizen: Citizen, clock: ManualClock
) -> None:
    """RFC 6585, section 4: 429 with Retry-After; the right password waits like any other."""
    fail(citizen, FREE)

    response = attempt(citizen, PASSWORD)

    assert (response.status_code, response.headers["Retry-After"]) == (429, "2")
    assert "patientez 2 secondes" in text_of(response)
    assert citizen.email in response.text
    clock.advance(seconds=1)
    assert wait_asked_of(citizen) == 1
    clock.advance(seconds=1)
    assert gets_in(citizen)


def test_each_further_failure_lengthens_the_wait(citizen: Citizen, clock: ManualClock) -> None:
    """Moved by the clock: 2, 4, 8, 16 seconds."""
    fail(citizen, FREE)
    waits = []
    for _ in range(4):
        waits.append(wait_asked_of(citizen))
        clock.advance(seconds=waits[-1])
        fail(citizen, 1)

    assert waits == [2, 4, 8, 16]


def test_a_login_forgets_the_failures_before_it(citizen: Citizen) -> None:
    """Somebody who mistypes now and then never waits."""
    for _ in range(3):
        fail(citizen, FREE - 1)
        assert gets_in(citizen)
        citizen.client.delete_cookie("glc_session")


def test_failures_are_forgotten_with_time(citizen: Citizen, clock: ManualClock) -> None:
    """Last month's mistakes do not make this month's wait longer."""
    fail(citizen, FREE)
    clock.advance(days=1)
    fail(citizen, FREE)

    assert wait_asked_of(citizen) == 2


def test_an_unknown_address_is_slowed_like_a_known_one(citizen: Citizen, browser_at: Callable[..., Citizen]) -> None:
    """The wait tells nobody which addresses have an account."""
    stranger = browser_at(email="inconnu@citoyen.example")
    for each in (citizen, stranger):
        fail(each, FREE)

    assert wait_asked_of(citizen) == wait_asked_of(stranger)


def test_a_stranger_elsewhere_cannot_keep_the_holder_out(citizen: Citizen, browser_at: Callable[..., Citizen]) -> None:
    """Issue, point 6: the slow-down locks nobody else out, not even from a browser never seen before."""
    fail(browser_at(ELSEWHERE), 50)

    assert gets_in(citizen)


def test_a_neighbour_at_the_same_address_cannot_keep_a_known_browser_out(
    citizen: Citizen, browser_at: Callable[..., Citizen]
) -> None:
    """Issue, point 6: behind one address (a town hall, a school), the browser that logged in before counts apart."""
    home = browser_at(ELSEWHERE)
    assert gets_in(home)
    home.client.delete_cookie("glc_session")

    neighbour = browser_at(ELSEWHERE)
    fail(neighbour, 50)

    assert attempt(neighbour).status_code == 429
    assert gets_in(home)


def test_a_known_browser_is_slowed_by_its_own_failures(citizen: Citizen) -> None:
    """Being known is no licence to guess."""
    assert gets_in(citizen)
    citizen.client.delete_cookie("glc_session")
    fail(citizen, FREE)

    assert wait_asked_of(citizen) == 2


def test_a_browser_is_known_for_its_own_account_only(
    citizen: Citizen, browser_at: Callable[..., Citizen], make_account: Callable[..., str]
) -> None:
    """Logging in to one's own account first does not open a way around the slow-down of another's."""
    make_account(email="stephane@citoyen.example")
    stranger = browser_at(ELSEWHERE, email="stephane@citoyen.example")
    assert gets_in(stranger)
    stranger.client.delete_cookie("glc_session")
    stranger.email = citizen.email
    fail(stranger, FREE)

    assert wait_asked_of(browser_at(ELSEWHERE)) == 2


def test_a_forged_mark_of_a_known_browser_is_worth_nothing(citizen: Citizen) -> None:
    """The mark is signed: whoever writes a new one for each guess is slowed all the same."""
    for forged in ("", "x", "WyJ4IiwieSJd.forged", "é" * 500):
        citizen.client.set_cookie("glc_device", forged)
        response = attempt(citizen)

    assert response.status_code == 429


@pytest.mark.parametrize("neighbours", [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2::7", "2001:db8:1:2:ffff::9")])
def test_an_address_that_tries_name_after_name_is_slowed_as_a_whole(
    citizen: Citizen, browser_at: Callable[..., Citizen], neighbours: tuple[str, str]
) -> None:
    """Issue, point 6: per address too, later than for one name; a subscriber has 64 bits of IPv6."""
    guesser, after = (browser_at(address) for address in neighbours)
    for number in range(FREE * SHARED_ADDRESS_TOLERANCE):
        guesser.email = f"citoyen-{number}@citoyen.example"
        assert attempt(guesser).status_code == 200

    assert wait_asked_of(after) == 2
    assert gets_in(browser_at(ELSEWHERE))


@pytest.mark.parametrize("address", ["198.51.100.9:51234", "[2001:db8::1]:443", "fe80::1%eth0", "unix:", ""])
def test_whatever_a_proxy_calls_an_address_does_not_break_the_login(
    citizen: Citizen, browser_at: Callable[..., Citizen], address: str
) -> None:
    """Some proxies write the port behind the address."""
    assert gets_in(browser_at(address))
