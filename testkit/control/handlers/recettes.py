"""Results of acceptance runs, signed for the registry."""

from __future__ import annotations

from typing import Any

from testkit.control import schemas
from testkit.control.handlers import faults
from testkit.control.operation import Call, operation
from testkit.faults.catalogue import CATALOGUE


@operation("POST", "/recettes", "Sign the result of an acceptance run, for the registry", body=schemas.ResultAsked)
def sign(call: Call) -> Any:
    """A compact JWS under this installation's master key, of the result and of what the space saw itself. Refused when
    the run is not whole, or tells of what the space did not see."""
    from partner_registry.ports import ports
    from testkit.recette.cases import all_cases
    from testkit.recette.evidence import evidence

    document = call.body.model_dump()
    seen = evidence(
        document,
        call.space.journal.exchanges(),
        whole=[each.id for each in all_cases(faults.catalogue(call)["faults"])],
        faults=CATALOGUE.keys(),
        acted=call.space.faults.acted(call.body.client_id),
    )
    with call.space.inside():
        return {"signature": ports().acceptances.sign(document | {"evidence": seen})}
