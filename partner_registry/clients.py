"""Registering clients: what may be registered, and the preset of claims that GrandLyonConnect is known to send."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.entropy import Entropy, random_uuid
from glc.errors import Conflict, InputError, NotFound
from glc.urls import origin
from partner_registry.agreements import effective_on
from partner_registry.models import (
    Agreement,
    Client,
    ClientBinding,
    ClientSecret,
    ClientVersion,
    ConsentMode,
    Flow,
    Partner,
    PartnerKind,
    SubjectPolicy,
)

STANDARD_SCOPES = ("openid", "profile", "email")
ALGORITHMS = ("HS256", "RS256", "ES256")
MAX_URI_LENGTH = 1024
MAX_SCOPES_LENGTH = 1000
LONGEST = {
    "consent_remembered_in": 3_650,
    "id_token_lifetime_in": 86_400,
    "access_token_lifetime_in": 315_360_000,
    "frontchannel_timeout_in": 60_000,
}
"""The largest values accepted, in the unit of each (see `ClientVersion`)."""
RESERVED_CLAIMS = frozenset(
    {"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "sid", "azp", "at_hash", "c_hash"}
)
COLOUR = re.compile("#[0-9a-fA-F]{6}")


def _rule(name: str, source: str, *scopes: str) -> dict[str, Any]:
    return {"name": name, "source": source, "scopes": list(scopes)}


GLC_CLAIMS = (
    _rule("given_name", "first_name", "profile"),
    _rule("family_name", "last_name", "profile"),
    _rule("first_name", "first_name", "profile"),
    _rule("last_name", "last_name", "profile"),
    _rule("gender", "gender", "profile"),
    _rule("birthdate", "birthdate", "profile"),
    _rule("birthplace", "birth_place", "profile"),
    _rule("email", "email", "email"),
    _rule("email_verified", "email_verified", "email"),
)
"""The claims that sites connected to the real service are known to read. Other names are unknown, hence editable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistration:
    """What somebody asks to register; the fields are those of `ClientVersion`."""

    name: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = STANDARD_SCOPES
    claims: tuple[dict[str, Any], ...] = GLC_CLAIMS
    flow: Flow = Flow.CODE
    id_token_alg: str = "HS256"  # noqa: S105 — an algorithm
    subject_policy: SubjectPolicy = SubjectPolicy.PAIRWISE
    consent_mode: ConsentMode = ConsentMode.SERVICE
    consent_always_remembered: bool = False
    consent_remembered_in: int | None = None
    id_token_lifetime_in: int | None = None
    access_token_lifetime_in: int | None = None
    sector_identifier_uri: str | None = None
    refresh_tokens: bool = False
    pkce_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_timeout_in: int | None = None
    required_attributes: tuple[str, ...] = ()
    authorised_roles: tuple[str, ...] = ()
    unauthorized_url: str | None = None
    home_url: str | None = None
    logo_url: str | None = None
    colour: str | None = None

    def check(self) -> None:
        """Raise `InputError` saying what to change."""
        if not self.name.strip():
            raise InputError("a client needs a name: it is shown to citizens")
        if not self.redirect_uris:
            raise InputError("a client needs at least one redirect URI")
        for uri in (*self.redirect_uris, *self.post_logout_redirect_uris):
            check_redirect_uri(uri)
        for name in ("sector_identifier_uri", "frontchannel_logout_uri", "unauthorized_url", "home_url", "logo_url"):
            address = getattr(self, name)
            if address is not None and not (origin(address).startswith(("https://", "http://")) and _plain(address)):
                raise InputError(f"{name} must be an https or http address, not {address!r}")
        if self.colour is not None and not COLOUR.fullmatch(self.colour):
            raise InputError(f"colour must be written #rrggbb, not {self.colour!r}")
        self._check_bounds()
        if "openid" not in self.scopes:
            raise InputError("the scopes of a client must contain openid")
        if self.id_token_alg not in ALGORITHMS:
            raise InputError(f"ID Token algorithm {self.id_token_alg} is unknown: use {', '.join(ALGORITHMS)}")
        hosts = {urlsplit(uri).hostname for uri in self.redirect_uris}
        pairwise = self.subject_policy in {SubjectPolicy.PAIRWISE, SubjectPolicy.PAIRWISE_REVERSIBLE}
        if pairwise and len(hosts) > 1 and not self.sector_identifier_uri:
            raise InputError(
                f"redirect URIs on several hosts ({', '.join(sorted(map(str, hosts)))}) need a sector identifier URI "
                "or another subject policy: a pairwise subject depends on the host"
            )

    def _check_bounds(self) -> None:
        columns = ClientVersion.__table__.columns
        for spec in dataclasses.fields(self):
            value, longest = getattr(self, spec.name), getattr(columns[spec.name].type, "length", None)
            if isinstance(value, str) and longest is not None and len(value) > longest:
                raise InputError(f"{spec.name} is {len(value)} characters long: at most {longest}")
        if len(" ".join(self.scopes)) > MAX_SCOPES_LENGTH:
            raise InputError(f"the scopes of a client hold at most {MAX_SCOPES_LENGTH} characters together")
        for name, most in LONGEST.items():
            value = getattr(self, name)
            if value is not None and not 1 <= value <= most:
                raise InputError(f"{name} is {value}: it must be from 1 to {most}")
        reserved = sorted(RESERVED_CLAIMS & {rule["name"] for rule in self.claims})
        if reserved:
            raise InputError(f"claim {reserved[0]} is the provider's own: give yours another name")
        for rule in self.claims:
            _check_template(rule["name"], rule["source"])


def check_redirect_uri(uri: str) -> None:
    """Raise `InputError` unless the URI is absolute, short enough and of a scheme a browser may be sent to."""
    if len(uri) > MAX_URI_LENGTH:
        raise InputError(f"redirect URI is {len(uri)} characters long: at most {MAX_URI_LENGTH}")
    try:
        parts = urlsplit(uri)
        _ = parts.port  # read for its check
    except ValueError as error:
        raise InputError(f"redirect URI {uri!r} is no URL: {error}") from error
    if parts.scheme not in {"http", "https"} and "." not in parts.scheme:  # an application's own: fr.lyon.app:/back
        raise InputError(f"redirect URI {uri!r} must be absolute: https://site.example/callback")
    if parts.scheme in {"http", "https"} and not (parts.hostname or "").strip("*."):
        raise InputError(f"redirect URI {uri!r} has no host")
    if "@" in parts.netloc or not _plain(uri):
        raise InputError(f"redirect URI {uri!r} must hold no user name, no password and no blank")


def _plain(uri: str) -> bool:
    return uri.isprintable() and " " not in uri


def _check_template(claim: str, source: str) -> None:
    if "{" not in source:
        return
    from jinja2 import TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    try:
        ImmutableSandboxedEnvironment().parse(source)
    except TemplateSyntaxError as error:
        raise InputError(f"the template of claim {claim} cannot be read ({error.message}): {source!r}") from error


def register_client(
    session: Session,
    partner_slug: str,
    registration: ClientRegistration,
    *,
    at: dt.datetime,
    entropy: Entropy,
    seal: Callable[[bytes], str],
    client_id: str | None = None,
    secret: str | None = None,
) -> tuple[Client, str]:
    """Register a client under its partner's agreements; return it with its secret in clear, shown once.

    The client is bound to the partner's agreements, one after the other, and serves every processing of the partner.
    `seal` encrypts the secret at rest. Raises `InputError`, `NotFound` (partner) and `Conflict` (client_id).
    """
    registration.check()
    longest = Client.__table__.columns["client_id"].type.length  # type: ignore[attr-defined]
    if client_id and len(client_id) > longest:
        raise InputError(f"client identifier is {len(client_id)} characters long: at most {longest}")
    partner = find_partner(session, partner_slug)
    if client_id and session.scalar(sa.select(Client).where(Client.client_id == client_id)):
        raise Conflict(f"client identifier {client_id!r} is already registered")
    clear = secret or random_uuid(entropy)
    client = Client(client_id=client_id or random_uuid(entropy), partner=partner, registered_at=at)
    session.add(client)
    client.versions.append(_version(registration, number=1, at=at))
    client.secrets.append(ClientSecret(sealed=seal(clear.encode()), valid_from=at))
    client.processings.extend(partner.processings)
    client.bindings.extend(_bindings(partner.agreements))
    if partner.kind is PartnerKind.COMMUNE and not client.bindings:
        raise InputError(f"partner {partner_slug!r} has no agreement: a client works under one")
    session.flush()
    return client, clear


def publish_version(session: Session, client: Client, registration: ClientRegistration, at: dt.datetime) -> None:
    """Replace a client's configuration by a new version. Raises `InputError`."""
    registration.check()
    client.versions.append(_version(registration, number=client.published.number + 1, at=at))
    session.flush()


def find_partner(session: Session, slug: str) -> Partner:
    """The partner of that short name. Raises `NotFound` naming those there are."""
    partner = session.scalar(sa.select(Partner).where(Partner.slug == slug))
    if partner is None:
        known = ", ".join(session.scalars(sa.select(Partner.slug).order_by(Partner.slug)))
        raise NotFound(f"no partner {slug!r}; known: {known or 'none, run: glc seed'}")
    return partner


def find_client(session: Session, client_id: str) -> Client:
    """The client of that identifier. Raises `NotFound`."""
    client = session.scalar(sa.select(Client).where(Client.client_id == client_id))
    if client is None:
        raise NotFound(f"no client {client_id!r}; list them with: glc client list")
    return client


def registration_of(version: ClientVersion) -> ClientRegistration:
    """A version's configuration, ready to be changed with `dataclasses.replace` and published anew."""
    values: dict[str, Any] = {spec.name: getattr(version, spec.name) for spec in dataclasses.fields(ClientRegistration)}
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return ClientRegistration(**values)


def published_versions(session: Session, clients: Collection[int] | None = None) -> Sequence[ClientVersion]:
    """The version in use of every client, or of some (by their internal numbers)."""
    newest = sa.select(ClientVersion.client_id, sa.func.max(ClientVersion.number)).group_by(ClientVersion.client_id)
    query = sa.select(ClientVersion).where(sa.tuple_(ClientVersion.client_id, ClientVersion.number).in_(newest))
    if clients is not None:
        query = query.where(ClientVersion.client_id.in_(clients))
    return session.scalars(query).all()


def clients_sharing_consent(session: Session, slug: str) -> list[int]:
    """The internal numbers of a partner's clients that one consent covers together."""
    partners = session.scalars(sa.select(Client.id).join(Partner).where(Partner.slug == slug)).all()
    versions = published_versions(session, partners)
    return [version.client_id for version in versions if version.consent_mode is ConsentMode.PARTNER]


def agreement_of(client: Client, at: dt.datetime) -> Agreement | None:
    """The agreement a client works under on that day in Lyon."""
    today = paris_date(at)
    for binding in client.bindings:
        if binding.valid_from_on <= today and (binding.valid_to_on is None or today <= binding.valid_to_on):
            return binding.agreement
    return None


def _bindings(agreements: list[Agreement]) -> list[ClientBinding]:
    """One binding an agreement, each until the next one begins; the last stays open (its agreement says the end)."""
    firsts = sorted(((effective_on(each) or each.starts_on, each) for each in agreements), key=lambda pair: pair[0])
    following = [first - dt.timedelta(days=1) for first, _ in firsts[1:]]
    return [
        ClientBinding(agreement=agreement, valid_from_on=first, valid_to_on=last)
        for (first, agreement), last in zip_longest(firsts, following)
    ]


def _version(registration: ClientRegistration, *, number: int, at: dt.datetime) -> ClientVersion:
    values = {spec.name: getattr(registration, spec.name) for spec in dataclasses.fields(ClientRegistration)}
    return ClientVersion(
        number=number,
        published_at=at,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
    )
