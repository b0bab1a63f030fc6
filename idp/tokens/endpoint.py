"""The token endpoint (RFC 6749, section 3.2): Authlib's server, our grants, and the dialect's way of refusing."""

from __future__ import annotations

import json
from collections.abc import Mapping

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import UnsupportedGrantTypeError
from flask import Request, Response, request

from glc.logs import logger
from glc.urls import origin
from idp import client_authentication
from idp.dialects import Dialect
from idp.errors import ProtocolError, described
from idp.grants.code import CodeGrant
from idp.grants.refresh import RefreshGrant
from idp.provider import Provider, provider
from idp.tokens.request import TokenRequest
from partner_registry.terms import ReleaseTerms


class TokenServer(AuthorizationServer):
    """Authlib's authorization server, asked only for what happens at the token endpoint."""

    def create_oauth2_request(self, http: Request) -> TokenRequest:
        return http if isinstance(http, TokenRequest) else TokenRequest(provider(), http)

    def authenticate_client(self, asked: TokenRequest, methods: object, endpoint: str = "token") -> ReleaseTerms:  # noqa: ARG002
        """The terms of the client that sent the request, from its own pages if from a page. Raises `ProtocolError`."""
        asked.terms = client_authentication.authenticate(asked)
        require_same_site(asked)
        return asked.terms

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: object, headers: list[tuple[str, str]]) -> Response:
        return Response(json.dumps(body), status, headers)

    def handle_error_response(self, asked: TokenRequest, error: OAuth2Error) -> Response:
        if isinstance(error, UnsupportedGrantTypeError):
            grants = asked.house.dialect.grants
            missing = not asked.parameters.get("grant_type")
            error = ProtocolError(
                "invalid_request" if missing else asked.house.dialect.unknown_grant_type_error,
                f"grant_type must be {'either ' if len(grants) > 1 else ''}{' or '.join(grants)}",
                hint="Ajoutez grant_type au corps de la demande, encodé comme un formulaire.",
            )
        return refusal(asked.house, error, asked.client, unregistered=asked.unregistered_errors)


def build_server(dialect: Dialect) -> TokenServer:
    """The server with the grants of a dialect."""
    server = TokenServer()
    for grant in (CodeGrant, RefreshGrant):
        if grant.GRANT_TYPE in dialect.grants:
            server.register_grant(grant)
    return server


def token() -> Response:
    """POST a grant, get tokens."""
    house = provider()
    if request.method == "OPTIONS":
        return _preflight()
    try:
        asked = TokenRequest(house, request)
        asked.parameters.require_single()
    except ProtocolError as error:
        return refusal(house, error, None)
    response: Response = house.token_server.create_token_response(asked)
    if response.status_code == 200:
        if asked.headers.get("Sec-Fetch-Mode") == "cors":  # its origin was checked: see `require_same_site`
            response.headers["Access-Control-Allow-Origin"] = asked.headers["Origin"]
        logger().info("token.granted", grant=asked.payload.grant_type, client_id=asked.terms.client_id)
    return response


def require_same_site(asked: TokenRequest) -> None:
    """A call that a browser's script makes must come from a page of one of the client's redirect URIs."""
    if asked.headers.get("Sec-Fetch-Mode") != "cors":
        return
    allowed = {origin(uri) for uri in asked.terms.redirect_uris} - {""}
    if asked.headers.get("Origin") not in allowed:
        raise ProtocolError(
            "invalid_origin",
            "Origin is not one of the redirect URIs' origins",
            hint="Un script de navigateur ne peut appeler ce point d’accès que depuis l’origine d’une redirect_uri.",
        )


def refusal(house: Provider, error: OAuth2Error, terms: ReleaseTerms | None, *, unregistered: bool = False) -> Response:
    """An error answer (RFC 6749, 5.2) in the dialect's words, with the reason in the log."""
    dialect = house.dialect
    client = terms.client_id if terms else ""
    logger().info(
        "token.refused",
        error=error.error,
        description=getattr(error, "logged", error.description),
        hint=getattr(error, "hint", ""),
        detail=getattr(error, "detail", ""),
        client_id=client,
    )
    body: dict[str, str | None] = {
        "error": None if unregistered else error.error,
        dialect.token_error_text: described(error, plain=dialect.error_text_is_plain),
    }
    status = error.status_code
    if error.error == "invalid_client":
        if dialect.invalid_client_is_plain_text:
            return Response("unauthenticated", dialect.invalid_client_status, mimetype="text/plain")
        status = dialect.invalid_client_status
    headers = error.get_headers()
    if status == 401:
        headers.append(("WWW-Authenticate", 'Basic realm="GrandLyonConnect"'))  # RFC 6749, 5.2
    if terms is not None and dialect.token_error_names_client:
        body["client_id"] = client
    return Response(json.dumps(body), status, headers)


def _preflight() -> Response:
    """A browser asks before a script's POST (Fetch, section 4.8)."""
    headers = request.headers
    if headers.get("Sec-Fetch-Mode") == "cors" and headers.get("Access-Control-Request-Method") == "POST":
        return _allowed({"Access-Control-Allow-Origin": headers.get("Origin", "*")})
    return Response("", 405, {"Allow": "POST"}, mimetype="text/plain")


def _allowed(headers: Mapping[str, str]) -> Response:
    return Response(
        "",
        200,
        {
            **headers,
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "authorization, content-type",
        },
        mimetype="text/plain",
    )
