"""Who is calling: HTTP Basic, or identifier and secret in the form (RFC 6749, section 2.3.1)."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import unquote_plus

from idp.errors import ProtocolError, invalid_request
from idp.token_request import TokenRequest
from partner_registry.terms import ReleaseTerms


def authenticate(asked: TokenRequest) -> ReleaseTerms:
    """The terms of the client that proves its secret. Basic wins when there is an Authorization header.

    Raises `ProtocolError`; the secret is compared in constant time and never echoed.
    """
    client_id, secret = _credentials(asked)
    terms = asked.house.terms(client_id, asked.at, asked.registry_version)
    if terms is None:
        raise _invalid_client(
            f"Wrong client identifier: {client_id[:100]}", "Les clients enregistrés : « glc client list »."
        )
    asked.client = terms
    given = secret.encode()
    accepted = [hmac.compare_digest(given, known.encode()) for known in asked.house.secrets_of(terms, asked.at)]
    if not any(accepted):
        raise _invalid_client("Wrong client secret", "Le secret ne s’affiche qu’à l’enregistrement du client.")
    return terms


def _credentials(asked: TokenRequest) -> tuple[str, str]:
    header = asked.headers.get("Authorization")
    if header is not None:
        client_id, secret = _basic(header, decoded=asked.house.dialect.basic_is_decoded)
    else:
        form = asked.parameters
        for name in ("client_id", "client_secret"):
            if name not in form:
                raise invalid_request(
                    f'Missing parameter "{name}"',
                    "Authentifiez le client par HTTP Basic, ou par client_id et client_secret dans le corps.",
                )
        client_id, secret = form["client_id"], form["client_secret"]
    if not client_id:
        raise _invalid_client("Empty client identifier")
    return client_id, secret


def _basic(header: str, *, decoded: bool) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    try:
        parts = base64.b64decode(value.strip(), validate=True).decode("utf-8").split(":")
    except ValueError:  # neither ASCII, nor base64, nor UTF-8
        parts = []
    if scheme.lower() != "basic" or len(parts) != 2:
        raise _invalid_client(
            "Wrong Authorization header", "Attendu : « Authorization: Basic base64(client_id:client_secret) »."
        )
    client_id, secret = parts
    return (unquote_plus(client_id), unquote_plus(secret)) if decoded else (client_id, secret)


def _invalid_client(description: str, hint: str = "") -> ProtocolError:
    return ProtocolError("invalid_client", description, hint=hint, status=401)
