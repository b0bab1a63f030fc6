"""What the space itself saw of an acceptance run: signed along with the result, which may not tell of more.

A run speaks HTTP and reports what it saw; its result opens production (docs/acceptance.md). So a signature wants a
whole run, of a client that logged in here, whose every judged fault really acted on that client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from glc.errors import Conflict
from testkit.journal.exchange import Exchange

SKIPPED = "skipped"
LEAST_PLAYED = 1 / 3
"""Of all cases: those there are for a site that takes no logout, keeps the documents it reads, asks for no userinfo."""


def evidence(
    document: Mapping[str, Any],
    exchanges: Sequence[Exchange],
    *,
    whole: Iterable[str],
    faults: Set[str],
    acted: Set[str],
) -> dict[str, Any]:
    """What there is to sign beside a result.

    `whole` are all cases' ids, `faults` those that are faults, `acted` the faults that acted on the client. Raises
    `Conflict` when the result tells of what was not seen here.
    """
    verdicts = {str(each["id"]): each["verdict"] for each in document["cases"]}
    missing = [name for name in whole if name not in verdicts]
    if missing:
        raise Conflict(f"only a whole run is signed: {missing[0]} is not in this result ({len(missing)} are missing)")
    judged = {name for name, verdict in verdicts.items() if verdict != SKIPPED}
    if len(judged) < LEAST_PLAYED * len(verdicts):
        raise Conflict(f"{len(judged)} of {len(verdicts)} cases were played: too few to say anything of the site")
    unseen = sorted((judged & faults) - acted)
    if unseen:
        raise Conflict(f"the fault {unseen[0]} never acted on this client in this space: the run was played elsewhere")
    client_id = document["client_id"]
    mine = [each for each in exchanges if each.client_id == client_id]
    logins = sum(each.endpoint == "token" and each.status == 200 for each in mine)
    if not logins:
        raise Conflict(f"the journal of this space has no login of the client {client_id}: play the run here")
    return {"exchanges": len(mine), "logins": logins, "faults_acted": len(acted & faults)}
