"""API tokens: they do what their agent may do, as long as both last (issue 3, point 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.entropy import SystemEntropy
from glc.errors import Conflict, Forbidden, InputError
from partner_registry.agents import Agent, held_roles, revoke_role
from partner_registry.models import ApiToken, Role
from partner_registry.tokens import find_agent_by_token, find_token, issue_token, revoke_token

Registry = Callable[[], Iterator[Session]]


@pytest.fixture
def issue(registry: Registry, clock: ManualClock) -> Callable[..., tuple[int, str]]:
    """Make a token; return its number and its text."""

    def made(by: Agent, account_id: int, name: str = "intégration continue", **options: Any) -> tuple[int, str]:
        with registry() as session:
            token, clear = issue_token(
                session, by, account_id, name, at=clock.now(), entropy=SystemEntropy(), **options
            )
            return token.id, clear

    return made


def test_a_token_stands_for_its_agent_until_it_expires(
    people: Any, registry: Registry, clock: ManualClock, issue: Callable[..., tuple[int, str]]
) -> None:
    """With the agent's name and roles, by the second."""
    _, clear = issue(people.reviewer, people.reviewer.account_id, life=dt.timedelta(days=1))
    with registry() as session:
        clock.advance(hours=23, minutes=59, seconds=59)
        found = find_agent_by_token(session, clear, clock.now(), request_id="r1")
        assert found == Agent(
            name=people.reviewer.name,
            account_id=people.reviewer.account_id,
            via="api",
            request_id="r1",
            roles=frozenset({Role.REVIEWER}),
        )
        clock.advance(seconds=1)
        assert find_agent_by_token(session, clear, clock.now()) is None


def test_only_a_digest_is_stored_and_nothing_else_is_accepted(
    people: Any, registry: Registry, clock: ManualClock, issue: Callable[..., tuple[int, str]]
) -> None:
    """A stolen copy of the database lets nobody in."""
    _, clear = issue(people.admin, people.admin.account_id)
    with registry() as session:
        row = session.scalars(sa.select(ApiToken)).one()
        stored = [str(getattr(row, each.name)) for each in ApiToken.__table__.columns]
        assert not any(clear in value for value in stored)
        for wrong in ("", clear[:-1], row.digest, f" {clear}"):
            assert find_agent_by_token(session, wrong, clock.now()) is None


def test_a_revoked_token_is_refused_at_once_and_only_once_revoked(
    people: Any, registry: Registry, clock: ManualClock, issue: Callable[..., tuple[int, str]]
) -> None:
    """With a reason, which stays in the trail."""
    number, clear = issue(people.reviewer, people.reviewer.account_id)
    with registry() as session:
        token = find_token(session, number)
        with pytest.raises(InputError, match="motif"):
            revoke_token(session, people.reviewer, token, at=clock.now(), reason=" ")
        revoke_token(session, people.reviewer, token, at=clock.now(), reason="poste volé")
        assert find_agent_by_token(session, clear, clock.now()) is None
        with pytest.raises(Conflict):
            revoke_token(session, people.reviewer, token, at=clock.now(), reason="encore")


def test_a_token_loses_what_its_agent_loses(
    people: Any, registry: Registry, clock: ManualClock, issue: Callable[..., tuple[int, str]]
) -> None:
    """It never outlives a role: it holds none of its own."""
    _, clear = issue(people.dpo, people.dpo.account_id)
    with registry() as session:
        role = next(each for each in held_roles(session, clock.now()) if each.account_id == people.dpo.account_id)
        revoke_role(session, people.admin, role, at=clock.now(), reason="départ")
        found = find_agent_by_token(session, clear, clock.now())
        assert found is not None
        assert found.roles == frozenset()


def test_a_token_is_made_by_its_agent_or_by_an_administrator(
    people: Any, issue: Callable[..., tuple[int, str]]
) -> None:
    """And for somebody who may do something."""
    with pytest.raises(Forbidden):
        issue(people.reviewer, people.other_reviewer.account_id)
    issue(people.admin, people.other_reviewer.account_id)
    with pytest.raises(InputError, match="pas de rôle"):
        issue(people.admin, people.citizen.account_id)
    with pytest.raises(InputError, match="trois ans"):
        issue(people.admin, people.admin.account_id, life=dt.timedelta(days=2000))
    with pytest.raises(InputError, match="un nom"):
        issue(people.admin, people.admin.account_id, name=" ")
