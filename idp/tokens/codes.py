"""Authorization codes: sealed values that carry what they stand for, so that issuing one writes nothing.

What makes a code single-use is the row its redemption inserts (`AuthorizationGrant.id`).
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from glc.clock import epoch
from idp.provider import Provider
from keys.encryption import SealBroken


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What an authorization code stands for."""

    grant_id: str
    client: int
    account: int
    session: int
    issued: int
    """Seconds since 1970."""
    withdrawals: int
    """How many consents the account had withdrawn by then: one more, and the code is dead."""
    scopes: tuple[str, ...]
    narrowed: bool
    """Whether these are fewer than were asked for."""
    redirect_uri_digest: str
    nonce: str | None
    fresh: bool
    """Whether the user logged in for this very request."""
    challenge: str | None
    challenge_method: str | None
    acr: str | None
    """Level of authentication that the ID Token tells."""
    for_userinfo: tuple[str, ...]
    """Claims asked of userinfo by name."""
    for_id_token: tuple[str, ...]
    """Claims asked of the ID Token by name."""

    def expired(self, house: Provider, at: dt.datetime) -> bool:
        """Whether its time is over: accepted up to and including the last second."""
        return epoch(at) >= self.issued + house.settings.code_lifetime_in


_FIELDS = tuple(Code.__slots__)


def seal(house: Provider, code: Code) -> str:
    """The code as the client gets it: opaque, unguessable, unalterable."""
    return house.ring.codes.seal(json.dumps([getattr(code, name) for name in _FIELDS]).encode())


def unseal(house: Provider, text: str) -> Code | None:
    """The code behind a text, or None when this provider issued no such text."""
    try:
        values = json.loads(house.ring.codes.open(text))
    except SealBroken:
        return None
    fields: dict[str, Any] = dict(zip(_FIELDS, values, strict=True))
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    return Code(**fields)
