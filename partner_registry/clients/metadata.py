"""Protocol options of a client, under their registered names (RFC 7591, section 2; OpenID Connect Dynamic Client
Registration 1.0, section 2). What GrandLyonConnect itself registers of a client is in `registration.py`; these are what
a strict or modern client adds, and what dialects with fewer features leave unread.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from glc.errors import InputError
from glc.i18n import N_
from glc.urls import origin

AUTHENTICATION_METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none")
SIGNING_ALGS = ("HS256", "RS256", "ES256", "PS256", "EdDSA")
"""What this provider signs with (RFC 7518, section 3; RFC 8037). HS256 is keyed with the client's secret."""
CLIENT_SIGNING_ALGS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""What clients may sign with, with a key of theirs."""
SECRET_SIGNING_ALGS = ("HS256", "HS384", "HS512")
"""What clients may sign with, with their secret."""
ENCRYPTION_ALGS = ("RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW")
"""Key management (RFC 7518, section 4) towards a key of the client."""
ENCRYPTION_ENCS = ("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM")
"""Content encryption (RFC 7518, section 5); the first is the default (Dynamic Client Registration 1.0, section 2)."""
_FITTING = {"private_key_jwt": CLIENT_SIGNING_ALGS, "client_secret_jwt": SECRET_SIGNING_ALGS}
MOST_URIS = 20
MAX_URI_LENGTH = 1024
MAX_KEYS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """The options, each with the standard's default. An empty text or None: not registered."""

    response_types: tuple[str, ...] = ()
    """Those it restricts itself to; empty: all that its flow has."""
    token_endpoint_auth_method: str = ""
    """Empty: the client's secret, by Basic or in the form, as it likes."""
    token_endpoint_auth_signing_alg: str = ""
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str = ""
    id_token_encrypted_response_alg: str = ""
    id_token_encrypted_response_enc: str = ""
    userinfo_signed_response_alg: str = ""
    userinfo_encrypted_response_alg: str = ""
    userinfo_encrypted_response_enc: str = ""
    request_object_signing_alg: str = ""
    request_object_encryption_alg: str = ""
    request_object_encryption_enc: str = ""
    require_signed_request_object: bool = False
    request_uris: tuple[str, ...] = ()
    require_pushed_authorization_requests: bool = False
    default_max_age: int | None = None
    """Seconds, where the request says no `max_age`."""
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    initiate_login_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()
    application_type: str = ""
    frontchannel_logout_session_required: bool = False
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> ClientMetadata:
        """Read and check registered names and values. Raises `InputError` naming the member and what it must be."""
        unknown = sorted(given.keys() - _BY_NAME.keys())
        if unknown:
            raise _refused(unknown[0], N_("option du protocole inconnue : %(option)s"))
        return cls(
            **{name: _BY_NAME[name](name, value) for name, value in given.items() if value is not None}
        )._checked()

    def said(self) -> dict[str, Any]:
        """What differs from the defaults, ready for JSON: what is stored."""
        values = {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value != _DEFAULTS[name]
        }

    @property
    def authenticates_by(self) -> str:
        """How it proves who it is; empty: its secret, by Basic or in the form."""
        return self.token_endpoint_auth_method

    @property
    def has_keys(self) -> bool:
        """Whether the client has keys of its own."""
        return self.jwks is not None or bool(self.jwks_uri)

    def _checked(self) -> ClientMetadata:
        if self.jwks is not None and self.jwks_uri:
            raise _refused("jwks", N_("%(option)s : les clés elles-mêmes ou leur adresse (jwks_uri), pas les deux"))
        for kind in ("id_token_encrypted_response", "userinfo_encrypted_response", "request_object_encryption"):
            if getattr(self, f"{kind}_enc") and not getattr(self, f"{kind}_alg"):
                raise _refused(f"{kind}_enc", N_("%(option)s ne va pas sans l’algorithme (…_alg)"))
        fitting = _FITTING.get(self.authenticates_by)
        if fitting and self.token_endpoint_auth_signing_alg not in {"", *fitting}:
            raise _refused(
                "token_endpoint_auth_signing_alg",
                N_("%(option)s ne va pas avec %(method)s : %(known)s"),
                method=self.authenticates_by,
                known=", ".join(fitting),
            )
        own_keys = {
            "token_endpoint_auth_method": self.authenticates_by == "private_key_jwt",
            "id_token_encrypted_response_alg": bool(self.id_token_encrypted_response_alg),
            "userinfo_encrypted_response_alg": bool(self.userinfo_encrypted_response_alg),
            "request_object_signing_alg": self.request_object_signing_alg in CLIENT_SIGNING_ALGS,
        }
        for name, needed in own_keys.items():
            if needed and not self.has_keys:
                raise _refused(name, N_("%(option)s demande les clés publiques du client : jwks ou jwks_uri"))
        return self


def _refused(name: str, told: str, **values: object) -> InputError:
    return InputError(told, detail=name, field="protocol", option=name, **values)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refused(name, N_("%(option)s est vrai ou faux (true, false)"))
    return value


def _seconds(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 315_360_000:
        raise _refused(name, N_("%(option)s est un nombre de secondes, positif ou nul"))
    return value


def _one_of(*known: str) -> Callable[[str, Any], str]:
    def read(name: str, value: Any) -> str:
        if value not in known:
            raise _refused(name, N_("%(option)s : choisissez parmi %(known)s"), known=", ".join(known))
        return str(value)

    return read


def _address(*schemes: str) -> Callable[[str, Any], str]:
    def read(name: str, value: Any) -> str:
        plain = isinstance(value, str) and len(value) <= MAX_URI_LENGTH and value.isprintable() and " " not in value
        if not plain or not origin(value).startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise _refused(name, N_("%(option)s : une adresse %(schemes)s"), schemes=", ".join(schemes))
        return cast(str, value)

    return read


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) and len(each) <= 255 for each in value):
        raise _refused(name, N_("%(option)s est une liste de textes"))
    return tuple(value)


def _addresses(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_URIS:
        raise _refused(name, N_("%(option)s est une liste d’au plus %(most)s adresses"), most=MOST_URIS)
    read = _address("https", "http")
    return tuple(read(name, each) for each in value)


def _key_set(name: str, value: Any) -> Mapping[str, Any]:
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(each, dict) for each in keys):
        raise _refused(name, N_('%(option)s est un ensemble de clés publiques : {"keys": […]}'))
    if any({"d", "p", "q", "k"} & each.keys() or each.get("kty") == "oct" for each in keys):
        raise _refused(name, N_("%(option)s ne contient que des clés publiques : retirez les privées, et changez-les"))
    return cast("dict[str, Any]", value)


_site = _address("https", "http")
_any_signature = _one_of(*CLIENT_SIGNING_ALGS, *SECRET_SIGNING_ALGS)
_encryption, _content = _one_of(*ENCRYPTION_ALGS), _one_of(*ENCRYPTION_ENCS)

_BY_NAME: dict[str, Callable[[str, Any], Any]] = {
    "response_types": _texts,
    "token_endpoint_auth_method": _one_of(*AUTHENTICATION_METHODS),
    "token_endpoint_auth_signing_alg": _any_signature,
    "jwks": _key_set,
    "jwks_uri": _site,
    "id_token_encrypted_response_alg": _encryption,
    "id_token_encrypted_response_enc": _content,
    "userinfo_signed_response_alg": _one_of(*SIGNING_ALGS),
    "userinfo_encrypted_response_alg": _encryption,
    "userinfo_encrypted_response_enc": _content,
    "request_object_signing_alg": _one_of(*CLIENT_SIGNING_ALGS, *SECRET_SIGNING_ALGS, "none"),
    "request_object_encryption_alg": _one_of("RSA-OAEP", "RSA-OAEP-256"),
    "request_object_encryption_enc": _content,
    "require_signed_request_object": _flag,
    "request_uris": _addresses,
    "require_pushed_authorization_requests": _flag,
    "default_max_age": _seconds,
    "require_auth_time": _flag,
    "default_acr_values": _texts,
    "initiate_login_uri": _address("https"),
    "policy_uri": _site,
    "tos_uri": _site,
    "contacts": _texts,
    "application_type": _one_of("web", "native"),
    "frontchannel_logout_session_required": _flag,
    "backchannel_logout_uri": _site,
    "backchannel_logout_session_required": _flag,
}
_DEFAULTS = {spec.name: spec.default for spec in dataclasses.fields(ClientMetadata)}
