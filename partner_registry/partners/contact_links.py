"""The link by which somebody proves to read a contact's address: sealed, for one contact, for a limited time."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.audit import AuditEntry
from glc.clock import PARIS, UTC
from glc.errors import Conflict, GlcError
from glc.i18n import N_
from glc.mail import send_mail
from glc.settings import Settings
from partner_registry.agents import Agent, require
from partner_registry.completeness import CONTACT_WORDS
from partner_registry.models import Contact
from partner_registry.partners.life import subject_of
from partner_registry.ports import Box
from partner_registry.trail import note

SENT_AT_MOST = 20
"""Links sent for one partner within `mail_window_in`: an agent's slip must not become a nuisance to strangers."""

SUBJECT = "Confirmez votre adresse — GrandLyonConnect (simulateur)"
TEXT = """\
Bonjour,

Vous êtes indiqué au registre des partenaires de GrandLyonConnect (simulateur) comme {role} de {partner}.

Confirmez que vous lisez cette adresse en ouvrant ce lien avant le {until} :

{link}

Si ce n’est pas vous, ne faites rien."""


def send_link(session: Session, by: Agent, contact: Contact, *, at: dt.datetime, settings: Settings, box: Box) -> None:
    """Mail a contact the link that verifies its address. Raises `Forbidden`; `Conflict` when there is nothing to
    verify, or too many links were sent."""
    partner = contact.partner
    require(by, "contact.edit", partner)
    if contact.ended_on is not None or contact.verified_at is not None:
        raise Conflict(N_("ce contact a pris fin, ou son adresse est déjà vérifiée"))
    since = at - dt.timedelta(seconds=settings.mail_window_in)
    sent = sa.select(sa.func.count(AuditEntry.id)).where(
        AuditEntry.action == "contact.link_sent", AuditEntry.subject == subject_of(partner), AuditEntry.at > since
    )
    if (session.scalar(sent) or 0) >= SENT_AT_MOST:
        raise Conflict(N_("trop de liens ont été envoyés pour ce partenaire : attendez une heure"))
    until = at + dt.timedelta(seconds=settings.mail_link_lifetime_in)
    token = box.seal(f"{contact.id} {int(until.timestamp())}".encode())
    text = TEXT.format(
        role=CONTACT_WORDS[contact.role],
        partner=partner.identities[-1].legal_name,
        until=until.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M"),
        link=f"{settings.base_url}registry/contacts/verify/{token}/",
    )
    after = {"role": contact.role.value, "contact": contact.id}
    note(session, by, at, "contact.link_sent", subject_of(partner), partner=partner, after=after)
    send_mail(session, settings, to=contact.email, subject=SUBJECT, text=text, at=at)


def contact_behind(session: Session, token: str, *, at: dt.datetime, box: Box) -> Contact | None:
    """The contact that a link verifies, if it still does."""
    try:
        number, until = box.open(token).decode().split()
    except (GlcError, ValueError):
        return None
    contact = session.get(Contact, int(number))
    expired = dt.datetime.fromtimestamp(int(until), UTC) <= at
    return contact if contact is not None and contact.ended_on is None and not expired else None
