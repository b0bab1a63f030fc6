"""A program presents its agent's token, and can do what that agent can."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flows import Citizen
from programs import Hire, Program
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.database import db
from partner_registry.agents import OPERATOR
from partner_registry.api import BASE
from partner_registry.models import AgentRole, Role
from partner_registry.partners.life import find_partner
from partner_registry.partners.succession import succeed
from partner_registry.tokens import revoke_token, tokens_of


@pytest.mark.parametrize(
    ("presented", "challenge"),
    [
        (None, 'Bearer realm="registry"'),
        ("Bearer glcr_nobody", 'Bearer realm="registry", error="invalid_token"'),
        ("Basic Z2xjOmdsYw==", 'Bearer realm="registry", error="invalid_token"'),
        ("Bearer", 'Bearer realm="registry", error="invalid_token"'),
        ("nonsense\x7f", 'Bearer realm="registry", error="invalid_token"'),
    ],
)
def test_without_a_token_that_is_accepted_nothing_is_told(app: Flask, presented: str | None, challenge: str) -> None:
    """RFC 6750, section 3: 401 with a challenge."""
    headers = {"Authorization": presented} if presented else {}
    answer = app.test_client().get(f"{BASE}/partners", headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, challenge)
    assert answer.mimetype == "application/problem+json"


def test_a_browser_that_is_logged_in_is_not_let_in_by_its_cookie(app: Flask, reviewer: Program) -> None:
    """No cookie counts here, so that no form of another site can act: that is why no CSRF token is asked."""
    browser = app.test_client()
    someone = Citizen(browser, reviewer.email)
    someone.log_in(someone.get("/login/"))
    assert "Agent" in browser.get("/accounts/").text
    assert browser.post(f"{BASE}/partners", json={"code": "69266"}).status_code == 401


def test_a_token_dies_when_it_is_revoked_and_when_it_expires(
    reviewer: Program, clock: ManualClock, registry: Callable[[], Iterator[Session]], hire: Hire
) -> None:
    """A program can do what its agent can as long as its token is accepted."""
    other = hire("other", Role.REVIEWER)
    with registry() as session:
        revoke_token(session, OPERATOR, tokens_of(session, reviewer.account_id)[0], at=clock.now(), reason="perdu")
    assert reviewer.send("GET", "/partners").status_code == 401
    assert other.send("GET", "/partners").status_code == 200
    clock.advance(days=366)
    assert other.send("GET", "/partners").status_code == 401


def test_a_role_that_ends_ends_what_the_token_can_do_at_once(
    reviewer: Program, clock: ManualClock, registry: Callable[[], Iterator[Session]]
) -> None:
    """The roles held at that instant decide."""
    assert reviewer.send("GET", "/partners").status_code == 200
    with registry() as session:
        session.query(AgentRole).filter_by(account_id=reviewer.account_id).one().revoked_at = clock.now()
    refused = reviewer.send("GET", "/partners")
    assert (refused.status_code, refused.json["type"]) == (403, f"{BASE}/problems/forbidden")


def test_for_an_applicant_other_partners_do_not_exist(applicant: Program) -> None:
    """An applicant sees and changes only its own partner's records."""
    file = "/agreements/GNM-2019-lyon"
    for path in ("/partners/lyon", "/partners/lyon/contacts", file, f"{file}/missing", f"{file}/amendments"):
        assert applicant.send("GET", path).status_code == 404
        assert applicant.send("GET", path.replace("lyon", "bron")).status_code == 200


def test_lists_show_an_applicant_only_its_own(applicant: Program, reviewer: Program) -> None:
    """The same, in lists; for the Métropole they show everybody's."""
    seen = {
        "/partners": lambda each: each["slug"],
        "/agreements": lambda each: each["partner"],
        "/processings": lambda each: each["partner"],
    }
    for path, whose in seen.items():
        assert {whose(each) for each in applicant.get(path)["items"]} == {"bron"}
        assert {whose(each) for each in reviewer.get(path)["items"]} >= {"bron", "lyon"}


def test_the_clients_of_others_do_not_exist_either(applicant: Program, reviewer: Program) -> None:
    """A client is seen by whoever holds it: transfers counted (R34)."""
    made = reviewer.create("/clients", partner="lyon", name="Site", redirect_uris=["https://lyon.example/back"])
    path = f"/clients/{made['client_id']}"
    for each in (path, f"{path}/versions/1", f"{path}/terms", f"{path}/secrets/{made['secrets'][0]['id']}"):
        assert reviewer.send("GET", each).status_code == 200
        assert applicant.send("GET", each).status_code == 404
    assert applicant.get("/clients")["items"] == []


def test_an_applicant_cannot_name_another_partner_in_what_it_sends(applicant: Program) -> None:
    """What is not theirs to see is refused as if it were not there."""
    refused = applicant.create("/processings", 422, partner="lyon", name="Compte")
    nobody = applicant.create("/processings", 422, partner="nobody", name="Compte")
    assert refused["detail"].replace("lyon", "nobody") == nobody["detail"]


def test_after_a_merger_the_successor_sees_what_was_handed_on_and_the_former_people_no_longer(
    app: Flask, hire: Hire, applicant: Program, clock: ManualClock
) -> None:
    """Registry reference, 3: as the pages do; what a list names can be read."""
    heir = hire("heir", Role.APPLICANT, acts_for="lyon")
    (processing, *_) = applicant.get("/processings")["items"]
    with app.app_context():
        bron, lyon = (find_partner(db.session(), slug) for slug in ("bron", "lyon"))
        succeed(db.session(), OPERATOR, bron, lyon, on=dt.date(2026, 3, 2), at=clock.now(), reason="fusion")
        db.session.commit()
    for path in ("/agreements/SIMULATEUR-2024-bron", f"/processings/{processing['id']}"):
        assert applicant.send("GET", path).status_code == 404
        assert heir.get(path)["partner"] == "bron"
    assert applicant.get("/agreements")["items"] == []
    assert {each["partner"] for each in heir.get("/agreements")["items"]} == {"bron", "lyon"}
    for each in heir.get("/partners")["items"]:
        heir.get(f"/partners/{each['slug']}")


def test_agreements_are_listed_as_of_an_instant_without_those_not_opened_yet(reviewer: Program) -> None:
    """As `glc agreement list --at` does."""
    reviewer.create(
        "/agreements",
        partner="bron",
        number="CONV-bron",
        framework="Essai",
        offer="GLOBAL",
        starts_on="2027-01-01",
        hard_end_on="2028-12-31",
    )
    for at, there in (("2026-03-01T00:00:00Z", False), ("2026-03-03T00:00:00Z", True)):
        listed = {each["number"] for each in reviewer.get(f"/agreements?partner=bron&at={at}")["items"]}
        assert ("CONV-bron" in listed) is there


def test_what_only_few_may_see_is_refused_to_others(reviewer: Program, admin: Program) -> None:
    """`agents.PERMISSIONS` says who reads the audit trail and the roles."""
    for path in ("/audit/entries", "/audit/verification", "/roles"):
        assert admin.send("GET", path).status_code == 200
        assert reviewer.send("GET", path).status_code == 403


def test_an_auditor_reads_everything_and_changes_nothing(hire: Hire) -> None:
    """Issue 3, point 7: read only. The refusal says who may."""
    auditor = hire("auditor", Role.AUDITOR)
    assert auditor.get("/partners/lyon")["name"] == "Lyon"
    refused = auditor.act("/partners/lyon", method="PATCH", expected=403, portal_url="https://lyon.example/")
    assert refused["type"] == f"{BASE}/problems/forbidden"


def test_the_last_administrator_keeps_their_role(admin: Program) -> None:
    """Registry reference, 6.3, mistake 9."""
    held = admin.get("/roles?role=ADMIN&held=true")["items"]
    assert [each["email"] for each in held] == [admin.email]
    admin.act(f"/roles/{held[0]['id']}", "/revoke", expected=409, reason="je pars")


def test_roles_are_given_and_ended(admin: Program, applicant: Program, clock: ManualClock) -> None:
    """Issue 3, point 7: roles."""
    made = admin.create("/roles", email=applicant.email, role="APPLICANT", partner="lyon")
    assert applicant.get("/me")["partners"] == ["bron", "lyon"]
    clock.advance(seconds=1)
    admin.act(f"/roles/{made['id']}", "/revoke", reason="a changé de service")
    assert applicant.get("/me")["partners"] == ["bron"]
    assert admin.create("/roles", 422, email="nobody@example.com", role="DPO")["status"] == 422


def test_who_is_asking_is_told_what_they_may_do(applicant: Program) -> None:
    """`GET /me`."""
    told = applicant.get("/me")
    assert (told["roles"], told["partners"]) == (["APPLICANT"], ["bron"])
    assert "agreement.submit" in told["permissions"]
    assert "agreement.examine" not in told["permissions"]


def test_an_account_that_was_erased_takes_its_programs_with_it(
    app: Flask, reviewer: Program, clock: ManualClock, registry: Callable[[], Iterator[Session]]
) -> None:
    """GDPR 17: nobody acts in the name of who is gone."""
    from idp.models import Account

    with registry() as session:
        session.get_one(Account, reviewer.account_id).erased_at = clock.now() - dt.timedelta(days=1)
    assert reviewer.send("GET", "/me").status_code == 401


def test_tokens_are_listed_without_their_text_and_revoked(
    applicant: Program, admin: Program, reviewer: Program
) -> None:
    """One's own; anybody's for whoever gives roles. A token makes no other: those are made where somebody logs in."""
    (own,) = applicant.get("/tokens")["items"]
    assert (own["email"], own["name"]) == (applicant.email, "tests")
    assert applicant.token not in applicant.send("GET", f"/tokens/{own['id']}").text
    assert reviewer.send("GET", f"/tokens/{own['id']}").status_code == 404
    assert reviewer.send("GET", f"/tokens?email={applicant.email}").status_code == 403
    assert admin.get(f"/tokens?email={applicant.email}")["items"] == [own]
    assert admin.get("/tokens?email=nobody@example.com")["items"] == []
    assert admin.act(f"/tokens/{own['id']}", "/revoke", reason="perdu")["revoked_at"]
    assert applicant.send("GET", "/me").status_code == 401
    assert admin.send("POST", "/tokens", json={}).status_code == 405
