"""What suspending or ending an agreement would cut, told before it is decided (registry reference, 6.3, mistake 14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from partner_registry.gate import Access, gate_at
from partner_registry.models import Agreement, Client, Environment
from partner_registry.partners.life import line_of

ACTIVE_WITHIN = dt.timedelta(days=30)

ActiveUsers = Callable[[Session, Collection[int], dt.datetime], int]


@dataclass(frozen=True, slots=True)
class Impact:
    """The clients that are open now and would be cut, and how many people used the production ones lately."""

    production: tuple[Client, ...]
    sandbox: tuple[Client, ...]
    active_users: int


def impact_of(session: Session, agreement: Agreement, at: dt.datetime, active_users: ActiveUsers) -> Impact:
    """What the end of an agreement's access would cut at an instant; `active_users` counts (see `ports`)."""
    numbers = [each.id for each in line_of(agreement.partner)]
    bound = sa.select(Client).where(Client.bindings.any(agreement_id=agreement.id))
    own = sa.select(Client).where(Client.partner_id.in_(numbers))
    found = {*session.scalars(bound), *session.scalars(own)}
    cut = sorted((each for each in found if _depends(each, agreement, at)), key=lambda each: each.id)
    production = tuple(each for each in cut if each.environment is Environment.PRODUCTION)
    sandbox = tuple(each for each in cut if each.environment is Environment.SANDBOX)
    used = active_users(session, [each.id for each in production], at - ACTIVE_WITHIN) if production else 0
    return Impact(production, sandbox, used)


def _depends(client: Client, agreement: Agreement, at: dt.datetime) -> bool:
    gate = gate_at(client, at)
    return gate.access is Access.OPEN and gate.agreement is agreement
