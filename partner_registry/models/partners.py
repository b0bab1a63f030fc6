"""Tables of the territory and of those who connect sites."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, relationship

from glc.database import Base, column, enum_type, key_column

if TYPE_CHECKING:
    from partner_registry.models.agreements import Agreement
    from partner_registry.models.clients import Client
    from partner_registry.models.processings import Processing


class PartnerKind(enum.Enum):
    """A commune, or the Métropole itself, which has clients but no agreement with itself (reading A16)."""

    COMMUNE = "COMMUNE"
    METROPOLE = "METROPOLE"


class ContactRole(enum.Enum):
    """What a contact of a partner is asked about."""

    CONTROLLER = "CONTROLLER"
    DPO = "DPO"
    TECHNICAL = "TECHNICAL"
    BUSINESS = "BUSINESS"
    BILLING = "BILLING"
    SECURITY = "SECURITY"


class Commune(Base):
    """A commune of the Métropole de Lyon as a legal person: a merger makes a new one with a new SIREN."""

    __tablename__ = "commune"

    siren: Mapped[str] = column("SIREN, nine digits", sa.String(9), primary_key=True)
    insee_code: Mapped[str] = column("INSEE code in force; may be taken over by a successor", sa.String(5), index=True)
    name: Mapped[str] = column("Official name", sa.String(100))
    postal_codes: Mapped[list[str]] = column("Postal codes")
    website: Mapped[str | None] = column("Website, where known", sa.String(255))
    exists_from_on: Mapped[dt.date | None] = column("First day of legal existence, when it is known to be recent")
    exists_until_on: Mapped[dt.date | None] = column("Last day of legal existence")
    populations: Mapped[list[LegalPopulation]] = relationship(order_by="LegalPopulation.in_force_on")


class LegalPopulation(Base):
    """The two legal populations of a commune, in force from a 1 January (census of three years before)."""

    __tablename__ = "legal_population"

    siren: Mapped[str] = column("Commune", sa.ForeignKey(Commune.siren), primary_key=True)
    in_force_on: Mapped[dt.date] = column("First day in force", primary_key=True)
    census_year: Mapped[int] = column("Year of the census")
    municipal: Mapped[int] = column("Population municipale, inhabitants")
    total: Mapped[int] = column("Population totale, inhabitants")
    source: Mapped[str] = column("Where the figures come from", sa.String(200), default="")


class Partner(Base):
    """A body that may connect sites to the provider. Keyed by an id of its own: names and SIREN change.

    A merger is another partner that succeeds this one: what this one signed is the successor's from that day on.
    """

    __tablename__ = "partner"

    id: Mapped[int] = key_column()
    slug: Mapped[str] = column("Short name in commands and URLs", sa.String(60), unique=True)
    kind: Mapped[PartnerKind] = column("Commune or Métropole", enum_type(PartnerKind))
    portal_url: Mapped[str | None] = column("Where its users are sent first (R15)", sa.String(255))
    support_url: Mapped[str | None] = column("Where its users find help", sa.String(255))
    domains: Mapped[list[str]] = column(
        "Domains of its services besides its portal's, suppliers' included", default=list
    )
    registered_at: Mapped[dt.datetime] = column("When it was registered")
    successor_id: Mapped[int | None] = column("Partner that takes over after a merger", sa.ForeignKey("partner.id"))
    succeeded_on: Mapped[dt.date | None] = column("First day of the successor")
    successor: Mapped[Partner | None] = relationship(remote_side="Partner.id", back_populates="predecessors")
    predecessors: Mapped[list[Partner]] = relationship(back_populates="successor", order_by="Partner.slug")
    identities: Mapped[list[PartnerIdentity]] = relationship(
        back_populates="partner", order_by="PartnerIdentity.valid_from_on"
    )
    contacts: Mapped[list[Contact]] = relationship(back_populates="partner", order_by="Contact.id")
    agreements: Mapped[list[Agreement]] = relationship(back_populates="partner", order_by="Agreement.starts_on")
    processings: Mapped[list[Processing]] = relationship(back_populates="partner", order_by="Processing.id")
    clients: Mapped[list[Client]] = relationship(back_populates="partner", order_by="Client.id")

    def identity_on(self, day: dt.date) -> PartnerIdentity:
        """Its names and numbers on a day; before the first ones are known, the first."""
        begun = [each for each in self.identities if each.valid_from_on <= day]
        return (begun or self.identities)[-1 if begun else 0]

    def holder_on(self, day: dt.date) -> Partner:
        """Who holds its rights and duties on a day: itself, or whoever succeeded it by then."""
        holder = self
        while holder.successor is not None and holder.succeeded_on is not None and holder.succeeded_on <= day:
            holder = holder.successor
        return holder


class PartnerIdentity(Base):
    """What a partner is called and numbered, from a day on: the row with the latest first day counts."""

    __tablename__ = "partner_identity"
    __table_args__ = (sa.UniqueConstraint("partner_id", "valid_from_on"),)

    id: Mapped[int] = key_column()
    partner_id: Mapped[int] = column("Partner", sa.ForeignKey(Partner.id), index=True)
    valid_from_on: Mapped[dt.date] = column("First day")
    name: Mapped[str] = column("Name shown to citizens", sa.String(100))
    legal_name: Mapped[str] = column("Legal name, as controller of its processings (R35)", sa.String(200))
    siren: Mapped[str] = column("SIREN, nine digits", sa.String(9), index=True)
    siret: Mapped[str | None] = column("SIRET of its head office, where confirmed", sa.String(14))
    insee_code: Mapped[str | None] = column("INSEE code of a commune", sa.String(5))
    partner: Mapped[Partner] = relationship(back_populates="identities")


class Contact(Base):
    """Whom to ask at a partner. A change of person ends one contact and begins another."""

    __tablename__ = "contact"

    id: Mapped[int] = key_column()
    partner_id: Mapped[int] = column("Partner", sa.ForeignKey(Partner.id), index=True)
    role: Mapped[ContactRole] = column("What this contact is asked about", enum_type(ContactRole))
    name: Mapped[str] = column("Person or service", sa.String(200), personal=True)
    email: Mapped[str] = column("Address", sa.String(255), personal=True)
    phone: Mapped[str] = column("Telephone", sa.String(30), default="", personal=True)
    cnil_designation: Mapped[str] = column("DPO: reference of the designation at the CNIL", sa.String(60), default="")
    since_on: Mapped[dt.date] = column("First day")
    ended_on: Mapped[dt.date | None] = column("First day on which it no longer is")
    verified_at: Mapped[dt.datetime | None] = column("When somebody proved to read this address")
    partner: Mapped[Partner] = relationship(back_populates="contacts")
