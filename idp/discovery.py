"""Discovery and keys (OpenID Connect Discovery 1.0; RFC 7517): bytes made once, for they are asked for at each start
of each site."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from idp.dialects import Dialect
from idp.provider import provider

_CORS = {"Access-Control-Allow-Origin": "*"}


def document(issuer: str, dialect: Dialect) -> dict[str, Any]:
    """The discovery document, exactly as the real service's: nothing it does not say is said here."""
    base = f"{issuer.rstrip('/')}/idp/oidc"
    found: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/user_info",
        "jwks_uri": f"{base}/certs",
        "end_session_endpoint": f"{base}/logout",
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "token_endpoint_auth_methods_supported": list(dialect.discovery_auth_methods),
        "id_token_signing_alg_values_supported": list(dialect.id_token_algs),
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }
    if dialect.revocation:
        found["token_revocation_endpoint"] = f"{base}/revoke"
    if dialect.pkce_methods:
        found["code_challenge_methods_supported"] = list(dialect.pkce_methods)
    return found


def configuration() -> Response:
    """`/.well-known/openid-configuration`."""
    return Response(provider().discovery, 200, _CORS, mimetype="application/json")


def certs() -> Response:
    """`/idp/oidc/certs`: the public halves of the signing keys."""
    return Response(provider().ring.jwks, 200, _CORS, mimetype="application/json")


def encoded(issuer: str, dialect: Dialect) -> bytes:
    """The document as bytes."""
    return json.dumps(document(issuer, dialect)).encode()
