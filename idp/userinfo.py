"""The userinfo endpoint (OpenID Connect Core 1.0, section 5.3; RFC 6750)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, request

from glc.clock import epoch
from glc.database import reading
from glc.logs import logger
from idp.claims import claims_of
from idp.errors import ProtocolError, described
from idp.parameters import FORM, Parameters
from idp.provider import Provider, provider
from idp.tokens import access_tokens, signing
from partner_registry.terms import ReleaseTerms

_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "x-requested-with,authorization"}


def userinfo() -> Response:
    """Any method with a Bearer token in the Authorization header, or where the dialect says so in a form: the claims,
    as ASCII JSON, or as the JWT that the client registered."""
    if request.method == "OPTIONS":
        preflight = {"Access-Control-Allow-Methods": "GET", "Access-Control-Max-Age": "86400"}
        return Response("", 200, _CORS | preflight, mimetype="text/plain")
    house = provider()
    at = house.clock.now()
    try:
        value = _token(house)
    except ProtocolError as error:
        return _unreadable(house, error)
    with reading(house.engine) as connection:
        granted = access_tokens.find(connection, value)
    if granted is None:
        return _refuse("invalid_token", "Token unknown")
    if not access_tokens.is_alive(granted, at):
        return _refuse("invalid_token", "Token expired or user disconnected")
    terms, reason = access_tokens.terms_behind(house, granted, at)
    if terms is None:
        return _refuse("invalid_token", "Token expired or user disconnected", reason)
    scopes, named = frozenset(granted.scopes.split()), granted.requested_claims or ()
    claims = claims_of(house, terms, scopes, granted, named)
    try:
        body, media_type = _written(house, terms, claims, at)
    except ProtocolError as error:
        return _refuse("server_error", error.description, error.hint, status=500)
    return Response(body, 200, _CORS | {"Cache-Control": "no-store"}, mimetype=media_type)


def _token(house: Provider) -> str:
    """The access token, sent in one way only (RFC 6750, section 2). Raises `ProtocolError`."""
    header = request.headers.get("Authorization", "")
    if house.dialect.userinfo_reads_form and request.method == "POST" and request.mimetype == FORM:
        form = Parameters.of_body(request)
        form.require_single()
        if "access_token" in form:
            if header:
                raise ProtocolError("invalid_request", "The access token is sent in two ways")
            return form["access_token"]
    scheme, _, value = header.partition(" ")
    if not scheme:
        raise ProtocolError("invalid_request", "Bearer authentication is mandatory")
    if not house.dialect.bearer_is_written_so:
        scheme = scheme.capitalize()
    if scheme != "Bearer" or not value or " " in value:
        raise ProtocolError("invalid_request", "Invalid Bearer authentication")
    return value


def _written(house: Provider, terms: ReleaseTerms, claims: dict[str, Any], at: dt.datetime) -> tuple[bytes, str]:
    """The claims as they are sent, and their media type (section 5.3.2)."""
    protocol = terms.protocol
    alg, encryption = protocol.userinfo_signed_response_alg, protocol.userinfo_encrypted_response_alg
    if not (alg or encryption) or not house.dialect.answers_are_jwts_if_registered:
        return signing.serialise(claims), "application/json"
    told = claims | {"aud": terms.client_id, "iat": epoch(at)}
    text = signing.sign(house, terms, alg, signing.serialise(told), at) if alg else signing.serialise(told).decode()
    if encryption:
        enc = protocol.userinfo_encrypted_response_enc
        text = signing.encrypted(house, terms, text, encryption, enc, nested=bool(alg))
    return text.encode("ascii"), "application/jwt"


def _unreadable(house: Provider, error: ProtocolError) -> Response:
    """No token, or none that can be read (RFC 6750, section 3.1): whoever sent none is told of no error but how."""
    if house.dialect.userinfo_errors_are_alike:
        return _refuse("invalid_request", described(error, plain=True))
    bare = "Authorization" not in request.headers
    response = _refuse("invalid_request", described(error, plain=True), status=401 if bare else 400)
    if bare:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _refuse(error: str, description: str, detail: str = "", *, status: int = 401) -> Response:
    logger().info("userinfo.refused", error=error, description=description, detail=detail)
    headers = _CORS | {"WWW-Authenticate": f'Bearer error="{error}", error_description="{description}"'}
    body = signing.serialise({"error": error, "error_description": description})
    return Response(body, status, headers, mimetype="application/json")
