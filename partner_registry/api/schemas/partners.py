"""Communes, partners and contacts."""

from __future__ import annotations

from pydantic import Field

from partner_registry.api.schemas.base import (
    Day,
    Motivated,
    Number,
    Positioned,
    Sent,
    Words,
    Year,
    absent,
    many,
    of,
    told,
)
from partner_registry.models import (
    Commune,
    Contact,
    ContactRole,
    LegalPopulation,
    Partner,
    PartnerIdentity,
    PartnerKind,
)

Population = told("Population", LegalPopulation, "in_force_on census_year municipal total source")
CommuneTold = told(
    "Commune",
    Commune,
    "siren insee_code name website exists_from_on exists_until_on",
    postal_codes=list[str],
    populations=(many(Population), "Its legal populations, of each 1 January (reading A3)"),
)


class NewPopulation(Sent):
    """Both legal populations of a commune on a 1 January."""

    municipal: Number = of(LegalPopulation.municipal)
    total: Number = of(LegalPopulation.total)
    census_year: Year
    source: str = of(LegalPopulation.source, min_length=1)


Identity = told("Identity", PartnerIdentity, "valid_from_on name legal_name siren siret insee_code")
PartnerTold = told(
    "Partner",
    Partner,
    "slug kind portal_url support_url registered_at succeeded_on",
    name=(str, "Its name today"),
    domains=list[str],
    identities=(many(Identity), "What it is called and numbered, from which day on"),
    successor=(str | None, "Short name of the partner that takes over"),
)
ContactTold = told("Contact", Contact, "id role name email phone cnil_designation since_on ended_on verified_at")


class Communes(Positioned):
    """Which communes to list."""

    insee_code: str | None = absent(Commune.insee_code)


class Partners(Positioned):
    """Which partners to list."""

    kind: PartnerKind | None = absent(Partner.kind)
    siren: str | None = Field(default=None, max_length=9, description="SIREN it has, or had")


class NewPartner(Sent):
    """A commune to register."""

    code: str = Field(max_length=20, description="INSEE code or SIREN of the commune")
    slug: str | None = absent(Partner.slug)
    legal_name: str | None = absent(PartnerIdentity.legal_name)
    siret: str | None = absent(PartnerIdentity.siret)
    portal_url: str | None = absent(Partner.portal_url)
    support_url: str | None = absent(Partner.support_url)


class PartnerChanges(Sent):
    """What to change of a partner; null empties it."""

    portal_url: str | None = absent(Partner.portal_url)
    support_url: str | None = absent(Partner.support_url)


class Domains(Sent):
    """Every domain of a partner, besides its portal's."""

    domains: Words = of(Partner.domains)


class NewIdentity(Motivated):
    """Another name, from a day on."""

    from_on: Day
    name: str = of(PartnerIdentity.name)
    legal_name: str = of(PartnerIdentity.legal_name)
    siret: str | None = absent(PartnerIdentity.siret)


class Succession(Motivated):
    """Who takes over, from which day on."""

    successor: str = of(Partner.slug)
    on: Day


class NewContact(Sent):
    """Whom to ask about something; whoever was asked before no longer is."""

    role: ContactRole = of(Contact.role)
    name: str = of(Contact.name)
    email: str = of(Contact.email)
    phone: str = of(Contact.phone, "")
    cnil_designation: str = of(Contact.cnil_designation, "")
