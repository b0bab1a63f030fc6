"""Discovery and keys (OpenID Connect Discovery 1.0; RFC 7517): bytes made once, for they are asked for at each start
of each site."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from glc.i18n import LANGUAGES
from glc.settings import Settings
from idp.authorization.request_objects import UNSIGNED
from idp.dialects import Dialect
from idp.provider import provider
from keys.jose import DECRYPTION_ALGS
from partner_registry.clients.metadata import (
    CLIENT_SIGNING_ALGS,
    ENCRYPTION_ALGS,
    ENCRYPTION_ENCS,
    SECRET_SIGNING_ALGS,
    SIGNING_ALGS,
)
from partner_registry.clients.registration import GLC_CLAIMS, STANDARD_CLAIMS
from partner_registry.clients.self_registration import SCOPES

PROTOCOL = ("iss", "auth_time", "acr", "amr", "sid")
"""Claims that the provider makes itself."""

_CORS = {"Access-Control-Allow-Origin": "*"}


def document(settings: Settings, dialect: Dialect) -> dict[str, Any]:
    """The discovery document: in the real service's dialects exactly as its own, saying nothing that it does not."""
    base, pages = f"{settings.server_base_url}idp/oidc", f"{settings.base_url}idp/oidc"
    found: dict[str, Any] = {
        "issuer": settings.issuer,
        "authorization_endpoint": f"{pages}/authorize",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/user_info",
        "jwks_uri": f"{base}/certs",
        "end_session_endpoint": f"{pages}/logout",
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "token_endpoint_auth_methods_supported": list(dialect.discovery_auth_methods),
        "id_token_signing_alg_values_supported": list(dialect.id_token_algs),
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }
    if dialect.revocation:
        found[dialect.revocation_metadata] = f"{base}/revoke"
    if dialect.introspection:
        found["introspection_endpoint"] = f"{base}/introspect"
    if dialect.pkce_methods:
        found["code_challenge_methods_supported"] = list(dialect.pkce_methods)
    if dialect.metadata_is_complete:
        found |= _complete(base, pages, settings, dialect)
    return found


def _complete(base: str, pages: str, settings: Settings, dialect: Dialect) -> dict[str, Any]:
    """All there is to say (OpenID Connect Discovery 1.0, 3; RFC 8414; RFC 9126; RFC 9207; logout)."""
    methods = list(dialect.client_authentication)
    assertions = [*CLIENT_SIGNING_ALGS, *SECRET_SIGNING_ALGS]
    secured: dict[str, Any] = {
        f"{endpoint}_endpoint_auth_{what}_supported": values
        for endpoint in ("token", "revocation", "introspection")
        for what, values in (("methods", methods), ("signing_alg_values", assertions))
    }
    if dialect.client_registration and settings.effective_registration_policy != "off":
        secured["registration_endpoint"] = f"{base}/register"
    secured["introspection_endpoint_auth_methods_supported"] = [each for each in methods if each != "none"]
    return secured | {
        "response_types_supported": list(dialect.response_types),
        "response_modes_supported": list(dialect.response_modes),
        "grant_types_supported": ["authorization_code", "implicit", "refresh_token"],
        "scopes_supported": list(SCOPES),
        "claims_supported": sorted({rule["name"] for rule in (*STANDARD_CLAIMS, *GLC_CLAIMS)} | {"sub", *PROTOCOL}),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": dialect.claims_parameter,
        "claims_locales_supported": ["fr"],
        "ui_locales_supported": list(LANGUAGES),
        "display_values_supported": ["page"],
        "prompt_values_supported": sorted(dialect.prompts),
        "acr_values_supported": settings.acr_values.split(),
        "userinfo_signing_alg_values_supported": list(SIGNING_ALGS),
        "id_token_encryption_alg_values_supported": list(ENCRYPTION_ALGS),
        "id_token_encryption_enc_values_supported": list(ENCRYPTION_ENCS),
        "userinfo_encryption_alg_values_supported": list(ENCRYPTION_ALGS),
        "userinfo_encryption_enc_values_supported": list(ENCRYPTION_ENCS),
        "request_parameter_supported": dialect.request_objects,
        "request_uri_parameter_supported": dialect.request_objects,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": [*CLIENT_SIGNING_ALGS, *SECRET_SIGNING_ALGS, UNSIGNED],
        "request_object_encryption_alg_values_supported": list(DECRYPTION_ALGS),
        "request_object_encryption_enc_values_supported": list(ENCRYPTION_ENCS),
        "pushed_authorization_request_endpoint": f"{base}/par",
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": dialect.issuer_in_response,
        "check_session_iframe": f"{pages}/check_session",
        "backchannel_logout_supported": dialect.backchannel_logout,
        "backchannel_logout_session_supported": dialect.backchannel_logout,
    }


def configuration() -> Response:
    """`/.well-known/openid-configuration`."""
    return Response(provider().discovery, 200, _CORS, mimetype="application/json")


def certs() -> Response:
    """`/idp/oidc/certs`: the public halves of the signing keys, and how long they may be kept."""
    house = provider()
    house.ring.refresh()
    kept = {"Cache-Control": f"public, max-age={house.settings.jwks_max_age_in}"}
    return Response(house.ring.jwks, 200, _CORS | kept, mimetype="application/json")


def encoded(settings: Settings, dialect: Dialect) -> bytes:
    """The document as bytes."""
    return json.dumps(document(settings, dialect)).encode()
