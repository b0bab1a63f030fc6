"""Agreements of a space: their dates are put where a test needs them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from glc import revision
from glc.database import db
from glc.errors import NotFound
from glc.services import services
from partner_registry.agreements.status import status_at
from partner_registry.models import Agreement, Suspension
from testkit.control import schemas
from testkit.control.operation import Call, operation

DATES = tuple(f"{what}_on" for what in "starts signed transmitted notified hard_end renewal_refused terminated".split())


@operation("GET", "/agreements", "List the agreements and their status at the space's instant", query=("partner",))
def list_agreements(call: Call) -> Any:
    """Those of the record: the founding communes', the Métropole's."""
    with call.space.inside():
        found = db.session.scalars(sa.select(Agreement).order_by(Agreement.id))
        wanted = call.query.get("partner")
        return {"agreements": [told(each) for each in found if wanted in {None, each.partner.slug}]}


@operation("PATCH", "/agreements/{number}", "Move an agreement's dates, or suspend it", body=schemas.AgreementChanged)
def change(call: Call) -> Any:
    """Null takes a date away. It holds at once, for what was granted before too."""
    with call.space.inside():
        agreement = db.session.scalar(sa.select(Agreement).where(Agreement.number == call.path["number"]))
        if agreement is None:
            raise NotFound(f"no agreement has the number {call.path['number']!r}")
        given = call.body.model_dump(exclude_unset=True)
        suspended = given.pop("suspended", None)
        for name, value in given.items():
            setattr(agreement, name, value)
        at = services().clock.now()
        if suspended:
            db.session.add(Suspension(agreement_id=agreement.id, starts_at=at, reason="suspended by a test"))
        elif suspended is False:
            for each in agreement.suspensions:
                each.ends_at = min(each.ends_at or at, at)
        revision.move(db.session())
        db.session.flush()
        db.session.expire_all()
        return told(agreement)


def told(agreement: Agreement) -> dict[str, Any]:
    """An agreement: its dates, and what they make of it now."""
    return {name: getattr(agreement, name) for name in DATES} | {
        "number": agreement.number,
        "partner": agreement.partner.slug,
        "offer": agreement.offer,
        "renews_yearly": agreement.renews_yearly,
        "status": status_at(agreement, services().clock.now()),
    }
