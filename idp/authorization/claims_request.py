"""The `claims` parameter (OpenID Connect Core 1.0, section 5.5): claims asked for by name, whatever the scopes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.errors import invalid_request

_HINT = 'Exemple : claims={"userinfo": {"name": {"essential": true}}, "id_token": {"acr": null}}.'


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsRequest:
    """What is asked of each place, and what the request makes depend on it."""

    userinfo: frozenset[str] = frozenset()
    id_token: frozenset[str] = frozenset()
    acr_values: tuple[str, ...] = ()
    """The levels of authentication that are asked for, the best first."""
    acr_is_essential: bool = False
    """Whether one of them must be reached (section 5.5.1.1)."""
    subject: str | None = None
    """The one user the answer may be about."""


def read_claims(sent: str, longest: int) -> ClaimsRequest:
    """Read the parameter. Unknown members are ignored, as the standard has it. Raises `ProtocolError`."""
    try:
        asked = json.loads(sent) if len(sent) <= longest else None
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise invalid_request('Parameter "claims" must be a JSON object', _HINT)
    userinfo, id_token = (_members(asked, place) for place in ("userinfo", "id_token"))
    acr, subject = _member(id_token, "acr"), _member(id_token, "sub")
    values = acr.get("values", [acr["value"]] if "value" in acr else [])
    if not isinstance(values, list):
        raise invalid_request('In parameter "claims", "values" must be a list', _HINT)
    return ClaimsRequest(
        userinfo=frozenset(userinfo),
        id_token=frozenset(id_token),
        acr_values=tuple(each for each in values if isinstance(each, str)),
        acr_is_essential=acr.get("essential") is True and bool(values),
        subject=subject["value"] if isinstance(subject.get("value"), str) else None,
    )


def _members(asked: Mapping[str, Any], place: str) -> dict[str, Any]:
    found = asked.get(place)
    if found is not None and not isinstance(found, dict):
        raise invalid_request(f'In parameter "claims", "{place}" must be a JSON object', _HINT)
    return found or {}


def _member(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = claims.get(name)
    return found if isinstance(found, dict) else {}
