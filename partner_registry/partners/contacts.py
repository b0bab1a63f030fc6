"""Whom to ask at a partner: one contact a role, dated, whose address somebody proves to read."""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require
from partner_registry.models import Contact, ContactRole, Partner
from partner_registry.partners.life import subject_of
from partner_registry.trail import note

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
DPO_BOX = re.compile(r"dpo|dpd|rgpd|cnil|donnees|protection|privacy", re.IGNORECASE)
"""What the address of a function looks like, for the DPO: a person's own box dies with their departure."""


def add_contact(
    session: Session,
    by: Agent,
    partner: Partner,
    *,
    role: ContactRole,
    name: str,
    email: str,
    at: dt.datetime,
    phone: str = "",
    cnil_designation: str = "",
    verified: bool = False,
) -> Contact:
    """Give a partner a contact for a role; the one it had for that role ends. Its address is to be verified.

    Raises `Forbidden`; `InputError` for what is no address, or for a DPO's own box (it dies with their departure).
    """
    require(by, "contact.edit", partner)
    email = email.strip()
    check_contact(role, name, email)
    today = paris_date(at)
    for earlier in partner.contacts:
        if earlier.role is role and earlier.ended_on is None:
            earlier.ended_on = today
    made = Contact(
        role=role,
        name=name.strip(),
        email=email,
        phone=phone.strip(),
        cnil_designation=cnil_designation.strip(),
        since_on=today,
        verified_at=at if verified else None,
    )
    partner.contacts.append(made)
    session.flush()
    after = {"role": role.value, "contact": made.id}
    note(session, by, at, "contact.added", subject_of(partner), partner=partner, after=after)
    return made


def end_contact(session: Session, by: Agent, contact: Contact, *, at: dt.datetime) -> None:
    """End a contact. Raises `Forbidden`, `Conflict`."""
    require(by, "contact.edit", contact.partner)
    if contact.ended_on is not None:
        raise Conflict(N_("ce contact a déjà pris fin"))
    contact.ended_on = paris_date(at)
    before = {"role": contact.role.value, "contact": contact.id}
    note(session, by, at, "contact.ended", subject_of(contact.partner), partner=contact.partner, before=before)


def verify_contact(session: Session, by: Agent, contact: Contact, *, at: dt.datetime) -> None:
    """Note that somebody proved to read a contact's address: they followed the link sent there."""
    if contact.verified_at is None:
        contact.verified_at = at
        after = {"role": contact.role.value, "contact": contact.id}
        note(session, by, at, "contact.verified", subject_of(contact.partner), partner=contact.partner, after=after)


def check_contact(role: ContactRole, name: str, email: str) -> None:
    """Raise `InputError` for a nameless contact, what is no address, or a DPO's own box."""
    if not name.strip():
        raise InputError(N_("donnez le nom de la personne ou du service"))
    if not EMAIL.fullmatch(email):
        raise InputError(N_("%(email)s n’est pas une adresse de courriel"), email=email)
    if role is ContactRole.DPO and not DPO_BOX.search(email.partition("@")[0]):
        raise InputError(
            N_("l’adresse du DPO doit être celle de la fonction (dpo@…), pas la boîte d’une personne qui peut partir")
        )
