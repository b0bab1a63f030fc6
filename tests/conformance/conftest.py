"""Fixtures of the certification's requirements: the standard dialect, a client that may do everything, and somebody
who owns every standard claim."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import add_account, register_site
from filelock import FileLock
from flask import Flask
from flows import Citizen, Site
from needs import needs
from strict_site import Begin, StrictSite

from glc.clock import ManualClock
from glc.database import db
from idp.claims import EXAMPLES
from partner_registry.clients.registration import STANDARD_CLAIMS
from partner_registry.clients.trials import SLUG, trial_partner
from partner_registry.models import Flow

OPENID_CLIENT = Path(__file__).with_name("openid_client")
SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
Register = Callable[..., Site]


@pytest.fixture(scope="session")
def openid_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of openid-client, installed as the lock file says, once for all processes of the run."""
    needs("node")
    with FileLock(tmp_path_factory.getbasetemp().parent / "npm.lock"):
        if not (OPENID_CLIENT / "node_modules" / ".package-lock.json").exists():
            subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=OPENID_CLIENT, check=True)
    return OPENID_CLIENT


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The provider, in the standard dialect; codes and tokens live as long as by default."""
    return make_app(dialect="standard")


@pytest.fixture
def register(app: Flask, clock: ManualClock) -> Register:
    """Register a client that may do everything; keyword arguments are those of `ClientRegistration`."""
    with app.app_context():
        trial_partner(db.session(), clock.now())
        db.session.commit()
    everything: dict[str, Any] = {"scopes": SCOPES, "claims": STANDARD_CLAIMS, "id_token_alg": "RS256"}
    return functools.partial(register_site, app, clock, partner=SLUG, flow=Flow.HYBRID, **everything)


@pytest.fixture
def somebody(app: Flask, clock: ManualClock) -> str:
    """The uuid of Camille, who owns every standard claim."""
    return add_account(
        app,
        clock,
        email_verified=True,
        street_number="12",
        street="rue de la République",
        postal_code="69001",
        city="Lyon",
        mobile_phone="+33600000001",
        other_claims=dict(EXAMPLES),
    )


@pytest.fixture
def begin(app: Flask, register: Register, somebody: str) -> Begin:
    """A site of its own and a fresh browser; keyword arguments are those of `ClientRegistration`."""

    def make(**options: Any) -> StrictSite:
        site = register(**options)
        site.scope = "openid"
        return StrictSite(site, Citizen(app.test_client()), app.test_client())

    return make


@pytest.fixture
def rp(begin: Begin) -> StrictSite:
    """Such a site with every default."""
    return begin()


@pytest.fixture
def make_levels(make_app: Callable[..., Flask], clock: ManualClock) -> Callable[[str], StrictSite]:
    """Begin a site with a provider that reaches the given levels of authentication."""

    def make(levels: str) -> StrictSite:
        app = make_app(dialect="standard", acr_values=levels)
        with app.app_context():
            trial_partner(db.session(), clock.now())
            db.session.commit()
        site = register_site(
            app, clock, partner=SLUG, scopes=SCOPES, claims=STANDARD_CLAIMS, id_token_alg="RS256", flow=Flow.HYBRID
        )
        site.scope = "openid"
        add_account(app, clock)
        return StrictSite(site, Citizen(app.test_client()), app.test_client())

    return make
