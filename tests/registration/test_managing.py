"""A site reads, replaces and ends its own registration (RFC 7592)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flows import Citizen
from registration.newcomer import CALLBACK, Newcomer

from glc.audit import AuditEntry
from glc.database import db


def test_a_replacement_holds_from_the_next_request(newcomer: Newcomer, citizen: Citizen) -> None:
    """2.2: what is left out has its default again; identifier, secret and token stay."""
    made = newcomer.register(policy_uri="https://site.example/policy", scope="openid")
    new = {"client_id": made["client_id"], "redirect_uris": ["https://site.example/new"], "client_name": "Nouveau"}
    answer = newcomer.manage(made, "PUT", json=new)
    assert answer.status_code == 200
    assert answer.json["scope"] != "openid"
    assert "policy_uri" not in answer.json
    kept = ("client_id", "client_secret", "registration_access_token", "registration_client_uri", "client_id_issued_at")
    assert {name: answer.json[name] for name in kept} == {name: made[name] for name in kept}
    assert newcomer.manage(made).json == answer.json
    assert citizen.get(newcomer.site(made).request()).status_code == 400
    site = newcomer.site(answer.json)
    assert site.redeem(newcomer.app.test_client(), citizen.code(site.request(scope="openid"))).status_code == 200


def test_what_was_told_may_be_sent_back_as_it_is(newcomer: Newcomer) -> None:
    """2.2: a site changes one member of what it read; its secret is then the present one."""
    made = newcomer.register()
    assert newcomer.manage(made, "PUT", json=made | {"client_name": "Autre"}).json == made | {"client_name": "Autre"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"client_secret": "another"},
        {"client_secret": 5},
        {"redirect_uris": []},
        {"redirect_uris": [f"{CALLBACK}#x"]},
        {"initiate_login_uri": "http://site.example/"},
    ],
    ids=str,
)
def test_a_replacement_that_cannot_be_leaves_what_there_was(newcomer: Newcomer, changes: dict[str, Any]) -> None:
    """2.2."""
    made = newcomer.register()
    answer = newcomer.manage(made, "PUT", json=made | changes)
    assert answer.status_code == 400
    assert answer.json["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}
    assert newcomer.manage(made).json == made


def test_56_whoever_ends_its_registration_is_unknown_from_then_on(
    newcomer: Newcomer, citizen: Citizen, app: Flask
) -> None:
    """Requirement 56; RFC 7592, 2.3: 204; token, secret and all that was granted are worth nothing any more."""
    made = newcomer.register(grant_types=["authorization_code", "refresh_token"])
    site = newcomer.site(made)
    tokens = site.redeem(app.test_client(), citizen.code(site.request())).json
    answer = newcomer.manage(made, "DELETE")
    assert (answer.status_code, answer.data, answer.headers["Cache-Control"]) == (204, b"", "no-store")
    for method in ("GET", "PUT", "DELETE"):
        assert newcomer.manage(made, method, json=made).status_code == 401
    assert site.refresh(app.test_client(), tokens["refresh_token"]).json["error"] == "invalid_client"
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert app.test_client().get("/idp/oidc/user_info", headers=bearer).status_code == 401
    assert citizen.get(site.request()).status_code == 400
    with app.app_context():
        last = db.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
        assert (last.action, last.actor) == ("client.archived", "self-registration")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_nobody_manages_anothers_registration(newcomer: Newcomer, method: str) -> None:
    """RFC 7592, section 2; RFC 6750, section 3: whatever is wrong with the token, the answer is the same."""
    mine, theirs = newcomer.register(), newcomer.register()
    answers = [
        newcomer.manage(mine, method, json=mine, token=token)
        for token in ("", "unknown", theirs["registration_access_token"], mine["client_secret"])
    ]
    assert {each.status_code for each in answers} == {401}
    assert {each.json["error"] for each in answers} == {"invalid_token"}
    assert all(each.headers["WWW-Authenticate"].startswith("Bearer ") for each in answers)
    gone = mine | {"registration_client_uri": mine["registration_client_uri"] + "x"}
    assert newcomer.manage(gone, method, json=mine).status_code == 401
    assert newcomer.manage(mine).json == mine


def test_a_site_that_takes_a_method_with_a_secret_is_told_its_secret(newcomer: Newcomer) -> None:
    """2.2."""
    made = newcomer.register(token_endpoint_auth_method="none")
    again = {"client_id": made["client_id"], "redirect_uris": [CALLBACK]}
    told = newcomer.manage(made, "PUT", json=again).json
    assert (len(told["client_secret"]), told["client_secret_expires_at"]) == (64, 0)
