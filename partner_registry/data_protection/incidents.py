"""Breaches of personal data (GDPR 33 and 34): the internal log of article 33(5), its deadline, and whom to warn.

From the instant the controller is aware there are 72 hours to notify the CNIL, or a reason for being later; each
partner with an affected service is warned through its DPO. Every change stays in the trail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from glc.clock import PARIS, paris_date
from glc.errors import Conflict, InputError
from glc.i18n import N_
from glc.mail import send_mail
from glc.settings import Settings
from partner_registry.agents import Agent, require, require_reason
from partner_registry.agreements.instruction import refuse_incomplete
from partner_registry.completeness import Missing, dpo_of
from partner_registry.models import Client, Incident, Partner
from partner_registry.trail import differences, note, snapshot

TIME_TO_NOTIFY = dt.timedelta(hours=72)
"""GDPR 33(1)."""

CHANGEABLE = frozenset(
    "aware_at nature people_affected consequences measures high_risk clients authority_notified_at late_reason "
    "unnotified_reason people_told_at untold_reason".split()
)


@dataclass(frozen=True, slots=True)
class Warned:
    """A partner to warn, and the published address of its DPO: None where it has none."""

    partner: str
    name: str
    dpo_email: str | None
    services: tuple[str, ...]
    """The services affected, as citizens know them, with their `client_id`."""


def record_incident(
    session: Session,
    by: Agent,
    *,
    at: dt.datetime,
    aware_at: dt.datetime,
    nature: str,
    clients: Iterable[Client],
    people_affected: int | None = None,
    consequences: str = "",
    measures: str = "",
    high_risk: bool = False,
) -> Incident:
    """Record a breach; the clients it affects may be none. Raises `Forbidden`, `InputError`."""
    require(by, "incident.edit")
    facts = {
        "aware_at": aware_at,
        "nature": nature.strip(),
        "clients": list(clients),
        "people_affected": people_affected,
        "consequences": consequences,
        "measures": measures,
        "high_risk": high_risk,
    }
    _check(facts, at)
    incident = Incident(recorded_at=at, account_id=by.account_id, **facts)
    session.add(incident)
    session.flush()
    note(session, by, at, "incident.recorded", subject_of(incident), after=_facts(incident))
    return incident


def update_incident(
    session: Session, by: Agent, incident: Incident, *, at: dt.datetime, reason: str = "", **changes: Any
) -> None:
    """Write down what is learnt or done: notification of the CNIL, people told, measures (33(4): in phases).

    Raises `Forbidden`, `Conflict` (closed); `InputError` for a late notification without its reason, an instant that
    cannot be, or another `aware_at` without a reason: it moves the deadline.
    """
    require(by, "incident.edit")
    _expect_open(incident)
    unknown = sorted(changes.keys() - CHANGEABLE)
    if unknown:
        raise InputError(N_("%(name)s ne se modifie pas ici"), name=unknown[0])
    if changes.get("aware_at", incident.aware_at) != incident.aware_at:
        reason = require_reason(reason)
    _check({name: getattr(incident, name) for name in CHANGEABLE} | changes, at)
    before = _facts(incident)
    if not set(changes.get("clients", ())) <= set(incident.clients):
        incident.dpos_warned_at = None  # of other services, whose DPOs know nothing yet; the trail keeps the instant
    for name, value in changes.items():
        setattr(incident, name, value)
    session.flush()
    old, new = differences(before, _facts(incident))
    note(session, by, at, "incident.updated", subject_of(incident), before=old, after=new, reason=reason)


def due_at(incident: Incident) -> dt.datetime:
    """By when the CNIL is to be notified (33(1))."""
    return incident.aware_at + TIME_TO_NOTIFY


def dpos_to_warn(incident: Incident, day: dt.date) -> list[Warned]:
    """Whom to warn: the DPO of each partner that holds an affected client on that day, transfers and mergers counted
    (33(2)). A partner without a DPO is there too: somebody has to be found."""
    services: dict[Partner, list[str]] = {}
    for client in incident.clients:
        services.setdefault(client.partner_on(day), []).append(f"{client.latest.name} ({client.client_id})")
    found = []
    for partner, names in services.items():
        name, dpo = partner.identity_on(day).legal_name, dpo_of(partner, day)
        found.append(Warned(partner.slug, name, dpo.email if dpo else None, tuple(sorted(names))))
    return sorted(found, key=lambda each: each.partner)


def warn_dpos(session: Session, by: Agent, incident: Incident, *, settings: Settings, at: dt.datetime) -> list[Warned]:
    """Mail the DPOs of today's holders what is known (33(3)); those without a DPO are returned too, and not told.

    Raises `Forbidden`, `Conflict` (closed, or nobody to warn).
    """
    require(by, "incident.edit")
    _expect_open(incident)
    found = dpos_to_warn(incident, paris_date(at))
    if not any(each.dpo_email for each in found):
        raise Conflict(
            N_("aucun DPO à prévenir : dites quels clients sont touchés, et donnez un DPO à leurs partenaires")
        )
    for each in found:
        if each.dpo_email is not None:
            text = _letter(incident, each)
            send_mail(session, settings, to=each.dpo_email, subject=LETTER_SUBJECT, text=text, at=at)
    incident.dpos_warned_at = at
    after = {
        "warned": [each.partner for each in found if each.dpo_email],
        "without_dpo": [each.partner for each in found if not each.dpo_email],
    }
    note(session, by, at, "incident.dpos_warned", subject_of(incident), after=after)
    return found


def close_incident(session: Session, by: Agent, incident: Incident, *, at: dt.datetime) -> None:
    """Close a breach that everything due was done about. Raises `Forbidden`, `Conflict`, `Incomplete`."""
    require(by, "incident.edit")
    _expect_open(incident)
    refuse_incomplete(missing_to_close(incident))
    incident.closed_at = at
    note(session, by, at, "incident.closed", subject_of(incident), after={"closed_at": at.isoformat()})


def reopen_incident(session: Session, by: Agent, incident: Incident, *, at: dt.datetime, reason: str) -> None:
    """Open a closed breach again: something more was learnt. Raises `Forbidden`, `InputError`, `Conflict`."""
    require(by, "incident.edit")
    reason = require_reason(reason)
    if incident.closed_at is None:
        raise Conflict(N_("cet incident n’est pas clos"))
    before = {"closed_at": incident.closed_at.isoformat()}
    incident.closed_at = None
    note(session, by, at, "incident.reopened", subject_of(incident), before=before, reason=reason)


def missing_to_close(incident: Incident) -> list[Missing]:
    """What a breach still asks for (GDPR 33 and 34)."""
    return [Missing("incident", template) for template in _gaps(incident)]


def _gaps(incident: Incident) -> Iterator[str]:
    if not incident.consequences.strip():
        yield N_("dites les conséquences probables (article 33.3.c)")
    if not incident.measures.strip():
        yield N_("dites les mesures prises ou proposées (article 33.3.d)")
    if incident.clients and incident.dpos_warned_at is None:
        yield N_("prévenez les DPO des partenaires touchés (article 33.2)")
    if incident.authority_notified_at is None and incident.high_risk:
        yield N_("notifiez la CNIL : le risque est élevé (article 33.1)")
    elif incident.authority_notified_at is None and not incident.unnotified_reason.strip():
        yield N_("notifiez la CNIL, ou dites pourquoi les personnes ne courent aucun risque (article 33.1)")
    if incident.high_risk and incident.people_told_at is None and not incident.untold_reason.strip():
        yield N_("informez les personnes touchées, ou dites pourquoi ce n’est pas dû (article 34)")


def subject_of(incident: Incident) -> str:
    """What the audit trail calls an incident."""
    return f"incident:{incident.id}"


LETTER_SUBJECT = "Violation de données personnelles : vos services connectés à GrandLyonConnect (simulateur)"
LETTER = """\
Une violation de données personnelles touche des services de {partner} :
{services}

Nature : {nature}
Connaissance en a été prise le {aware}.
Personnes concernées : {people}
Conséquences probables : {consequences}
Mesures prises ou proposées : {measures}
Risque élevé pour les personnes : {risk}

Pour vos propres traitements, vous en êtes responsable : la CNIL se notifie dans les 72 heures où vous en prenez \
connaissance (RGPD, article 33)."""


def _letter(incident: Incident, warned: Warned) -> str:
    return LETTER.format(
        partner=warned.name,
        services="\n".join(f"- {service}" for service in warned.services),
        nature=incident.nature,
        aware=incident.aware_at.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M"),
        people="nombre inconnu" if incident.people_affected is None else f"environ {incident.people_affected}",
        consequences=incident.consequences or "en cours d’examen",
        measures=incident.measures or "en cours",
        risk="oui" if incident.high_risk else "non",
    )


def _facts(incident: Incident) -> dict[str, Any]:
    return snapshot(incident) | {"clients": sorted(each.client_id for each in incident.clients)}


def _expect_open(incident: Incident) -> None:
    if incident.closed_at is not None:
        raise Conflict(N_("cet incident est clos : rouvrez-le, avec un motif"))


def _check(facts: Mapping[str, Any], at: dt.datetime) -> None:
    """Raise `InputError` for a breach without words, an instant that cannot be, or a late notification unexplained."""
    if not facts["nature"].strip():
        raise InputError(N_("dites ce qui s’est passé (article 33.3.a)"))
    if not 0 <= (facts["people_affected"] or 0) < 2**31:
        raise InputError(N_("le nombre de personnes est un entier, zéro ou plus"))
    aware_at, notified_at, told_at = (
        facts.get(name) for name in ("aware_at", "authority_notified_at", "people_told_at")
    )
    if any(each is not None and each > at for each in (aware_at, notified_at, told_at)):
        raise InputError(N_("cet instant est à venir : on enregistre ce qui a eu lieu"))
    if any(each is not None and each < facts["aware_at"] for each in (notified_at, told_at)):
        raise InputError(
            N_("la CNIL et les personnes n’ont pu être prévenues avant qu’on ait connaissance de la violation")
        )
    late = notified_at is not None and notified_at > facts["aware_at"] + TIME_TO_NOTIFY
    if late and not facts.get("late_reason", "").strip():
        raise InputError(N_("la notification vient après 72 heures : dites pourquoi (article 33.1)"))
