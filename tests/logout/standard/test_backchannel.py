"""What certification checks of OpenID Connect Back-Channel Logout 1.0, and what becomes of a logout that is not taken:
a real server receives and verifies."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from click.testing import CliRunner
from conftest import add_account
from flask import Flask
from flows import ISSUER, Arrival, Citizen, Site, payload
from joserfc import jwe
from joserfc.jwk import RSAKey
from logout.standard.receiver import Receiver, listed, receiving
from programs import hiring
from strict_site import StrictSite
from werkzeug.test import TestResponse

from glc.cli import glc
from glc.clock import ManualClock, epoch
from glc.database import db
from glc.worker import run_due
from idp.accounts.rules import erase, find_by_email
from idp.logout.backchannel import ATTEMPTS, RETRY_AFTER
from idp.models import BackchannelLogout
from partner_registry.models import Role, SubjectPolicy

BYE = "https://site.example/bye"
SITE_LOGOUT = "/logout/"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The site's address for logouts."""
    with receiving() as made:
        yield made


@pytest.fixture
def rp(begin: Callable[..., StrictSite], receiver: Receiver) -> StrictSite:
    """A site that is told of logouts at a real address."""
    return begin(protocol={"backchannel_logout_uri": receiver.url}, post_logout_redirect_uris=(BYE,))


@pytest.fixture
def outcomes(app: Flask) -> Callable[[], list[dict[str, Any]]]:
    """What `glc logout list --json` says."""

    def read() -> list[dict[str, Any]]:
        url = app.config["SQLALCHEMY_DATABASE_URI"].render_as_string(hide_password=False)
        return listed(CliRunner().invoke(glc, ["logout", "list", "--database", url, "--json"]).stdout)

    return read


def also_at(rp: StrictSite, site: Site) -> StrictSite:
    """Another site that the same user visits in the same browser."""
    site.scope = "openid"
    return StrictSite(site, rp.citizen, rp.client)


def visit(rp: StrictSite) -> dict[str, Any]:
    """Log in and redeem the code: what the ID Token says."""
    return payload(rp.redeem(rp.authorize())["id_token"])


def read_with(rp: StrictSite) -> Callable[[str], dict[str, Any]]:
    """Verify a logout token with the published keys, for this client."""

    def read(token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        keys = {key["kid"]: key for key in rp.client.get("/idp/oidc/certs").json["keys"]}
        key = jwt.PyJWK(keys[header["kid"]]).key
        verified: dict[str, Any] = jwt.decode(
            token,
            key,
            [header["alg"]],
            audience=rp.site.client_id,
            issuer=ISSUER,
            options={"verify_exp": False, "verify_iat": False},
        )
        return verified

    return read


def test_backchannel_discovery(rp: StrictSite) -> None:
    """Module oidcc-backchannel-logout-discovery-endpoint-verification."""
    assert rp.metadata["backchannel_logout_supported"] is True
    assert rp.metadata["backchannel_logout_session_supported"] is True


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_60_backchannel_rp_initiated_logout(
    begin: Callable[..., StrictSite], receiver: Receiver, clock: ManualClock, alg: str
) -> None:
    """Requirement 60; module oidcc-backchannel-rp-initiated-logout: sent before the browser is, signed as the client's
    ID Tokens, with the `sub` and `sid` of its ID Token."""
    rp = begin(protocol={"backchannel_logout_uri": receiver.url}, post_logout_redirect_uris=(BYE,), id_token_alg=alg)
    tokens = rp.redeem(rp.authorize())
    known = payload(tokens["id_token"])
    rp.citizen.get(SITE_LOGOUT)
    assert len(receiver.forms) == 1, "when the answer is here, the site was told"
    assert receiver.types == ["application/x-www-form-urlencoded"]
    said = receiver.said(read_with(rp))
    assert jwt.get_unverified_header(receiver.tokens[0])["alg"] == alg
    assert (said["iss"], said["aud"], said["iat"]) == (ISSUER, rp.site.client_id, epoch(clock.now()))
    assert (said["sub"], said["sid"]) == (known["sub"], known["sid"])


def test_60_a_client_of_hs256_verifies_with_its_secret(begin: Callable[..., StrictSite], receiver: Receiver) -> None:
    """Back-Channel Logout 1.0, section 2.4: signed as ID Tokens are."""
    rp = begin(protocol={"backchannel_logout_uri": receiver.url}, id_token_alg="HS256")
    visit(rp)
    rp.citizen.get(SITE_LOGOUT)
    receiver.said(
        lambda token: jwt.decode(
            token,
            rp.site.secret,
            ["HS256"],
            audience=rp.site.client_id,
            options={"verify_exp": False, "verify_iat": False},
        )
    )


def test_60_a_client_whose_id_tokens_are_encrypted_gets_encrypted_logouts(
    begin: Callable[..., StrictSite], receiver: Receiver
) -> None:
    """Back-Channel Logout 1.0, section 2.6, step 1."""
    key = RSAKey.generate_key(2048)
    protocol = {
        "backchannel_logout_uri": receiver.url,
        "jwks": {"keys": [key.as_dict(private=False)]},
        "id_token_encrypted_response_alg": "RSA-OAEP-256",
    }
    rp = begin(protocol=protocol)
    rp.redeem(rp.authorize())
    rp.citizen.get(SITE_LOGOUT)
    read = read_with(rp)
    opened = jwe.decrypt_compact(receiver.tokens[0], key, algorithms=["RSA-OAEP-256", "A128CBC-HS256"]).plaintext
    assert opened is not None
    assert read(opened.decode())["sid"]


def test_who_took_it_is_told_once(
    rp: StrictSite, receiver: Receiver, outcomes: Callable[[], list[dict[str, Any]]], app: Flask, clock: ManualClock
) -> None:
    """Section 2.8: 200, or 204 as frameworks have it; nothing is left that names the person."""
    receiver.status = 204
    visit(rp)
    rp.citizen.get(SITE_LOGOUT)
    clock.advance(days=1)
    run_due(app)
    assert len(receiver.forms) == 1
    (outcome,) = outcomes()
    assert (outcome["state"], outcome["client_id"], outcome["attempts"]) == ("delivered", rp.site.client_id, 1)
    with app.app_context():
        assert db.session.scalars(sa.select(BackchannelLogout.subject)).all() == [""]


def test_only_sites_that_were_visited_and_ask_for_it_are_told(
    rp: StrictSite, register: Callable[..., Site], receiver: Receiver
) -> None:
    """Section 2.5: the RPs that the user logged in at, each for itself."""
    with receiving() as other, receiving() as never_visited:
        deaf = also_at(rp, register())
        also = also_at(rp, register(protocol={"backchannel_logout_uri": other.url}))
        register(protocol={"backchannel_logout_uri": never_visited.url})
        known = [visit(each) for each in (rp, deaf, also)]
        rp.citizen.get(SITE_LOGOUT)
        said = [receiver.said(read_with(rp)), other.said(read_with(also))]
        assert [each["sid"] for each in said] == [known[0]["sid"], known[2]["sid"]]
        assert never_visited.forms == []


@pytest.mark.parametrize("status", [400, 500, 302, 201])
def test_who_does_not_take_it_is_told_again_later_and_later_then_given_up(
    rp: StrictSite,
    receiver: Receiver,
    outcomes: Callable[[], list[dict[str, Any]]],
    app: Flask,
    clock: ManualClock,
    log: list[dict[str, Any]],
    status: int,
) -> None:
    """Section 2.8: 400 means it failed. Each attempt is a new token of the same session."""
    receiver.status = status
    known = visit(rp)
    rp.citizen.get(SITE_LOGOUT)
    for number, pause in enumerate(RETRY_AFTER, start=1):
        clock.advance(seconds=pause.total_seconds() - 1)
        run_due(app)
        assert len(receiver.forms) == number, "not before its time"
        clock.advance(seconds=2)
        run_due(app)
        assert len(receiver.forms) == number + 1
        said = receiver.said(read_with(rp))
        assert (said["sid"], said["sub"], said["iat"]) == (known["sid"], known["sub"], epoch(clock.now()))
    clock.advance(days=3)
    run_due(app)
    assert len(receiver.forms) == ATTEMPTS
    assert len({payload(token)["jti"] for token in receiver.tokens}) == ATTEMPTS
    (outcome,) = outcomes()
    assert (outcome["state"], outcome["last_status"], outcome["last_error"]) == ("given up", status, f"HTTP {status}")
    events = [event["event"] for event in log if event["event"].startswith("backchannel")]
    assert events == ["backchannel.refused"] * (ATTEMPTS - 1) + ["backchannel.given_up"]
    assert not any(token in json.dumps(log, default=str) for token in receiver.tokens)


def test_who_cannot_be_reached_is_told_once_it_is_back(
    begin: Callable[..., StrictSite], app: Flask, clock: ManualClock, outcomes: Callable[[], list[dict[str, Any]]]
) -> None:
    """Requirement 60; a site that restarts meanwhile misses nothing."""
    with receiving() as gone:
        port = int(gone.url.split(":")[2].partition("/")[0])
    rp = begin(protocol={"backchannel_logout_uri": gone.url})
    known = visit(rp)
    assert isinstance(rp.citizen.get(SITE_LOGOUT), TestResponse), "the logout goes on"
    assert outcomes()[0]["state"] == "waiting"
    with receiving(port) as back:
        clock.advance(seconds=RETRY_AFTER[0].total_seconds())
        run_due(app)
        assert back.said(read_with(rp))["sid"] == known["sid"]
    assert outcomes()[0]["state"] == "delivered"


def test_a_site_that_takes_its_time_keeps_nobody_waiting(
    rp: StrictSite, receiver: Receiver, app: Flask, clock: ManualClock
) -> None:
    """Requirement 60: sent while redirecting. The browser goes on, the call goes on too, and is not made twice."""
    house = app.extensions["idp"]
    house.settings = dataclasses.replace(house.settings, backchannel_wait_in=0)
    visit(rp)
    answered = threading.Event()
    receiver.before_answer = lambda: answered.wait(20)
    rp.citizen.get(SITE_LOGOUT)
    assert receiver.arrived.acquire(timeout=20)
    clock.advance(seconds=60)
    run_due(app)
    answered.set()
    assert len(receiver.forms) == 1, "whoever sends it has it"


def test_sites_are_told_at_the_same_time(
    rp: StrictSite, register: Callable[..., Site], receiver: Receiver, outcomes: Callable[[], list[dict[str, Any]]]
) -> None:
    """Each answers only once the other was told as well: one after the other would never end."""
    with receiving() as other:
        visit(rp)
        visit(also_at(rp, register(protocol={"backchannel_logout_uri": other.url})))
        receiver.before_answer = other.before_answer = threading.Barrier(2, timeout=20).wait
        rp.citizen.get(SITE_LOGOUT)
    assert [each["state"] for each in outcomes()] == ["delivered", "delivered"]


def test_a_session_that_another_user_replaces_is_told(
    rp: StrictSite, receiver: Receiver, app: Flask, clock: ManualClock
) -> None:
    """Section 2.5: whatever ends the session. The server's job tells it."""
    known = visit(rp)
    add_account(app, clock, email="autre@citoyen.example")
    rp.citizen.email = "autre@citoyen.example"
    rp.authorize(prompt="login")
    run_due(app)
    assert receiver.said(read_with(rp))["sid"] == known["sid"]


def test_a_password_changed_elsewhere_is_told_to_the_sites_of_the_other_sessions(
    rp: StrictSite, receiver: Receiver, app: Flask
) -> None:
    """Every session of the account but the one in which the password is changed."""
    known = visit(rp)
    elsewhere = Citizen(app.test_client())
    elsewhere.get(rp.path())
    elsewhere.log_in(elsewhere.get("/login/"))
    changed = elsewhere.submit(
        elsewhere.get("/accounts/password/change/"),
        old_password=elsewhere.password,
        password1="un autre mot de passe",
        password2="un autre mot de passe",
    )
    assert changed.request.path == "/accounts/"
    run_due(app)
    assert len(receiver.forms) == 1
    assert receiver.said(read_with(rp))["sid"] == known["sid"]


@pytest.mark.parametrize("policy", list(SubjectPolicy))
def test_an_erased_account_is_told_by_the_subject_it_had(
    begin: Callable[..., StrictSite], receiver: Receiver, app: Flask, clock: ManualClock, policy: SubjectPolicy
) -> None:
    """Though nothing is left of it to make one from."""
    rp = begin(protocol={"backchannel_logout_uri": receiver.url}, subject_policy=policy)
    known = visit(rp)
    with app.app_context():
        account = find_by_email(db.session(), rp.citizen.email)
        assert account is not None
        erase(db.session(), account, clock.now())
        db.session.commit()
    run_due(app)
    said = receiver.said(read_with(rp))
    assert (said["sub"], said["sid"]) == (known["sub"], known["sid"])


def test_a_session_that_ran_out_is_told_to_nobody(
    rp: StrictSite, receiver: Receiver, app: Flask, clock: ManualClock
) -> None:
    """Section 2.5 leaves it open: clients know how long they keep a session."""
    visit(rp)
    clock.advance(days=1)
    with app.app_context():
        account = find_by_email(db.session(), rp.citizen.email)
        assert account is not None
        erase(db.session(), account, clock.now())
        db.session.commit()
    run_due(app)
    assert receiver.forms == []


def test_a_private_address_is_not_called_unless_allowed(
    rp: StrictSite, receiver: Receiver, app: Flask, outcomes: Callable[[], list[dict[str, Any]]]
) -> None:
    """The guarded way out (glc/fetch.py): the operator sees why."""
    app.extensions["idp"].fetcher = dataclasses.replace(app.extensions["idp"].fetcher, allow_private=False)
    visit(rp)
    rp.citizen.get(SITE_LOGOUT)
    assert receiver.forms == []
    assert "https" in outcomes()[0]["last_error"]


def test_outcomes_are_kept_for_thirty_days(
    rp: StrictSite, clock: ManualClock, outcomes: Callable[[], list[dict[str, Any]]]
) -> None:
    """Then they are forgotten, with what they say of somebody's visits."""
    for days in (0, 29, 2):
        clock.advance(days=days)
        visit(rp)
        rp.citizen.get(SITE_LOGOUT)
    assert len(outcomes()) == 2


def test_the_registry_shows_what_became_of_a_client_s_logouts(
    rp: StrictSite, receiver: Receiver, app: Flask, clock: ManualClock
) -> None:
    """On the client's page, for those who may see it; nothing there says whose session it was."""
    visit(rp)
    page = f"/registry/clients/{rp.site.client_id}/"
    agent = Citizen(app.test_client(), email=hiring(app, clock)("ada", Role.ADMIN).email)
    agent.log_in(agent.get("/login/"))
    assert not _rows(agent.get(page))
    receiver.status = 503
    rp.citizen.get(SITE_LOGOUT)
    assert "HTTP 503" in _rows(agent.get(page))[0]
    receiver.status = 200
    clock.advance(minutes=1)
    run_due(app)
    (told,) = _rows(agent.get(page))
    assert "reçu" in told
    assert "Camille" not in told


def _rows(page: TestResponse | Arrival) -> list[str]:
    assert isinstance(page, TestResponse)
    table = BeautifulSoup(page.text, "html.parser").find(id="told-logouts")
    return [row.get_text(" ", strip=True) for row in table.find("tbody").find_all("tr")] if table else []
