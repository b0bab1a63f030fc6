"""A client's secret, sent as it is: what Basic and the form have in common (RFC 6749, section 2.3.1)."""

from __future__ import annotations

import hmac

from idp.client_authentication.attempt import Attempt, invalid_client
from idp.tokens.request import TokenRequest
from partner_registry.terms import ReleaseTerms


def attempt(asked: TokenRequest, method: str, client_id: str, secret: str) -> Attempt:
    """The attempt that shows a secret; it is compared in constant time with each that is accepted."""

    def prove(terms: ReleaseTerms) -> None:
        given = secret.encode()
        accepted = [hmac.compare_digest(given, known.encode()) for known in asked.house.secrets_of(terms, asked.at)]
        if not any(accepted):
            raise invalid_client("Wrong client secret", "Le secret ne s’affiche qu’à l’enregistrement du client.")

    return Attempt(method, client_id, prove)
