"""What a client may not be registered with: values that would break somebody's login later."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.entropy import SystemEntropy
from glc.errors import InputError
from partner_registry.agents import OPERATOR
from partner_registry.clients.life import register_client
from partner_registry.clients.registration import ClientRegistration

Registry = Callable[[], AbstractContextManager[Session]]
GOOD = ClientRegistration(name="Site", redirect_uris=("https://site.example/retour",))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "n" * 101}, r"\(name\) : 101 caractères, au plus 100"),
        ({"home_url": "https://site.example/" + "x" * 1024}, "home_url"),
        ({"scopes": ("openid", *(f"portee{number}" for number in range(200)))}, "scopes"),
        ({"consent_remembered_in": 999_999_999}, "consent_remembered_in"),
        ({"access_token_lifetime_in": -5}, r"\(access_token_lifetime_in\) : de 1 à 315360000, et non -5"),
        ({"id_token_lifetime_in": 0}, r"\(id_token_lifetime_in\) : .* et non 0"),
        ({"frontchannel_timeout_in": 60_001}, r"\(frontchannel_timeout_in\) : .* et non 60001"),
        ({"home_url": "https://"}, "home_url"),
        ({"logo_url": "https://site.example/a b"}, "logo_url"),
        ({"claims": ({"name": "ville", "source": "{{ city", "scopes": ["profile"]},)}, "modèle de la donnée ville"),
        ({"claims": ({"name": "sub", "source": "email", "scopes": ["email"]},)}, "sub est réservée au fournisseur"),
    ],
)
def test_what_cannot_work_is_refused_at_once(changes: dict[str, Any], told: str) -> None:
    """The message says what to change."""
    with pytest.raises(InputError, match=told):
        dataclasses.replace(GOOD, **changes).check()


@pytest.mark.parametrize(
    "uri",
    [
        "https://qui:secret@site.example/retour",
        "https://site.example/un retour",
        "https://*/retour",
        "https://@site.example/retour",
        "https://site.example/retour\n",
        "blob:https://site.example/retour",
        "about:blank",
        "mailto:quelqu.un@site.example",
        "localhost:3000/retour",
    ],
)
def test_a_redirect_uri_that_is_no_address_of_the_site_is_refused(uri: str) -> None:
    """RFC 6749, 3.1.2; RFC 8252, 7.1 for private schemes."""
    with pytest.raises(InputError, match="l’adresse de retour"):
        dataclasses.replace(GOOD, redirect_uris=(uri,)).check()


@pytest.mark.parametrize(
    "uri",
    ["fr.lyon.app:/retour", "https://*.site.example/x*", "http://localhost:3000/retour", "https://site.example/#*"],
)
def test_the_addresses_that_the_real_service_accepts_are_accepted(uri: str) -> None:
    """Private schemes with a dot, subdomains, what lies below a path (Authentic2, 1.6)."""
    dataclasses.replace(GOOD, redirect_uris=(uri,)).check()


def test_a_chosen_identifier_fits_its_column(app: Flask, registry: Registry, clock: ManualClock) -> None:
    """PostgreSQL would refuse it with a traceback, SQLite would not refuse it."""
    seal = app.extensions["idp"].ring.secrets.seal
    with registry() as session, pytest.raises(InputError, match="101 caractères : au plus 100"):
        register_client(
            session, OPERATOR, "lyon", GOOD, at=clock.now(), entropy=SystemEntropy(), seal=seal, client_id="x" * 101
        )
