"""Breaches of personal data (GDPR 33 and 34): the deadline, whom to warn, and what it takes to close one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import register_site
from flask import Flask
from onboarding import SETTINGS
from sqlalchemy.orm import Session

from glc.audit import verify
from glc.clock import ManualClock, paris_date
from glc.errors import Conflict, Forbidden, InputError
from glc.mail import OutboxMail
from partner_registry.agreements.instruction import Incomplete
from partner_registry.clients.life import find_client
from partner_registry.clients.transfers import transfer
from partner_registry.data_protection.incidents import (
    close_incident,
    dpos_to_warn,
    due_at,
    missing_to_close,
    record_incident,
    reopen_incident,
    update_incident,
    warn_dpos,
)
from partner_registry.models import Client, ContactRole, Incident
from partner_registry.partners.contacts import add_contact, end_contact
from partner_registry.partners.life import find_partner
from partner_registry.partners.succession import succeed
from partner_registry.trail import entries


@pytest.fixture
def services(app: Flask, clock: ManualClock, session: Session) -> list[Client]:
    """Two services of Lyon and one of Bron."""
    session.commit()
    sites = [register_site(app, clock, partner=slug) for slug in ("lyon", "bron", "lyon")]
    return [find_client(session, site.client_id) for site in sites]


@pytest.fixture
def record(session: Session, people: Any, clock: ManualClock, services: list[Client]) -> Callable[..., Incident]:
    """Record a breach noticed this very second, that affects the three services."""

    def make(**facts: Any) -> Incident:
        values = {"aware_at": clock.now(), "nature": "Fichier envoyé par erreur", "clients": services}
        return record_incident(session, people.dpo, at=clock.now(), **values | facts)

    return make


def test_a_breach_is_recorded_with_its_deadline_72_hours_later(
    record: Callable[..., Incident], session: Session, clock: ManualClock
) -> None:
    """GDPR 33(1): hours, not days: they run through the change to summer time."""
    aware = dt.datetime(2026, 3, 27, 12, tzinfo=dt.UTC)
    clock.set(dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC))
    incident = record(aware_at=aware, people_affected=120)
    assert due_at(incident) == dt.datetime(2026, 3, 30, 12, tzinfo=dt.UTC)
    (entry,) = entries(session, subject=f"incident:{incident.id}")
    assert (entry.action, entry.after["people_affected"]) == ("incident.recorded", 120)
    assert entry.after["clients"] == sorted(each.client_id for each in incident.clients)


def test_a_breach_that_affects_no_service_is_logged_too(record: Callable[..., Incident]) -> None:
    """GDPR 33(5): any personal data breach."""
    assert record(clients=[]).clients == []


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"nature": " "}, "ce qui s’est passé"),
        ({"aware_at": dt.datetime(2026, 3, 2, 11, 0, 1, tzinfo=dt.UTC)}, "à venir"),
        ({"people_affected": -1}, "un entier, zéro ou plus"),
        ({"people_affected": 2**31}, "un entier, zéro ou plus"),
    ],
)
def test_what_cannot_be_is_refused(record: Callable[..., Incident], facts: Any, says: str) -> None:
    """GDPR 33(3)(a)."""
    with pytest.raises(InputError, match=says):
        record(**facts)


@pytest.mark.parametrize("hours", [0, 72])
def test_within_72_hours_the_cnil_is_notified_without_a_reason(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock, hours: int
) -> None:
    """GDPR 33(1): the 72nd hour is in time."""
    incident = record()
    clock.advance(hours=hours)
    update_incident(session, people.dpo, incident, at=clock.now(), authority_notified_at=clock.now())
    assert incident.authority_notified_at == clock.now()


def test_a_later_notification_needs_a_reason(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock
) -> None:
    """GDPR 33(1), second sentence: one second too late is late."""
    incident = record()
    clock.advance(hours=72, seconds=1)
    with pytest.raises(InputError, match="après 72 heures : dites pourquoi"):
        update_incident(session, people.dpo, incident, at=clock.now(), authority_notified_at=clock.now())
    assert incident.authority_notified_at is None
    update_incident(
        session,
        people.dpo,
        incident,
        at=clock.now(),
        authority_notified_at=clock.now(),
        late_reason="ampleur connue tardivement",
    )
    (entry, _) = entries(session, subject=f"incident:{incident.id}")
    assert entry.before == {"authority_notified_at": None, "late_reason": ""}
    assert entry.after["late_reason"] == "ampleur connue tardivement"


def test_moving_the_start_of_the_72_hours_needs_a_reason(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock
) -> None:
    """The deadline is not moved in silence; and nothing was notified before anybody knew."""
    incident = record()
    clock.advance(hours=80)
    later = clock.now() - dt.timedelta(hours=1)
    with pytest.raises(InputError, match="motif"):
        update_incident(session, people.dpo, incident, at=clock.now(), aware_at=later)
    update_incident(session, people.dpo, incident, at=clock.now(), aware_at=later, reason="erreur de saisie")
    assert entries(session, action="incident.updated")[0].reason == "erreur de saisie"
    for name in ("authority_notified_at", "people_told_at"):
        with pytest.raises(InputError, match="avant qu’on ait connaissance"):
            update_incident(session, people.dpo, incident, at=clock.now(), **{name: later - dt.timedelta(hours=1)})
        with pytest.raises(InputError, match="à venir"):
            update_incident(
                session, people.dpo, incident, at=clock.now(), **{name: clock.now() + dt.timedelta(hours=1)}
            )


def test_what_only_the_registry_writes_is_not_changed_by_hand(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock
) -> None:
    """That DPOs were warned is a fact of the mails sent."""
    with pytest.raises(InputError, match="dpos_warned_at ne se modifie pas ici"):
        update_incident(session, people.dpo, record(), at=clock.now(), dpos_warned_at=clock.now())


# ── Whom to warn ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_click_lists_the_dpo_of_each_partner_with_an_affected_service(
    record: Callable[..., Incident], services: list[Client], clock: ManualClock
) -> None:
    """GDPR 33(2); reference, 4.4: each partner once, with its services."""
    found = dpos_to_warn(record(), paris_date(clock.now()))
    assert [(each.partner, each.dpo_email, len(each.services)) for each in found] == [
        ("bron", "dpo@bron.example", 1),
        ("lyon", "dpo@lyon.example", 2),
    ]


def test_it_is_whoever_holds_the_service_on_that_day(
    record: Callable[..., Incident], services: list[Client], session: Session, people: Any, clock: ManualClock
) -> None:
    """Transfers and mergers counted; and the DPO of that day (mistake 17: they leave)."""
    incident, today = record(clients=services[1:]), paris_date(clock.now())
    tomorrow, in_two_days = today + dt.timedelta(days=1), today + dt.timedelta(days=2)
    bron, lyon, dardilly = (find_partner(session, slug) for slug in ("bron", "lyon", "dardilly"))
    options: dict[str, Any] = {"at": clock.now(), "reason": "réorganisation"}
    transfer(session, people.admin, services[2], dardilly, on=tomorrow, **options)
    succeed(session, people.admin, bron, lyon, on=in_two_days, **options)
    slugs = [[each.partner for each in dpos_to_warn(incident, day)] for day in (today, tomorrow, in_two_days)]
    assert slugs == [["bron", "lyon"], ["bron", "dardilly"], ["dardilly", "lyon"]]

    clock.advance(days=3)
    email = "dpo.2026@lyon.example"
    add_contact(session, people.admin, lyon, role=ContactRole.DPO, name="DPO", email=email, at=clock.now())
    (_, of_lyon) = dpos_to_warn(incident, paris_date(clock.now()))
    assert of_lyon.dpo_email == email
    (_, of_lyon) = dpos_to_warn(incident, in_two_days)
    assert of_lyon.dpo_email == "dpo@lyon.example"


def test_dpos_are_mailed_what_is_known_each_about_their_own_services(
    record: Callable[..., Incident], services: list[Client], session: Session, people: Any, clock: ManualClock
) -> None:
    """GDPR 33(2) and 33(3): nature, numbers, consequences, measures; nobody reads whose other services are affected."""
    incident = record(people_affected=56000, consequences="Hameçonnage", measures="Mots de passe changés")
    warn_dpos(session, people.dpo, incident, settings=SETTINGS, at=clock.now())
    mails = {mail.recipient: mail.text for mail in session.scalars(sa.select(OutboxMail))}
    assert mails.keys() == {"dpo@lyon.example", "dpo@bron.example"}
    for word in ("Fichier envoyé par erreur", "02/03/2026 à 12:00", "56000", "Hameçonnage", "Mots de passe changés"):
        assert all(word in text for text in mails.values())
    assert services[1].client_id in mails["dpo@bron.example"]
    assert services[0].client_id not in mails["dpo@bron.example"]
    assert entries(session, action="incident.dpos_warned")[0].after == {"warned": ["bron", "lyon"], "without_dpo": []}


def test_a_partner_without_a_dpo_is_named_and_the_others_are_warned(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock
) -> None:
    """GDPR 37: somebody has to be found there; that keeps nobody else waiting."""
    for slug in ("bron", "lyon"):
        incident = record()
        (dpo,) = [each for each in find_partner(session, slug).contacts if each.role is ContactRole.DPO]
        end_contact(session, people.admin, dpo, at=clock.now())
        clock.advance(days=1)
        if slug == "bron":
            found = warn_dpos(session, people.dpo, incident, settings=SETTINGS, at=clock.now())
            assert [each.dpo_email is None for each in found] == [True, False]
    with pytest.raises(Conflict, match="donnez un DPO à leurs partenaires"):
        warn_dpos(session, people.dpo, incident, settings=SETTINGS, at=clock.now())


# ── The end ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_breach_is_closed_once_everything_due_was_done(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock
) -> None:
    """GDPR 33(1), (2), (3) and 34: what is missing is listed, one thing after the other goes."""
    incident = record(high_risk=True)

    def lacking() -> int:
        return len(missing_to_close(incident))

    with pytest.raises(Incomplete, match="conséquences probables"):
        close_incident(session, people.dpo, incident, at=clock.now())
    assert lacking() == 5
    at = clock.now()
    steps: list[dict[str, Any]] = [
        {"consequences": "Hameçonnage"},
        {"measures": "Mots de passe changés"},
        {"authority_notified_at": at},
        {"people_told_at": at},
    ]
    for left, step in zip((4, 3, 2, 1), steps, strict=True):
        update_incident(session, people.dpo, incident, at=at, **step)
        assert lacking() == left
    warn_dpos(session, people.dpo, incident, settings=SETTINGS, at=at)
    close_incident(session, people.dpo, incident, at=at)
    assert incident.closed_at == at


def test_a_service_found_later_has_its_dpo_to_be_warned_too(
    record: Callable[..., Incident], services: list[Client], session: Session, people: Any, clock: ManualClock
) -> None:
    """GDPR 33(2), 33(4): what is learnt in phases is told in phases; one service less is nobody to warn."""
    incident = record(clients=services[:1])
    warn_dpos(session, people.dpo, incident, settings=SETTINGS, at=clock.now())
    update_incident(session, people.dpo, incident, at=clock.now(), clients=services)
    assert incident.dpos_warned_at is None
    assert any("prévenez les DPO" in each.told() for each in missing_to_close(incident))
    warn_dpos(session, people.dpo, incident, settings=SETTINGS, at=clock.now())
    update_incident(session, people.dpo, incident, at=clock.now(), clients=services[:1])
    assert incident.dpos_warned_at == clock.now()


@pytest.mark.parametrize(
    ("facts", "closes"),
    [
        ({"unnotified_reason": "fichier chiffré, clé intacte"}, True),
        ({"unnotified_reason": " "}, False),
        ({"unnotified_reason": "aucun risque", "high_risk": True, "untold_reason": "chiffré"}, False),
        ({"high_risk": True}, False),
    ],
)
def test_the_cnil_need_not_be_notified_where_there_is_no_risk_and_a_reason_says_so(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock, facts: Any, closes: bool
) -> None:
    """GDPR 33(1): « unless unlikely to result in a risk »; a high risk is never that."""
    incident = record(clients=[], consequences="Aucune", measures="Clé changée")
    update_incident(session, people.dpo, incident, at=clock.now(), **facts)
    assert (missing_to_close(incident) == []) is closes


def test_people_need_not_be_told_where_article_34_3_says_so(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock
) -> None:
    """GDPR 34(3)(a) to (c)."""
    incident = record(clients=[], consequences="Aucune", measures="Clé changée", high_risk=True)
    update_incident(session, people.dpo, incident, at=clock.now(), authority_notified_at=clock.now())
    assert [each.template[:9] for each in missing_to_close(incident)] == ["informez "]
    update_incident(session, people.dpo, incident, at=clock.now(), untold_reason="données chiffrées (34.3.a)")
    assert missing_to_close(incident) == []


def test_a_closed_breach_does_not_change_until_it_is_reopened_with_a_reason(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock
) -> None:
    """GDPR 33(5): the log is kept as it was; what is learnt later reopens it."""
    incident = record(clients=[], consequences="Aucune", measures="Clé changée")
    update_incident(session, people.dpo, incident, at=clock.now(), unnotified_reason="aucun risque")
    close_incident(session, people.dpo, incident, at=clock.now())
    for act in (
        lambda: update_incident(session, people.dpo, incident, at=clock.now(), measures="Rien"),
        lambda: warn_dpos(session, people.dpo, incident, settings=SETTINGS, at=clock.now()),
        lambda: close_incident(session, people.dpo, incident, at=clock.now()),
    ):
        with pytest.raises(Conflict, match="rouvrez-le"):
            act()
    with pytest.raises(InputError, match="motif"):
        reopen_incident(session, people.dpo, incident, at=clock.now(), reason="")
    reopen_incident(session, people.dpo, incident, at=clock.now(), reason="un autre fichier")
    update_incident(session, people.dpo, incident, at=clock.now(), people_affected=3)
    with pytest.raises(Conflict, match="n’est pas clos"):
        reopen_incident(session, people.dpo, incident, at=clock.now(), reason="encore")


def test_every_change_is_in_the_trail_and_only_the_dpo_and_administrators_make_one(
    record: Callable[..., Incident], session: Session, people: Any, clock: ManualClock
) -> None:
    """Reference, 6.3, last sentence; roles."""
    incident = record()
    for agent in (people.reviewer, people.auditor, people.applicant):
        with pytest.raises(Forbidden):
            update_incident(session, agent, incident, at=clock.now(), measures="x")
        with pytest.raises(Forbidden):
            warn_dpos(session, agent, incident, settings=SETTINGS, at=clock.now())
    update_incident(session, people.admin, incident, at=clock.now(), measures="x", consequences="y")
    warn_dpos(session, people.admin, incident, settings=SETTINGS, at=clock.now())
    update_incident(session, people.admin, incident, at=clock.now(), authority_notified_at=clock.now())
    close_incident(session, people.admin, incident, at=clock.now())
    reopen_incident(session, people.admin, incident, at=clock.now(), reason="suite")
    told = [each.action.removeprefix("incident.") for each in entries(session, subject=f"incident:{incident.id}")]
    assert told == ["reopened", "closed", "updated", "dpos_warned", "updated", "recorded"]
    assert verify(session).problems == ()
