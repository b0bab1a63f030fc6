"""What both signed assertions have in common: what they must say, and that each serves once (RFC 7523, section 3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from glc.clock import epoch
from glc.database import writing
from idp.client_authentication.attempt import invalid_client
from idp.errors import ProtocolError, invalid_request
from idp.models import UsedAssertion
from idp.provider import digest
from idp.tokens.request import TokenRequest
from keys import jose
from partner_registry.terms import ReleaseTerms

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LEEWAY_IN = 60
"""Seconds that a site's clock may be wrong by (assumed)."""
LONGEST_LIFE_IN = 3_600
"""Seconds that an assertion may have to live: each is remembered as long (assumed)."""
FAR_AWAY = 1e11
"""Past every instant that is one; NaN is not below it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An assertion as received, and what it says of itself, unverified."""

    token: str
    alg: object
    client_id: str


def sent(asked: TokenRequest) -> Sent | None:
    """The assertion of a request, if it has one. Raises `ProtocolError` when it is not a JWT, or not for a client."""
    form = asked.parameters
    if not form.keys() & {"client_assertion", "client_assertion_type"}:
        return None
    for name in ("client_assertion", "client_assertion_type"):
        if not form.get(name):
            raise invalid_request(f'Missing parameter "{name}"')
    if form["client_assertion_type"] != TYPE:
        raise invalid_request(f'Parameter "client_assertion_type" must be "{TYPE}"')
    token = form["client_assertion"]
    try:
        header, claims = jose.header_of(token), jose.claims_of(token)
    except jose.JoseError as error:
        raise invalid_client(f"The client assertion cannot be read: {error.message}") from error
    subject = claims.get("sub")
    if not isinstance(subject, str):
        raise _refused("sub", "the client identifier")
    return Sent(token, header.get("alg"), subject)


def algorithms(terms: ReleaseTerms, usual: tuple[str, ...]) -> tuple[str, ...]:
    """What a client may sign with: the algorithm it registered, else whatever its method allows."""
    registered = terms.protocol.token_endpoint_auth_signing_alg
    return tuple(each for each in usual if registered in {"", each})


def accept(asked: TokenRequest, terms: ReleaseTerms, verified: Callable[[], Mapping[str, Any]]) -> None:
    """Check the signature, then what is said, then that it never served. Raises `ProtocolError`."""
    try:
        claims = verified()
    except jose.JoseError as error:
        raise invalid_client(f"The client assertion cannot be verified: {error.message}") from error
    _check(asked, terms, claims)
    _use(asked, terms, claims)


def _check(asked: TokenRequest, terms: ReleaseTerms, claims: Mapping[str, Any]) -> None:
    now = epoch(asked.at)
    if not claims.get("iss") == claims.get("sub") == terms.client_id:
        raise _refused("iss and sub", "the client identifier")
    told = claims.get("aud")
    if not {told} & _ours(asked) if isinstance(told, str) else not _texts(told) & _ours(asked):
        raise _refused("aud", "the token endpoint, or the issuer")
    expires: Any = claims.get("exp")
    if not _is_instant(expires) or expires <= now - LEEWAY_IN:
        raise _refused("exp", "an instant to come")
    if expires > now + LONGEST_LIFE_IN + LEEWAY_IN:
        raise _refused("exp", f"at most {LONGEST_LIFE_IN} seconds ahead")
    for name in ("nbf", "iat"):
        if name in claims and (not _is_instant(claims[name]) or claims[name] > now + LEEWAY_IN):
            raise _refused(name, "an instant that is past")
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise _refused("jti", "an identifier of this assertion alone")


def _ours(asked: TokenRequest) -> set[str]:
    """Who an assertion may be for: this issuer, its token endpoint, or the endpoint that is called."""
    settings = asked.house.settings
    base = settings.server_base_url
    return {settings.issuer, f"{base}idp/oidc/token", base.rstrip("/") + asked.http.path.rstrip("/")}


def _use(asked: TokenRequest, terms: ReleaseTerms, claims: Mapping[str, Any]) -> None:
    """Remember that it served, and forget those that expired: the row's key lets one use through."""
    row = {
        "digest": digest(f"{terms.client_id}\x1f{claims['jti']}"),
        "expires_at": dt.datetime.fromtimestamp(claims["exp"] + LEEWAY_IN + 1, tz=dt.UTC),
    }
    try:
        with writing(asked.house.engine) as connection:
            connection.execute(sa.delete(UsedAssertion).where(UsedAssertion.expires_at <= asked.at))
            connection.execute(sa.insert(UsedAssertion).values(row))
    except sa.exc.IntegrityError:
        raise invalid_client(
            "The client assertion served before",
            "Chaque assertion sert une fois : tirez un « jti » neuf à chaque appel.",
        ) from None


def _is_instant(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < FAR_AWAY


def _texts(value: Any) -> set[str]:
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()


def _refused(member: str, wanted: str) -> ProtocolError:
    return invalid_client(f"The client assertion must have {member}: {wanted}", "RFC 7523, section 3.")
