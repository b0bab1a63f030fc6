"""Processings of personal data."""

from partner_registry.api.operation import Operation
from partner_registry.api.operations.agreements import documents

PROCESSING = "processings:PROCESSING"

PROCESSINGS = (
    Operation(
        method="GET",
        path="/processings",
        summary="List processings",
        handler="processings:processings",
        query="processings:Processings",
        answer="processings:ProcessingTold",
        listed=True,
    ),
    Operation(
        method="POST",
        path="/processings",
        summary="Declare a processing",
        handler="processings:draft",
        creates=PROCESSING,
        body="processings:NewProcessing",
        may=("processing.draft",),
    ),
    Operation(method="GET", path="/processings/{processing}", summary="Show a processing", on=PROCESSING),
    Operation(
        method="PATCH",
        path="/processings/{processing}",
        summary="Change a processing that is not validated; the DPO's opinion is asked again",
        handler="processings:edit",
        on=PROCESSING,
        body="processings:ProcessingChanges",
        may=("processing.draft",),
    ),
    Operation(
        method="GET",
        path="/processings/{processing}/missing",
        summary="Say what a processing lacks",
        handler="processings:missing",
        on=PROCESSING,
        answer="agreements:MissingTold",
    ),
    Operation(
        method="POST",
        path="/processings/{processing}/replacements",
        summary="Make a copy to change, which takes its place once validated",
        handler="processings:replace",
        on=PROCESSING,
        creates=PROCESSING,
        may=("processing.draft",),
    ),
    Operation(
        method="POST",
        path="/processings/{processing}/opinion",
        summary="Give the opinion of the Métropole's DPO",
        handler="processings:give_opinion",
        on=PROCESSING,
        body="processings:Opinion",
        may=("processing.opine",),
    ),
    Operation(
        method="POST",
        path="/processings/{processing}/validate",
        summary="Let a processing receive data from today on",
        handler="processings:validate",
        on=PROCESSING,
        may=("processing.validate",),
    ),
    Operation(
        method="POST",
        path="/processings/{processing}/withdraw",
        summary="Stop a processing today",
        handler="processings:withdraw",
        on=PROCESSING,
        body="base:Motivated",
        may=("processing.withdraw",),
    ),
    *documents("/processings/{processing}", PROCESSING, "processing", "processing.draft"),
)
