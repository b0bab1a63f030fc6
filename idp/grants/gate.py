"""The registry's gate on tokens: what an agreement that gives no access answers (registry reference, 6.2)."""

from __future__ import annotations

from idp.errors import ProtocolError
from partner_registry.gate import Access
from partner_registry.terms import ReleaseTerms

ENDED_SINCE = "access_ended_since"
"""The operator's reason code of what was granted before the client's access ended, and it came back."""


def require_open(terms: ReleaseTerms) -> None:
    """Raise `ProtocolError` unless the terms give access: before its agreement takes effect or while it is suspended
    a client is unauthorized and its grants are kept; once it is over, what it holds is no longer a valid grant."""
    if terms.access is Access.OPEN:
        return
    raise ProtocolError(
        "invalid_grant" if terms.access is Access.OVER else "unauthorized_client",
        "This service is not connected at present",
        hint="Le registre ne donne pas accès à ce client à cette date : le motif est dans « detail ».",
        detail=terms.reason,
    )


def ended() -> ProtocolError:
    """What was granted before access ended is dead for good, even when it comes back."""
    return ProtocolError(
        "invalid_grant",
        "What this user granted has ended",
        hint="L’accès de ce partenaire a pris fin entre-temps : l’usager doit se connecter de nouveau.",
        detail=ENDED_SINCE,
    )
