"""Fixtures of the replayed sites: a citizen whose name, birth and address try what sites decode."""

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
def citizen(app: Flask, make_account: Callable[..., str]) -> Citizen:
    """Zoë, with accents everywhere, in front of a fresh browser."""
    make_account(
        email="zoe.lefevre@citoyen.example",
        first_name="Zoë Éléonore",
        last_name="Lefèvre-Nuñez",
        gender="female",
        birthdate="1992-08-15",
        birth_place="Saint-Étienne",
        mobile_phone="+33 6 12 34 56 78",
        roles=["agent", "médiatrice"],
        verified_attributes=["birthdate"],
    )
    return Citizen(app.test_client(), "zoe.lefevre@citoyen.example")
