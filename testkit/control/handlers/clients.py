"""Clients of a space."""

from __future__ import annotations

import dataclasses
import typing
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from glc import revision
from glc.database import db
from glc.errors import InputError, NotFound
from glc.services import services
from partner_registry.agents import OPERATOR
from partner_registry.clients.life import register_client
from partner_registry.clients.registration import ClientRegistration, registration_of
from partner_registry.clients.self_registration import MEMBERS
from partner_registry.clients.versions import domains_of, publish_at_once
from partner_registry.models import Client, ClientVersion, ConsentMode, Environment, Flow, GnmService, SubjectPolicy
from partner_registry.partners.life import find_partner
from testkit.control import schemas
from testkit.control.operation import Call, operation

ENUMS: dict[str, Any] = {
    "service": GnmService,
    "flow": Flow,
    "subject_policy": SubjectPolicy,
    "consent_mode": ConsentMode,
}
OWN = frozenset({"partner", "environment", "service", "client_id", "client_secret", "metadata"})
FIELDS = {each.name for each in dataclasses.fields(ClientRegistration)} - {"protocol"}
NAMED = {name: name for name in FIELDS - MEMBERS.keys()} | {named: name for name, named in MEMBERS.items()}
"""Fields by the name that client metadata has for them."""


@operation("GET", "/clients", "List the clients")
def list_clients(call: Call) -> Any:
    """In the order in which they were registered."""
    with call.space.inside():
        found = db.session.scalars(sa.select(Client).order_by(Client.id))
        return {"clients": [told(call, each) for each in found]}


@operation("POST", "/clients", "Register a client; it works at once", body=schemas.ClientAsked, status=201)
def create(call: Call) -> Any:
    """With an identifier and a secret of one's own when they are given: those of a site's fixed configuration."""
    asked = call.body
    wanted = registration(_given(asked))
    wanted.check()
    production = asked.environment == Environment.PRODUCTION.value
    service: dict[str, Any] = {"service": _enum("service", asked.service)} if asked.service else {}
    with call.space.inside() as app:
        client, _ = register_client(
            db.session(),
            OPERATOR,
            asked.partner,
            _in_its_domain(asked.partner, wanted) if production else wanted,
            at=services().clock.now(),
            entropy=services().entropy,
            seal=app.extensions["idp"].ring.secrets.seal,
            environment=Environment(asked.environment),
            client_id=asked.client_id,
            secret=asked.client_secret,
            **service,
        )
        if production:
            publish_at_once(db.session(), OPERATOR, client.latest, at=services().clock.now())
            _put(client.latest, wanted)
        db.session.flush()
        return told(call, client)


@operation("GET", "/clients/{client}", "Show a client, with its secret")
def show(call: Call) -> Any:
    """The configuration in use."""
    with call.space.inside():
        return told(call, _found(call))


@operation("PATCH", "/clients/{client}", "Change a client's registration; it holds at once", body=schemas.ClientChanged)
def change(call: Call) -> Any:
    """Fields that are not given stay."""
    with call.space.inside():
        client = _found(call)
        wanted = registration(_given(call.body), registration_of(client.latest))
        wanted.check()
        _put(client.latest, wanted)
        db.session.flush()
        return told(call, client)


def _in_its_domain(slug: str, wanted: ClientRegistration) -> ClientRegistration:
    """What production admits of a registration: addresses in the partner's domain. Those of a site under test are on
    a laptop, and are put in their place afterwards."""
    partner = find_partner(db.session(), slug)
    domain = next(iter(sorted(domains_of(partner))), "site.example")
    return ClientRegistration(
        name=wanted.name, redirect_uris=(f"https://{domain}/callback",), scopes=wanted.scopes, claims=wanted.claims
    )


def _put(version: ClientVersion, wanted: ClientRegistration) -> None:
    """Have a version say what is wanted, whatever its environment admits."""
    for spec in dataclasses.fields(wanted):
        value = getattr(wanted, spec.name)
        setattr(version, spec.name, list(value) if isinstance(value, tuple) else value)
    revision.move(db.session())


def registration(given: dict[str, Any], base: ClientRegistration | None = None) -> ClientRegistration:
    """A registration of given fields, on top of another one. Raises `InputError`."""
    metadata = dict(given.pop("metadata", None) or {})
    for name in metadata.keys() & NAMED.keys():  # what the standard calls otherwise, or we keep beside the rest
        value = metadata.pop(name)
        given[NAMED[name]] = value.split() if name == "scope" and isinstance(value, str) else value
    unknown = sorted(given.keys() - FIELDS)
    if unknown:
        raise InputError(f"a client has no {unknown[0]!r}; it has: {', '.join(sorted(FIELDS))} and metadata")
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name in ENUMS:
            values[name] = _enum(name, value)
        else:
            values[name] = _typed(name, value)
    if metadata:
        values["protocol"] = {**(base.protocol if base is not None else {}), **metadata}
    return dataclasses.replace(base, **values) if base is not None else ClientRegistration(**values)


def find_client(client_id: str) -> Client:
    """A client of the current space. Raises `NotFound`."""
    client = db.session.scalar(sa.select(Client).where(Client.client_id == client_id))
    if client is None:
        raise NotFound(f"there is no client {client_id!r}")
    return client


def told(call: Call, client: Client) -> dict[str, Any]:
    """A client, with the secret that signs for it."""
    version = registration_of(client.latest)
    fields = {name: getattr(version, name) for name in sorted(FIELDS)}
    secrets = [call.space.house.ring.secrets.open(each.sealed).decode() for each in client.secrets]
    return fields | {
        "client_id": client.client_id,
        "client_secret": secrets[-1] if secrets else None,
        "partner": client.partner.slug,
        "environment": client.environment,
        "metadata": {**version.protocol},
        "discovery_url": f"{call.space.issuer.rstrip('/')}/.well-known/openid-configuration",
    }


@cache
def _reader(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(typing.get_type_hints(ClientRegistration)[name])


def _typed(name: str, value: object) -> object:
    try:
        return _reader(name).validate_python(value)
    except ValidationError as error:
        raise InputError(f"{name}: {error.errors()[0]['msg']}") from error


def _enum(name: str, value: object) -> object:
    found = [each for each in ENUMS[name] if str(value).lower() in {each.value.lower(), each.name.lower()}]
    if not found:
        raise InputError(f"{name} is one of {', '.join(each.value for each in ENUMS[name])}")
    return found[0]


def _given(body: Any) -> dict[str, Any]:
    given: dict[str, Any] = body.model_dump(exclude_unset=True)
    kept = {name: value for name, value in given.items() if name not in OWN or name == "metadata"}
    return kept | ({"name": body.name} if isinstance(body, schemas.ClientAsked) else {})


def _found(call: Call) -> Client:
    return find_client(call.path["client"])
