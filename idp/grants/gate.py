"""The registry's gate on tokens: what an agreement that is not in force answers."""

from __future__ import annotations

from idp.errors import ProtocolError
from partner_registry.terms import Access, ReleaseTerms

_NEUTRAL = "This service is not connected at present"


def require_open(terms: ReleaseTerms) -> None:
    """Raise `ProtocolError` unless the terms give access: before its agreement takes effect or while it is suspended
    a client is unauthorized and its grants are kept; once it is over, what it holds is no longer a valid grant."""
    if terms.access is Access.OPEN:
        return
    error = "invalid_grant" if terms.access is Access.OVER else "unauthorized_client"
    raise ProtocolError(
        error,
        _NEUTRAL,
        hint=f"La convention de ce partenaire ne donne pas accès au service à cette date ({terms.reason}).",
        detail=terms.reason,
    )
