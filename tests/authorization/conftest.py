"""Fixtures of the authorization endpoint's tests: who is in front of the browser, and which dialect is spoken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flows import Citizen


@pytest.fixture
def app(make_app: Callable[..., Flask], request: pytest.FixtureRequest) -> Flask:
    """The provider: in the default dialect, or the one that `parametrize("app", [name], indirect=True)` names."""
    return make_app(dialect=getattr(request, "param", "grandlyonconnect"))


@pytest.fixture
def passer_by(app: Flask) -> Citizen:
    """Somebody without an account, in front of a fresh browser."""
    return Citizen(app.test_client())


@pytest.fixture
def at_home(citizen: Citizen) -> Citizen:
    """Camille, logged in already, before any site asks."""
    citizen.log_in(citizen.get("/login/"))
    return citizen
