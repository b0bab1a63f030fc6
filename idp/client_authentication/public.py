"""`none`: a public client, which has nothing to prove who it is with (RFC 6749, section 2.1; RFC 9700, 2.1.1).

What protects it is PKCE: it was demanded with the authorization request, and its verifier is demanded with the code.
"""

from __future__ import annotations

from idp.client_authentication.attempt import Attempt
from idp.errors import invalid_request
from idp.tokens.request import TokenRequest
from partner_registry.terms import ReleaseTerms

PROOFS = ("client_secret", "client_assertion", "client_assertion_type")


def read(asked: TokenRequest) -> Attempt | None:
    """The attempt, when the form names a client and nothing tries to prove it."""
    form = asked.parameters
    if not form.get("client_id") or "Authorization" in asked.headers or any(map(form.get, PROOFS)):
        return None

    def prove(_terms: ReleaseTerms) -> None:
        if form.get("grant_type") == "authorization_code" and not form.get("code_verifier"):
            raise invalid_request('Missing parameter "code_verifier"', "Un client public se sert de PKCE (S256).")

    return Attempt("none", form["client_id"], prove)
