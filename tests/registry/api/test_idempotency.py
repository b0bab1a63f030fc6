"""Asking again for what was made already (Idempotency-Key)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from programs import Program
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.api import BASE
from partner_registry.models import Client, IdempotentAnswer

SITE = {"partner": "bron", "name": "Mon site", "redirect_uris": ["https://site.example/back"]}


def ask(program: Program, key: str = "a-key", **changes: object) -> TestResponse:
    """Register a site, with a key."""
    return program.send("POST", "/clients", json=SITE | changes, headers={"Idempotency-Key": key})


def test_the_same_key_and_request_get_the_same_answer_and_one_client(
    applicant: Program, registry: Callable[[], Iterator[Session]]
) -> None:
    """Issue 3, point 8: the secret that got lost on its way is told again, and nothing is made twice."""
    first, second = ask(applicant), ask(applicant)
    assert (second.status_code, second.data) == (201, first.data)
    assert first.json["client_secret"]
    for name in ("Location", "ETag", "Content-Type"):
        assert second.headers[name] == first.headers[name]
    with registry() as session:
        assert session.scalar(sa.select(sa.func.count(Client.id))) == 1


def test_the_key_of_another_request_is_refused(applicant: Program) -> None:
    """The sender confuses two requests: 422."""
    ask(applicant)
    refused = ask(applicant, name="Un autre site")
    assert (refused.status_code, refused.json["type"]) == (422, f"{BASE}/problems/idempotency-key-reused")


def test_two_agents_may_choose_the_same_key(applicant: Program, reviewer: Program) -> None:
    """A key is its agent's own."""
    assert ask(applicant).json["client_id"] != ask(reviewer).json["client_id"]


def test_after_a_day_a_key_is_free_again(applicant: Program, clock: ManualClock) -> None:
    """Answers are kept for 24 hours (assumed)."""
    first = ask(applicant)
    clock.advance(hours=23, minutes=59)
    assert ask(applicant).data == first.data
    clock.advance(minutes=1)
    assert ask(applicant).json["client_id"] != first.json["client_id"]


def test_a_refusal_is_not_kept(applicant: Program) -> None:
    """Who mends their request asks again with the same key."""
    assert ask(applicant, redirect_uris=["nowhere"]).status_code == 422
    assert ask(applicant).status_code == 201


def test_the_kept_answer_is_sealed(applicant: Program, registry: Callable[[], Iterator[Session]]) -> None:
    """It holds a secret, which no reader of the database may find."""
    secret = ask(applicant).json["client_secret"]
    with registry() as session:
        kept = session.scalars(sa.select(IdempotentAnswer)).one()
        assert secret not in kept.sealed_body
        assert kept.status == 201


def test_a_key_is_printable_and_short(applicant: Program) -> None:
    """From 1 to 200 printable ASCII characters."""
    for key in ("", " ", "é", "a b", "x" * 201):
        assert ask(applicant, key).status_code == 422


def test_a_secret_is_shown_once_and_never_again(applicant: Program) -> None:
    """Registry reference, 6.3, mistake 10: no answer holds a secret but the one to its creation."""
    made = ask(applicant).json
    path = f"/clients/{made['client_id']}"
    rotated = applicant.create(f"{path}/secrets", overlap_days=2)
    for read in (path, f"{path}/terms", f"{path}/secrets/{rotated['id']}", "/clients", f"{path}/versions"):
        text = applicant.send("GET", read).text
        assert "client_secret" not in text
        assert "sealed" not in text
        assert made["client_secret"] not in text
