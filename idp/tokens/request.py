"""A request to an endpoint that clients call, as the grants and the client's authentication see it."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from flask import Request

from glc.database import reading_session
from idp.parameters import Parameters
from idp.provider import Provider
from idp.tokens.codes import Code
from partner_registry.terms import ReleaseTerms, registry_version

TokenResponse = tuple[int, dict[str, Any], list[tuple[str, str]]]


class TokenRequest(OAuth2Request):
    """One request to the token, revocation or introspection endpoint, and what the checks find out about it."""

    terms: ReleaseTerms
    code: Code
    login: Any
    """The session behind the code: a row of `sessions.by_id`."""
    refreshed: Any
    """The refresh token and its grant."""
    wanted: frozenset[str]
    """The scopes that a refresh asks for."""

    def __init__(self, house: Provider, http: Request) -> None:
        # Not Authlib's own: it refuses plain http off loopback, which the settings already decide (between
        # containers it is right), and it would parse the address once more.
        self.house = house
        self.http = http
        self.at: dt.datetime = house.clock.now()
        self.method = http.method
        self.headers = http.headers
        self.parameters = Parameters.of_body(http)
        if house.dialect.empty_parameters_are_omitted:
            self.parameters = self.parameters.without_empty()
        self.payload = BasicOAuth2Payload(self.parameters)
        self.client: ReleaseTerms | None = None
        self.unregistered_errors = False

    @cached_property
    def registry_version(self) -> int:
        """The registry's version: set by whoever reads it along with something else, else read now."""
        with reading_session(self.house.engine) as session:
            return registry_version(session)
