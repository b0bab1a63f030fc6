"""Sites that register themselves: the registration endpoint (RFC 7591; OpenID Connect Dynamic Client Registration 1.0)
and the address at which each then reads, replaces or ends its registration (RFC 7592).

What is registered is a sandbox client in the registry, made by the registry's own rules; the trail names the actor
self-registration. What a site publishes is fetched before any transaction begins.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hmac
import json
import unicodedata
from typing import Any

import sqlalchemy as sa
from flask import Response, request
from sqlalchemy.orm import Session

from glc.clock import epoch
from glc.database import db, reading_session
from glc.entropy import random_token
from glc.errors import InputError
from glc.i18n import english
from glc.logs import logger
from glc.web import request_id
from idp.clients.sectors import check_sector
from idp.errors import ProtocolError, described
from idp.grants import grant_life
from idp.provider import Provider, digest, provider
from partner_registry.agents import SELF_REGISTRATION, Agent
from partner_registry.clients import self_registration
from partner_registry.clients.initial_access_tokens import find_living
from partner_registry.clients.life import archive, register_client
from partner_registry.clients.registration import ClientRegistration
from partner_registry.clients.secrets import living_secrets
from partner_registry.clients.trials import trial_partner
from partner_registry.clients.versions import draft_version, publish_at_once
from partner_registry.models import Client

JSON = "application/json"
SECRET_BYTES = 32
"""In hexadecimal 64 characters: enough to key every HMAC there is (RFC 7518, section 3.2)."""


def register() -> Response:
    """POST what a site says of itself: 201 with all that was registered, its secret, and the token with which it
    manages its registration (RFC 7591, section 3.2.1)."""
    house = provider()
    at = house.clock.now()
    try:
        partner = _partner_of_token(house, at)
        registration = _read(house, _body())
        answer = _registered(house, registration, partner, at)
    except (ProtocolError, InputError) as error:
        return _refused(house, error)
    return _answer(answer, 201)


def manage(client_id: str) -> Response:
    """GET, PUT or DELETE a site's own registration, with its registration access token (RFC 7592, section 2)."""
    house = provider()
    token, act = _bearer(), {"GET": _told, "PUT": _replaced, "DELETE": _ended}.get(request.method, _told)
    try:
        with reading_session(house.engine) as session:
            _own(session, client_id, token)
        answer = act(house, client_id, token)
    except (ProtocolError, InputError) as error:
        return _refused(house, error)
    return _answer(answer, 200) if answer else Response("", 204, {"Cache-Control": "no-store"})


def _partner_of_token(house: Provider, at: dt.datetime) -> str | None:
    """The partner that the initial access token is for; None without one. Raises `ProtocolError` when the policy
    demands one, or forbids all."""
    policy, token = house.settings.effective_registration_policy, _bearer()
    if policy == "off":
        raise ProtocolError(
            "access_denied",
            "Sites do not register themselves with this provider",
            hint="Le réglage registration_policy l’interdit ; sinon : « glc client register ».",
            status=403,
        )
    if not token and policy == "open":
        return None
    with reading_session(house.engine) as session:
        found = find_living(session, token, at)
        if found is None:
            raise _unknown_token("Un jeton d’enregistrement : « glc client registration-token ».")
        return found.partner.slug


def _registered(
    house: Provider, registration: ClientRegistration, partner: str | None, at: dt.datetime
) -> dict[str, Any]:
    session, token = db.session(), random_token(house.entropy)
    client, secret = register_client(
        session,
        _actor(),
        partner or trial_partner(session, at).slug,
        registration,
        at=at,
        entropy=house.entropy,
        seal=house.ring.secrets.seal,
        secret=house.entropy.bytes(SECRET_BYTES).hex(),
    )
    client.registration_digest = digest(token)
    session.commit()
    logger().info("client.registered", client_id=client.client_id, partner=client.partner.slug)
    return _information(house, client, secret, token)


def _told(house: Provider, client_id: str, token: str) -> dict[str, Any]:
    with reading_session(house.engine) as session:
        client = _own(session, client_id, token)
        return _information(house, client, _secret(house, client), token)


def _replaced(house: Provider, client_id: str, token: str) -> dict[str, Any]:
    """The whole registration is replaced; what is left out has its default again (RFC 7592, section 2.2)."""
    said, at = _body(), house.clock.now()
    if said.get("client_id") != client_id:
        raise _invalid("client_id: that of this registration")
    registration = _read(house, said)
    session = db.session()
    client = _own(session, client_id, token, to_write=True)
    secret = _secret(house, client)
    if "client_secret" in said and not hmac.compare_digest(str(said["client_secret"]).encode(), secret.encode()):
        raise _invalid("client_secret: the present one, or left out")
    publish_at_once(session, _actor(), draft_version(session, _actor(), client, registration, at=at), at=at)
    session.commit()
    logger().info("client.replaced", client_id=client_id)
    return _information(house, client, secret, token)


def _ended(house: Provider, client_id: str, token: str) -> None:
    """The client is archived, and all that was granted to it ends (RFC 7592, section 2.3)."""
    session, at = db.session(), house.clock.now()
    client = _own(session, client_id, token, to_write=True)
    archive(session, _actor(), client, at=at, reason="Le site a mis fin à son enregistrement (RFC 7592)")
    grant_life.revoke_all_of(session, client.id, at)
    session.commit()
    logger().info("client.archived", client_id=client_id)


def _own(session: Session, client_id: str, token: str, *, to_write: bool = False) -> Client:
    """The client whose registration a token manages. Raises `ProtocolError` (401), whatever is wrong."""
    wanted = sa.select(Client).where(Client.registration_digest == digest(token), Client.archived_at.is_(None))
    client = session.scalar(wanted.with_for_update() if to_write else wanted)
    if client is None or client.client_id != client_id:
        raise _unknown_token("Le jeton reçu à l’enregistrement (registration_access_token), à sa propre adresse.")
    return client


def _secret(house: Provider, client: Client) -> str:
    """The newest secret that is accepted; empty once an agent revoked them all."""
    living = living_secrets(client, house.clock.now())
    return house.ring.secrets.open(living[-1].sealed).decode() if living else ""


def _information(house: Provider, client: Client, secret: str, token: str) -> dict[str, Any]:
    """The client information response (RFC 7591, section 3.2.1; RFC 7592, section 3)."""
    version = client.latest
    shown = {"client_secret": secret, "client_secret_expires_at": 0}
    return {
        "client_id": client.client_id,
        "client_id_issued_at": epoch(client.registered_at),
        **(shown if secret and self_registration.uses_secret(version) else {}),
        "registration_access_token": token,
        "registration_client_uri": f"{house.settings.server_base_url}idp/oidc/register/{client.client_id}",
        **self_registration.told(version),
    }


def _read(house: Provider, said: dict[str, Any]) -> ClientRegistration:
    registration = self_registration.read(said, http_anywhere=house.settings.on_this_machine)
    if registration.sector_identifier_uri:
        check_sector(house, registration.sector_identifier_uri, registration.redirect_uris)
    return registration


def _body() -> dict[str, Any]:
    """The JSON object that was sent, of nothing but text that can be stored. Raises `ProtocolError`."""
    if request.mimetype != JSON:
        raise _invalid(f"the body must be {JSON}")
    try:
        said = json.loads(request.get_data())
        plain = json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:  # lone surrogates and NaN included
        raise _invalid("the body is not JSON") from error
    if not isinstance(said, dict) or b"\\u0000" in plain:
        raise _invalid("the body must be a JSON object, without NUL characters")
    return said


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _actor() -> Agent:
    return dataclasses.replace(SELF_REGISTRATION, request_id=request_id())


def _answer(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status, {"Cache-Control": "no-store", "Pragma": "no-cache"}, mimetype=JSON)


def _unknown_token(hint: str) -> ProtocolError:
    return ProtocolError("invalid_token", "The token is missing, unknown or over", hint=hint, status=401)


def _invalid(description: str) -> ProtocolError:
    return ProtocolError("invalid_client_metadata", description)


def _refused(house: Provider, error: ProtocolError | InputError) -> Response:
    """The error answer (RFC 7591, section 3.2.2; RFC 6750, section 3)."""
    db.session.rollback()
    if isinstance(error, InputError):
        error = _in_registered_words(error)
    logger().info("registration.refused", error=error.error, description=error.description, hint=error.hint)
    body = {"error": error.error, "error_description": described(error, plain=True)}
    response = _answer(body, error.status_code)
    if error.status_code == 401:
        response.headers["WWW-Authenticate"] = f'Bearer realm="{house.settings.issuer}", error="invalid_token"'
    return response


def _in_registered_words(error: InputError) -> ProtocolError:
    field = str(error.values.get("option") or error.values.get("field") or "")
    member = self_registration.MEMBERS.get(field, field)
    told = unicodedata.normalize("NFKD", error.told(english).replace("’", "'")).encode("ascii", "ignore").decode()
    code = "invalid_redirect_uri" if member == "redirect_uris" else "invalid_client_metadata"
    return ProtocolError(code, told if member in told else f"{member}: {told}", hint=error.message)
