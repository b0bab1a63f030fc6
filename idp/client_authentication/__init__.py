"""Who is calling: each way a client proves it is a file here (RFC 6749, 2.3; OpenID Connect Core 1.0, 9; RFC 7523).

Each reads a request into an `Attempt`, or finds that the request does not use it. Which may be used is the dialect's
(`client_authentication`), then the client's: the one it registered, or its secret, sent either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from idp.client_authentication import basic, form, private_key_jwt, public, secret_jwt
from idp.client_authentication.attempt import Attempt, invalid_client
from idp.errors import ProtocolError, invalid_request
from idp.tokens.request import TokenRequest
from partner_registry.gate import Access
from partner_registry.terms import ReleaseTerms

METHODS: Mapping[str, Callable[[TokenRequest], Attempt | None]] = {
    "client_secret_basic": basic.read,
    "client_secret_post": form.read,
    "client_secret_jwt": secret_jwt.read,
    "private_key_jwt": private_key_jwt.read,
    "none": public.read,
}
"""By registered name. The first that a request uses is the one, where a dialect lets it use several."""
EITHER_SECRET = ("client_secret_basic", "client_secret_post")
"""What a client that registered no method may use."""


def authenticate(asked: TokenRequest, *, public_clients: bool = True) -> ReleaseTerms:
    """The terms of the client that proves who it is. Raises `ProtocolError`; no secret or assertion is ever echoed.

    `public_clients`: whether one that has nothing to prove it with may call (method `none`).
    """
    attempt = _attempt(asked)
    terms = asked.house.terms(attempt.client_id, asked.at, asked.registry_version)
    if terms is None or terms.access is Access.CLOSED:
        raise invalid_client(
            f"Wrong client identifier: {attempt.client_id[:100]}",
            "Les clients enregistrés : « glc client list » ; dans un espace de test : GET « /clients » de son adresse "
            "de contrôle. L’identifiant et le secret sont peut-être échangés.",
            detail=terms.reason if terms else "client_unknown",
            logged=f"Wrong client identifier: {attempt.client_id[:8]}…",
        )
    asked.client = terms
    if asked.house.dialect.authentication_is_strict:
        _require_registered(attempt, terms)
    if attempt.method == "none" and not public_clients:
        raise invalid_client("Public clients may not call this endpoint", "RFC 7662, section 2.1.")
    attempt.prove(terms)
    return terms


def _attempt(asked: TokenRequest) -> Attempt:
    strict = asked.house.dialect.authentication_is_strict
    found = []
    for method in asked.house.dialect.client_authentication:
        attempt = METHODS[method](asked)
        if attempt is not None:
            found.append(attempt)
            if not strict:
                break
    if not found:
        raise _nothing_sent(asked, strict=strict)
    if len(found) > 1:
        raise invalid_request(
            "More than one way of client authentication",
            f"Un seul moyen par demande (RFC 6749, 2.3) ; reçus : {', '.join(each.method for each in found)}.",
        )
    attempt = found[0]
    if not attempt.client_id:
        raise invalid_client("Empty client identifier")
    if strict and asked.parameters.get("client_id", attempt.client_id) != attempt.client_id:
        raise invalid_request(
            'Parameter "client_id" is not that of the client that authenticates',
            "Laissez client_id hors du corps, ou mettez-y le même identifiant.",
        )
    return attempt


def _nothing_sent(asked: TokenRequest, *, strict: bool) -> ProtocolError:
    hint = "Authentifiez le client par HTTP Basic, ou par client_id et client_secret dans le corps."
    if strict:
        return invalid_client("No client authentication", hint)
    missing = next(name for name in ("client_id", "client_secret") if name not in asked.parameters)
    return invalid_request(f'Missing parameter "{missing}"', hint)


def _require_registered(attempt: Attempt, terms: ReleaseTerms) -> None:
    registered = terms.protocol.authenticates_by
    expected = (registered,) if registered else EITHER_SECRET
    if attempt.method not in expected:
        raise invalid_client(
            f"This client authenticates with {' or '.join(expected)}",
            f"Reçu : {attempt.method}. Le moyen enregistré est token_endpoint_auth_method.",
        )
