"""Who may register a site: anybody, whoever holds a token, nobody (setting registration_policy)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from registration.newcomer import REGISTER, Newcomer

from glc.cli import glc
from glc.clock import ManualClock
from glc.database import db
from glc.entropy import SystemEntropy
from glc.errors import Forbidden, InputError, SettingsError
from glc.settings import Settings
from partner_registry.agents import OPERATOR, Agent
from partner_registry.clients.initial_access_tokens import find_initial_access_token, issue, revoke
from partner_registry.clients.life import find_client
from partner_registry.models import Role

KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY"
PUBLIC = {"issuer": "https://connexion.example/", "master_key": KEY}


@pytest.mark.parametrize(
    ("settings", "policy"),
    [
        ({}, "open"),
        ({"registration_policy": "off"}, "off"),
        (PUBLIC, "off"),
        (PUBLIC | {"registration_policy": "token"}, "token"),
    ],
)
def test_only_on_ones_own_machine_may_anybody_register_unless_told(settings: dict[str, str], policy: str) -> None:
    """docs/register-itself.md."""
    assert Settings(**settings).effective_registration_policy == policy


def test_an_unknown_policy_is_refused_at_start() -> None:
    with pytest.raises(SettingsError, match="open, token, off"):
        Settings(registration_policy="friends")


def test_off_answers_why_and_discovery_is_silent(make_app: Callable[..., Flask]) -> None:
    """Discovery 1.0, section 3."""
    newcomer = Newcomer(make_app(dialect="standard", registration_policy="off"))
    answer = newcomer.post()
    assert (answer.status_code, answer.json["error"]) == (403, "access_denied")
    metadata = newcomer.app.test_client().get("/.well-known/openid-configuration").json
    assert "registration_endpoint" not in metadata


def test_discovery_names_the_endpoint_where_sites_may_register(app: Flask) -> None:
    """Discovery 1.0, section 3."""
    metadata = app.test_client().get("/.well-known/openid-configuration").json
    assert metadata["registration_endpoint"] == f"http://localhost:8040{REGISTER}"


def test_the_real_service_has_no_such_endpoint(make_app: Callable[..., Flask]) -> None:
    """docs/dialects.md."""
    assert make_app(registration_policy="open").test_client().post(REGISTER, json={}).status_code == 404


@pytest.fixture
def guarded(make_app: Callable[..., Flask]) -> Newcomer:
    """A newcomer at a provider that asks for a token."""
    return Newcomer(make_app(dialect="standard", registration_policy="token"))


@pytest.fixture
def token(guarded: Newcomer, clock: ManualClock) -> str:
    """A token for the sites of Lyon, accepted for a week."""
    with guarded.app.app_context():
        week = dt.timedelta(days=7)
        _, clear = issue(db.session(), OPERATOR, "lyon", "CI", at=clock.now(), entropy=SystemEntropy(), life=week)
        db.session.commit()
    return clear


def test_a_token_registers_sites_of_its_partner(guarded: Newcomer, token: str) -> None:
    """RFC 7591, section 3: several times, until it expires."""
    for _ in range(2):
        answer = guarded.post(token)
        assert answer.status_code == 201
        with guarded.app.app_context():
            assert find_client(db.session(), answer.json["client_id"]).partner.slug == "lyon"


def test_without_a_token_that_is_accepted_nothing_is_registered(
    guarded: Newcomer, token: str, clock: ManualClock
) -> None:
    """RFC 7591, 3.2.2; RFC 6750, section 3: missing, wrong, then expired."""
    for given in ("", token[:-1], f"{token}x"):
        answer = guarded.post(given)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    clock.advance(days=7)
    assert guarded.post(token).status_code == 401


def test_a_revoked_token_registers_nothing_more(guarded: Newcomer, token: str, clock: ManualClock) -> None:
    """What it registered stays."""
    made = guarded.post(token).json
    with guarded.app.app_context():
        found = find_initial_access_token(db.session(), 1)
        revoke(db.session(), OPERATOR, found, at=clock.now(), reason="fin du chantier")
        db.session.commit()
    assert guarded.post(token).status_code == 401
    assert guarded.manage(made).status_code == 200


def test_where_anybody_may_register_a_token_still_says_whose_site_it_is(newcomer: Newcomer, clock: ManualClock) -> None:
    """And a wrong one is an error rather than a site for trials."""
    with newcomer.app.app_context():
        _, clear = issue(db.session(), OPERATOR, "lyon", "CI", at=clock.now(), entropy=SystemEntropy())
        db.session.commit()
        made = newcomer.post(clear).json
        assert find_client(db.session(), made["client_id"]).partner.slug == "lyon"
    assert newcomer.post("wrong").status_code == 401


def test_off_lets_those_that_are_registered_go_on(make_app: Callable[..., Flask]) -> None:
    """The policy is about newcomers."""
    newcomer = Newcomer(make_app(dialect="standard"))
    made = newcomer.register()
    house = newcomer.app.extensions["idp"]
    house.settings = dataclasses.replace(house.settings, registration_policy="off")
    assert newcomer.post().status_code == 403
    assert newcomer.manage(made).json == made


def test_elsewhere_than_on_this_machine_http_is_for_laptops_only(make_app: Callable[..., Flask]) -> None:
    """RFC 7591, section 5; RFC 8252, 7.3: a redirect URI in http leads to the developer's own machine."""
    newcomer = Newcomer(make_app(dialect="standard"))
    house = newcomer.app.extensions["idp"]
    house.settings = dataclasses.replace(house.settings, registration_policy="open", **PUBLIC)
    assert newcomer.refused(redirect_uris=["http://site.example/cb"]) == "invalid_redirect_uri"
    for uri in ("http://localhost:3000/cb", "http://127.0.0.1/cb", "http://[::1]:8/cb", "https://site.example/cb"):
        assert newcomer.post(redirect_uris=[uri]).status_code == 201
    inside = "https://127.0.0.1/sector"
    assert newcomer.refused(sector_identifier_uri=inside) == "invalid_client_metadata"


@pytest.mark.parametrize("life", [dt.timedelta(0), dt.timedelta(days=366)])
def test_a_token_has_an_end_and_a_name(guarded: Newcomer, clock: ManualClock, life: dt.timedelta) -> None:
    with guarded.app.app_context():
        for name, lasting in (("CI", life), (" ", dt.timedelta(days=1))):
            with pytest.raises(InputError):
                issue(db.session(), OPERATOR, "lyon", name, at=clock.now(), entropy=SystemEntropy(), life=lasting)


def test_whoever_may_draft_no_client_makes_no_token(guarded: Newcomer, clock: ManualClock) -> None:
    """partner_registry/agents.py: the right to draft the partner's clients."""
    auditor = Agent(name="x", roles=frozenset({Role.AUDITOR}))
    with guarded.app.app_context(), pytest.raises(Forbidden):
        issue(db.session(), auditor, "lyon", "CI", at=clock.now(), entropy=SystemEntropy())


def test_the_command_line_makes_lists_and_revokes_tokens(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """`glc client registration-token`: its text is shown once."""
    monkeypatch.setenv("GLC_DATABASE_URL", app.config["SQLALCHEMY_DATABASE_URI"].render_as_string())

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(glc, ["client", *arguments], catch_exceptions=False)

    made = json.loads(run("registration-token", "--partner", "lyon", "--days", "3", "--json").output)
    assert made["token"].startswith("glci_")
    listed = run("registration-tokens")
    assert "lyon" in listed.output
    assert made["token"] not in listed.output
    run("revoke-registration-token", str(made["number"]), "--reason", "fin")
    assert json.loads(run("registration-tokens", "--json").output)[0]["revoked_at"]
