"""The pages of agents, of their tokens, and of the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from flows import Citizen, text_of
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, number, typed

from glc.clock import ManualClock
from partner_registry.agents import OPERATOR, Agent, agent_of, held_roles, revoke_role
from partner_registry.models import Role
from partner_registry.partners.life import edit_partner, find_partner
from partner_registry.tokens import find_agent_by_token

Desk = Callable[[Agent], Citizen]


def test_a_role_is_given_by_the_address_of_an_account(
    desk: Desk, people: People, registry: Registry, clock: ManualClock
) -> None:
    """Issue, point 7: agents log in with their own account."""
    admin = desk(people.admin)
    form = admin.get("/registry/agents/")
    unknown = admin.submit(form, "grant-form", email="personne@agents.example", role="DPO")
    without = admin.submit(form, "grant-form", email=people.citizen.name, role="APPLICANT")
    admin.submit(form, "grant-form", email=people.citizen.name, role="APPLICANT", partner="lyon")

    assert unknown.status_code == 400
    assert "aucun compte n’a cette adresse" in element(unknown, "email-error").get_text()
    assert typed(unknown, "email") == "personne@agents.example"
    assert "un demandeur agit pour un partenaire" in element(without, "refused").get_text()
    with registry() as session:
        agent = agent_of(session, number(people.citizen), "", clock.now(), via="web")
        assert agent.partners == {find_partner(session, "lyon").id}


def test_a_role_is_taken_back_with_a_reason_and_the_last_administrator_stays(
    desk: Desk, people: People, registry: Registry, clock: ManualClock
) -> None:
    """6.3, mistake 9: the last admin removes its own role."""
    admin = desk(people.admin)
    with registry() as session:
        roles = {each.account_id: each for each in held_roles(session, clock.now()) if each.role is Role.ADMIN}
        own = roles[number(people.admin)].id
        revoke_role(session, OPERATOR, roles[number(people.other_admin)], at=clock.now(), reason="départ")

    page = admin.submit(admin.get(f"/registry/agents/roles/{own}/revoke"), reason="je pars")

    assert page.status_code == 409
    assert "dernier administrateur" in element(page, "refused").get_text()
    assert typed(page, "reason") == "je pars"
    assert admin.get("/registry/agents/").status_code == 200


def test_only_an_administrator_opens_the_agents_page(desk: Desk, people: People) -> None:
    """`agents.PERMISSIONS`: role.edit."""
    for agent in (people.reviewer, people.dpo, people.auditor):
        someone = desk(agent)
        assert someone.get("/registry/agents/").status_code == 403
        assert element(someone.get("/registry/"), "nav-agents") is None


def test_a_token_is_shown_once_and_works_for_its_agent(
    app: Flask, desk: Desk, people: People, registry: Registry, clock: ManualClock
) -> None:
    """Shown once, stored as a digest; the browser keeps neither."""
    reviewer = desk(people.reviewer)
    form = reviewer.get("/registry/tokens/")
    answer = reviewer.client.post(
        "/registry/tokens/", data={"csrf_token": typed(form, "csrf_token"), "name": "export", "days": "30"}
    )
    once, again = reviewer.get("/registry/tokens/"), reviewer.get("/registry/tokens/")

    token = element(once, "token").get_text()
    assert (answer.status_code, once.headers["Cache-Control"]) == (303, "no-store")
    assert element(again, "token") is None
    assert token not in again.text
    with registry() as session, app.app_context():
        agent = find_agent_by_token(session, token, clock.now())
        assert agent is not None
        assert agent.account_id == people.reviewer.account_id
        assert find_agent_by_token(session, token, clock.now() + dt.timedelta(days=31)) is None


@pytest.mark.parametrize("days", ["0", "1096", "999999999"])
def test_a_token_lives_from_a_day_to_three_years(desk: Desk, people: People, days: str) -> None:
    """Said on the same page, with what was typed."""
    reviewer = desk(people.reviewer)
    page = reviewer.submit(reviewer.get("/registry/tokens/"), "token-form", name="export", days=days)
    assert (page.status_code, typed(page, "days")) == (400, days)


def test_a_token_is_revoked_by_its_agent_alone(desk: Desk, people: People) -> None:
    """Somebody else's is nowhere."""
    reviewer, other = desk(people.reviewer), desk(people.other_reviewer)
    page = reviewer.submit(reviewer.get("/registry/tokens/"), "token-form", name="export", days="30")
    link = element(page, "tokens").find("a")["href"]

    assert other.get(link).status_code == 404
    shown = reviewer.submit(reviewer.get(link), reason="programme retiré")
    assert "révoqué le" in element(shown, "tokens").get_text()


@pytest.fixture
def edited(registry: Registry, clock: ManualClock, people: People) -> None:
    """Sixty changes of Lyon's record, a minute apart, and one of Bron's."""
    with registry() as session:
        lyon, bron = find_partner(session, "lyon"), find_partner(session, "bron")
        for each in range(60):
            clock.advance(minutes=1)
            edit_partner(session, people.admin, lyon, at=clock.now(), support_url=f"https://lyon.example/{each}")
        edit_partner(session, people.admin, bron, at=clock.now(), support_url="https://bron.example/aide")


@pytest.mark.usefixtures("edited")
def test_the_trail_is_filtered_paged_and_says_before_and_after(desk: Desk, people: People) -> None:
    """Issue, point 9: who, when, before and after."""
    auditor = desk(people.auditor)
    page = auditor.get("/registry/audit/?subject=partner:lyon&action=partner.*")
    first = element(page, "entries")("li", recursive=False)
    older = auditor.get("/registry/audit/" + element(page, "older")["href"])
    bron = auditor.get("/registry/audit/?subject=partner:bron&since=02/03/2026&until=02/03/2026")

    assert len(first) == 50
    assert "https://lyon.example/59" in first[0].get_text()
    assert "https://lyon.example/58" in first[0].get_text()
    assert people.admin.name in first[0].get_text()
    assert "fiche modifiée" in first[0].get_text()
    assert len(element(older, "entries")("li", recursive=False)) == 10
    assert element(older, "older") is None
    assert len(element(bron, "entries")("li", recursive=False)) == 1
    assert element(auditor.get("/registry/audit/?until=01/03/2026"), "entries") is None
    assert auditor.get("/registry/audit/?since=hier").status_code == 400


@pytest.mark.usefixtures("edited")
def test_the_chain_is_verified_on_a_page(desk: Desk, people: People) -> None:
    """Issue, point 9: an edit is detected."""
    auditor = desk(people.auditor)
    whole = auditor.get("/registry/audit/verify/")
    head = element(whole, "head").get_text()
    noted = auditor.get(f"/registry/audit/verify/?head={head}")
    other = auditor.get(f"/registry/audit/verify/?head={'0' * 63}1")
    assert "l’empreinte notée auparavant n’est plus dans la chaîne" in element(other, "verdict").get_text()

    assert "La chaîne est entière" in element(whole, "verdict").get_text()
    assert "La chaîne est entière" in element(noted, "verdict").get_text()
    assert "a été retouché" in element(other, "verdict").get_text()


def test_the_trail_is_for_who_may_read_it(desk: Desk, people: People, villeurbanne: Callable[..., Commune]) -> None:
    """`agents.PERMISSIONS`: audit.read."""
    assert desk(people.reviewer).get("/registry/audit/").status_code == 403
    assert desk(villeurbanne().people.applicant).get("/registry/audit/verify/").status_code == 403
    assert "Journal" in text_of(desk(people.dpo).get("/registry/audit/"))
