"""Registers of processing (GDPR 30), and the list of who receives the account's data."""

from partner_registry.api.operation import CSV, JSON, Operation

REGISTERS = (
    Operation(
        method="GET",
        path="/partners/{partner}/register",
        summary="Show the register of a controller (GDPR 30(1)); as CSV, for a spreadsheet",
        handler="registers:controller",
        on="partners:PARTNER",
        query="registers:OnDay",
        answer="registers:ControllerRegister",
        tells=(JSON, CSV),
    ),
    Operation(
        method="GET",
        path="/registers/processor",
        summary="Show the register of the Métropole as processor (GDPR 30(2)); as CSV, for a spreadsheet",
        handler="registers:processor",
        query="registers:OnDay",
        answer="registers:ProcessorRegister",
        tells=(JSON, CSV),
        metropole=True,
    ),
    Operation(
        method="GET",
        path="/registers/recipients",
        summary="List who receives data of the account, and for what; as CSV, for a spreadsheet",
        handler="registers:recipients",
        query="registers:AtInstant",
        answer="registers:RecipientsTold",
        tells=(JSON, CSV),
        metropole=True,
    ),
)
