"""One exchange of a site, or of a browser it sent, with the provider: a frozen value, its secrets already gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TokenSeen:
    """A token that went by, decoded and not verified; `where` names the member or parameter that carried it."""

    where: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer."""

    id: int
    at: dt.datetime
    began: float
    duration_in: float
    outgoing: bool
    endpoint: str
    method: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    request_headers: tuple[tuple[str, str], ...] = ()
    status: int | None = None
    response_headers: tuple[tuple[str, str], ...] = ()
    location: str | None = None
    body: str = ""
    request_body: str = ""
    tokens: tuple[TokenSeen, ...] = ()
    client_id: str | None = None
    client_authentication: str | None = None
    account: str | None = None
    marks: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()
