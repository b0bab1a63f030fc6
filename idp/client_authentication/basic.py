"""`client_secret_basic`: identifier and secret by HTTP Basic (RFC 6749, section 2.3.1)."""

from __future__ import annotations

import base64
from urllib.parse import unquote_plus

from idp.client_authentication import secret
from idp.client_authentication.attempt import Attempt, invalid_client
from idp.tokens.request import TokenRequest


def read(asked: TokenRequest) -> Attempt | None:
    """The attempt, when there is an Authorization header. Raises `ProtocolError` when that is not Basic."""
    header = asked.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    try:
        parts = base64.b64decode(value.strip(), validate=True).decode("utf-8").split(":")
    except ValueError:  # neither ASCII, nor base64, nor UTF-8
        parts = []
    if scheme.lower() != "basic" or len(parts) != 2:
        raise invalid_client(
            "Wrong Authorization header", "Attendu : « Authorization: Basic base64(client_id:client_secret) »."
        )
    client_id, clear = map(unquote_plus, parts) if asked.house.dialect.basic_is_decoded else parts
    return secret.attempt(asked, "client_secret_basic", client_id, clear)
