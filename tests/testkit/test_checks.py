"""What is judged of a site: each check passes on a careful login, and finds the one mistake it is there for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from exchanges import (
    CALLBACK,
    STATES,
    authorize,
    changed,
    document,
    exchange,
    login,
    redeem,
    refresh,
    userinfo,
)

from testkit.journal.checks import (
    BY_NAME,
    CHECKS,
    UnknownAssertion,
    judge,
    markdown,
    results,
    verdicts,
    verdicts_of_all,
)
from testkit.journal.exchange import Exchange, TokenSeen
from testkit.journal.flows import Flow, flows
from testkit.journal.unguessable import bits_of

HINTED = exchange(
    20,
    "logout",
    "idp/oidc/logout",
    query=[("id_token_hint", "‹id_token:1c0de›"), ("client_id", "mon-site")],
    status=302,
)
DENIED = changed(authorize(30, login=1), location=f"{CALLBACK}?error=access_denied&state={STATES[1]}")
REFUSED = changed(refresh(9, "old", None), status=400, body='{"error": "invalid_grant"}')
TWO_LOGINS = [*login(1), *login(21, number=1, code="beef")[1:]]
REFRESHED = [*login(), refresh(9, "old", "new"), refresh(10, "new", "newer")]

PASSING: dict[str, tuple[dict[str, Any], Sequence[Exchange]]] = {
    "scope_openid": ({}, login()),
    "state_sent": ({}, login()),
    "state_unguessable": ({}, TWO_LOGINS),
    "nonce_sent": ({}, login()),
    "nonce_unguessable": ({}, TWO_LOGINS),
    "pkce_s256": ({}, login()),
    "redirect_uri_https": ({}, login(redirect_uri="http://localhost:3000/callback")),
    "code_redeemed_once": ({}, TWO_LOGINS),
    "code_redeemed_in_time": ({"seconds": 1}, login()),
    "redirect_uri_same_at_token": ({}, login()),
    "client_authenticated_one_way": ({}, REFRESHED),
    "client_authenticated_by": ({"method": "client_secret_basic"}, login()),
    "secret_never_in_url": ({}, login()),
    "token_never_in_url": ({}, [*login(), HINTED]),
    "userinfo_by_header": ({}, login()),
    "discovery_url_right": ({}, login()),
    "discovery_fetched_at_most": ({"n": 1}, login()),
    "jwks_fetched_at_most": ({"n": 1}, login()),
    "refresh_rotated_token_used": ({}, REFRESHED),
    "logged_out_with_hint": ({}, [*login(), HINTED]),
    "no_error_answered": ({}, login()),
    "no_request_refused": ({}, [*login(), DENIED]),
}
FAILING: dict[str, tuple[dict[str, Any], Sequence[Exchange], list[int]]] = {
    "scope_openid": ({}, login(scope="profile email"), [2]),
    "state_sent": ({}, login(state=None), [2]),
    "state_unguessable": ({}, [*login(1), *login(21, number=1, code="beef", state=STATES[0])[1:]], [2, 22]),
    "nonce_sent": ({}, login(nonce=None), [2]),
    "nonce_unguessable": ({}, login(nonce="1772449200"), [2]),
    "pkce_s256": ({}, login(code_challenge_method="plain"), [2]),
    "redirect_uri_https": ({}, login(redirect_uri="http://site.example/callback"), [2]),
    "code_redeemed_once": ({}, [*login(), redeem(9, "c0de", status=400)], [6, 9]),
    "code_redeemed_in_time": ({"seconds": 30}, [*login()[:5], redeem(6, "c0de", after=65.0)], [5, 6]),
    "redirect_uri_same_at_token": ({}, [*login()[:5], redeem(6, "c0de", redirect_uri=f"{CALLBACK}/")], [6]),
    "client_authenticated_one_way": (
        {},
        [
            *login()[:5],
            changed(redeem(6, "c0de"), form=(*redeem(6, "c0de").form, ("client_secret", "‹client_secret:5ec4e7aa›"))),
        ],
        [6],
    ),
    "client_authenticated_by": ({"method": "private_key_jwt"}, login(), [6]),
    "secret_never_in_url": (
        {},
        [*login(), changed(refresh(9, "old", "new"), query=(("client_secret", "‹client_secret:5ec4e7aa›"),))],
        [9],
    ),
    "token_never_in_url": (
        {},
        [*login()[:7], userinfo(8, "c0de", query=(("access_token", "‹access_token:ac0de›"),))],
        [8],
    ),
    "userinfo_by_header": ({}, [*login()[:7], userinfo(8, "c0de", request_headers=())], [8]),
    "discovery_url_right": (
        {},
        [document(1, "discovery", path="/.well-known/openid-configuration", status=404), *login()[1:]],
        [1],
    ),
    "discovery_fetched_at_most": ({"n": 1}, [*login(), document(9, "discovery")], [1, 9]),
    "jwks_fetched_at_most": ({"n": 0}, login(), [7]),
    "refresh_rotated_token_used": ({}, [*login(), refresh(9, "old", "new"), refresh(10, "old", "newer")], [10]),
    "logged_out_with_hint": ({}, [*login(), exchange(9, "logout", "idp/oidc/logout")], [9]),
    "no_error_answered": ({}, [*login(), DENIED], [30]),
    "no_request_refused": ({}, [*login(), REFUSED], [9]),
}


def whole(exchanges: Sequence[Exchange]) -> Flow:
    """Everything as one login."""
    last = exchanges[-1]
    return Flow(exchanges[0].id, last.client_id, None, exchanges[0].at, last.at, "", tuple(exchanges))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_careful_site_passes(name: str) -> None:
    """One case a check."""
    options, exchanges = PASSING[name]
    [verdict] = judge(exchanges, [{"name": name, **options}])
    assert verdict.passed is True, verdict.sentence("en")
    assert verdict.exchanges == ()


@pytest.mark.parametrize("name", BY_NAME)
def test_a_mistake_is_found_where_it_stands(name: str) -> None:
    """One case a check: the exchanges that are wrong are named, and it is said in both languages what to change."""
    options, exchanges, wrong = FAILING[name]
    [verdict] = judge(exchanges, [{"name": name, **options}])
    assert verdict.passed is False
    assert list(verdict.exchanges) == wrong
    for language in ("fr", "en"):
        assert "{" not in verdict.sentence(language) + verdict.change(language)
        assert verdict.sentence(language)[-1] in ".…"


@pytest.mark.parametrize("name", sorted(check.name for check in CHECKS if check.of_one_flow))
def test_a_mistake_is_the_only_thing_found(name: str) -> None:
    """Nothing else is blamed on the site; what was refused is told beside."""
    _, exchanges, _ = FAILING[name]
    found = {each.check.name for each in verdicts(whole(exchanges)) if each.passed is False}
    refused = any(each.status is not None and each.status >= 400 for each in exchanges)
    usual_n = name == "jwks_fetched_at_most"  # only found when asked for less than usual
    assert found == ({name} - ({name} if usual_n else set())) | ({"no_request_refused"} if refused else set())


@pytest.mark.parametrize("name", BY_NAME)
def test_an_empty_journal_proves_nothing(name: str) -> None:
    """An assertion about exchanges that never happened fails: a test that looks at nothing must not pass."""
    options, _ = PASSING[name]
    [told] = results(judge([], [{"name": name, **options}]))
    assert told["passed"] is False
    assert told["message"] == "Nothing of the kind was seen."


def test_a_login_without_logout_or_refresh_is_not_judged_on_them() -> None:
    """The inspector does not blame a site for what it did not do yet."""
    silent = {each.check.name for each in verdicts(whole(login())) if each.passed is None}
    assert silent == {"logged_out_with_hint", "refresh_rotated_token_used"}


def test_parameters_of_a_request_object_and_pushed_ones_are_read() -> None:
    """RFC 9101 and RFC 9126: what a request asks may stand elsewhere than in its query."""
    inside = {"state": STATES[0], "nonce": "n" * 3, "scope": "openid", "response_type": "code"}
    asked = exchange(
        1, "authorize", "idp/oidc/authorize", query=[("client_id", "mon-site"), ("request", "‹request:11›")],
        tokens=(TokenSeen("request", {"alg": "RS256"}, inside),),
    )  # fmt: skip
    pushed = exchange(2, "par", "idp/oidc/par", method="POST", form=tuple(inside.items()))
    follows = exchange(
        3, "authorize", "idp/oidc/authorize", query=[("client_id", "mon-site"), ("request_uri", "urn:x")]
    )
    for exchanges in ([asked], [pushed, follows]):
        told = {each.check.name: each.passed for each in verdicts(whole(exchanges))}
        assert (told["state_sent"], told["nonce_sent"], told["nonce_unguessable"]) == (True, True, False)


def test_a_page_loaded_again_is_not_a_state_used_twice() -> None:
    """The browser repeats the request as it was, before the site had any answer."""
    again = [authorize(1), authorize(2), *login(11)[4:]]
    [verdict] = judge(again, ["state_unguessable"])
    assert verdict.passed is True


def test_a_state_used_in_another_login_is_found_in_both() -> None:
    """What must differ each time is compared with the site's other logins, and with no other site's."""
    joined = flows([*login(1), *login(21, number=1, code="beef", state=STATES[0])])
    blamed = {
        number: {each.check.name for each in judged if each.passed is False}
        for number, judged in verdicts_of_all(joined).items()
    }
    assert blamed == {2: {"state_unguessable"}, 22: {"state_unguessable"}}
    assert [each.exchanges for each in verdicts(joined[1], joined) if each.passed is False] == [(2, 22)]
    other = [changed(each, client_id=each.client_id and "autre-site") for each in joined[1].exchanges]
    apart = flows([*joined[0].exchanges, *other])
    assert all(each.passed is not False for each in verdicts(apart[1], apart))


@pytest.mark.parametrize(
    ("assertion", "message"),
    [
        ("nonce", "no assertion is named 'nonce'; known: client_authenticated_by, "),
        ({}, "no assertion is named None"),
        ("client_authenticated_by", "client_authenticated_by needs method: {"),
        ({"name": "nonce_sent", "n": 1}, "nonce_sent takes no option, not n"),
        ({"name": "jwks_fetched_at_most", "n": "1"}, "jwks_fetched_at_most: n must be of type int, not '1'"),
    ],
)  # fmt: skip
def test_an_assertion_that_cannot_be_judged_says_why(assertion: Any, message: str) -> None:
    """Unknown names are never taken for passed."""
    with pytest.raises(UnknownAssertion) as raised:
        judge(login(), [assertion])
    assert message in str(raised.value)


def test_assertions_are_answered_in_their_order_with_what_to_change() -> None:
    """POST …/journal/assertions."""
    told = results(judge(login(nonce=None), ["nonce_sent", {"name": "jwks_fetched_at_most", "n": 1}]))
    assert [(each["name"], each["passed"], each["exchanges"]) for each in told] == [
        ("nonce_sent", False, [2]),
        ("jwks_fetched_at_most", True, []),
    ]
    assert told[0]["message"].startswith("Your site did not send a nonce")
    assert "Draw a random nonce" in told[0]["message"]
    assert told[1]["n"] == 1


@pytest.mark.parametrize(
    ("value", "others", "expected"),
    [
        ("6f1c8a52-3b7e-4d19-a0f4-95c2d7e8b163", [], True),  # a random UUID
        ("9f86d081884c7d659a2feaa0c55ad015", [], True),  # 128 bits in hexadecimal
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", [], True),
        ("fKx3Zq9LmT2vWb7YcR5nHs", [], True),  # 22 letters of base64url
        ("1772449200123456", [], False),  # a time
        ("xyz", [], False),
        ("etat" * 12, [], False),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", [], False),
        ("une-tres-longue-chaine-fixe-0001", ["une-tres-longue-chaine-fixe-0002"], False),
        (f"lyon-fr.{STATES[0]}", [f"lyon-fr.{STATES[1]}"], True),
    ],
)
def test_how_unguessable_a_value_looks(value: str, others: list[str], expected: bool) -> None:
    """RFC 6749, 10.10: 128 bits; what all values have in common is not chance."""
    assert (bits_of(value, others) >= 128) is expected


def test_every_row_says_everything_in_both_languages() -> None:
    """No empty sentence, no sentence in the wrong place."""
    for check in CHECKS:
        assert check.section
        for words in (check.french, check.english):
            assert all(sentence.strip() for sentence in (words.passed, words.failed, words.change)), check.name
        assert check.french.failed != check.english.failed


def test_the_documentation_lists_every_check() -> None:
    """docs/inspector.md holds the table as it is."""
    page = Path(__file__).resolve().parents[2] / "docs" / "inspector.md"
    assert markdown() in page.read_text(encoding="utf-8")
