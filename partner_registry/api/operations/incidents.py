"""Breaches of personal data: for the Métropole's agents."""

from partner_registry.api.operation import Operation

INCIDENT = "incidents:INCIDENT"

INCIDENTS = (
    Operation(
        method="GET",
        path="/incidents",
        summary="List the breaches of personal data",
        handler="incidents:incidents",
        query="incidents:Incidents",
        answer="incidents:IncidentTold",
        listed=True,
        metropole=True,
    ),
    Operation(
        method="POST",
        path="/incidents",
        summary="Record a breach: 72 hours run from when somebody was aware of it",
        handler="incidents:record",
        creates=INCIDENT,
        body="incidents:NewIncident",
        may=("incident.edit",),
    ),
    Operation(method="GET", path="/incidents/{incident}", summary="Show a breach", on=INCIDENT, metropole=True),
    Operation(
        method="PATCH",
        path="/incidents/{incident}",
        summary="Write down what is learnt or done",
        handler="incidents:update",
        on=INCIDENT,
        body="incidents:IncidentChanges",
        may=("incident.edit",),
    ),
    Operation(
        method="GET",
        path="/incidents/{incident}/dpos",
        summary="Say whose DPO is to be warned",
        handler="incidents:to_warn",
        on=INCIDENT,
        answer="incidents:ToWarn",
        metropole=True,
    ),
    Operation(
        method="POST",
        path="/incidents/{incident}/warn",
        summary="Mail the DPOs what is known",
        handler="incidents:warn",
        on=INCIDENT,
        may=("incident.edit",),
    ),
    Operation(
        method="GET",
        path="/incidents/{incident}/missing",
        summary="Say what a breach still asks for",
        handler="incidents:missing",
        on=INCIDENT,
        answer="agreements:MissingTold",
        metropole=True,
    ),
    Operation(
        method="POST",
        path="/incidents/{incident}/close",
        summary="Close a breach that everything due was done about",
        handler="incidents:close",
        on=INCIDENT,
        may=("incident.edit",),
    ),
    Operation(
        method="POST",
        path="/incidents/{incident}/reopen",
        summary="Open a closed breach again",
        handler="incidents:reopen",
        on=INCIDENT,
        body="base:Motivated",
        may=("incident.edit",),
    ),
)
