"""ID Tokens that come back: `id_token_hint` (OpenID Connect Core 1.0, section 3.1.2.1; RP-Initiated Logout 1.0)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from idp.errors import ProtocolError
from idp.provider import Provider
from keys import jose
from partner_registry.terms import ReleaseTerms


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom an ID Token of ours was about, and in which session of its client."""

    subject: str
    sid: str | None


def read(house: Provider, terms: ReleaseTerms, hint: str, at: dt.datetime) -> Hint:
    """Read an ID Token that a client got here, however long it has expired. Raises `ProtocolError`."""
    try:
        if jose.header_of(hint).get("alg") == "HS256":
            said = jose.verify_with_secrets(hint, house.secrets_of(terms, at), ("HS256",))
        else:
            said = house.ring.verify(hint)
    except jose.JoseError as error:
        raise _refused("cannot be read, or was not issued here", str(error)) from error
    audience = said.get("aud")
    if terms.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("was issued to another client")
    if said.get("iss") != house.settings.issuer or not isinstance(said.get("sub"), str):
        raise _refused("was not issued here")
    return Hint(said["sub"], said.get("sid"))


def _refused(why: str, hint: str = "") -> ProtocolError:
    return ProtocolError("invalid_request", f"The id_token_hint {why}", hint=hint[:300])
