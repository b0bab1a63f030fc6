"""Choosing cases, judging what was seen, telling it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from glc.clock import UTC
from testkit.recette import reports
from testkit.recette.cases import GOOD_PATHS, KEY_ROTATION, Case, Expected, all_cases
from testkit.recette.duties import DUTIES
from testkit.recette.errors import RunError
from testkit.recette.run import Played, Result, Verdict, chosen, judge
from testkit.recette.signs import State
from testkit.recette.stage import Seen
from testkit.recette.words import Words

AT = dt.datetime(2026, 3, 2, 11, tzinfo=UTC)
IN, OUT, UNCLEAR = State.LOGGED_IN, State.LOGGED_OUT, State.UNCLEAR
INSIDE = Words("somebody is logged in", "quelqu’un est connecté")
BROKE = Words("it answered 500", "il a répondu 500")


def fault(name: str, family: str = "id_token", rp_must: str = "reject") -> dict[str, str]:
    """A row of the catalogue, as the control API tells it."""
    return {
        "name": name,
        "family": family,
        "rp_must": rp_must,
        "summary": "S.",
        "resume_fr": "R.",
        "why": "W.",
        "pourquoi_fr": "P.",
        "section": "1",
    }


@pytest.mark.parametrize(
    ("expected", "passes", "fails"),
    [
        (Expected.LOGGED_IN, Seen(IN), Seen(OUT)),
        (Expected.STILL_WORKS, Seen(IN), Seen(UNCLEAR)),
        (Expected.NOT_LOGGED_IN, Seen(UNCLEAR, broke=BROKE), Seen(IN)),
        (Expected.LOGGED_OUT, Seen(OUT), Seen(IN)),
        (Expected.FAILS_CLEANLY, Seen(OUT), Seen(OUT, broke=BROKE)),
        (Expected.FAILS_CLEANLY, Seen(UNCLEAR), Seen(IN)),
        (Expected.DOES_NOT_BREAK, Seen(IN), Seen(IN, broke=BROKE)),
        (Expected.DOES_NOT_BREAK, Seen(OUT), Seen(OUT, broke=BROKE)),
        (Expected.HOLDS, Seen(None), Seen(None, holds=False)),
    ],
)
def test_each_expectation_is_met_by_what_it_asks_and_by_nothing_else(
    expected: Expected, passes: Seen, fails: Seen
) -> None:
    """A verdict, and words for it."""
    assert (judge(expected, passes)[0], judge(expected, fails)[0]) == (True, False)
    assert all(judge(expected, seen)[1] for seen in (passes, fails))


@pytest.mark.parametrize(
    ("row", "duty", "expected"),
    [
        (fault("id_token_nonce_wrong"), "nonce", Expected.NOT_LOGGED_IN),
        (fault("id_token_sub_of_somebody_else"), "userinfo_sub", Expected.NOT_LOGGED_IN),
        (fault("userinfo_500", "userinfo", "fail"), "userinfo", Expected.DOES_NOT_BREAK),
        (fault("token_500", "token", "fail"), "token_answer", Expected.FAILS_CLEANLY),
        (fault("jwks_503", "jwks", "retry"), "jwks", Expected.STILL_WORKS),
        (fault("jwks_rotated_just_before_signing", "jwks", "accept"), "key_rotation", Expected.LOGGED_IN),
        (fault("id_token_kid_absent", rp_must="either"), "signature", Expected.DOES_NOT_BREAK),
        (fault("backchannel_iss_wrong", "logout"), "logout_token", Expected.LOGGED_IN),
        (fault("backchannel_sid_absent", "logout", "end_session"), "logout_token", Expected.LOGGED_OUT),
        (fault("logout_500", "logout", "end_session"), "logout", Expected.LOGGED_OUT),
        (fault("refresh_500", "refresh", "retry"), "refresh", Expected.STILL_WORKS),
        (fault("refresh_error_invalid_grant", "refresh", "end_session"), "refresh", Expected.LOGGED_OUT),
        (fault("refresh_sub_wrong", "refresh"), "refresh", Expected.DOES_NOT_BREAK),
        (fault("a_new_one", "transport", "retry"), "transport", Expected.STILL_WORKS),
    ],
)
def test_a_fault_of_the_catalogue_becomes_a_case_of_a_duty(row: dict[str, str], duty: str, expected: Expected) -> None:
    """For a logout, to refuse the token is to stay logged in."""
    (case,) = [case for case in all_cases([row]) if case.fault]
    assert (case.id, case.duty, case.expected) == (row["name"], duty, expected)


def test_what_changes_keys_is_played_last() -> None:
    """A site that keeps old keys must not look as if it did everything wrong."""
    cases = [case.id for case in all_cases([fault("jwks_empty", "jwks"), fault("id_token_iss_wrong")])]
    assert cases[-2:] == [KEY_ROTATION.id, "jwks_empty"]


def test_each_duty_is_named_and_each_need_is_a_case() -> None:
    """What a report says is never a key error."""
    cases = all_cases([fault("id_token_iss_wrong"), fault("jwks_empty", "jwks")])
    assert {case.duty for case in cases} <= DUTIES.keys()
    assert {need for case in cases for need in case.needs} <= {case.id for case in cases}


def test_cases_are_chosen_by_pattern_or_duty_together_with_what_they_need() -> None:
    """`--only`."""
    cases = all_cases([fault("id_token_nonce_wrong"), fault("id_token_iss_wrong")])
    assert [case.id for case in chosen(cases, ["nonce"])] == ["login", "id_token_nonce_wrong"]
    assert [case.id for case in chosen(cases, ["key_*"])] == ["login", "login_after_all", "key_rotation"]
    assert chosen(cases, []) == cases
    with pytest.raises(RunError, match="nonsense"):
        chosen(cases, ["nonsense"])


@pytest.fixture
def result() -> Result:
    """A run with one of each."""
    login, second, *_ = GOOD_PATHS
    page = Words("200 « <b> & » at http://s/: x", "200 « <b> & » à http://s/ : x")
    refused = dataclasses.replace(login, id="id_token_iss_wrong", duty="iss", expected=Expected.NOT_LOGGED_IN)
    played = (
        Played(login, Verdict.PASSED, INSIDE),
        Played(refused, Verdict.FAILED, INSIDE, page, ("GET http://s/ → 200",)),
        Played(second, Verdict.SKIPPED, Words("does not apply: \x00 because", "sans objet : \x00 parce que")),
    )
    return Result("c", "http://i/", "http://s", "http", AT, AT + dt.timedelta(seconds=3.7), played)


def test_the_signed_document_says_what_the_registry_keeps(result: Result) -> None:
    """The contract with the registry."""
    login, second = GOOD_PATHS[0].title, GOOD_PATHS[1].title
    assert result.document() == {
        "client_id": "c",
        "issuer": "http://i/",
        "site": "http://s",
        "tool": "glc recette 1",
        "started_at": "2026-03-02T11:00:00Z",
        "finished_at": "2026-03-02T11:00:03Z",
        "driver": "http",
        "verdict": "failed",
        "counts": {"passed": 1, "failed": 1, "skipped": 1},
        "cases": [
            {"id": "login", "verdict": "passed", "title": "Somebody logs in.", "title_fr": "Une personne se connecte."},
            {"id": "id_token_iss_wrong", "verdict": "failed", "title": login.english, "title_fr": login.french},
            {"id": "second_login", "verdict": "skipped", "title": second.english, "title_fr": second.french},
        ],
    }


def test_a_run_in_which_nothing_passed_has_not_passed(result: Result) -> None:
    """Skipping everything proves nothing."""
    assert dataclasses.replace(result, played=result.played[2:]).verdict is Verdict.FAILED
    assert dataclasses.replace(result, played=result.played[:1]).verdict is Verdict.PASSED


def test_each_report_tells_the_failure_with_what_was_expected_seen_and_why(result: Result) -> None:
    """Never an opaque failure."""
    case: Case = result.played[1].case
    for report in (reports.console(result), reports.as_html(result), reports.as_junit(result), reports.as_json(result)):
        for words in (case.id, "somebody is logged in", "GET http://s/ → 200", case.why.english):
            assert words in report


def test_the_page_speaks_french_and_english_is_one_click_away(result: Result) -> None:
    """House: screens in French first. Everything is said in both languages, each in its own part of the page."""
    soup = BeautifulSoup(reports.as_html(result), "html.parser")
    french, english = soup.select_one("main#fr[lang=fr]"), soup.select_one("main#en[lang=en]")
    case = result.played[1].case
    for spoken, part in (("french", french), ("english", english)):
        text = " ".join(part.get_text(" ").split())
        for words in (case.title, case.why, INSIDE, DUTIES["iss"], result.played[1].page):
            assert getattr(words, spoken) in text
    assert [link["href"] for link in soup.select("a.other")] == ["#fr", "#en"]
    assert soup.html["lang"] == "fr"
    assert len({each["id"] for each in soup.select("[id]")}) == len(soup.select("[id]"))


def test_the_page_shows_what_pages_said_as_text(result: Result) -> None:
    """Sites write what they like; a report runs none of it."""
    soup = BeautifulSoup(reports.as_html(result), "html.parser")
    assert soup.select_one("#duty-iss .case dd b") is None
    assert "« <b> & »" in " ".join(soup.get_text().split())


def test_junit_counts_what_ci_shows(result: Result) -> None:
    """A suite a duty."""
    root = ElementTree.fromstring(reports.as_junit(result))
    assert [root.get(name) for name in ("tests", "failures", "skipped")] == ["3", "1", "1"]
    assert [suite.get("name") for suite in root] == ["login", "iss"]


def test_the_json_report_is_the_document_and_more(result: Result) -> None:
    """One file for scripts."""
    told = json.loads(reports.as_json(result))
    assert {**result.document(), "cases": told["cases"], "failed_duties": {"iss": DUTIES["iss"].english}} == told
