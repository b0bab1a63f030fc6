"""Breaches of personal data."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from glc.errors import InputError
from glc.i18n import N_
from glc.services import services
from partner_registry.api.call import Call, Page, Shown, page
from partner_registry.api.language import translate
from partner_registry.api.operation import Resource
from partner_registry.api.schemas import incidents as schemas
from partner_registry.api.schemas.base import Motivated
from partner_registry.data_protection import incidents as rules
from partner_registry.models import Client, Incident


def _show(incident: Incident) -> Shown:
    return Shown(
        incident,
        due_at=rules.due_at(incident),
        clients=sorted(each.client_id for each in incident.clients),
    )


INCIDENT = Resource(
    schema="incidents:IncidentTold",
    find=lambda call: call.one(sa.select(Incident).where(Incident.id == call.path["incident"])),
    show=lambda incident, _call: _show(incident),
    path=lambda incident, _call: f"/incidents/{incident.id}",
)


def incidents(call: Call, asked: schemas.Incidents) -> Page:
    query = sa.select(Incident)
    if asked.closed is not None:
        query = query.where(Incident.closed_at.is_not(None) if asked.closed else Incident.closed_at.is_(None))
    return page(call, asked, query, Incident.id, _show)


def record(call: Call, sent: schemas.NewIncident) -> Incident:
    facts = sent.model_dump() | {"clients": _clients(call, sent.clients)}
    return rules.record_incident(call.session, call.agent, at=call.at, **facts)


def update(call: Call, incident: Incident, sent: schemas.IncidentChanges) -> None:
    changes = sent.model_dump(exclude_unset=True)
    if "clients" in changes:
        changes["clients"] = _clients(call, sent.clients)
    rules.update_incident(call.session, call.agent, incident, at=call.at, **changes)


def _clients(call: Call, named: list[str]) -> list[Client]:
    found = call.session.scalars(sa.select(Client).where(Client.client_id.in_(named)).order_by(Client.id)).all()
    unknown = sorted(set(named) - {each.client_id for each in found})
    if unknown:
        raise InputError(N_("aucun client n’a l’identifiant %(client)s"), client=unknown[0])
    return list(found)


def to_warn(call: Call, incident: Incident) -> dict[str, Any]:
    return {"partners": rules.dpos_to_warn(incident, call.today)}


def warn(call: Call, incident: Incident) -> None:
    rules.warn_dpos(call.session, call.agent, incident, settings=services().settings, at=call.at)


def missing(_call: Call, incident: Incident) -> dict[str, Any]:
    found = rules.missing_to_close(incident) if incident.closed_at is None else []
    step = "closing" if incident.closed_at is None else None
    return {"step": step, "missing": [{"key": each.key, "detail": each.told(translate)} for each in found]}


def close(call: Call, incident: Incident) -> None:
    rules.close_incident(call.session, call.agent, incident, at=call.at)


def reopen(call: Call, incident: Incident, sent: Motivated) -> None:
    rules.reopen_incident(call.session, call.agent, incident, at=call.at, reason=sent.reason)
