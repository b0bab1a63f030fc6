"""The pages of the provider's signing keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flows import Citizen, text_of
from key_acts import CACHED_IN, SLACK_IN, Hand
from registry.conftest import People
from registry.web.conftest import element
from registry.web.test_rights_of_pages import post

from glc.clock import ManualClock
from partner_registry.agents import Agent

Desk = Callable[[Agent], Citizen]
PAGE = "/registry/keys/"


@pytest.fixture
def hand(app: Flask, clock: ManualClock) -> Hand:
    """What the keys are, whatever the pages say."""
    return Hand(app, clock)


def test_a_key_is_renewed_from_the_page_which_says_what_comes_when(
    desk: Desk, people: People, hand: Hand, clock: ManualClock
) -> None:
    """Issue, point 5: screens under /registry/keys/; states, dates, what happens next."""
    admin, old = desk(people.admin), hand.signer().kid
    assert "rien n’est prévu" in element(admin.get(PAGE), "keys-ES256").get_text()

    form = admin.get(element(admin.get(PAGE), "rotate-ES256")["href"])
    shown = element(admin.submit(form, reason="chaque année"), "keys-ES256").get_text(" ")
    assert hand.status(old) == "active"
    assert "en attente" in shown
    assert "signera le 02/03/2026 à 12:06" in " ".join(shown.split())
    assert element(admin.get(PAGE), "rotate-ES256") is None, "one waits already"

    clock.advance(seconds=CACHED_IN + SLACK_IN)
    shown = " ".join(element(admin.get(PAGE), "keys-ES256").get_text(" ").split())
    assert "ne sera plus publiée à partir du 02/03/2026 à 12:12" in shown
    clock.advance(hours=1)
    assert old in element(admin.get(PAGE), "keys-over").get_text()
    trail = text_of(admin.get("/registry/audit/?action=key.*"))
    assert "nouvelle clé publiée" in trail
    assert "chaque année" in trail
    assert people.admin.name in trail


def test_a_key_is_promoted_retired_and_declared_compromised_with_a_reason(
    desk: Desk, people: People, hand: Hand
) -> None:
    """Issue, point 5: each with its reason; the page says the risk."""
    admin, old = desk(people.admin), hand.signer().kid
    new = hand.rotate().kid
    page = admin.get(f"{PAGE}{new}/promote")
    assert "refusera les connexions" in text_of(page)
    assert admin.submit(page, reason="").status_code == 400
    assert "cette clé signe désormais" in text_of(admin.submit(page, reason="urgence"))
    assert (hand.status(old), hand.status(new)) == ("retiring", "active")
    admin.submit(admin.get(f"{PAGE}{old}/retire"), reason="ménage")
    assert hand.status(old) == "retired"
    admin.submit(admin.get(f"{PAGE}{new}/compromise"), reason="vol")
    assert hand.status(new) == "compromised"
    assert hand.signer().kid not in {old, new}


def test_what_a_rule_refuses_is_told_on_the_page(desk: Desk, people: People, hand: Hand) -> None:
    """And nothing is done."""
    admin, only = desk(people.admin), hand.signer().kid
    assert element(admin.get(PAGE), "keys-ES256").find(class_="retire") is None
    page = admin.submit(admin.get(f"{PAGE}{only}/retire"), reason="je veux")
    assert (page.status_code, "aucune autre clé ne signerait" in element(page, "refused").get_text()) == (409, True)
    assert hand.status(only) == "active"
    assert admin.get(f"{PAGE}nulle-part/retire").status_code == 404
    assert admin.get(f"{PAGE}rotate/PS256").status_code == 404, "the default dialect does not serve it"


def test_an_auditor_sees_the_keys_and_changes_none_and_others_see_nothing(
    desk: Desk, people: People, hand: Hand
) -> None:
    """`agents.PERMISSIONS`: key.read, key.edit."""
    kid, auditor, reviewer = hand.signer().kid, desk(people.auditor), desk(people.reviewer)
    page = auditor.get(PAGE)
    assert kid in page.text
    assert (element(page, "rotate-ES256"), element(page, "nav-keys") is None) == (None, False)
    for path in (f"{kid}/promote", f"{kid}/retire", f"{kid}/compromise", "rotate/ES256"):
        assert auditor.get(PAGE + path).status_code == 403
        assert post(auditor, PAGE + path, {"reason": "x"}) == 403
    assert reviewer.get(PAGE).status_code == 403
    assert element(reviewer.get("/registry/"), "nav-keys") is None
    assert [each.status for each in hand.facts()] == ["active"]
