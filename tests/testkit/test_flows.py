"""Exchanges joined into flows: one login is one flow, whatever happens at the same time."""

from __future__ import annotations

import pytest
from exchanges import (
    CALLBACK,
    ISSUER,
    STATES,
    authorize,
    changed,
    comes_back,
    document,
    exchange,
    login,
    page,
    redeem,
    refresh,
    userinfo,
)

from testkit.journal.diagram import steps
from testkit.journal.exchange import Exchange
from testkit.journal.flows import Flow, flows, outside


def numbers(flow: Flow) -> list[int]:
    """Its exchanges."""
    return [each.id for each in flow.exchanges]


def test_a_login_is_one_flow_with_the_documents_its_site_fetched() -> None:
    """Discovery before, the JWK Set during: both belong to the only login there is."""
    [flow] = flows(login())
    assert numbers(flow) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (flow.id, flow.client_id, flow.account, flow.outcome) == (2, "mon-site", "uuid-camille", "logged_in")
    assert (flow.ended_at - flow.began_at).total_seconds() == 7


def two_at_once(second_client: str) -> list[Exchange]:
    """Two logins at the same time, of one site or of two."""
    return [
        authorize(1),
        changed(authorize(2, login=1), client_id=second_client),
        page(3, "login", "p2"),
        page(4, "login", "p1"),
        comes_back(5, "p1", "aaaa"),
        comes_back(6, "p2", "bbbb", STATES[1]),
        changed(redeem(7, "bbbb"), client_id=second_client),
        document(8, "jwks"),
        redeem(9, "aaaa"),
        userinfo(10, "aaaa"),
        userinfo(11, "bbbb"),
    ]


def test_two_logins_at_once_are_two_flows() -> None:
    """Each exchange goes by its marks; a document that either site may have fetched stays outside."""
    mixed = two_at_once("autre-site")
    first, second = flows(mixed)
    assert numbers(first) == [1, 4, 5, 9, 10]
    assert numbers(second) == [2, 3, 6, 7, 11]
    assert [each.id for each in outside(mixed, [first, second])] == [8]


def test_the_keys_that_one_site_fetches_go_to_the_login_that_has_just_had_its_tokens() -> None:
    """It has a signature to verify."""
    first, second = flows(two_at_once("mon-site"))
    assert numbers(first) == [1, 4, 5, 9, 10]
    assert numbers(second) == [2, 3, 6, 7, 8, 11]


def test_a_site_that_always_sends_the_same_state_still_has_a_flow_for_each_login() -> None:
    """Its second request is another login, for the first had its answer."""
    same = {"state": "fixe", "nonce": None}
    first, second = flows([*login(1, **same), *login(11, code="beef", **same)])
    assert numbers(first)[1:] == [2, 3, 4, 5, 6, 7, 8]
    assert numbers(second) == [11, 12, 13, 14, 15, 16, 17, 18]


def test_a_page_loaded_again_stays_in_its_flow() -> None:
    """The same request, while the first still waits."""
    [flow] = flows([authorize(1), authorize(2), page(3, "login", "p2")])
    assert numbers(flow) == [1, 2, 3]
    assert flow.outcome == "in_progress"


def test_refreshes_and_logout_belong_to_the_login_they_follow() -> None:
    """By the tokens they carry."""
    first = changed(redeem(6, "c0de"), marks=frozenset({"code:c0de", "refresh_token:old", "id_token:1c0de"}))
    out = exchange(10, "logout", "idp/oidc/logout", status=302, marks=frozenset({"id_token:1c0de"}), location=CALLBACK)
    [flow] = flows([*login()[:5], first, refresh(9, "old", "new"), out])
    assert numbers(flow)[-2:] == [9, 10]
    assert flow.outcome == "logged_out"


def test_a_code_nobody_gave_goes_to_the_client_s_login_that_waits_for_its_tokens() -> None:
    """What was sent wrong is shown where it matters."""
    wrong = redeem(6, "0dd0", status=400, body='{"error": "invalid_grant"}', marks=frozenset({"code:0dd0"}))
    [flow] = flows([*login()[:5], wrong])
    assert numbers(flow)[-1] == 6
    assert flow.outcome == "token_refused"


def test_pushed_parameters_belong_to_the_login_they_announce() -> None:
    """RFC 9126."""
    uri = frozenset({"request_uri:1234"})
    pushed = exchange(1, "par", "idp/oidc/par", method="POST", form=(("state", "x"),), status=201, marks=uri)
    asked = [("client_id", "mon-site"), ("request_uri", "‹request_uri:1234›")]
    follows = exchange(2, "authorize", "idp/oidc/authorize", query=asked, marks=uri)
    [flow] = flows([pushed, follows])
    assert numbers(flow) == [1, 2]


@pytest.mark.parametrize(
    ("exchanges", "outcome"),
    [
        (login()[:5], "code_unused"),
        ([*login()[:4], changed(comes_back(5, "p2", "c0de"), endpoint="consent", method="POST")], "code_unused"),
        ([changed(authorize(1), location=f"{CALLBACK}?error=access_denied&state=x")], "refused"),
        ([changed(authorize(1), location=None, status=400)], "stopped"),
        (
            [changed(authorize(1), location=f"{ISSUER}continue/?next=https%3A//site.example/%3Ferror%3Daccess_denied")],
            "stopped",
        ),
        ([changed(authorize(1), location=None, status=200, marks=frozenset({"code:c0de"}))], "code_unused"),
        ([authorize(1)], "in_progress"),
        ([changed(authorize(1), location=f"{CALLBACK}#id_token=‹id_token:11›&state=x")], "logged_in"),
    ],
)
def test_what_became_of_a_login(exchanges: list[Exchange], outcome: str) -> None:
    """Said in one word."""
    [flow] = flows(exchanges)
    assert flow.outcome == outcome


def test_a_page_opened_by_somebody_who_comes_from_no_site_is_in_no_flow() -> None:
    """Nor is a style sheet."""
    visited = [exchange(1, "login", "login/", client_id=None), exchange(2, "static", "static/glc.css", client_id=None)]
    assert flows(visited) == []
    assert [each.id for each in outside(visited, [])] == [1, 2]


def test_the_diagram_says_who_speaks_to_whom() -> None:
    """Three lanes; what the provider cannot see, between browser and site, is marked as such."""
    [flow] = flows(login())
    told = [[(each.sender, each.receiver, each.seen) for each in step.arrows] for step in steps(flow)]
    assert told[0] == [("site", "provider", True), ("provider", "site", True)]
    assert told[1] == [("site", "browser", False), ("browser", "provider", True), ("provider", "browser", True)]
    assert told[4] == [("browser", "provider", True), ("provider", "browser", True), ("browser", "site", False)]
    called = exchange(9, "backchannel_logout", "x", outgoing=True, url="https://site.example/out", status=400)
    backwards = steps(Flow(9, None, None, called.at, called.at, "", (called,)))[0].arrows
    assert [(each.sender, each.receiver, each.failed) for each in backwards] == [
        ("provider", "site", False),
        ("site", "provider", True),
    ]
