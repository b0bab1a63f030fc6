"""What a site learns before its first request: the discovery document and the keys."""

from __future__ import annotations

import pytest
from flask import Flask

DOCUMENT = {
    "issuer": "http://localhost:8040/",
    "authorization_endpoint": "http://localhost:8040/idp/oidc/authorize",
    "token_endpoint": "http://localhost:8040/idp/oidc/token",
    "token_revocation_endpoint": "http://localhost:8040/idp/oidc/revoke",
    "userinfo_endpoint": "http://localhost:8040/idp/oidc/user_info",
    "jwks_uri": "http://localhost:8040/idp/oidc/certs",
    "end_session_endpoint": "http://localhost:8040/idp/oidc/logout",
    "response_types_supported": ["code", "token", "token id_token"],
    "subject_types_supported": ["public", "pairwise"],
    "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    "id_token_signing_alg_values_supported": ["RS256", "HS256", "ES256"],
    "code_challenge_methods_supported": ["plain", "S256"],
    "frontchannel_logout_supported": True,
    "frontchannel_logout_session_supported": True,
}


def test_discovery_says_what_the_real_service_says_and_nothing_else(app: Flask) -> None:
    """Section 1.2; checklist 1. The issuer ends with a slash, the endpoints do not."""
    response = app.test_client().get("/.well-known/openid-configuration")

    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.json == DOCUMENT


def test_discovery_has_no_form_with_a_final_slash(app: Flask) -> None:
    """Section 1.1: the one path that has no slash form."""
    assert app.test_client().get("/.well-known/openid-configuration/").status_code == 404


@pytest.mark.parametrize("app", ["grandlyonconnect-2018"], indirect=True)
def test_discovery_of_2018_has_no_revocation_no_es256_no_pkce_and_a_typing_error(app: Flask) -> None:
    """Section 1.2, A2-2018."""
    expected = {
        **DOCUMENT,
        "token_endpoint_auth_methods_supported": ["clien_secret_post", "client_secret_basic"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256"],
    }
    del expected["token_revocation_endpoint"], expected["code_challenge_methods_supported"]

    assert app.test_client().get("/.well-known/openid-configuration").json == expected


@pytest.mark.parametrize("path", ["/idp/oidc/certs", "/idp/oidc/certs/"])
def test_the_keys_are_public_halves_that_any_page_may_read(app: Flask, path: str) -> None:
    """Section 1.3; checklist 2: one RSA key and one EC P-256 key, each with its id; RFC 7517, section 9.3."""
    response = app.test_client().get(path)

    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert list(response.json) == ["keys"]
    keys = response.json["keys"]
    assert sorted((key["kty"], key.get("crv")) for key in keys) == [("EC", "P-256"), ("RSA", None)]
    assert len({key["kid"] for key in keys}) == 2
    assert not [name for key in keys for name in key if name in {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}]
