"""What a site says of itself when it registers (RFC 7591, section 2; OpenID Connect Dynamic Client Registration 1.0,
section 2), read into a registration like any other, and told back.

Members that are unknown are ignored, and so is a software statement: nobody vouches for sites here. A member that is
null or empty counts as left out.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from glc.errors import InputError
from glc.i18n import N_
from glc.urls import origin
from partner_registry.clients.metadata import AUTHENTICATION_METHODS, ClientMetadata
from partner_registry.clients.registration import (
    RESPONSE_TYPES,
    STANDARD_CLAIMS,
    ClientRegistration,
    check_redirect_uri,
)
from partner_registry.models import ClientVersion, Flow, SubjectPolicy

SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
"""What may be asked for, and what a site may ask for that says nothing."""
GRANT_TYPES = {
    Flow.CODE: ("authorization_code",),
    Flow.IMPLICIT: ("implicit",),
    Flow.HYBRID: ("authorization_code", "implicit"),
}
SUBJECT_TYPES = {"public": SubjectPolicy.UUID, "pairwise": SubjectPolicy.PAIRWISE}
WITH_SECRET = frozenset({"client_secret_basic", "client_secret_post", "client_secret_jwt"})
MEMBERS = {
    "name": "client_name",
    "home_url": "client_uri",
    "logo_url": "logo_uri",
    "id_token_alg": "id_token_signed_response_alg",
    "scopes": "scope",
}
"""The fields of a registration whose registered names are others."""

_OPTIONS = frozenset(spec.name for spec in dataclasses.fields(ClientMetadata))


def read(said: Mapping[str, Any], *, http_anywhere: bool) -> ClientRegistration:
    """The registration that a site asks for, checked. `http_anywhere`: redirect URIs may be http on any host.

    Raises `InputError`, whose values name the `field` (see `MEMBERS`), and within `protocol` the `option`.
    """
    said = {name: value for name, value in said.items() if value not in (None, "", [])}
    redirect_uris = _list(said, "redirect_uris")
    for uri in redirect_uris:
        _check_redirect_uri(uri, native=said.get("application_type") == "native", http_anywhere=http_anywhere)
    frontchannel_logout_uri = _text(said, "frontchannel_logout_uri")
    if frontchannel_logout_uri and origin(frontchannel_logout_uri) not in map(origin, redirect_uris):
        told = N_("frontchannel_logout_uri : même hôte, port et schéma qu’une adresse de retour (%(origins)s)")
        raise _refused("frontchannel_logout_uri", told, origins=", ".join(sorted(set(map(origin, redirect_uris)))))
    flow, response_types = _flow(said)
    options = {name: _localised(said, name) for name in _OPTIONS if _localised(said, name) is not None}
    options["response_types"] = response_types
    options.setdefault("token_endpoint_auth_method", AUTHENTICATION_METHODS[0])
    hosts = [urlsplit(uri).hostname for uri in redirect_uris]
    read = ClientRegistration(
        name=_text(said, "client_name") or next(filter(None, hosts), None) or "?",
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=_list(said, "post_logout_redirect_uris"),
        scopes=_scopes(said),
        claims=STANDARD_CLAIMS,
        flow=flow,
        id_token_alg=_text(said, "id_token_signed_response_alg") or "RS256",
        subject_policy=_subject_policy(said),
        sector_identifier_uri=_text(said, "sector_identifier_uri"),
        refresh_tokens="refresh_token" in _grant_types(said, flow),
        frontchannel_logout_uri=frontchannel_logout_uri,
        home_url=_text(said, "client_uri"),
        logo_url=_text(said, "logo_uri"),
        protocol=ClientMetadata.read(options).said(),
    )
    read.check()
    return read


def told(version: ClientVersion) -> dict[str, Any]:
    """What is registered, by registered name."""
    protocol = ClientMetadata.read(version.protocol)
    renewal = ("refresh_token",) if version.refresh_tokens else ()
    found = {
        "client_name": version.name,
        "client_uri": version.home_url,
        "logo_uri": version.logo_url,
        "application_type": "web",
        "redirect_uris": version.redirect_uris,
        "post_logout_redirect_uris": version.post_logout_redirect_uris,
        "response_types": list(RESPONSE_TYPES[version.flow]),
        "grant_types": [*GRANT_TYPES[version.flow], *renewal],
        "scope": " ".join(version.scopes),
        "subject_type": _subject_type(version.subject_policy),
        "sector_identifier_uri": version.sector_identifier_uri,
        "id_token_signed_response_alg": version.id_token_alg,
        "frontchannel_logout_uri": version.frontchannel_logout_uri,
        **protocol.said(),
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def uses_secret(version: ClientVersion) -> bool:
    """Whether a client has any use for its secret: to prove who it is, or to read or make a signature."""
    protocol = ClientMetadata.read(version.protocol)
    signatures = (version.id_token_alg, protocol.userinfo_signed_response_alg, protocol.request_object_signing_alg)
    return protocol.authenticates_by in WITH_SECRET or any(each.startswith("HS") for each in signatures)


def _flow(said: Mapping[str, Any]) -> tuple[Flow, tuple[str, ...]]:
    """The narrowest flow that has every response type; and these, where it has others too."""
    wanted = {frozenset(each.split()) for each in _list(said, "response_types")} or {frozenset({"code"})}
    for flow, types in RESPONSE_TYPES.items():
        found = tuple(each for each in types if frozenset(each.split()) in wanted)
        if len(found) == len(wanted):
            return flow, () if found == types else found
    raise _refused(
        "response_types",
        N_("response_types : choisissez parmi %(known)s"),
        known=", ".join(RESPONSE_TYPES[Flow.HYBRID]),
    )


def _grant_types(said: Mapping[str, Any], flow: Flow) -> tuple[str, ...]:
    """The grant types; those that the response types imply need not be said (RFC 7591, section 2.1)."""
    wanted, known = _list(said, "grant_types"), (*GRANT_TYPES[Flow.HYBRID], "refresh_token")
    if not set(wanted) <= set(known):
        raise _refused("grant_types", N_("grant_types : choisissez parmi %(known)s"), known=", ".join(known))
    return (*GRANT_TYPES[flow], *wanted)


def _scopes(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of the scopes asked for that there are; openid is always one."""
    asked = (_text(said, "scope") or " ".join(SCOPES)).split()
    return tuple(each for each in SCOPES if each in {"openid", *asked})


def _subject_policy(said: Mapping[str, Any]) -> SubjectPolicy:
    wanted = _text(said, "subject_type") or "public"
    if wanted not in SUBJECT_TYPES:
        raise _refused("subject_type", N_("subject_type : choisissez parmi %(known)s"), known=", ".join(SUBJECT_TYPES))
    return SUBJECT_TYPES[wanted]


def _subject_type(policy: SubjectPolicy) -> str:
    return "pairwise" if policy in {SubjectPolicy.PAIRWISE, SubjectPolicy.PAIRWISE_REVERSIBLE} else "public"


def _check_redirect_uri(uri: str, *, native: bool, http_anywhere: bool) -> None:
    """What registration asks of one beyond `check_redirect_uri` (Registration 1.0, section 2: application_type).

    A laptop's own address is accepted of web sites too: this is where they are tried.
    """
    check_redirect_uri(uri)
    parts = urlsplit(uri)
    if "#" in uri:
        raise _refused("redirect_uris", N_("une adresse de retour n’a pas de fragment (« #… ») : %(uri)s"), uri=uri)
    if "*" in uri:
        raise _refused("redirect_uris", N_("une adresse de retour est exacte, sans « * » : %(uri)s"), uri=uri)
    if parts.scheme == "http" and not (http_anywhere or _on_a_laptop(parts.hostname or "")):
        raise _refused("redirect_uris", N_("une adresse de retour est en https, ou sur localhost : %(uri)s"), uri=uri)
    if parts.scheme not in {"http", "https", ""} and not native:
        told = N_("une adresse de retour propre à une application demande application_type native : %(uri)s")
        raise _refused("redirect_uris", told, uri=uri)


def _on_a_laptop(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _localised(said: Mapping[str, Any], name: str) -> Any:
    """A member in French if it is given in several languages (Registration 1.0, section 2.1), else as it is given."""
    tagged = [each for each in said if each.startswith(f"{name}#")]
    french = [each for each in tagged if each.partition("#")[2].lower().partition("-")[0] == "fr"]
    return next((said[each] for each in (*french, name, *tagged) if each in said), None)


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = _localised(said, name)
    if value is not None and not isinstance(value, str):
        raise _refused(name, N_("%(field)s est un texte"))
    return value


def _list(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = said.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _refused(name, N_("%(field)s est une liste de textes"))
    return tuple(value)


def _refused(field: str, told: str, **values: object) -> InputError:
    return InputError(told, detail=field, field=field, **values)
