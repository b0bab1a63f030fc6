"""Tables of the partner registry."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, relationship

from glc.database import Base, column, enum_type, key_column


class PartnerKind(enum.Enum):
    """A commune, or the Métropole itself, which has clients but no agreement with itself (reading A16)."""

    COMMUNE = "COMMUNE"
    METROPOLE = "METROPOLE"


class AgreementKind(enum.Enum):
    """The experiment of 2017 (R3, R4) or a framework agreement (R1)."""

    EXPERIMENT = "EXPERIMENT"
    FRAMEWORK = "FRAMEWORK"


class Offer(enum.Enum):
    """Level of service: with or without the agents' request-handling tools (R13)."""

    GLOBAL = "GLOBAL"
    RESTRICTED = "RESTRICTED"


class Flow(enum.Enum):
    """How a client obtains tokens: a property of the client, not of the request."""

    CODE = "code"
    IMPLICIT = "implicit"


class SubjectPolicy(enum.Enum):
    """What a client is given as `sub`."""

    UUID = "uuid"
    PAIRWISE = "pairwise"
    PAIRWISE_REVERSIBLE = "pairwise-reversible"
    EMAIL = "email"


class ConsentMode(enum.Enum):
    """Whom a remembered consent covers: this service, every service of the partner, or nobody is asked."""

    SERVICE = "service"
    PARTNER = "partner"
    NONE = "none"


class Commune(Base):
    """A commune of the Métropole de Lyon as a legal person: a merger makes a new one with a new SIREN."""

    __tablename__ = "commune"

    siren: Mapped[str] = column("SIREN, nine digits", sa.String(9), primary_key=True)
    insee_code: Mapped[str] = column("INSEE code in force; may be taken over by a successor", sa.String(5), index=True)
    name: Mapped[str] = column("Official name", sa.String(100))
    postal_codes: Mapped[list[str]] = column("Postal codes")
    website: Mapped[str | None] = column("Website, where known", sa.String(255))
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


class Partner(Base):
    """A body that may connect sites to the provider. Keyed by an id of its own: names and SIREN change."""

    __tablename__ = "partner"

    id: Mapped[int] = key_column()
    slug: Mapped[str] = column("Short name in commands and URLs", sa.String(60), unique=True)
    kind: Mapped[PartnerKind] = column("Commune or Métropole", enum_type(PartnerKind))
    name: Mapped[str] = column("Name shown to citizens", sa.String(100))
    legal_name: Mapped[str] = column("Legal name, as controller of its processings (R35)", sa.String(200))
    siren: Mapped[str] = column("SIREN today", sa.String(9), unique=True)
    portal_url: Mapped[str | None] = column("Where its users are sent first (R15)", sa.String(255))
    support_url: Mapped[str | None] = column("Where its users find help", sa.String(255))
    dpo_contact: Mapped[str | None] = column("Published contact of its data protection officer", sa.String(255))
    agreements: Mapped[list[Agreement]] = relationship(back_populates="partner", order_by="Agreement.starts_on")
    processings: Mapped[list[Processing]] = relationship(back_populates="partner", order_by="Processing.id")
    clients: Mapped[list[Client]] = relationship(back_populates="partner", order_by="Client.id")


class Agreement(Base):
    """A convention between a partner and the Métropole: recorded facts only, its status is derived from them."""

    __tablename__ = "agreement"

    id: Mapped[int] = key_column()
    partner_id: Mapped[int] = column("Partner", sa.ForeignKey(Partner.id), index=True)
    number: Mapped[str] = column("Number of the agreement", sa.String(60), unique=True)
    kind: Mapped[AgreementKind] = column("Experiment or framework", enum_type(AgreementKind))
    framework: Mapped[str] = column("Which framework it belongs to", sa.String(60))
    offer: Mapped[Offer] = column("Level of service (R13)", enum_type(Offer))
    founding_partner: Mapped[bool] = column("One of the five initial communes (R8, R29)", default=False)
    already_equipped: Mapped[bool] = column("Already has request-handling tools, article 4.1 (R15)", default=False)
    assumed: Mapped[str] = column("What in this record is assumed rather than documented", sa.Text(), default="")
    council_decision_number: Mapped[str | None] = column("Number of the council's decision (R1)", sa.String(60))
    council_decided_on: Mapped[dt.date | None] = column("Date of the sitting; not the report's date (R2)")
    signed_on: Mapped[dt.date | None] = column("Signature")
    notified_on: Mapped[dt.date | None] = column("Notification to the partner: a condition of taking effect (R31)")
    starts_on: Mapped[dt.date] = column("Intended first day (R31)")
    hard_end_on: Mapped[dt.date] = column("Last day at the latest (R4, R33)")
    renews_yearly: Mapped[bool] = column("One year, tacitly renewed each 1 January (R32)", default=True)
    renewal_refused_on: Mapped[dt.date | None] = column("Notice of non-renewal received")
    terminated_on: Mapped[dt.date | None] = column("Last day, when ended early")
    partner: Mapped[Partner] = relationship(back_populates="agreements")
    suspensions: Mapped[list[Suspension]] = relationship(order_by="Suspension.starts_at")


class Suspension(Base):
    """An interval in which an agreement in force gives no access."""

    __tablename__ = "suspension"

    id: Mapped[int] = key_column()
    agreement_id: Mapped[int] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    starts_at: Mapped[dt.datetime] = column("From")
    ends_at: Mapped[dt.datetime | None] = column("Until; open when empty")
    reason: Mapped[str] = column("Why, for operators", sa.Text())


client_processing = sa.Table(
    "client_processing",
    Base.metadata,
    sa.Column("client_id", sa.ForeignKey("client.id"), primary_key=True, comment="Client"),
    sa.Column("processing_id", sa.ForeignKey("processing.id"), primary_key=True, comment="Processing it serves"),
)


class Processing(Base):
    """A processing of personal data of which the partner determines purposes and means (R35; GDPR 4(7), 30)."""

    __tablename__ = "processing"

    id: Mapped[int] = key_column()
    partner_id: Mapped[int] = column("Controller", sa.ForeignKey(Partner.id), index=True)
    name: Mapped[str] = column("Name of the processing", sa.String(200))
    legal_basis: Mapped[str] = column("Legal basis, GDPR article 6(1)", sa.String(40), default="PUBLIC_TASK")
    privacy_notice_url: Mapped[str | None] = column("Information given under GDPR 13 and 14", sa.String(255))
    validated_on: Mapped[dt.date | None] = column("First day on which it may receive data")
    withdrawn_on: Mapped[dt.date | None] = column("First day on which it no longer may")
    partner: Mapped[Partner] = relationship(back_populates="processings")
    purposes: Mapped[list[Purpose]] = relationship(order_by="Purpose.id")


class Purpose(Base):
    """A purpose of a processing, with the claims it needs. No declared purpose, no claim."""

    __tablename__ = "purpose"

    id: Mapped[int] = key_column()
    processing_id: Mapped[int] = column("Processing", sa.ForeignKey(Processing.id), index=True)
    text: Mapped[str] = column("The purpose, as told to citizens", sa.Text())
    claims: Mapped[list[str]] = column("Names of the claims it needs")


class Client(Base):
    """A Relying Party's registration. Its `client_id` and its users' `sub` outlive every agreement (R34)."""

    __tablename__ = "client"

    id: Mapped[int] = key_column()
    client_id: Mapped[str] = column("Public identifier (RFC 6749, section 2.2)", sa.String(100), unique=True)
    partner_id: Mapped[int] = column("Partner", sa.ForeignKey(Partner.id), index=True)
    registered_at: Mapped[dt.datetime] = column("When it was registered")
    partner: Mapped[Partner] = relationship(back_populates="clients")
    versions: Mapped[list[ClientVersion]] = relationship(back_populates="client", order_by="ClientVersion.number")
    secrets: Mapped[list[ClientSecret]] = relationship(order_by="ClientSecret.valid_from")
    bindings: Mapped[list[ClientBinding]] = relationship(order_by="ClientBinding.valid_from_on")
    processings: Mapped[list[Processing]] = relationship(secondary=client_processing)

    @property
    def published(self) -> ClientVersion:
        """The version in use: the latest one."""
        return self.versions[-1]


class ClientVersion(Base):
    """One state of a client's configuration; a change makes a new version."""

    __tablename__ = "client_version"
    __table_args__ = (sa.UniqueConstraint("client_id", "number"),)

    id: Mapped[int] = key_column()
    client_id: Mapped[int] = column("Client", sa.ForeignKey(Client.id), index=True)
    number: Mapped[int] = column("1, 2, 3 …")
    published_at: Mapped[dt.datetime] = column("Since when it is in use")
    name: Mapped[str] = column("Name of the service, shown to citizens", sa.String(100))
    flow: Mapped[Flow] = column("How it obtains tokens", enum_type(Flow), default=Flow.CODE)
    redirect_uris: Mapped[list[str]] = column("Registered redirect URIs")
    post_logout_redirect_uris: Mapped[list[str]] = column("Registered post-logout redirect URIs", default=list)
    sector_identifier_uri: Mapped[str | None] = column("Its host groups pairwise subjects", sa.String(1024))
    scopes: Mapped[list[str]] = column("Scopes it may ask for")
    claims: Mapped[list[dict[str, Any]]] = column("Claim table: name, source, scopes", sa.JSON())
    id_token_alg: Mapped[str] = column("Signature of its ID Tokens", sa.String(10), default="HS256")
    subject_policy: Mapped[SubjectPolicy] = column(
        "Kind of subject", enum_type(SubjectPolicy), default=SubjectPolicy.PAIRWISE
    )
    consent_mode: Mapped[ConsentMode] = column("Who is asked", enum_type(ConsentMode), default=ConsentMode.SERVICE)
    consent_always_remembered: Mapped[bool] = column("Remember without asking to", default=False)
    consent_remembered_in: Mapped[int | None] = column("Days a consent is remembered, else the provider's")
    id_token_lifetime_in: Mapped[int | None] = column("Seconds, else the provider's")
    access_token_lifetime_in: Mapped[int | None] = column("Seconds, else the dialect's")
    refresh_tokens: Mapped[bool] = column("Whether it is given refresh tokens", default=False)
    pkce_required: Mapped[bool] = column("Whether S256 PKCE is demanded", default=False)
    frontchannel_logout_uri: Mapped[str | None] = column("Loaded in an iframe at logout", sa.String(1024))
    frontchannel_timeout_in: Mapped[int | None] = column("Milliseconds given to that iframe")
    required_attributes: Mapped[list[str]] = column("Account attributes asked for before coming back", default=list)
    authorised_roles: Mapped[list[str]] = column("Roles of which a user must have one; empty: everybody", default=list)
    unauthorized_url: Mapped[str | None] = column("Where users without a role are sent", sa.String(1024))
    home_url: Mapped[str | None] = column("The service's home page", sa.String(1024))
    logo_url: Mapped[str | None] = column("The service's logo", sa.String(1024))
    colour: Mapped[str | None] = column("The service's colour, #rrggbb", sa.String(7))
    client: Mapped[Client] = relationship(back_populates="versions")


class ClientSecret(Base):
    """A client's secret, sealed: HS256 ID Tokens are keyed with it, so a digest would not do."""

    __tablename__ = "client_secret"

    id: Mapped[int] = key_column()
    client_id: Mapped[int] = column("Client", sa.ForeignKey(Client.id), index=True)
    sealed: Mapped[str] = column("The secret, sealed under the master key", sa.Text())
    valid_from: Mapped[dt.datetime] = column("Since when it is accepted")
    valid_until: Mapped[dt.datetime | None] = column("Until when it is accepted")


class ClientBinding(Base):
    """Under which agreement a client works, and when. Dated, so that a new framework changes no client (R34)."""

    __tablename__ = "client_binding"

    id: Mapped[int] = key_column()
    client_id: Mapped[int] = column("Client", sa.ForeignKey(Client.id), index=True)
    agreement_id: Mapped[int] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    valid_from_on: Mapped[dt.date] = column("First day")
    valid_to_on: Mapped[dt.date | None] = column("Last day")
    agreement: Mapped[Agreement] = relationship()


class RegistryVersion(Base):
    """One row that changes with every change of the registry: what other processes' caches are checked against."""

    __tablename__ = "registry_version"

    id: Mapped[int] = key_column()
    number: Mapped[int] = column("Counts the changes")


_REGISTRY = (Partner, Agreement, Suspension, Processing, Purpose, Client, ClientVersion, ClientSecret, ClientBinding)


def _count_the_change(session: Session, _context: object, _instances: object) -> None:
    if any(isinstance(each, _REGISTRY) for group in (session.new, session.dirty, session.deleted) for each in group):
        table = RegistryVersion.__table__
        counted = session.execute(sa.update(RegistryVersion).values(number=RegistryVersion.number + 1))
        if not counted.rowcount:  # type: ignore[attr-defined]
            session.execute(sa.insert(table).values(id=1, number=1))  # type: ignore[arg-type]


sa.event.listen(Session, "before_flush", _count_the_change)
