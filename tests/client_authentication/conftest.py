"""A site in the standard dialect, and where it publishes its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from canned import CannedSite
from client_authentication.callers import Caller, key_set
from flask import Flask
from flows import Citizen, Site
from werkzeug.test import TestResponse

from glc.clock import ManualClock


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The provider, in the standard dialect."""
    return make_app(dialect="standard")


@pytest.fixture
def caller(app: Flask, register: Callable[..., Site], clock: ManualClock) -> Callable[..., Caller]:
    """Register a site with these protocol options, by registered name; the site's server."""

    def make(method: str = "", **protocol: Any) -> Caller:
        options = {"token_endpoint_auth_method": method, **protocol} if method else protocol
        if method == "private_key_jwt" and "jwks_uri" not in protocol:
            options.setdefault("jwks", key_set())
        return Caller(app, register(protocol=options, id_token_alg="RS256"), clock)

    return make


@pytest.fixture
def publisher() -> Iterator[CannedSite]:
    """The site where keys are published."""
    started = CannedSite()
    yield started
    started.stop()


@pytest.fixture
def redeem(app: Flask, citizen: Citizen) -> Callable[..., TestResponse]:
    """Camille logs in, and the caller redeems the code with these further members of the form."""

    def go(caller: Caller, form: dict[str, str], **request: str | None) -> TestResponse:
        code = citizen.code(caller.site.request(**request))
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": caller.site.redirect_uri, **form}
        return caller.post(sent)

    return go
