"""Tables of the provider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from glc.database import Base, column, key_column


def _personal(comment: str, length: int = 255) -> Mapped[str]:
    return column(comment, sa.String(length), default="", personal=True)


class Account(Base):
    """A citizen's account: the nineteen attributes of GrandLyonConnect, and how the holder proves who they are.

    Erasure empties the personal columns and keeps the row, so that what refers to it stays readable.
    """

    __tablename__ = "account"

    id: Mapped[int] = key_column()
    uuid: Mapped[str] = column(
        "Identifier handed to clients of policy `uuid`: 32 hexadecimal digits", sa.String(32), unique=True
    )
    email: Mapped[str] = _personal("Adresse email, as typed; also the user name")
    email_key: Mapped[str | None] = column(
        "The address in lower case, for look-up", sa.String(255), unique=True, personal=True
    )
    email_verified: Mapped[bool] = column("Whether the holder proved to read this address", default=False)
    test_identity: Mapped[bool] = column("Made for trials: what sandbox clients accept", default=True)
    password_hash: Mapped[str] = column("Argon2id; empty: no password login", sa.String(255), default="")
    created_at: Mapped[dt.datetime] = column("When the account was made")
    erased_at: Mapped[dt.datetime | None] = column("When it was erased")
    last_name: Mapped[str] = _personal("Nom de naissance")
    first_name: Mapped[str] = _personal("Prénoms de naissance")
    gender: Mapped[str] = _personal("Civilité, as OpenID Connect writes it: male, female or empty", 20)
    birthdate: Mapped[str] = _personal("Date de naissance, YYYY-MM-DD; an unknown month or day is 00", 10)
    birth_country: Mapped[str] = _personal("Pays de naissance, INSEE code or name")
    birth_place: Mapped[str] = _personal("Lieu de naissance, INSEE code or name")
    birth_department: Mapped[str] = _personal("Département de naissance")
    usage_last_name: Mapped[str] = _personal("Nom d’usage")
    usage_first_name: Mapped[str] = _personal("Prénoms d’usage")
    city: Mapped[str] = _personal("Commune")
    street: Mapped[str] = _personal("Voie")
    street_number: Mapped[str] = _personal("Numéro sur la voie", 20)
    address_complement: Mapped[str] = _personal("Complément d’adresse")
    postal_code: Mapped[str] = _personal("Code postal", 20)
    home_phone: Mapped[str] = _personal("Téléphone personnel fixe", 30)
    mobile_phone: Mapped[str] = _personal("Téléphone personnel portable", 30)
    work_phone: Mapped[str] = _personal("Téléphone professionnel fixe", 30)
    work_mobile_phone: Mapped[str] = _personal("Téléphone professionnel portable", 30)
    verified_attributes: Mapped[list[str]] = column("Attributes that an authority vouched for", default=list)
    withdrawals: Mapped[int] = column("Counts withdrawn consents: codes issued before the latest are dead", default=0)
    roles: Mapped[list[str]] = column("Roles, for services that admit only some", default=list)
    other_claims: Mapped[dict[str, Any] | None] = column(
        "Claims beyond the nineteen attributes, by name, for services unlike those of GrandLyonConnect",
        sa.JSON(none_as_null=True),
        personal=True,
    )
    changed_at: Mapped[dt.datetime | None] = column("When its holder last changed it")

    @property
    def display_name(self) -> str:
        """How the holder is greeted."""
        return f"{self.first_name} {self.last_name}".strip() or self.email


class BrowserSession(Base):
    """A browser in which somebody is logged in. The cookie's value is known to that browser alone."""

    __tablename__ = "browser_session"

    id: Mapped[int] = key_column()
    uid: Mapped[str] = column(
        "Name of the session, from which each client's `sid` is derived", sa.String(32), unique=True
    )
    digest: Mapped[str] = column("SHA-256 of the cookie's value", sa.String(64), unique=True)
    account_id: Mapped[int] = column("Who is logged in", sa.ForeignKey(Account.id), index=True, personal=True)
    authenticated_at: Mapped[dt.datetime] = column("Latest authentication (`auth_time`)")
    expires_at: Mapped[dt.datetime] = column("When it ends by itself")
    ended_at: Mapped[dt.datetime | None] = column("When it was ended")


class BackchannelLogout(Base):
    """A client that is to be told, server to server, that a session ended (Back-Channel Logout 1.0): queued in the very
    transaction that ends it."""

    __tablename__ = "backchannel_logout"
    __table_args__ = (sa.UniqueConstraint("session_id", "client_id"),)

    id: Mapped[int] = key_column()
    session_id: Mapped[int] = column("Session that ended", sa.ForeignKey(BrowserSession.id))
    client_id: Mapped[int] = column("Client to tell", sa.ForeignKey("client.id"), index=True)
    subject: Mapped[str] = _personal("Subject of the account for that client; emptied once told or given up")
    queued_at: Mapped[dt.datetime] = column("When the session ended")
    next_attempt_at: Mapped[dt.datetime | None] = column(
        "When it is sent next, or may be taken from a process that never said what became of it; empty: never",
        index=True,
    )
    attempts: Mapped[int] = column("How often it was sent", default=0)
    last_status: Mapped[int | None] = column("HTTP status of the latest answer, if there was one")
    last_error: Mapped[str] = column("What went wrong at the latest attempt", sa.String(300), default="")
    delivered_at: Mapped[dt.datetime | None] = column("When the client took it")
    given_up_at: Mapped[dt.datetime | None] = column("When it was given up")


class PendingAuthorization(Base):
    """An authorization request that waits for its user: login, missing profile, consent. Deleted when answered."""

    __tablename__ = "pending_authorization"

    id: Mapped[str] = column("Random name, in the address of each page on the way", sa.String(43), primary_key=True)
    browser: Mapped[str] = column("Digest of the mark of the browser that sent it", sa.String(64))
    parameters: Mapped[list[list[str]]] = column("The request, as received", sa.JSON(), personal=True)
    created_at: Mapped[dt.datetime] = column("When it was received")
    expires_at: Mapped[dt.datetime] = column("When it is forgotten", index=True)
    account_id: Mapped[int | None] = column(
        "Who logged in for it, or was shown its consent page", sa.ForeignKey(Account.id), personal=True
    )
    authenticated_at: Mapped[dt.datetime | None] = column("When that account logged in for this very request")


class AuthorizationGrant(Base):
    """What one authorization gave: made when its code is redeemed (or at once in the implicit flow).

    The primary key is the code's own identifier: the second redemption of a code collides with the first. At most
    one access token of a grant is alive at a time.
    """

    __tablename__ = "authorization_grant"

    id: Mapped[str] = column("Identifier sealed in the code", sa.String(32), primary_key=True)
    client_id: Mapped[int] = column("Client", sa.ForeignKey("client.id"), index=True)
    account_id: Mapped[int] = column("Account", sa.ForeignKey(Account.id), index=True, personal=True)
    session_id: Mapped[int] = column("Browser session it began in", sa.ForeignKey(BrowserSession.id), index=True)
    scopes: Mapped[str] = column("Scopes granted, sorted, separated by spaces", sa.String(1000))
    access_scopes: Mapped[str | None] = column(
        "Scopes of the living access token, when a refresh asked for fewer", sa.String(1000)
    )
    granted_at: Mapped[dt.datetime] = column("When")
    authenticated_at: Mapped[dt.datetime | None] = column("Authentication it rests on: `auth_time` of all ID Tokens")
    acr: Mapped[str | None] = column("Level of that authentication", sa.String(255))
    requested_claims: Mapped[list[str] | None] = column("Claims asked of userinfo by name", sa.JSON(none_as_null=True))
    outlives_session: Mapped[bool] = column("Whether its access token came from a refresh token", default=False)
    access_digest: Mapped[str | None] = column("SHA-256 of the living access token", sa.String(64), unique=True)
    access_expires_at: Mapped[dt.datetime | None] = column("When that token expires")
    revoked_at: Mapped[dt.datetime | None] = column("When everything it gave was revoked")


class RefreshToken(Base):
    """A refresh token of a grant. A used one answers for a few more minutes, for whoever lost the answer."""

    __tablename__ = "refresh_token"

    digest: Mapped[str] = column("SHA-256 of the token", sa.String(64), primary_key=True)
    grant_id: Mapped[str] = column("Grant", sa.ForeignKey(AuthorizationGrant.id), index=True)
    issued_at: Mapped[dt.datetime] = column("When it was issued")
    expires_at: Mapped[dt.datetime] = column("When it stops answering")
    revoked_at: Mapped[dt.datetime | None] = column("When it was revoked")
    used_at: Mapped[dt.datetime | None] = column("When it was first used: another took its place")


class PushedRequest(Base):
    """An authorization request that a client left here before sending its user (RFC 9126). Deleted when taken up."""

    __tablename__ = "pushed_request"

    digest: Mapped[str] = column("SHA-256 of the reference in its request_uri", sa.String(64), primary_key=True)
    client_id: Mapped[int] = column("Client", sa.ForeignKey("client.id"), index=True)
    parameters: Mapped[list[list[str]]] = column("The request, as pushed", sa.JSON(), personal=True)
    expires_at: Mapped[dt.datetime] = column("When it is forgotten", index=True)


class UsedAssertion(Base):
    """A client's signed assertion that served once, kept until it would have expired (RFC 7523, section 3)."""

    __tablename__ = "used_assertion"

    digest: Mapped[str] = column("SHA-256 of client and `jti`", sa.String(64), primary_key=True)
    expires_at: Mapped[dt.datetime] = column("When it may be forgotten", index=True)


class MailedLink(Base):
    """A link sent by e-mail: registration, password reset, change of address, deletion."""

    __tablename__ = "mailed_link"

    digest: Mapped[str] = column("SHA-256 of the link's token", sa.String(64), primary_key=True)
    use: Mapped[str] = column("What the link is for", sa.String(20))
    account_id: Mapped[int | None] = column(
        "Account, unless it does not exist yet", sa.ForeignKey(Account.id), personal=True
    )
    email: Mapped[str] = _personal("Address the link was sent to")
    test_identity: Mapped[bool] = column("Whether the account it makes is for trials", default=True)
    next_url: Mapped[str] = column("Where the holder goes on afterwards, within this site", sa.Text(), default="")
    expires_at: Mapped[dt.datetime] = column("When it stops working")
    used_at: Mapped[dt.datetime | None] = column("When it was used")


class LoginFailures(Base):
    """Failed logins in a row from one place for one name. Counts slow that place down and nobody else."""

    __tablename__ = "login_failures"

    place: Mapped[str] = column(
        "Digest of account name and address, or of the address, or of a known device", sa.String(64), primary_key=True
    )
    count: Mapped[int] = column("How many in a row")
    latest_at: Mapped[dt.datetime] = column("When the latest was")


IDENTITY_ATTRIBUTES = (
    "last_name first_name gender birthdate birth_place birth_country birth_department usage_last_name usage_first_name"
).split()
CONTACT_ATTRIBUTES = (
    "city street street_number address_complement postal_code home_phone mobile_phone work_phone work_mobile_phone"
).split()
PROFILE_ATTRIBUTES = (*IDENTITY_ATTRIBUTES, *CONTACT_ATTRIBUTES)
"""With the e-mail address, the nineteen attributes of GrandLyonConnect."""
MANDATORY_ATTRIBUTES = ("last_name", "first_name")
"""Without them (and an e-mail address) an account is incomplete."""


def missing_attributes(account: object, wanted: Iterable[str] = ()) -> list[str]:
    """The attributes that an account, or a row of its columns, lacks of the mandatory ones and those wanted."""
    names = dict.fromkeys((*MANDATORY_ATTRIBUTES, *wanted))
    return [name for name in names if name in PROFILE_ATTRIBUTES and not getattr(account, name)]
