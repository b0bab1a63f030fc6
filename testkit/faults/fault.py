"""What a fault is: a row of the catalogue, with one function for the place where it acts.

There are five places. Each function is given what is there and gives back what shall be there instead; the very value
it was given means that it could not apply, and it does not count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from glc.fetch import Fetched
from idp.provider import Provider
from idp.tokens.signing import serialise, signed_under
from partner_registry.terms import ReleaseTerms
from testkit.faults.reasons import FRENCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Something that is about to be signed for a client."""

    kind: str
    """id_token, userinfo or logout_token."""
    claims: dict[str, Any]
    header: dict[str, Any]
    alg: str
    house: Provider
    terms: ReleaseTerms
    at: dt.datetime
    options: Mapping[str, Any] = field(default_factory=dict)
    token: str | None = None
    """What goes out as it is, whatever claims and header say."""

    def compact(self, header: Mapping[str, Any] | None = None) -> str:
        """The token; under another header when one is given. Rightly signed unless a fault already made it."""
        if self.token is not None and header is None:
            return self.token
        about = self.header if header is None else header
        return signed_under(self.house, self.terms, self.alg, serialise(self.claims), self.at, about)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the provider, whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to the provider; `url` is whole."""

    endpoint: str
    method: str
    url: str = ""
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    client_id: str | None = None
    house: Provider
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """A request and the provider's answer."""

    asked: Asked
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A call of the provider to a site: back-channel logout."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    house: Provider
    options: Mapping[str, Any] = field(default_factory=dict)


Send = Callable[[Outgoing], Fetched]
"""Really calls the site. Raises `FetchError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """A row of the catalogue."""

    name: str
    family: str
    summary: str
    """What happens, in English."""
    resume_fr: str
    """The same in French."""
    rp_must: str
    """One word for what a correct Relying Party does (see `catalogue`)."""
    why: str
    """What it must do, and what it risks otherwise."""
    section: str
    """Where that is specified."""
    endpoints: tuple[str, ...]
    """Where it acts unless its scope says less."""
    signed: Callable[[Signing], Signing] | None = None
    """Changes what is signed for a client."""
    answer: Callable[[Answered], Answer] | None = None
    """Changes an answer of the provider."""
    instead: Callable[[Asked], Answer | None] | None = None
    """Answers before the provider sees the request: nothing is spent. None: it does not apply, or only prepared
    something and lets the provider answer (see `prepares`)."""
    prepares: bool = False
    """Whether `instead` acts on the provider and leaves the answer to it."""
    transport: str | None = None
    """What happens to the connection: reset, truncate, delay, hang or huge."""
    outgoing: Callable[[Outgoing, Send], Fetched] | None = None
    """Makes the provider's call to a site in its own way."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Its options, with what they are unless told."""

    @property
    def pourquoi_fr(self) -> str:
        """`why` in French."""
        return FRENCH[self.why]
