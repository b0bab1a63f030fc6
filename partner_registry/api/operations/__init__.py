"""The table of operations, one file a noun."""

from __future__ import annotations

from partner_registry.api.operation import Operation
from partner_registry.api.operations.agreements import AGREEMENTS
from partner_registry.api.operations.billing import BILLING
from partner_registry.api.operations.clients import CLIENTS
from partner_registry.api.operations.incidents import INCIDENTS
from partner_registry.api.operations.interface import INTERFACE
from partner_registry.api.operations.partners import PARTNERS
from partner_registry.api.operations.processings import PROCESSINGS
from partner_registry.api.operations.records import RECORDS
from partner_registry.api.operations.registers import REGISTERS
from partner_registry.api.operations.webhooks import WEBHOOKS

OPERATIONS: tuple[Operation, ...] = (
    *INTERFACE,
    *PARTNERS,
    *AGREEMENTS,
    *PROCESSINGS,
    *CLIENTS,
    *BILLING,
    *REGISTERS,
    *INCIDENTS,
    *WEBHOOKS,
    *RECORDS,
)
