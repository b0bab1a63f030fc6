"""What each way of authentication reads from a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from idp.errors import ProtocolError
from partner_registry.terms import ReleaseTerms


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who a caller says it is, by which method, and how that is checked once the client's terms are known.

    `prove` raises `ProtocolError`.
    """

    method: str
    client_id: str
    prove: Callable[[ReleaseTerms], None]


def invalid_client(description: str, hint: str = "", *, detail: str = "", logged: str = "") -> ProtocolError:
    """The client did not prove who it is (RFC 6749, section 5.2)."""
    return ProtocolError("invalid_client", description, hint=hint, detail=detail, logged=logged, status=401)
