"""Tables of the Relying Parties' registrations."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, relationship

from glc.database import Base, column, enum_type, key_column
from partner_registry.models.agreements import Agreement
from partner_registry.models.partners import Partner
from partner_registry.models.processings import Processing

if TYPE_CHECKING:
    from partner_registry.models.acceptances import AcceptanceRun


class Environment(enum.Enum):
    """Trial with test identities, or production: two clients, with other identifiers and secrets."""

    SANDBOX = "SANDBOX"
    PRODUCTION = "PRODUCTION"


class GnmService(enum.Enum):
    """The four things that the guichet numérique métropolitain gives access to (R12)."""

    GRANDLYONCONNECT = "GRANDLYONCONNECT"
    TOODEGO = "TOODEGO"
    GRU = "GRU"
    SUPPORT = "SUPPORT"


class Flow(enum.Enum):
    """How a client obtains tokens: a property of the client, not of the request."""

    CODE = "code"
    IMPLICIT = "implicit"
    HYBRID = "hybrid"
    """Any response type, the hybrid ones included (OpenID Connect Core 1.0, section 3.3)."""


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


class VersionState(enum.Enum):
    """Life of a version of a client's configuration, derived from its instants."""

    DRAFT = "DRAFT"
    PENDING = "PENDING"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


client_processing = sa.Table(
    "client_processing",
    Base.metadata,
    sa.Column("client_id", sa.ForeignKey("client.id"), primary_key=True, comment="Client"),
    sa.Column("processing_id", sa.ForeignKey("processing.id"), primary_key=True, comment="Processing it serves"),
)


class Client(Base):
    """A Relying Party's registration. Its `client_id` and its users' `sub` outlive every agreement (R34)."""

    __tablename__ = "client"

    id: Mapped[int] = key_column()
    client_id: Mapped[str] = column("Public identifier (RFC 6749, section 2.2)", sa.String(100), unique=True)
    partner_id: Mapped[int] = column("Partner that registered it", sa.ForeignKey(Partner.id), index=True)
    environment: Mapped[Environment] = column("Trial or production", enum_type(Environment))
    service: Mapped[GnmService] = column(
        "Which service of the guichet it gives access to (R12)",
        enum_type(GnmService),
        default=GnmService.GRANDLYONCONNECT,
    )
    registered_at: Mapped[dt.datetime] = column("When it was registered")
    disabled_at: Mapped[dt.datetime | None] = column("Since when it is switched off")
    archived_at: Mapped[dt.datetime | None] = column("Since when it is archived: never used again, never deleted")
    registration_digest: Mapped[str | None] = column(
        "SHA-256 of the token with which it manages its own registration (RFC 7592)", sa.String(64), unique=True
    )
    security_approval: Mapped[str] = column("RGS homologation: authority and address", sa.String(300), default="")
    security_approved_until_on: Mapped[dt.date | None] = column("Last day of that homologation")
    partner: Mapped[Partner] = relationship(back_populates="clients")
    versions: Mapped[list[ClientVersion]] = relationship(back_populates="client", order_by="ClientVersion.number")
    secrets: Mapped[list[ClientSecret]] = relationship(order_by="ClientSecret.valid_from")
    bindings: Mapped[list[ClientBinding]] = relationship(
        back_populates="client", order_by="ClientBinding.valid_from_on"
    )
    transfers: Mapped[list[ClientTransfer]] = relationship(order_by="ClientTransfer.effective_on")
    processings: Mapped[list[Processing]] = relationship(secondary=client_processing, order_by=Processing.id)

    @property
    def published(self) -> ClientVersion | None:
        """The version in use."""
        return next((each for each in self.versions if each.state is VersionState.PUBLISHED), None)

    @property
    def latest(self) -> ClientVersion:
        """The version in use, else the newest one."""
        return self.published or self.versions[-1]

    def binding_on(self, day: dt.date) -> ClientBinding | None:
        """What it is bound to on a day: bindings do not overlap."""
        return next((each for each in self.bindings if each.covers(day)), None)

    def partner_on(self, day: dt.date) -> Partner:
        """Whose client it is on a day: transfers and mergers counted."""
        return self.handed_to(day).holder_on(day)

    def handed_to(self, day: dt.date) -> Partner:
        """Whose it was made or handed over to by a day, whoever succeeded them since."""
        return next((each.to_partner for each in reversed(self.transfers) if each.effective_on <= day), self.partner)


class ClientVersion(Base):
    """One state of a client's configuration; a change makes a new version. At most one is published."""

    __tablename__ = "client_version"
    __table_args__ = (
        sa.UniqueConstraint("client_id", "number"),
        sa.Index(
            "ix_client_version_one_published",
            "client_id",
            unique=True,
            sqlite_where=sa.text("published_at IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("published_at IS NOT NULL AND ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = key_column()
    client_id: Mapped[int] = column("Client", sa.ForeignKey(Client.id), index=True)
    number: Mapped[int] = column("1, 2, 3 …")
    drafted_at: Mapped[dt.datetime] = column("When it was drafted")
    author_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)
    submitted_at: Mapped[dt.datetime | None] = column("When its author asked for publication")
    published_at: Mapped[dt.datetime | None] = column("Since when it is in use")
    publisher_id: Mapped[int | None] = column("Who published it", sa.ForeignKey("account.id"), personal=True)
    ended_at: Mapped[dt.datetime | None] = column("When it was replaced or set aside")
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
    protocol: Mapped[dict[str, Any]] = column(
        "Further options of the protocol, by registered name (RFC 7591, section 2)", sa.JSON(), default=dict
    )
    waived_at: Mapped[dt.datetime | None] = column("When it was published without an acceptance run")
    waived_by_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)
    waiver_reason: Mapped[str] = column("Why", sa.Text(), default="")
    client: Mapped[Client] = relationship(back_populates="versions")
    acceptances: Mapped[list[AcceptanceRun]] = relationship(back_populates="version", order_by="AcceptanceRun.id")

    @property
    def state(self) -> VersionState:
        """Where it is in its life."""
        if self.ended_at is not None:
            return VersionState.ARCHIVED
        if self.published_at is not None:
            return VersionState.PUBLISHED
        return VersionState.PENDING if self.submitted_at is not None else VersionState.DRAFT


class ClientSecret(Base):
    """A client's secret, sealed: HS256 ID Tokens are keyed with it, so a digest would not do."""

    __tablename__ = "client_secret"

    id: Mapped[int] = key_column()
    client_id: Mapped[int] = column("Client", sa.ForeignKey(Client.id), index=True)
    sealed: Mapped[str] = column("The secret, sealed under the master key", sa.Text(), sealed="client-secret")
    valid_from: Mapped[dt.datetime] = column("Since when it is accepted")
    valid_until: Mapped[dt.datetime | None] = column("Until when it is accepted")


class InitialAccessToken(Base):
    """What lets whoever holds it register sandbox clients of a partner (RFC 7591, section 3)."""

    __tablename__ = "initial_access_token"

    id: Mapped[int] = key_column()
    partner_id: Mapped[int] = column("Whose clients it makes", sa.ForeignKey(Partner.id), index=True)
    name: Mapped[str] = column("What it is for", sa.String(100))
    digest: Mapped[str] = column("SHA-256 of the token", sa.String(64), unique=True)
    created_at: Mapped[dt.datetime] = column("When it was made")
    expires_at: Mapped[dt.datetime] = column("When it expires")
    revoked_at: Mapped[dt.datetime | None] = column("When it was revoked")
    partner: Mapped[Partner] = relationship()


class ClientBinding(Base):
    """Under which agreement a client works, and when. Dated, so that a new framework changes no client (R34)."""

    __tablename__ = "client_binding"

    id: Mapped[int] = key_column()
    client_id: Mapped[int] = column("Client", sa.ForeignKey(Client.id), index=True)
    agreement_id: Mapped[int] = column("Agreement", sa.ForeignKey(Agreement.id), index=True)
    valid_from_on: Mapped[dt.date] = column("First day")
    valid_to_on: Mapped[dt.date | None] = column("Last day")
    client: Mapped[Client] = relationship(back_populates="bindings")
    agreement: Mapped[Agreement] = relationship()

    def covers(self, day: dt.date) -> bool:
        """Whether it holds on a day."""
        return self.valid_from_on <= day and (self.valid_to_on is None or day <= self.valid_to_on)


class ClientTransfer(Base):
    """A client that goes from one partner to another on a day; its identifier and its users' `sub` stay."""

    __tablename__ = "client_transfer"

    id: Mapped[int] = key_column()
    client_id: Mapped[int] = column("Client", sa.ForeignKey(Client.id), index=True)
    to_partner_id: Mapped[int] = column("Partner that receives it", sa.ForeignKey(Partner.id))
    effective_on: Mapped[dt.date] = column("First day with that partner")
    reason: Mapped[str] = column("Why", sa.Text())
    to_partner: Mapped[Partner] = relationship()
