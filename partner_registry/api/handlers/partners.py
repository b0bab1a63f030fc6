"""Communes, partners and contacts."""

from __future__ import annotations

import sqlalchemy as sa

from glc.services import services
from partner_registry.api.call import Call, Page, Shown, expect, page
from partner_registry.api.operation import Resource
from partner_registry.api.schemas import partners as schemas
from partner_registry.api.schemas.base import Positioned
from partner_registry.models import Commune, Contact, Partner, PartnerIdentity
from partner_registry.partners import contact_links, populations, succession
from partner_registry.partners import contacts as contact_rules
from partner_registry.partners import life as rules
from partner_registry.ports import ports


def _find_partner(call: Call) -> Partner:
    partner = call.one(sa.select(Partner).where(Partner.slug == call.path["partner"]))
    call.expect_visible(partner)
    return partner


def _show_partner(partner: Partner, call: Call) -> Shown:
    successor = partner.successor.slug if partner.successor else None
    return Shown(partner, name=partner.identity_on(call.today).name, successor=successor)


def _find_contact(call: Call) -> Contact:
    partner = _find_partner(call)
    return expect(next((each for each in partner.contacts if each.id == call.path["contact"]), None))


COMMUNE = Resource(
    schema="partners:CommuneTold",
    find=lambda call: call.one(sa.select(Commune).where(Commune.siren == call.path["commune"])),
    show=lambda commune, _call: commune,
    path=lambda commune, _call: f"/communes/{commune.siren}",
)
PARTNER = Resource(
    schema="partners:PartnerTold",
    find=_find_partner,
    show=_show_partner,
    path=lambda partner, _call: f"/partners/{partner.slug}",
)
CONTACT = Resource(
    schema="partners:ContactTold",
    find=_find_contact,
    show=lambda contact, _call: contact,
    path=lambda contact, _call: f"/partners/{contact.partner.slug}/contacts/{contact.id}",
)


def communes(call: Call, asked: schemas.Communes) -> Page:
    query = sa.select(Commune)
    if asked.insee_code is not None:
        query = query.where(Commune.insee_code == asked.insee_code)
    return page(call, asked, query, Commune.siren, lambda each: each)


def record_population(call: Call, commune: Commune, sent: schemas.NewPopulation) -> None:
    populations.record_population(call.session, call.agent, commune, call.path["year"], at=call.at, **sent.model_dump())


def partners(call: Call, asked: schemas.Partners) -> Page:
    query = sa.select(Partner)
    if not call.agent.of_metropole:
        query = query.where(Partner.id.in_(call.agent.partners))
    if asked.kind is not None:
        query = query.where(Partner.kind == asked.kind)
    if asked.siren is not None:
        query = query.where(Partner.identities.any(PartnerIdentity.siren == asked.siren))
    return page(call, asked, query, Partner.slug, lambda each: _show_partner(each, call))


def register(call: Call, sent: schemas.NewPartner) -> Partner:
    return rules.register_partner(call.session, call.agent, at=call.at, **sent.model_dump())


def edit(call: Call, partner: Partner, sent: schemas.PartnerChanges) -> None:
    rules.edit_partner(call.session, call.agent, partner, at=call.at, **sent.model_dump(exclude_unset=True))


def set_domains(call: Call, partner: Partner, sent: schemas.Domains) -> None:
    rules.set_domains(call.session, call.agent, partner, sent.domains, at=call.at)


def rename(call: Call, partner: Partner, sent: schemas.NewIdentity) -> None:
    rules.rename_partner(call.session, call.agent, partner, at=call.at, **sent.model_dump())


def succeed(call: Call, partner: Partner, sent: schemas.Succession) -> None:
    successor = call.own(sent.successor)
    succession.succeed(call.session, call.agent, partner, successor, on=sent.on, at=call.at, reason=sent.reason)


def contacts(call: Call, partner: Partner, asked: Positioned) -> Page:
    query = sa.select(Contact).where(Contact.partner_id == partner.id)
    return page(call, asked, query, Contact.id, lambda each: each)


def add_contact(call: Call, partner: Partner, sent: schemas.NewContact) -> Contact:
    made = contact_rules.add_contact(call.session, call.agent, partner, at=call.at, **sent.model_dump())
    send_link(call, made)
    return made


def send_link(call: Call, contact: Contact) -> None:
    """Mail the link that verifies its address."""
    contact_links.send_link(
        call.session,
        call.agent,
        contact,
        at=call.at,
        settings=services().settings,
        box=ports().contact_links,
    )


def end_contact(call: Call, contact: Contact) -> None:
    contact_rules.end_contact(call.session, call.agent, contact, at=call.at)
