"""GrandLyonConnect as an Authlib client."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

import requests
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth, OAuthError
from flask import Flask

from demo.lyon_fr.config import SiteConfig

TIMEOUT_IN = 5
"""Seconds the provider has to answer."""

ENDPOINTS = {
    "authorization_endpoint": "browser",
    "end_session_endpoint": "browser",
    "token_endpoint": "server",
    "userinfo_endpoint": "server",
    "jwks_uri": "server",
}
"""What the site needs from the discovery document, and who calls it."""


class GrandLyonConnect(FlaskOAuth2App):  # type: ignore[misc] # Authlib has no types
    """Authlib's client, with a stricter reading of the discovery document.

    Where one URL reaches the provider from everywhere, Authlib's own client with
    `server_metadata_url=issuer + ".well-known/openid-configuration"` does the same without this class.
    """

    config: SiteConfig

    def load_server_metadata(self) -> dict[str, Any]:
        """The discovery document, fetched at the first login so that the site starts without the provider.

        Raises OAuthError (`invalid_discovery`) or requests.RequestException; the next login then tries again.
        """
        if "issuer" not in self.server_metadata:
            base = self.config.backchannel_url or self.config.issuer
            answer = requests.get(f"{base.rstrip('/')}/.well-known/openid-configuration", timeout=TIMEOUT_IN)
            answer.raise_for_status()
            self.server_metadata.update(self._checked(answer.json()))
        return cast("dict[str, Any]", self.server_metadata)

    def _checked(self, document: dict[str, Any]) -> dict[str, Any]:
        if document.get("issuer") != self.config.issuer:
            description = f"expected issuer {self.config.issuer}, discovery says {document.get('issuer')}"
            raise OAuthError("invalid_discovery", description)
        if missing := ENDPOINTS.keys() - document.keys():
            raise OAuthError("invalid_discovery", f"missing: {', '.join(sorted(missing))}")
        metadata = {name: document[name] for name in ENDPOINTS}
        if self.config.backchannel_url:
            back = urlsplit(self.config.backchannel_url)
            for name in (name for name, caller in ENDPOINTS.items() if caller == "server"):
                metadata[name] = urlsplit(metadata[name])._replace(scheme=back.scheme, netloc=back.netloc).geturl()
        # The algorithm this client is registered with, rather than all that the provider can do.
        return {**metadata, "issuer": document["issuer"], "id_token_signing_alg_values_supported": ["RS256"]}


def register(app: Flask, config: SiteConfig) -> GrandLyonConnect:
    """Declare the provider to Authlib; nothing is fetched yet."""
    client = OAuth(app).register(
        "glc",
        client_cls=GrandLyonConnect,
        client_id=config.client_id,
        client_secret=config.client_secret,
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic",
            "default_timeout": TIMEOUT_IN,
        },
    )
    client.config = config
    return cast(GrandLyonConnect, client)
