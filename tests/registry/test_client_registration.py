"""Registering a client: what is refused, and what its record says afterwards."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flows import Citizen, Site
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.entropy import SystemEntropy
from glc.errors import Conflict, InputError, NotFound
from partner_registry.agents import OPERATOR
from partner_registry.clients.life import find_client, register_client
from partner_registry.clients.registration import ClientRegistration, registration_of
from partner_registry.clients.versions import draft_version, publish_at_once
from partner_registry.models import Client, ClientSecret, Environment, Flow, Partner, SubjectPolicy

Registry = Callable[[], AbstractContextManager[Session]]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "  "}, "un nom"),
        ({"redirect_uris": ()}, "au moins une adresse de retour"),
        ({"redirect_uris": ("/relative",)}, "pas complète"),
        ({"redirect_uris": ("site.example/callback",)}, "pas complète"),
        ({"redirect_uris": ("javascript:alert(1)",)}, "pas complète"),
        ({"redirect_uris": ("data:text/html,x",)}, "pas complète"),
        ({"redirect_uris": ("https:///callback",)}, "aucun hôte"),
        ({"redirect_uris": ("https://site.example:99999/",)}, "n’en est pas une"),
        ({"redirect_uris": ("https://[site.example/",)}, "n’en est pas une"),
        ({"redirect_uris": ("https://site.example/" + "x" * 1004,)}, "1025 caractères"),
        ({"post_logout_redirect_uris": ("bye",)}, "pas complète"),
        ({"home_url": "javascript:alert(1)"}, "home_url"),
        ({"logo_url": "data:image/png;base64,x"}, "logo_url"),
        ({"frontchannel_logout_uri": "//site.example/out"}, "frontchannel_logout_uri"),
        ({"colour": "red; background: url(x)"}, "#rrvvbb"),
        ({"scopes": ("profile",)}, "openid"),
        ({"id_token_alg": "none"}, "HS256, RS256, ES256"),
        ({"redirect_uris": ("https://a.example/", "https://b.example/")}, "adresse de secteur"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_change(
    register: Callable[..., Site], options: dict[str, Any], says: str
) -> None:
    """Reference, 1.5 and 1.6."""
    with pytest.raises(InputError, match=says):
        register(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"redirect_uris": ("https://site.example/" + "x" * 1003,)},
        {"redirect_uris": ("http://localhost:8041/callback",)},
        {"redirect_uris": ("fr.lyon.app://callback",)},
        {"redirect_uris": ("https://a.example/", "https://b.example/"), "subject_policy": SubjectPolicy.UUID},
        {"redirect_uris": ("https://a.example/", "https://b.example/"), "sector_identifier_uri": "https://a.example/s"},
    ],
)
def test_what_sites_need_is_accepted(register: Callable[..., Site], options: dict[str, Any]) -> None:
    """Reference, 1.5 and 1.6: 1024 characters, a test machine, an app, several hosts."""
    assert register(**options).client_id


def test_an_unknown_partner_is_refused_and_the_known_ones_are_named(register: Callable[..., Site]) -> None:
    """The next command the reader types will be right."""
    with pytest.raises(NotFound, match=r"lyonn.*bron, dardilly, lyon"):
        register(partner="lyonn")


def test_a_commune_without_agreement_has_no_production(
    register: Callable[..., Site], join: Callable[..., None]
) -> None:
    """R35, 6.2: a production client works under an agreement."""
    join()
    with pytest.raises(InputError, match="convention"):
        register(partner="villeurbanne", environment=Environment.PRODUCTION)


def test_a_client_identifier_is_taken_once(app: Flask, registry: Registry, clock: ManualClock) -> None:
    """RFC 6749, 2.2: unique."""
    seal = app.extensions["idp"].ring.secrets.seal
    wanted = ClientRegistration(name="Site", redirect_uris=("https://site.example/",))
    options: dict[str, Any] = {"at": clock.now(), "entropy": SystemEntropy(), "seal": seal}
    with registry() as session:
        client, secret = register_client(
            session, OPERATOR, "lyon", wanted, client_id="mine", secret="s3cret", **options
        )
        assert (client.client_id, secret) == ("mine", "s3cret")
        with pytest.raises(Conflict, match="mine"):
            register_client(session, OPERATOR, "bron", wanted, client_id="mine", **options)


def test_identifier_and_secret_are_random_uuids_and_the_defaults_are_the_real_ones(
    register: Callable[..., Site], registry: Registry
) -> None:
    """Reference, 1.5."""
    one, other = register(), register()
    assert {len(value) for site in (one, other) for value in (site.client_id, site.secret)} == {36}
    assert len({one.client_id, one.secret, other.client_id, other.secret}) == 4
    with registry() as session:
        version = find_client(session, one.client_id).latest
    assert (version.flow, version.id_token_alg, version.subject_policy) == (Flow.CODE, "HS256", SubjectPolicy.PAIRWISE)
    assert version.scopes == ["openid", "profile", "email"]
    assert (version.refresh_tokens, version.pkce_required, version.consent_always_remembered) == (False, False, False)


def test_the_database_never_holds_the_secret_in_clear(site: Site, registry: Registry) -> None:
    """Issue, « Keys »: encrypted at rest."""
    with registry() as session:
        sealed = session.scalars(sa.select(ClientSecret.sealed)).one()
    assert site.secret not in sealed


def test_a_change_makes_a_new_version_and_keeps_the_old_one(
    site: Site, registry: Registry, clock: ManualClock, citizen: Citizen
) -> None:
    """House, section 4: nothing is overwritten; the site goes on under its identifier."""
    with registry() as session:
        client = find_client(session, site.client_id)
        changed = dataclasses.replace(registration_of(client.latest), name="Nouveau nom")
        version = draft_version(session, OPERATOR, client, changed, at=clock.now())
        publish_at_once(session, OPERATOR, version, at=clock.now())
    with registry() as session:
        versions = find_client(session, site.client_id).versions
        assert [(each.number, each.name) for each in versions] == [(1, "Mon site"), (2, "Nouveau nom")]
    assert "Nouveau nom" in citizen.get(site.request()).text


def test_a_change_that_cannot_work_is_refused_too(site: Site, registry: Registry, clock: ManualClock) -> None:
    """The same checks for each version."""
    with registry() as session:
        client = find_client(session, site.client_id)
        wrong = dataclasses.replace(registration_of(client.latest), scopes=())
        with pytest.raises(InputError):
            draft_version(session, OPERATOR, client, wrong, at=clock.now())


def test_what_was_signed_or_registered_cannot_be_deleted_from_under_its_clients(site: Site, registry: Registry) -> None:
    """House, section 4: foreign keys restrict."""
    with registry() as session:
        for table in (Client, Partner):
            with pytest.raises(sa.exc.IntegrityError):
                session.execute(sa.delete(table))
            session.rollback()
