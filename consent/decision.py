"""Whether to ask: a pure function over values."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Decision(enum.Enum):
    """What the authorization endpoint does next."""

    SKIP = "skip"
    ASK = "ask"
    REFUSE = "refuse"


def decide(
    requested: frozenset[str],
    remembered: Iterable[frozenset[str]],
    *,
    asked_of_nobody: bool,
    asked_anew: bool,
    may_interact: bool,
) -> Decision:
    """Skip when nobody is asked, or when a remembered answer covers every scope asked for; otherwise ask, or refuse
    where no page may be shown (`may_interact` false). `asked_anew` (prompt=consent) overrides both."""
    covered = asked_of_nobody or any(requested <= scopes for scopes in remembered)
    if covered and not asked_anew:
        return Decision.SKIP
    return Decision.ASK if may_interact else Decision.REFUSE
