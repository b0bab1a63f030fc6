"""`private_key_jwt`: an assertion signed with a key of the client's (OpenID Connect Core 1.0, section 9; RFC 7523)."""

from __future__ import annotations

from idp.client_authentication import assertion
from idp.client_authentication.attempt import Attempt, invalid_client
from idp.clients import keys as client_keys
from idp.tokens.request import TokenRequest
from partner_registry.clients.metadata import CLIENT_SIGNING_ALGS, SECRET_SIGNING_ALGS
from partner_registry.terms import ReleaseTerms


def read(asked: TokenRequest) -> Attempt | None:
    """The attempt, when the form has an assertion; whatever is not signed with a secret is refused or accepted here."""
    sent = assertion.sent(asked)
    if sent is None or sent.alg in SECRET_SIGNING_ALGS:
        return None

    def prove(terms: ReleaseTerms) -> None:
        algorithms = assertion.algorithms(terms, CLIENT_SIGNING_ALGS)
        if sent.alg not in algorithms:  # before anybody is asked for keys
            raise invalid_client("The client assertion is not signed as registered")
        assertion.accept(asked, terms, lambda: client_keys.verify(asked.house, terms, sent.token, algorithms))

    return Attempt("private_key_jwt", sent.client_id, prove)
