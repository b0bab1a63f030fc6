"""Changing the master key: what was sealed opens under the previous one, is sealed anew, and opens without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from conftest import CHEAP, add_account, register_site
from flask import Flask
from flows import Citizen, Site, payload
from programs import hiring

from glc.app import create_app
from glc.audit import AuditEntry
from glc.clock import ManualClock
from glc.commands import prepare
from glc.database import Base, db
from glc.entropy import SystemEntropy
from glc.errors import Conflict, SettingsError
from glc.settings import DEVELOPMENT_MASTER_KEY, Settings, load_settings, shown
from keys.encryption import Box, MasterKey, SealBroken, new_master_key
from keys.keeper import keeper
from keys.models import SigningKey, StoredSecret
from keys.reencryption import reencrypt, sealed_columns
from partner_registry.agents import OPERATOR
from partner_registry.events.webhooks import subscribe
from partner_registry.models import Role

NEW, OTHER = new_master_key(b"\x02" * 32), new_master_key(b"\x03" * 32)
Restart = Callable[..., Flask]


@pytest.fixture
def restart(app: Flask, clock: ManualClock) -> Iterator[Restart]:
    """Start the provider again on the same database, with other settings."""
    made: list[Flask] = []
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)

    def start(**changes: object) -> Flask:
        settings = Settings(**{"database_url": url, **CHEAP, **changes})
        prepare(settings, clock=clock)
        made.append(create_app(settings, clock=clock))
        return made[-1]

    yield start
    for each in made:
        with each.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def changed(restart: Restart) -> Flask:
    """The provider under a new master key, the previous one given too."""
    return restart(master_key=NEW, previous_master_keys=DEVELOPMENT_MASTER_KEY)


@pytest.fixture
def full(app: Flask, clock: ManualClock) -> tuple[Site, Citizen]:
    """A database with one of everything that is sealed: keys, stored secrets, a client, a webhook, an answer."""
    site = register_site(app, clock)
    add_account(app, clock)
    program = hiring(app, clock)("applicant", Role.APPLICANT, acts_for="bron")
    registration = {"partner": "bron", "name": "Mon site", "redirect_uris": ["https://site.example/back"]}
    assert program.send("POST", "/clients", json=registration, headers={"Idempotency-Key": "k"}).status_code == 201
    with app.app_context():
        box = app.extensions["registry"].webhook_secrets
        address = {"url": "https://hooks.example/glc", "events": ["partner.*"], "partner": None}
        subscribe(db.session(), OPERATOR, **address, at=clock.now(), entropy=SystemEntropy(), box=box)
        db.session.commit()
    return site, Citizen(app.test_client())


def seal_anew(app: Flask, clock: ManualClock) -> dict[str, int]:
    """`glc keys reencrypt`."""
    with app.app_context():
        done = reencrypt(db.session(), keeper().ring.master, OPERATOR, clock.now())
        db.session.commit()
        return done


def test_logins_under_way_do_not_notice(
    full: tuple[Site, Citizen], app: Flask, changed: Flask, restart: Restart, clock: ManualClock
) -> None:
    """Issue, point 5, and nothing breaks meanwhile: form, cookies, code, secret, session and sid of before serve after
    the change, and once the previous key is gone."""
    site, citizen = full
    consent = citizen.log_in(citizen.get(site.request()))
    citizen.client.application = changed
    first = citizen.submit(consent, "a2-oidc-authorization-form", "accept", do_not_ask_again="on").query["code"]
    citizen.client.application = app
    before = payload(site.redeem(app.test_client(), citizen.code(site.request())).json["id_token"])
    after = payload(site.redeem(changed.test_client(), first).json["id_token"])
    assert (after["sub"], after["sid"]) == (before["sub"], before["sid"])

    seal_anew(changed, clock)
    alone = restart(master_key=NEW)
    citizen.client.application = alone
    told = payload(site.redeem(alone.test_client(), citizen.code(site.request())).json["id_token"])
    assert (told["sub"], told["sid"], told["auth_time"]) == (before["sub"], before["sid"], before["auth_time"])


def test_a_code_of_before_is_redeemed_after(full: tuple[Site, Citizen], changed: Flask) -> None:
    """And the other way round where the new key was given to open first: servers restart one after the other."""
    site, citizen = full
    citizen.log_in(citizen.get("/login/"))
    code = citizen.code(site.request())
    assert site.redeem(changed.test_client(), code).status_code == 200


def test_servers_may_change_one_after_the_other(
    full: tuple[Site, Citizen], changed: Flask, restart: Restart, clock: ManualClock
) -> None:
    """docs/keys.md: the new key is first given to open only, everywhere."""
    site, citizen = full
    not_yet = restart(master_key=DEVELOPMENT_MASTER_KEY, previous_master_keys=NEW)
    citizen.client.application = changed
    citizen.log_in(citizen.get("/login/"))
    seal_anew(changed, clock)
    assert site.redeem(not_yet.test_client(), citizen.code(site.request())).status_code == 200


@pytest.mark.usefixtures("full")
def test_everything_is_sealed_anew_once_and_it_is_told_how_much(
    changed: Flask, restart: Restart, clock: ManualClock
) -> None:
    """Issue, point 5: re-encrypting everything; a second time there is nothing to do; the trail knows."""
    done, again = seal_anew(changed, clock), seal_anew(changed, clock)
    assert {name for name, number in done.items() if number} == {
        "signing_key.sealed_private_key",
        "stored_secret.sealed",
        "client_secret.sealed",
        "webhook_endpoint.sealed_secret",
        "idempotent_answer.sealed_body",
    }
    assert set(again.values()) == {0}
    with restart(master_key=NEW).app_context():
        [entry] = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "key.reencrypted"))
        assert entry.after == {name: number for name, number in done.items() if number}


def test_a_column_that_calls_itself_sealed_says_by_what(app: Flask) -> None:
    """So that the next one is not forgotten either, even before anything fills it in the test below."""
    everything = [each for table in Base.metadata.sorted_tables for each in table.columns]
    named = {str(each) for each in everything if "sealed" in each.name or "sealed under" in (each.comment or "")}
    assert named == {str(each) for each in sealed_columns()}


@pytest.mark.usefixtures("full")
def test_nothing_in_the_database_opens_under_the_previous_key_any_more(
    changed: Flask, clock: ManualClock, restart: Restart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the columns say of themselves: every text of every table is tried with the key of every use there is."""
    uses: set[str] = set()
    original = MasterKey.box
    monkeypatch.setattr(MasterKey, "box", lambda self, use: uses.add(use) or original(self, use))
    restart(master_key=DEVELOPMENT_MASTER_KEY)
    old = MasterKey(DEVELOPMENT_MASTER_KEY, SystemEntropy())
    boxes = [original(old, use) for use in uses]

    def opened() -> set[str]:
        found = set()
        with changed.app_context():
            for table in Base.metadata.sorted_tables:
                for row in db.session.execute(sa.select(table)).mappings():
                    texts = {name: value for name, value in row.items() if isinstance(value, str) and len(value) > 30}
                    found |= {f"{table}.{name}" for name, value in texts.items() if _opens(boxes, value)}
        return found

    before = opened()
    seal_anew(changed, clock)
    assert before == {str(each) for each in sealed_columns()}
    assert opened() == set()


def _opens(boxes: list[Box], value: str) -> bool:
    for box in boxes:
        try:
            box.open(value)
        except SealBroken:
            continue
        return True
    return False


def test_a_value_that_no_given_key_opens_stops_all_of_it(changed: Flask, restart: Restart, clock: ManualClock) -> None:
    """Nothing is half done: what could be sealed anew is not either."""
    with changed.app_context():
        salt = db.session.get_one(StoredSecret, "subject-salt")
        before = db.session.scalars(sa.select(SigningKey.sealed_private_key)).all()
        salt.sealed = MasterKey(OTHER, SystemEntropy()).box("subject-salt").seal(b"\0" * 32)
        db.session.commit()
        with pytest.raises(Conflict, match="stored_secret"):
            reencrypt(db.session(), keeper().ring.master, OPERATOR, clock.now())
        db.session.rollback()
        assert db.session.scalars(sa.select(SigningKey.sealed_private_key)).all() == before


def test_the_new_key_alone_is_refused_before_everything_is_sealed_anew(restart: Restart) -> None:
    """One clear sentence, as for any wrong key."""
    with pytest.raises(SettingsError, match="not the one this database's keys were encrypted under"):
        restart(master_key=NEW)
    with pytest.raises(SettingsError, match=r"previous_master_keys.*32 bytes"):
        restart(master_key=NEW, previous_master_keys="court")
    assert shown("previous_master_keys", load_settings({"previous_master_keys": OTHER}).previous_master_keys) == "…"


def test_a_database_of_an_earlier_version_keeps_its_cookies_and_sids(app: Flask, restart: Restart) -> None:
    """They were derived from the master key; what was derived is now stored."""
    with app.app_context():
        db.session.execute(sa.delete(StoredSecret).where(StoredSecret.name != "subject-salt"))
        db.session.commit()
    master = MasterKey(DEVELOPMENT_MASTER_KEY, SystemEntropy())
    again = restart()
    assert again.secret_key == master.derive("cookies")
    sid = again.extensions["idp"].ring.session_identifier("session", "client")
    assert sid == restart().extensions["idp"].ring.session_identifier("session", "client")
