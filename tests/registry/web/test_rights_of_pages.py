"""Whatever a page shows, the rule decides: forms made by hand, of others' partners, without token or without role."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flows import Citizen
from registry.web.conftest import Commune, Registry, element, number

from glc.clock import ManualClock
from partner_registry.agents import OPERATOR, Agent, grant_role
from partner_registry.models import Agreement, Role
from partner_registry.partners.life import find_partner

Desk = Callable[[Agent], Citizen]
Villeurbanne = Callable[..., Commune]
ACTS = {
    "submit": {},
    "withdraw": {"reason": "x"},
    "examine": {"kind": "REFUSED", "reason": "x"},
    "reopen": {"reason": "x"},
    "decide": {"body": "PARTNER", "number": "1"},
    "sign": {"on": "01/03/2026"},
    "transmit": {"on": "01/03/2026", "receipt": "1"},
    "notify": {"on": "01/03/2026"},
    "suspend": {"reason": "x", "confirmation": "villeurbanne"},
    "lift": {"reason": "x"},
    "denounce": {"received_on": "01/03/2026", "sender": "x"},
    "terminate": {"last_on": "10/03/2026", "cause": "x", "confirmation": "villeurbanne"},
    "derogate": {"from_on": "01/03/2026", "until_on": "02/03/2026", "reason": "x"},
    "correct": {"number": "x", "reason": "x"},
    "amend": {"purpose": "x", "effective_on": "01/04/2026", "offer": "GLOBAL"},
    "budget": {"year": "2026", "voted": "yes"},
    "edit": {"offer": "GLOBAL", "starts_on": "01/01/2027", "hard_end_on": "31/12/2029", "notice_months": "3"},
}


def post(agent: Citizen, path: str, values: dict[str, str]) -> int:
    """Send a form made by hand, with a token of this browser; the status of the answer."""
    token = element(agent.get("/accounts/change-email/"), "csrf_token")["value"]
    return agent.client.post(path, data={**values, "csrf_token": token}).status_code


def test_no_act_is_taken_by_an_auditor_or_by_another_partner_s_applicant(
    desk: Desk, villeurbanne: Villeurbanne, registry: Registry, clock: ManualClock
) -> None:
    """Read only is read only, and what is not theirs is not there."""
    commune = villeurbanne("in force")
    people = commune.people
    with registry() as session:
        before = facts(session.get_one(Agreement, commune.agreement))
        bron = find_partner(session, "bron")
        grant_role(session, OPERATOR, number(people.citizen), Role.APPLICANT, at=clock.now(), partner=bron)
    auditor, applicant_of_bron = desk(people.auditor), desk(people.citizen)

    answers = {act: post(auditor, f"{commune.file}{act}", typed) for act, typed in ACTS.items()}
    assert answers == dict.fromkeys(ACTS, 403)
    answers = {act: post(applicant_of_bron, f"{commune.file}{act}", typed) for act, typed in ACTS.items()}
    assert answers == dict.fromkeys(ACTS, 404)
    with registry() as session:
        assert facts(session.get_one(Agreement, commune.agreement)) == before


def facts(agreement: Agreement) -> list[object]:
    """What the acts change."""
    kept = [agreement.created_at, agreement.number, agreement.offer, agreement.signed_on, agreement.notified_on]
    kept += [agreement.terminated_on, agreement.renewal_refused_on, agreement.starts_on]
    many = (agreement.steps, agreement.decisions, agreement.suspensions, agreement.derogations, agreement.amendments)
    return [*kept, *map(len, many), len(agreement.years)]


def test_a_form_of_another_site_is_refused(app: Flask, desk: Desk, villeurbanne: Villeurbanne) -> None:
    """CSRF: without this browser's token nothing is done."""
    commune = villeurbanne("in force")
    admin = desk(commune.people.admin)

    answer = admin.client.post(f"{commune.file}suspend", data=ACTS["suspend"])

    assert answer.status_code == 400
    assert "Formulaire à renvoyer" in answer.text


def test_a_text_that_cannot_be_kept_is_refused_and_the_rest_of_the_form_stays(
    desk: Desk, villeurbanne: Villeurbanne
) -> None:
    """A NUL character, which PostgreSQL does not store."""
    commune = villeurbanne("in force")
    assert post(desk(commune.people.admin), f"{commune.file}lift", {"reason": "a\0b"}) == 400
