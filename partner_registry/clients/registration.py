"""What may be registered of a client, and the preset of claims that GrandLyonConnect is known to send."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from glc.errors import InputError
from glc.i18n import N_
from glc.urls import origin
from partner_registry.clients.metadata import SIGNING_ALGS, ClientMetadata
from partner_registry.models import ClientVersion, ConsentMode, Flow, SubjectPolicy

RESPONSE_TYPES = {
    Flow.CODE: ("code",),
    Flow.IMPLICIT: ("id_token token", "id_token"),
    Flow.HYBRID: ("code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"),
}
"""The response types that a client of each flow may ask for (OAuth 2.0 Multiple Response Types)."""
STANDARD_SCOPES = ("openid", "profile", "email")
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

FIELD_WORDS = {
    "name": N_("Nom du service"),
    "redirect_uris": N_("Adresses de retour après connexion"),
    "post_logout_redirect_uris": N_("Adresses de retour après déconnexion"),
    "scopes": N_("Portées demandées"),
    "claims": N_("Données transmises"),
    "flow": N_("Façon d’obtenir les jetons"),
    "id_token_alg": N_("Signature des jetons d’identité"),
    "subject_policy": N_("Identifiant de l’usager (sub)"),
    "consent_mode": N_("Accord demandé à l’usager"),
    "consent_always_remembered": N_("Accord retenu d’office"),
    "consent_remembered_in": N_("Durée pendant laquelle l’accord est retenu, en jours"),
    "id_token_lifetime_in": N_("Durée de validité du jeton d’identité, en secondes"),
    "access_token_lifetime_in": N_("Durée de validité du jeton d’accès, en secondes"),
    "sector_identifier_uri": N_("Adresse du secteur"),
    "refresh_tokens": N_("Jetons de renouvellement"),
    "pkce_required": N_("PKCE exigé"),
    "frontchannel_logout_uri": N_("Adresse prévenue à la déconnexion"),
    "frontchannel_timeout_in": N_("Délai laissé à cette adresse, en millisecondes"),
    "required_attributes": N_("Renseignements exigés dans le compte"),
    "authorised_roles": N_("Rôles admis"),
    "unauthorized_url": N_("Page des usagers qui n’ont pas ces rôles"),
    "home_url": N_("Page d’accueil du service"),
    "logo_url": N_("Adresse du logo"),
    "colour": N_("Couleur du service"),
    "protocol": N_("Autres options du protocole"),
}
"""What each field of a registration is called in messages and on screens."""


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


STANDARD_CLAIMS = (
    *(
        _rule(name, source or name, "profile")
        for name, source in {
            "name": "full_name",
            "given_name": "first_name",
            "family_name": "last_name",
            "middle_name": "",
            "nickname": "",
            "preferred_username": "",
            "profile": "",
            "picture": "",
            "website": "",
            "gender": "",
            "birthdate": "",
            "zoneinfo": "",
            "locale": "",
            "updated_at": "",
        }.items()
    ),
    _rule("email", "email", "email"),
    _rule("email_verified", "email_verified", "email"),
    _rule("address", "address", "address"),
    _rule("phone_number", "phone_number", "phone"),
    _rule("phone_number_verified", "phone_number_verified", "phone"),
)
"""The standard's own claims (OpenID Connect Core 1.0, sections 5.1 and 5.4)."""


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
    protocol: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What `ClientMetadata` reads."""

    def check(self) -> None:
        """Raise `InputError` saying what to change."""
        if not self.name.strip():
            raise _refused("name", N_("un client a un nom : les usagers le voient"))
        if not self.redirect_uris:
            raise _refused("redirect_uris", N_("un client a au moins une adresse de retour"))
        for field in ("redirect_uris", "post_logout_redirect_uris"):
            for uri in getattr(self, field):
                check_redirect_uri(uri, field)
        for name in ("sector_identifier_uri", "frontchannel_logout_uri", "unauthorized_url", "home_url", "logo_url"):
            address = getattr(self, name)
            if address is not None and not (origin(address).startswith(("https://", "http://")) and _plain(address)):
                told = N_("%(what)s (%(field)s) : une adresse https ou http, et non « %(address)s »")
                raise _refused(name, told, address=address)
        if self.colour is not None and not COLOUR.fullmatch(self.colour):
            told = N_("%(what)s (%(field)s) : elle s’écrit #rrvvbb, et non « %(colour)s »")
            raise _refused("colour", told, colour=self.colour)
        self._check_bounds()
        if "openid" not in self.scopes:
            raise _refused("scopes", N_("les portées d’un client contiennent openid"))
        if self.id_token_alg not in SIGNING_ALGS:
            told = N_("signature inconnue : %(alg)s ; choisissez parmi %(known)s")
            raise _refused("id_token_alg", told, alg=self.id_token_alg, known=", ".join(SIGNING_ALGS))
        self._check_sector()
        self._check_protocol()

    def _check_sector(self) -> None:
        hosts = {urlsplit(uri).hostname for uri in self.redirect_uris}
        pairwise = self.subject_policy in {SubjectPolicy.PAIRWISE, SubjectPolicy.PAIRWISE_REVERSIBLE}
        if pairwise and len(hosts) > 1 and not self.sector_identifier_uri:
            told = N_(
                "des adresses de retour chez plusieurs hôtes (%(hosts)s) demandent une adresse de secteur, ou un autre "
                "identifiant de l’usager : celui-ci dépend de l’hôte"
            )
            raise _refused("sector_identifier_uri", told, hosts=", ".join(sorted(map(str, hosts))))

    def _check_protocol(self) -> None:
        read = ClientMetadata.read(self.protocol)
        if not set(read.response_types) <= set(RESPONSE_TYPES[self.flow]):
            told = N_("response_types : pour ce flux (%(flow)s), choisissez parmi %(known)s")
            raise _refused("protocol", told, flow=self.flow.value, known=", ".join(RESPONSE_TYPES[self.flow]))
        if read.authenticates_by == "none" and "HS256" in {
            self.id_token_alg,
            read.userinfo_signed_response_alg,
        }:
            raise _refused("id_token_alg", N_("sans secret (none), un client ne lit pas de signature HS256 : RS256"))

    def _check_bounds(self) -> None:
        columns = ClientVersion.__table__.columns
        for spec in dataclasses.fields(self):
            value, longest = getattr(self, spec.name), getattr(columns[spec.name].type, "length", None)
            if isinstance(value, str) and longest is not None and len(value) > longest:
                raise _too_long(spec.name, len(value), longest)
        if len(" ".join(self.scopes)) > MAX_SCOPES_LENGTH:
            raise _too_long("scopes", len(" ".join(self.scopes)), MAX_SCOPES_LENGTH)
        for name, most in LONGEST.items():
            value = getattr(self, name)
            if value is not None and not 1 <= value <= most:
                told = N_("%(what)s (%(field)s) : de 1 à %(most)s, et non %(value)s")
                raise _refused(name, told, value=value, most=most)
        reserved = sorted(RESERVED_CLAIMS & {rule["name"] for rule in self.claims})
        if reserved:
            told = N_("la donnée %(claim)s est réservée au fournisseur : donnez un autre nom à la vôtre")
            raise _refused("claims", told, claim=reserved[0])
        for rule in self.claims:
            _check_template(rule["name"], rule["source"])


def _refused(field: str, told: str, **values: object) -> InputError:
    """A refusal about one field, which it names in its values: a form shows it there."""
    return InputError(told, detail=field, field=field, what=FIELD_WORDS[field], **values)


def _too_long(field: str, length: int, most: int) -> InputError:
    return _refused(
        field, N_("%(what)s (%(field)s) : %(length)s caractères, au plus %(most)s"), length=length, most=most
    )


def check_redirect_uri(uri: str, field: str = "redirect_uris") -> None:
    """Raise `InputError` unless the URI is absolute, short enough and of a scheme a browser may be sent to."""
    if len(uri) > MAX_URI_LENGTH:
        raise _too_long(field, len(uri), MAX_URI_LENGTH)
    try:
        parts = urlsplit(uri)
        _ = parts.port  # read for its check
    except ValueError as error:
        told = N_("l’adresse de retour « %(uri)s » n’en est pas une : %(why)s")
        raise _refused(field, told, uri=uri, why=error) from error
    if parts.scheme not in {"http", "https"} and "." not in parts.scheme:  # an application's own: fr.lyon.app:/back
        told = N_("l’adresse de retour « %(uri)s » n’est pas complète : https://site.example/retour")
        raise _refused(field, told, uri=uri)
    if parts.scheme in {"http", "https"} and not (parts.hostname or "").strip("*."):
        raise _refused(field, N_("l’adresse de retour « %(uri)s » ne nomme aucun hôte"), uri=uri)
    if "@" in parts.netloc or not _plain(uri):
        told = N_("l’adresse de retour « %(uri)s » ne contient ni nom d’utilisateur, ni mot de passe, ni blanc")
        raise _refused(field, told, uri=uri)


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
        told = N_("le modèle de la donnée %(claim)s est illisible (%(why)s) : %(source)s")
        raise _refused("claims", told, claim=claim, why=error.message, source=source) from error


def check_production_uri(uri: str, domains: Collection[str]) -> None:
    """Raise `InputError` unless a redirect URI may serve in production: https, one exact address on one of the
    partner's domains; nothing that leads to a developer's machine."""
    parts = urlsplit(uri)
    if parts.scheme != "https":
        raise InputError(N_("en production l’adresse de retour est en https : %(uri)s"), uri=uri)
    if "*" in uri:
        raise InputError(N_("en production l’adresse de retour est exacte, sans « * » : %(uri)s"), uri=uri)
    if parts.fragment or uri.endswith("#"):
        raise InputError(N_("une adresse de retour n’a pas de fragment (« #… ») : %(uri)s"), uri=uri)
    host = (parts.hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost") or _is_address(host):
        raise InputError(
            N_("en production l’adresse de retour n’est pas celle d’une machine locale : %(uri)s"), uri=uri
        )
    if not any(host == domain or host.endswith(f".{domain}") for domain in domains):
        raise InputError(
            N_("%(host)s n’est pas un domaine de ce partenaire (%(domains)s) : faites-le ajouter à sa fiche"),
            host=host,
            domains=sorted(domains) or N_("aucun"),
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def registration_of(version: ClientVersion) -> ClientRegistration:
    """A version's configuration, ready to be changed with `dataclasses.replace` and drafted anew."""
    values: dict[str, Any] = {spec.name: getattr(version, spec.name) for spec in dataclasses.fields(ClientRegistration)}
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return ClientRegistration(**values)
