"""A claim table cannot replace what the provider says, nor break a login."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flows import Citizen, Site, payload

from glc.database import db
from partner_registry.models import ClientVersion


@pytest.fixture
def with_claim(app: Flask, register: Callable[..., Site]) -> Callable[[str, str], Site]:
    """Register a site whose claim table has one more line, whatever registration would say of it."""

    def make(name: str, source: str) -> Site:
        site = register()
        with app.app_context():
            version = db.session.query(ClientVersion).order_by(ClientVersion.id.desc()).first()
            assert version is not None
            purposes = version.client.processings[0].purposes
            purposes[0].claims = purposes[0].claims | {name: "pour le test"}
            version.claims = [*version.claims, {"name": name, "source": source, "scopes": ["profile"]}]
            db.session.commit()
        return site

    return make


@pytest.mark.parametrize("name", ["sub", "iss"])
def test_subject_and_issuer_are_the_provider_s(
    citizen: Citizen, with_claim: Callable[[str, str], Site], name: str
) -> None:
    """OpenID Connect Core 1.0, 5.7: nothing else identifies the account."""
    site = with_claim(name, "first_name")
    answer = site.redeem(citizen.client, citizen.code(site.request())).json
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    for told in (payload(answer["id_token"]), citizen.client.get("/idp/oidc/user_info", headers=bearer).json):
        assert told[name] != "Camille"


@pytest.mark.parametrize("template", ["{{ 1/0 }}", "{{ roles + city }}", "{{ nowhere.at_all }}"])
def test_a_template_that_fails_has_no_value(
    citizen: Citizen, with_claim: Callable[[str, str], Site], template: str
) -> None:
    """The operator is told in the log; the citizen logs in."""
    site = with_claim("ville", template)
    answer = site.redeem(citizen.client, citizen.code(site.request()))
    assert answer.status_code == 200
    assert payload(answer.json["id_token"])["ville"] is None
