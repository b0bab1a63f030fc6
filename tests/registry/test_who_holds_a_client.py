"""After a transfer or a merger, the people of whoever holds a client or a processing decide, and nobody else's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flows import PASSWORD, Site
from sqlalchemy.orm import Session

from glc.clock import UTC, ManualClock
from glc.entropy import SystemEntropy
from glc.errors import Forbidden, InputError
from idp.accounts.rules import create_account
from partner_registry.agents import OPERATOR, Agent
from partner_registry.clients.life import find_client, serve
from partner_registry.clients.registration import registration_of
from partner_registry.clients.secrets import rotate_secret
from partner_registry.clients.transfers import transfer
from partner_registry.clients.versions import draft_version
from partner_registry.data_protection.processings import (
    draft_processing,
    edit_processing,
    replace_processing,
    validate_processing,
)
from partner_registry.models import Environment, Role
from partner_registry.partners.life import find_partner

Registry = Callable[[], AbstractContextManager[Session]]
NOON = dt.datetime(2026, 3, 2, 11, tzinfo=UTC)
TODAY = dt.date(2026, 3, 2)


def applicant_of(session: Session, slug: str) -> Agent:
    """Somebody of a partner."""
    account = create_account(session, at=NOON, email=f"{slug}@agents.example", password=PASSWORD)
    partners = frozenset({find_partner(session, slug).id})
    return Agent(name=slug, account_id=account.id, roles=frozenset({Role.APPLICANT}), partners=partners)


@pytest.fixture
def handed_over(register: Callable[..., Site], registry: Registry, clock: ManualClock) -> str:
    """A production client that Lyon handed over to Bron today."""
    site = register(environment=Environment.PRODUCTION, redirect_uris=("https://lyon.example/retour",))
    with registry() as session:
        client, bron = find_client(session, site.client_id), find_partner(session, "bron")
        transfer(session, OPERATOR, client, bron, on=TODAY, at=clock.now(), reason="mutualisation")
    return site.client_id


def test_after_a_transfer_the_new_partner_s_people_act_and_the_former_ones_no_longer(
    app: Flask, registry: Registry, clock: ManualClock, handed_over: str
) -> None:
    """6.3, mistake 1: one commune's people never hold another one's client, its secret least of all."""
    seal = app.extensions["idp"].ring.secrets.seal
    with registry() as session:
        client = find_client(session, handed_over)
        former, new = applicant_of(session, "lyon"), applicant_of(session, "bron")
        with pytest.raises(Forbidden):
            rotate_secret(session, former, client, at=clock.now(), entropy=SystemEntropy(), seal=seal)
        with pytest.raises(Forbidden):
            draft_version(session, former, client, registration_of(client.latest), at=clock.now())
        assert rotate_secret(session, new, client, at=clock.now(), entropy=SystemEntropy(), seal=seal)


def test_a_transferred_client_serves_its_new_partner_s_processings_only(
    registry: Registry, clock: ManualClock, handed_over: str
) -> None:
    """R35: each partner is the controller of its own processings."""
    with registry() as session:
        client = find_client(session, handed_over)
        lyon, bron = (find_partner(session, slug).processings[0] for slug in ("lyon", "bron"))
        with pytest.raises(InputError, match="son partenaire"):
            serve(session, OPERATOR, client, [lyon], at=clock.now())
        serve(session, OPERATOR, client, [bron], at=clock.now())
        assert client.processings == [bron]


def test_a_transferred_client_follows_the_replacement_of_the_processing_it_serves(
    registry: Registry, clock: ManualClock, handed_over: str
) -> None:
    """Issue, point 4: replacing a processing cuts nobody off."""
    with registry() as session:
        account = create_account(session, at=NOON, email="instructrice@metropole.example", password=PASSWORD)
        decides = Agent(name="instructrice", account_id=account.id, roles=frozenset({Role.REVIEWER}))
        client, bron = find_client(session, handed_over), find_partner(session, "bron")
        serve(session, OPERATOR, client, [bron.processings[0]], at=clock.now())
        made = replace_processing(session, OPERATOR, bron.processings[0], at=clock.now())
        made.dpo_favourable = True
        validate_processing(session, decides, made, at=clock.now())
        assert made in client.processings


def test_after_a_merger_the_successor_s_people_change_the_processings(registry: Registry, clock: ManualClock) -> None:
    """Reference, part 3: the new commune steps into all acts (Oullins-Pierre-Bénite, 1 January 2024)."""
    with registry() as session:
        oullins = find_partner(session, "oullins")
        made = draft_processing(session, OPERATOR, oullins, name="Piscine", at=clock.now())
        with pytest.raises(Forbidden):
            edit_processing(session, applicant_of(session, "oullins"), made, at=clock.now(), name="Piscines")
        edit_processing(session, applicant_of(session, "oullins-pierre-benite"), made, at=clock.now(), reference="T-12")
        assert made.reference == "T-12"
