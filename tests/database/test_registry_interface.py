"""The registry's REST interface on both databases: what each refuses, and what happens at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask
from programs import Hire, Program, hiring
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.models import Role

AT_ONCE = 8


@pytest.fixture
def hire(app: Flask, clock: ManualClock) -> Hire:
    """Make a program for an agent of a name and some roles."""
    return hiring(app, clock)


@pytest.fixture
def admin(hire: Hire) -> Program:
    """The program of an administrator of the registry."""
    return hire("admin", Role.ADMIN, Role.REVIEWER)


def together(ask: Callable[[], TestResponse]) -> list[TestResponse]:
    """Ask the same from several threads that set off together."""
    answers: list[TestResponse] = []
    gate = threading.Barrier(AT_ONCE)

    def run() -> None:
        gate.wait()
        answers.append(ask())

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/partners/%00", None),
        ("GET", "/partners?cursor=%00", None),
        ("GET", "/partners?cursor=ImFcdTAwMDAi", None),
        ("GET", "/processings?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ", None),
        ("GET", "/processings/999999999", None),
        ("GET", "/audit/entries?subject=%00", None),
        ("GET", "/agreements?at=0001-01-01T00:00:00Z", None),
        ("POST", "/partners", {"code": "69266", "slug": "x\0"}),
        ("POST", "/partners", {"code": "69266", "legal_name": "x" * 201}),
        ("POST", "/partners", {"code": "🎭" * 20}),
        ("POST", "/roles", {"email": "a\0@b.example", "role": "DPO"}),
        ("POST", "/processings", {"partner": "bron", "name": "x", "retention_months": 2**31}),
        ("POST", "/processings", {"partner": "bron", "name": "x", "retention_months": 10**30}),
        ("POST", "/processings", {"partner": "bron", "name": "x" * 201}),
        ("POST", "/processings", {"partner": "bron", "name": "x", "dpia_on": "9999-12-31"}),
        ("POST", "/processings", {"partner": "bron", "name": "x", "purposes": [{"text": "t", "claims": {"\0": ""}}]}),
    ],
)
def test_what_one_database_cannot_hold_is_refused_by_both(
    admin: Program, method: str, path: str, content: dict[str, object] | None
) -> None:
    """4xx, the sender's mistake, and never 5xx."""
    answer = admin.send(method, path, **({} if content is None else {"json": content}))
    assert answer.status_code in {404, 422}, answer.text


def test_creating_changing_and_listing_work(admin: Program) -> None:
    """The state that each answer names is the state that is then read."""
    assert admin.create("/partners", code="69266")["slug"] == "villeurbanne"
    admin.create("/partners/villeurbanne/contacts", role="DPO", name="Élodie 🎭", email="dpo@villeurbanne.example")
    admin.act("/partners/villeurbanne", method="PATCH", portal_url="https://villeurbanne.example/")
    purposes = [{"text": "Inscrire", "claims": {"gender": "civilité", "email": "prévenir", "birthdate": "âge"}}]
    admin.create("/processings", partner="villeurbanne", name="Compte", purposes=purposes)
    client = admin.create("/clients", partner="lyon", name="Site", redirect_uris=["https://lyon.example/back"])
    admin.act(f"/clients/{client['client_id']}", "/disable", reason="essai")
    numbers = [each["id"] for each in admin.get("/processings?limit=200")["items"]]
    assert numbers == sorted(numbers)


def test_of_several_who_read_the_same_state_one_changes_it(admin: Program, app: Flask) -> None:
    """RFC 9110, section 13.1.1: the row is locked from the comparison to the commit."""
    admin.get("/partners/bron")
    bearer = {"Authorization": f"Bearer {admin.token}", "If-Match": admin.etags["/partners/bron"]}
    url = "/registry/api/v1/partners/bron"
    sent = {"portal_url": "https://bron.example/nouveau"}
    answers = together(lambda: app.test_client().patch(url, json=sent, headers=bearer))
    assert Counter(each.status_code for each in answers) == {200: 1, 412: AT_ONCE - 1}


def test_one_creation_asked_for_several_times_at_once_happens_once(admin: Program, app: Flask) -> None:
    """The key is reserved first: whoever comes second waits, and is given the same answer."""
    headers = {"Authorization": f"Bearer {admin.token}", "Idempotency-Key": "once"}
    url = "/registry/api/v1/clients"
    sent = {"partner": "bron", "name": "Site", "redirect_uris": ["https://bron.example/back"]}
    answers = together(lambda: app.test_client().post(url, json=sent, headers=headers))
    assert [each.status_code for each in answers] == [201] * AT_ONCE
    assert len({each.data for each in answers}) == 1
    assert len(admin.get("/clients")["items"]) == 1


def test_the_same_partner_registered_at_once_is_registered_once(admin: Program, app: Flask) -> None:
    """Without a key the others are told that it is there: 409, never 5xx."""
    headers = {"Authorization": f"Bearer {admin.token}"}
    url = "/registry/api/v1/partners"
    answers = together(lambda: app.test_client().post(url, json={"code": "69266"}, headers=headers))
    assert Counter(each.status_code for each in answers) == {201: 1, 409: AT_ONCE - 1}
