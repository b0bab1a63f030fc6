"""Programs of the registry's agents, in front of its REST interface."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from conftest import add_account
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from glc.database import db
from glc.entropy import SystemEntropy
from partner_registry.agents import OPERATOR
from partner_registry.api import BASE
from partner_registry.models import AgentRole, Role
from partner_registry.partners.life import find_partner
from partner_registry.tokens import issue_token

Hire = Callable[..., "Program"]


@dataclass
class Program:
    """What an agent's program does: it names the state it read last, and a new key for each creation."""

    browser: FlaskClient
    email: str
    account_id: int
    token: str
    etags: dict[str, str] = field(default_factory=dict)
    keys: Iterator[int] = field(default_factory=itertools.count)

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        """One request, as it is told."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self.browser.open(BASE + path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        """What is there; its entity tag is noted."""
        response = self.send("GET", path, **options)
        assert response.status_code == 200, response.text
        self.etags[path] = response.headers.get("ETag", "")
        return response.json

    def create(self, path: str, expected: int = 201, **content: Any) -> Any:
        """Make something, and find it where the answer says it is."""
        key = {"Idempotency-Key": f"key-{next(self.keys)}"}
        response = self.send("POST", path, headers=key, **({"json": content} if content else {}))
        assert response.status_code == expected, response.text
        if expected == 201:
            self.expect_there(response.headers["Location"].removeprefix(BASE), response)
        return response.json

    def act(self, path: str, verb: str = "", expected: int = 200, method: str = "POST", **content: Any) -> Any:
        """Change what is at a path: read it, act on what was read, and find it as the answer says it is."""
        self.get(path)
        options: dict[str, Any] = {"json": content} if content else {}
        response = self.send(method, path + verb, headers={"If-Match": self.etags[path]}, **options)
        assert response.status_code == expected, response.text
        if expected == 200:
            self.expect_there(path, response)
        return response.json

    def expect_there(self, path: str, answer: TestResponse) -> None:
        """Expect the state that an answer names to be what the next reading finds."""
        found = self.send("GET", path, headers={"Accept": "application/json"})
        assert (found.status_code, found.headers["ETag"]) == (200, answer.headers["ETag"])
        assert found.json.items() <= answer.json.items()


def hiring(app: Flask, clock: ManualClock) -> Hire:
    """Make a program for an agent of a name and some roles; `acts_for` is the partner of an applicant."""
    return functools.partial(_hire, app, clock)


def _hire(app: Flask, clock: ManualClock, name: str, *roles: Role, acts_for: str | None = None) -> Program:
    email = f"{name}@agents.example"
    uuid = add_account(app, clock, email=email, first_name=name.capitalize(), last_name="Agent")
    with app.app_context():
        session = db.session()
        account = session.execute(sa.text("SELECT id FROM account WHERE uuid = :uuid"), {"uuid": uuid}).scalar_one()
        partner = find_partner(session, acts_for) if acts_for is not None else None
        session.add_all(
            AgentRole(
                account_id=account,
                role=role,
                partner=partner if role is Role.APPLICANT else None,
                granted_at=clock.now(),
            )
            for role in roles
        )
        session.flush()
        _, token = issue_token(session, OPERATOR, account, "tests", at=clock.now(), entropy=SystemEntropy())
        session.commit()
    return Program(app.test_client(), email, account, token)
