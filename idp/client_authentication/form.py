"""`client_secret_post`: identifier and secret in the form (RFC 6749, section 2.3.1)."""

from __future__ import annotations

from idp.client_authentication import secret
from idp.client_authentication.attempt import Attempt
from idp.tokens.request import TokenRequest


def read(asked: TokenRequest) -> Attempt | None:
    """The attempt, when the form has both; a strict provider takes an empty secret for none (RFC 6749, 3.2)."""
    form = asked.parameters
    if "client_id" not in form or "client_secret" not in form:
        return None
    if not form["client_secret"] and asked.house.dialect.authentication_is_strict:
        return None
    return secret.attempt(asked, "client_secret_post", form["client_id"], form["client_secret"])
