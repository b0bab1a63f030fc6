"""The pushed authorization request endpoint (RFC 9126, section 2)."""

from __future__ import annotations

import json

from flask import Response, request

from glc.logs import logger
from idp import client_authentication
from idp.authorization import pushed_requests
from idp.authorization.checks import AuthorizationRequest, run_checks
from idp.authorization.request_objects import take_up
from idp.errors import ProtocolError, invalid_request
from idp.parameters import Parameters
from idp.provider import Provider, provider
from idp.tokens.endpoint import refusal
from idp.tokens.request import TokenRequest

CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def push() -> Response:
    """POST a request as it would be sent to the authorization endpoint: 201 with the `request_uri` to send instead.

    It is checked at once; a client that cannot be authenticated, or a request that cannot succeed, is told here.
    """
    house = provider()
    caller = None
    try:
        caller = TokenRequest(house, request)
        caller.parameters.require_single()
        caller.terms = client_authentication.authenticate(caller)
        reference = _checked(house, caller)
    except ProtocolError as error:
        return refusal(house, error, caller.client if caller else None)
    logger().info("authorize.pushed", client_id=caller.terms.client_id)
    body = json.dumps({"request_uri": reference, "expires_in": pushed_requests.LIFETIME_IN})
    return Response(body, 201, {"Cache-Control": "no-store"}, mimetype="application/json")


def _checked(house: Provider, caller: TokenRequest) -> str:
    sent, client_id = caller.parameters, caller.terms.client_id
    if "request_uri" in sent:
        raise invalid_request('Parameter "request_uri" must not be pushed', "RFC 9126, section 2.1.")
    if sent.get("client_id", client_id) != client_id:
        raise invalid_request('Parameter "client_id" is not that of the client that authenticates')
    pairs = [(name, value) for name, value in sent.pairs if name not in CREDENTIALS | {"client_id"}]
    asked = AuthorizationRequest(Parameters([("client_id", client_id), *pairs]), house.dialect, pushed=True)
    asked.terms_of = lambda _client_id: caller.terms
    asked.taken_up = lambda asked: take_up(house, asked, caller.at)
    run_checks(asked)
    return pushed_requests.keep(house, asked, caller.at)
