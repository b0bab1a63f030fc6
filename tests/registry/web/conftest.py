"""Agents of the registry in front of browsers without scripts, and Villeurbanne on its way to its agreement."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flows import Citizen
from onboarding import conclude, examine, new_file, new_partner, new_processing
from registry.conftest import People, for_partner
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.agents import OPERATOR, Agent, grant_role
from partner_registry.agreements.instruction import take_step
from partner_registry.models import Role, StepKind

Registry = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def desk(app: Flask) -> Callable[[Agent], Citizen]:
    """That agent in front of a browser, logged in with their own account."""

    def log_in(agent: Agent) -> Citizen:
        someone = Citizen(app.test_client(), email=agent.name)
        someone.log_in(someone.get("/login/"))
        return someone

    return log_in


@dataclass(frozen=True)
class Commune:
    """Villeurbanne, as far as the test brought it."""

    people: People
    agreement: int

    @property
    def file(self) -> str:
        """The page of its agreement's file."""
        return f"/registry/agreements/{self.agreement}/"


@pytest.fixture
def villeurbanne(registry: Registry, people: People, clock: ManualClock) -> Callable[[str], Commune]:
    """Villeurbanne, its file a complete draft by its applicant, or further: submitted, approved, in force."""

    def bring(far: str = "draft") -> Commune:
        with registry() as session:
            partner = new_partner(session, OPERATOR, clock)
            grant_role(session, OPERATOR, number(people.applicant), Role.APPLICANT, at=clock.now(), partner=partner)
            applicant = for_partner(people.applicant, partner)
            new_processing(session, applicant, partner, clock)
            agreement = new_file(session, applicant, partner, clock)
            if far in {"approved", "in force"}:
                examine(session, applicant, people.reviewer, people.dpo, agreement, clock)
            if far == "in force":
                conclude(session, people.reviewer, agreement, clock)
            if far == "submitted":
                take_step(session, applicant, agreement, StepKind.SUBMITTED, at=clock.now())
            return Commune(dataclasses.replace(people, applicant=applicant), agreement.id)

    return bring


def number(agent: Agent) -> int:
    """The number of an agent's account."""
    assert agent.account_id is not None
    return agent.account_id


def element(page: TestResponse, element_id: str) -> Any:
    """The element of that id, or None; its spaces are ordinary ones, as a reader sees them."""
    return BeautifulSoup(page.text.replace("\u00a0", " "), "html.parser").find(id=element_id)


def typed(page: TestResponse, name: str) -> str:
    """What a field of the page holds."""
    field = BeautifulSoup(page.text, "html.parser").find(attrs={"name": name})
    if field.name == "select":
        field = field.find("option", selected=True)
    return str(field.get_text().lstrip() if field.name == "textarea" else field.get("value", ""))
