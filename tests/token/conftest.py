"""What a site's server does after its user came back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flows import Citizen, Site
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from glc.database import db
from partner_registry.agents import OPERATOR
from partner_registry.clients.life import find_client
from partner_registry.clients.registration import registration_of
from partner_registry.clients.versions import draft_version, publish_at_once


@pytest.fixture
def server(app: Flask) -> FlaskClient:
    """The site's server: it speaks to the provider without any cookie."""
    return app.test_client()


@pytest.fixture
def get_tokens(server: FlaskClient, citizen: Citizen) -> Callable[..., dict[str, Any]]:
    """Camille logs in to a site, the site redeems its code; keyword arguments are those of the request."""

    def get(site: Site, visitor: Citizen = citizen, **request: str | None) -> dict[str, Any]:
        answer = site.redeem(server, visitor.code(site.request(**request)))
        assert answer.status_code == 200, answer.text
        return answer.json

    return get


@pytest.fixture
def userinfo(server: FlaskClient) -> Callable[[str], TestResponse]:
    """Call userinfo with an access token."""
    return lambda token: server.get("/idp/oidc/user_info", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def reconfigure(app: Flask, clock: ManualClock) -> Callable[..., None]:
    """Publish a new version of a site's configuration; what it may receive is declared too."""

    def change(site: Site, **changes: object) -> None:
        with app.app_context():
            client = find_client(db.session(), site.client_id)
            registration = dataclasses.replace(registration_of(client.latest), **changes)
            version = draft_version(db.session(), OPERATOR, client, registration, at=clock.now())
            publish_at_once(db.session(), OPERATOR, version, at=clock.now())
            purpose = client.processings[0].purposes[0]
            purpose.claims = purpose.claims | {rule["name"]: "pour le test" for rule in registration.claims}
            db.session.commit()

    return change


@pytest.fixture
def add_claims(reconfigure: Callable[..., None]) -> Callable[..., None]:
    """Add claims of scope profile to a site: name and source of each."""

    def add(site: Site, **sources: str) -> None:
        table = [{"name": name, "source": source, "scopes": ["profile"]} for name, source in sources.items()]
        reconfigure(site, claims=(*TWO_CLAIMS, *table))

    return add


TWO_CLAIMS = (
    {"name": "given_name", "source": "first_name", "scopes": ["profile"]},
    {"name": "email", "source": "email", "scopes": ["email"]},
)
