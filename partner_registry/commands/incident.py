"""`glc incident`: breaches of personal data (GDPR 33 and 34)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import NotFound
from glc.i18n import N_
from partner_registry.clients.life import find_client
from partner_registry.commands.shared import INSTANT, Act, acts, as_table, facts, given, reads, reason_option
from partner_registry.data_protection.incidents import (
    close_incident,
    dpos_to_warn,
    due_at,
    record_incident,
    reopen_incident,
    update_incident,
    warn_dpos,
)
from partner_registry.models import Incident


@click.group()
def incident() -> None:
    """Breaches of personal data: recorded, told within 72 hours, closed."""


@incident.command("list")
@reads(as_table("number", "aware_at", "due_at", "closed_at", "nature"))
def list_incidents(act: Act) -> list[dict[str, Any]]:
    """List the breaches, newest first."""
    found = act.session.scalars(sa.select(Incident).order_by(Incident.aware_at.desc(), Incident.id.desc()))
    return [_described(each, act) for each in found]


@incident.command()
@click.argument("number", type=int)
@reads()
def show(act: Act, number: int) -> dict[str, Any]:
    """Show a breach, and the data protection officers to warn."""
    return _described(_find(act.session, number), act)


@incident.command()
@click.option("--aware-at", type=INSTANT, required=True, help="When it was discovered: 72 hours run from here.")
@click.option("--nature", required=True, help="What happened.")
@click.option("--client", "clients", multiple=True, metavar="CLIENT_ID", help="A client it affects; may be repeated.")
@click.option("--people", "people_affected", type=int, help="How many people, about.")
@click.option("--consequences", default="", help="Likely consequences.")
@click.option("--measures", default="", help="Measures taken or proposed.")
@click.option("--high-risk", is_flag=True, help="High risk for people: they are told (article 34).")
@acts()
def record(act: Act, clients: tuple[str, ...], **said: Any) -> dict[str, Any]:
    """Record a breach."""
    affected = [find_client(act.session, each) for each in clients]
    made = record_incident(act.session, act.by, at=act.at, clients=affected, **said)
    return _described(made, act)


@incident.command()
@click.argument("number", type=int)
@click.option("--notified-at", "authority_notified_at", type=INSTANT, help="When the CNIL was notified.")
@click.option("--late-reason", help="Why later than 72 hours.")
@click.option("--nature")
@click.option("--people", "people_affected", type=int)
@click.option("--consequences")
@click.option("--measures")
@click.option("--high-risk/--no-high-risk", default=None)
@acts()
def update(act: Act, number: int, **said: Any) -> dict[str, Any]:
    """Write down what is learnt or done."""
    found = _find(act.session, number)
    update_incident(act.session, act.by, found, at=act.at, **given(said))
    return _described(found, act)


@incident.command()
@click.argument("number", type=int)
@acts(as_table("partner", "dpo_contact"))
def warn(act: Act, number: int) -> list[dict[str, Any]]:
    """Mail every data protection officer to warn; print who was."""
    found = _find(act.session, number)
    warned = warn_dpos(act.session, act.by, found, settings=act.settings, at=act.at)
    return [{"partner": each.partner, "dpo_contact": each.dpo_email} for each in warned]


@incident.command()
@click.argument("number", type=int)
@acts()
def close(act: Act, number: int) -> dict[str, Any]:
    """Close a breach whose record is complete."""
    found = _find(act.session, number)
    close_incident(act.session, act.by, found, at=act.at)
    return _described(found, act)


@incident.command()
@click.argument("number", type=int)
@reason_option
@acts()
def reopen(act: Act, number: int, reason: str) -> dict[str, Any]:
    """Open a closed breach again."""
    found = _find(act.session, number)
    reopen_incident(act.session, act.by, found, at=act.at, reason=reason)
    return _described(found, act)


def _find(session: Session, number: int) -> Incident:
    found = session.get(Incident, number)
    if found is None:
        raise NotFound(N_("aucun incident n’a le numéro %(number)s ; liste : glc incident list"), number=number)
    return found


def _described(found: Incident, act: Act) -> dict[str, Any]:
    due: dt.datetime = due_at(found)
    return {
        "number": found.id,
        "due_at": due,
        **facts(found),
        "clients": [each.client_id for each in found.clients],
        "to_warn": [{"partner": each.partner, "dpo": each.dpo_email} for each in dpos_to_warn(found, act.today)],
    }
