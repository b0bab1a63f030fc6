"""Nobody overwrites what they have not read (RFC 9110, section 13; RFC 6585, section 3)."""

from __future__ import annotations

import pytest
from programs import Program

from glc.clock import ManualClock
from partner_registry.api import BASE

NEW = {"portal_url": "https://bron.example/portail"}


def test_a_change_that_does_not_say_from_which_state_is_refused(admin: Program) -> None:
    """428, and nothing changed."""
    before = admin.get("/partners/bron")
    refused = admin.send("PATCH", "/partners/bron", json=NEW)
    assert (refused.status_code, refused.json["type"]) == (428, f"{BASE}/problems/unconditional")
    assert admin.get("/partners/bron") == before


def test_of_two_who_read_the_same_state_the_second_to_change_it_is_refused(admin: Program, applicant: Program) -> None:
    """412, until they have read again."""
    admin.get("/partners/bron")
    applicant.act("/partners/bron", method="PATCH", **NEW)
    stale = {"If-Match": admin.etags["/partners/bron"]}
    refused = admin.send("PATCH", "/partners/bron", json={"portal_url": None}, headers=stale)
    assert (refused.status_code, refused.json["type"]) == (412, f"{BASE}/problems/stale")
    assert admin.get("/partners/bron")["portal_url"] == NEW["portal_url"]
    assert admin.act("/partners/bron", method="PATCH", portal_url=None)["portal_url"] is None


def test_an_act_on_an_agreement_is_refused_once_somebody_else_acted(admin: Program, reviewer: Program) -> None:
    """The same for acts: two people do not suspend and denounce the same state."""
    path = "/agreements/SIMULATEUR-2024-bron"
    reviewer.get(path)
    admin.act(path, "/suspend", reason="incident", confirmation="bron")
    stale = {"If-Match": reviewer.etags[path]}
    sent = {"received_on": "2026-03-02", "sender": "Le Maire"}
    assert reviewer.send("POST", f"{path}/denounce", json=sent, headers=stale).status_code == 412
    assert admin.act(path, "/resume", reason="réglé")["status"] == "agreement_in_force"


@pytest.mark.parametrize(
    ("condition", "status"),
    [('W/"{}"', 412), ('"{}"', 200), ('"other", "{}"', 200), ("*", 200), ("{}", 200), ("other", 412), (" ", 428)],
)
def test_a_weak_tag_never_matches_and_a_star_always_does(admin: Program, condition: str, status: int) -> None:
    """RFC 9110, section 13.1.1: strong comparison."""
    admin.get("/partners/bron")
    tag = admin.etags["/partners/bron"].strip('"')
    answer = admin.send("PATCH", "/partners/bron", json=NEW, headers={"If-Match": condition.replace("{}", tag)})
    assert answer.status_code == status


def test_who_has_the_present_state_is_not_sent_it_again(admin: Program) -> None:
    """RFC 9110, section 13.1.2: 304 without a body."""
    admin.get("/partners/bron")
    known = {"If-None-Match": admin.etags["/partners/bron"]}
    again = admin.send("GET", "/partners/bron", headers=known)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", known["If-None-Match"])
    admin.act("/partners/bron", method="PATCH", **NEW)
    assert admin.send("GET", "/partners/bron", headers=known).status_code == 200


def test_a_state_that_time_alone_changed_is_another_state(admin: Program, clock: ManualClock) -> None:
    """Status follows from dates: what was read on the last day is stale the day after."""
    path = "/agreements/SIMULATEUR-2024-bron"
    admin.act(path, "/terminate", last_on="2026-03-02", cause="fin", confirmation="bron")
    admin.get(path)
    stale = {"If-Match": admin.etags[path]}
    clock.advance(days=1)
    refused = admin.send("POST", f"{path}/suspend", json={"reason": "x", "confirmation": "bron"}, headers=stale)
    assert refused.status_code == 412
    assert admin.get(path)["status"] == "agreement_terminated"


def test_what_is_told_as_of_an_instant_cannot_be_changed_from(admin: Program) -> None:
    """A past state has no entity tag."""
    answer = admin.send("GET", "/agreements/GNM-2019-bron?at=2020-01-01T00:00:00Z")
    assert answer.json["status"] == "agreement_in_force"
    assert "ETag" not in answer.headers
    assert admin.get("/agreements/GNM-2019-bron")["status"] == "agreement_expired"
