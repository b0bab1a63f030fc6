"""What `request` and `request_uri` refer to: request objects (OpenID Connect Core 1.0, section 6; RFC 9101), and
requests that were pushed (RFC 9126)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from glc.clock import epoch
from glc.errors import FetchError
from idp.authorization import pushed_requests
from idp.authorization.checks import PUSHED, AuthorizationRequest
from idp.clients import keys as client_keys
from idp.errors import ProtocolError, invalid_request
from idp.parameters import Parameters
from idp.provider import Provider
from keys import jose
from keys.jose import JoseError
from partner_registry.clients.metadata import CLIENT_SIGNING_ALGS, SECRET_SIGNING_ALGS
from partner_registry.terms import ReleaseTerms

UNSIGNED = "none"
LEEWAY_IN = 60
"""Seconds that a client's clock may be off."""
NOT_PARAMETERS = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub", "request", "request_uri"})


def take_up(house: Provider, asked: AuthorizationRequest, at: dt.datetime) -> Parameters:
    """The whole request: what is in the object wins over what is around it (OpenID Connect Core 1.0, 6.1); a pushed
    request stands alone. Raises `ProtocolError`."""
    sent = asked.parameters
    sent.require_single()
    if "request" in sent and "request_uri" in sent:
        raise invalid_request('Parameters "request" and "request_uri" exclude each other')
    where = sent.get("request_uri", "")
    if where.startswith(PUSHED):
        return _pushed(house, asked, where, at)
    text = _fetched(house, asked, where) if "request_uri" in sent else sent["request"]
    said = _read(house, asked.terms, text, at)
    _agree(asked, said, house.settings.issuer)
    named = {name: _as_text(name, value) for name, value in said.items() if name not in NOT_PARAMETERS}
    around = [(name, value) for name, value in sent.pairs if name not in named.keys() | {"request", "request_uri"}]
    if asked.terms.protocol.require_signed_request_object:
        named["client_id"], around = asked.terms.client_id, []  # nothing unsigned (RFC 9101, 6.3)
    return Parameters([*around, *named.items()])


def _pushed(house: Provider, asked: AuthorizationRequest, reference: str, at: dt.datetime) -> Parameters:
    if not house.dialect.pushed_requests:
        raise ProtocolError("request_uri_not_supported", "Pushed authorization requests are not supported")
    found = pushed_requests.fetch(house, reference, asked.terms.key, at)
    if found is None:
        raise ProtocolError(
            "invalid_request_uri",
            "The request_uri is unknown, used or expired",
            hint="Une demande déposée sert une fois, dans la minute et demie : déposez-la de nouveau.",
        )
    return found


def _fetched(house: Provider, asked: AuthorizationRequest, where: str) -> str:
    """What is at a registered address. Its fragment only tells one version from another (6.2)."""
    if where not in asked.terms.protocol.request_uris:
        raise ProtocolError(
            "invalid_request_uri",
            "The request_uri is not registered",
            hint="Enregistrez l’adresse dans request_uris, à l’identique, ou envoyez l’objet dans « request ».",
        )
    try:
        answer = house.fetches.get(where.partition("#")[0])
    except FetchError as error:
        raise ProtocolError("invalid_request_uri", "The request_uri cannot be read", hint=error.message) from error
    if answer.status != 200:
        raise ProtocolError("invalid_request_uri", f"The request_uri answered with status {answer.status}")
    return answer.body.decode("ascii", "replace").strip()


def _read(house: Provider, terms: ReleaseTerms, text: str, at: dt.datetime) -> Mapping[str, Any]:
    protocol = terms.protocol
    try:
        if text.count(".") == 4:
            text = house.ring.decrypt(text)
        elif protocol.request_object_encryption_alg:
            raise JoseError("this client registered that it encrypts its request objects")
        said = _opened(house, terms, text, at)
    except (JoseError, ValueError) as error:
        raise ProtocolError(
            "invalid_request_object", "The request object cannot be read", hint=str(error)[:300]
        ) from error
    now = epoch(at)
    times = {name: said[name] for name in ("exp", "nbf") if name in said}
    if not all(isinstance(value, int | float) for value in times.values()):
        raise ProtocolError("invalid_request_object", "The request object has a time that is no number")
    if times.get("exp", now) < now - LEEWAY_IN or times.get("nbf", now) > now + LEEWAY_IN:
        raise ProtocolError("invalid_request_object", "The request object has expired, or is not valid yet")
    return said


def _opened(house: Provider, terms: ReleaseTerms, text: str, at: dt.datetime) -> Mapping[str, Any]:
    alg, registered = jose.header_of(text).get("alg"), terms.protocol.request_object_signing_alg
    if registered and alg != registered:
        raise JoseError(f"this client registered {registered} for its request objects")
    if alg == UNSIGNED:
        if terms.protocol.require_signed_request_object:
            raise JoseError("this client registered that it signs its request objects")
        return _unsigned(text)
    if alg in SECRET_SIGNING_ALGS:
        return jose.verify_with_secrets(text, house.secrets_of(terms, at), SECRET_SIGNING_ALGS)
    if alg not in CLIENT_SIGNING_ALGS:
        raise JoseError("alg must be one that signs")
    return client_keys.verify(house, terms, text, CLIENT_SIGNING_ALGS)


def _unsigned(text: str) -> Mapping[str, Any]:
    _, _, signature = text.split(".")
    if signature:
        raise JoseError("an unsigned object has no signature")
    return jose.claims_of(text)


def _agree(asked: AuthorizationRequest, said: Mapping[str, Any], issuer: str) -> None:
    """What is said twice must be the same (Core 6.1), and the object is of this client, for this provider."""
    client_id, audience = asked.terms.client_id, said.get("aud", issuer)
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        raise ProtocolError("invalid_request_object", 'In the request object, "aud" is not this provider')
    for name in ("client_id", "iss"):
        if said.get(name, client_id) != client_id:
            raise ProtocolError("invalid_request_object", f'In the request object, "{name}" is not this client')
    if "sub" in said:  # with the client as subject it would be an assertion too (RFC 9101, 10.8)
        raise ProtocolError("invalid_request_object", 'A request object has no "sub"')
    outside = asked.parameters.get("response_type")
    if outside and "response_type" in said and set(str(said["response_type"]).split()) != set(outside.split()):
        raise ProtocolError("invalid_request_object", "In the request object, response_type is not the one around it")
    if {"request", "request_uri"} & said.keys():
        raise ProtocolError("invalid_request_object", "A request object holds no request or request_uri")


def _as_text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if name == "claims" or (name == "max_age" and type(value) is int):
        return json.dumps(value)
    raise ProtocolError("invalid_request_object", f'In the request object, "{name}" must be a text'[:200])
