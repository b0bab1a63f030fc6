"""A provider in the standard dialect, where whoever comes may register."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from canned import CannedSite
from flask import Flask
from flows import Citizen
from registration.newcomer import Newcomer


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The provider, in the standard dialect, on this machine: whoever comes may register."""
    return make_app(dialect="standard")


@pytest.fixture
def newcomer(app: Flask) -> Newcomer:
    """A site that nobody knows yet."""
    return Newcomer(app)


@pytest.fixture
def citizen(app: Flask, make_account: Callable[..., str]) -> Citizen:
    """Camille, who has a test account with some of everything."""
    make_account(email_verified=True, city="Lyon", street="rue de la République", mobile_phone="+33600000001")
    return Citizen(app.test_client())


@pytest.fixture
def publisher() -> Iterator[CannedSite]:
    """The site's own server, where it publishes what the provider fetches."""
    started = CannedSite()
    yield started
    started.stop()
