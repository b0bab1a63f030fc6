"""Breaches of personal data."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from partner_registry.api.schemas.base import Instant, Number, Positioned, Sent, Told, Word, absent, left_out, of, told
from partner_registry.models import Incident

IncidentTold = told(
    "Incident",
    Incident,
    "id aware_at nature people_affected consequences measures high_risk authority_notified_at late_reason "
    "unnotified_reason people_told_at untold_reason dpos_warned_at closed_at recorded_at",
    due_at=(dt.datetime, "By when the CNIL is to be notified: 72 hours"),
    clients=(list[str], "`client_id` of the clients it affects"),
)
ClientIds = Annotated[list[Word], Field(max_length=500)]


class NewIncident(Sent):
    """A breach to record."""

    aware_at: Instant = of(Incident.aware_at)
    nature: str = of(Incident.nature, min_length=1)
    clients: ClientIds = Field(default=[], description="`client_id` of the clients it affects")
    people_affected: Number | None = absent(Incident.people_affected)
    consequences: str = of(Incident.consequences, "")
    measures: str = of(Incident.measures, "")
    high_risk: bool = of(Incident.high_risk, False)


class IncidentChanges(Sent):
    """What is learnt or done; what is left out stays as it is."""

    aware_at: Instant = absent(Incident.aware_at)
    nature: str = absent(Incident.nature, min_length=1)
    clients: ClientIds = left_out("`client_id` of the clients it affects, all of them")
    people_affected: Number | None = absent(Incident.people_affected)
    consequences: str = absent(Incident.consequences)
    measures: str = absent(Incident.measures)
    high_risk: bool = absent(Incident.high_risk)
    authority_notified_at: Instant | None = absent(Incident.authority_notified_at)
    late_reason: str = absent(Incident.late_reason)
    unnotified_reason: str = absent(Incident.unnotified_reason)
    people_told_at: Instant | None = absent(Incident.people_told_at)
    untold_reason: str = absent(Incident.untold_reason)
    reason: str = Field(default="", max_length=20_000, description="Why, where another `aware_at` moves the deadline")


class WarnedTold(Told):
    """A partner to warn."""

    partner: str = Field(description="Short name of the partner")
    name: str
    dpo_email: str | None = Field(description="Published address of its DPO; null: somebody has to be found")
    services: list[str] = Field(description="Its services that are affected, with their `client_id`")


class ToWarn(Told):
    """Whom to warn."""

    partners: list[WarnedTold]


class Incidents(Positioned):
    """Which incidents to list."""

    closed: bool | None = Field(default=None, description="Only those that are closed, or only those that are not")
