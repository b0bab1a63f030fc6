"""`client_secret_jwt`: an assertion keyed with the client's secret (OpenID Connect Core 1.0, section 9; RFC 7523)."""

from __future__ import annotations

from idp.client_authentication import assertion
from idp.client_authentication.attempt import Attempt
from idp.tokens.request import TokenRequest
from keys import jose
from partner_registry.clients.metadata import SECRET_SIGNING_ALGS
from partner_registry.terms import ReleaseTerms


def read(asked: TokenRequest) -> Attempt | None:
    """The attempt, when the form has an assertion that says it is signed with a secret."""
    sent = assertion.sent(asked)
    if sent is None or sent.alg not in SECRET_SIGNING_ALGS:
        return None

    def prove(terms: ReleaseTerms) -> None:
        algorithms = assertion.algorithms(terms, SECRET_SIGNING_ALGS)
        secrets = asked.house.secrets_of(terms, asked.at)
        assertion.accept(asked, terms, lambda: jose.verify_with_secrets(sent.token, secrets, algorithms))

    return Attempt("client_secret_jwt", sent.client_id, prove)
