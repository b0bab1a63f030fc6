"""Registers of processing (GDPR 30), and the list of who receives the account's data."""

from __future__ import annotations

from typing import Any

from flask import Response

from partner_registry.api.call import Call
from partner_registry.api.language import translate
from partner_registry.api.operation import CSV
from partner_registry.api.schemas import registers as schemas
from partner_registry.data_protection import registers as rules
from partner_registry.data_protection.register_tables import Register
from partner_registry.models import Partner


def _told(call: Call, register: Register, name: str, shown: Any) -> Any:
    if call.media != CSV:
        return shown
    file = {"Content-Disposition": f"attachment; filename={name}.csv"}
    return Response(rules.register_csv(register, translate), mimetype=CSV, headers=file)


def controller(call: Call, partner: Partner, asked: schemas.OnDay) -> Any:
    found = rules.controller_register(call.session, partner, asked.on or call.today)
    return _told(call, found, f"registre-{partner.slug}", found)


def processor(call: Call, asked: schemas.OnDay) -> Any:
    found = rules.processor_register(call.session, asked.on or call.today)
    return _told(call, found, "registre-sous-traitant", found)


def recipients(call: Call, asked: schemas.AtInstant) -> Any:
    found = rules.recipients(call.session, asked.at or call.at)
    return _told(call, found, "destinataires", {"recipients": found})
