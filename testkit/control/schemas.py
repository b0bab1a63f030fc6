"""What the control interface is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from testkit.scripts import DOES

Does = Literal["accepts", "refuses", "cancels", "abandons", "registers", "fails_then_accepts"]
assert set(DOES) == set(Does.__args__)  # type: ignore[attr-defined]


class Asked(BaseModel):
    """A body: unknown members are refused by name."""

    model_config = ConfigDict(extra="forbid")


class Change(BaseModel):
    """A body that changes something: one that names nothing would pass for a change that was made."""

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            known = ", ".join(type(self).model_fields)
            raise PydanticCustomError("nothing_said", "nothing is said; there are: {known}", {"known": known})
        return self


class SpaceAsked(Asked):
    """A space to make."""

    dialect: Literal["grandlyonconnect", "grandlyonconnect-2018", "standard"] = "grandlyonconnect"
    seeded: bool = Field(True, description="With the registry's record and the ready-made people.")
    issuer_slash: bool = Field(True, description="Whether the issuer ends with a slash, as the real one.")
    browser_url: str | None = Field(None, description="Base URL by which browsers reach this process.")
    backchannel_url: str | None = Field(None, description="Base URL by which servers do.")
    now: AwareDatetime | None = Field(None, description="Its time; the machine's when left out.")
    frozen: bool = Field(False, description="Whether its clock stands still.")
    expires_in: float = Field(3_600, gt=0, le=30 * 86_400, description="Seconds until it is forgotten.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of its own: lifetimes and the like.")
    fresh_keys: bool = Field(False, description="Keys of its own from the start (takes a while).")
    login: str | None = Field(None, description="Who logs in by themselves at each login.")


class ClockAsked(Asked, Change):
    """Where the clock is put."""

    now: AwareDatetime | None = None
    frozen: bool | None = None


class AdvanceAsked(Asked, Change):
    """How far the clock is moved."""

    seconds: float = 0
    minutes: float = 0
    hours: float = 0
    days: float = 0

    @property
    def duration(self) -> dt.timedelta:
        """All of it together."""
        return dt.timedelta(seconds=self.seconds, minutes=self.minutes, hours=self.hours, days=self.days)


class SnapshotAsked(Asked):
    """A snapshot's name."""

    name: str = Field(min_length=1, max_length=100)


class AccountAsked(BaseModel):
    """An account: a persona, attributes of its own, or both. Attributes are the columns of `Account`."""

    model_config = ConfigDict(extra="allow")

    persona: str | None = None
    email: str | None = None
    password: str | None = None


class AccountChanged(Change):
    """Attributes to change; `locked` counts wrong passwords."""

    model_config = ConfigDict(extra="allow")

    password: str | None = None
    locked: bool = False


class ClientAsked(BaseModel):
    """A client to register. Any further field of the registration may be given."""

    model_config = ConfigDict(extra="allow")

    partner: str = "lyon"
    name: str = "Site de test"
    redirect_uris: list[str] = Field(min_length=1)
    environment: Literal["SANDBOX", "PRODUCTION"] = "SANDBOX"
    service: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict, description="OpenID Connect client metadata.")


class ClientChanged(Change):
    """Fields of the registration to change."""

    model_config = ConfigDict(extra="allow")

    metadata: dict[str, Any] | None = None


class AgreementChanged(Asked, Change):
    """An agreement's dates, put where a test needs them: no rule is asked."""

    starts_on: dt.date | None = None
    signed_on: dt.date | None = None
    transmitted_on: dt.date | None = None
    notified_on: dt.date | None = None
    hard_end_on: dt.date | None = None
    renewal_refused_on: dt.date | None = None
    terminated_on: dt.date | None = None
    renews_yearly: bool | None = None
    suspended: bool | None = Field(None, description="Suspend it from now on, or lift every suspension.")


class ConsentAsked(Asked):
    """A consent, as remembered when the box is ticked."""

    account: str
    client_id: str
    scopes: list[str] | None = None


class LoginAsked(Asked):
    """What the next visitor does."""

    account: str
    does: Does = "accepts"
    failures: int = Field(2, ge=0, le=50)
    remember: bool = False
    client_id: str | None = None
    times: int | None = Field(1, ge=1)


class AutoLoginAsked(Asked, Change):
    """Who logs in by themselves from now on; null: nobody."""

    account: str | None = None
    by_login_hint: bool | None = Field(None, description="Whether whoever login_hint names logs in.")


class TokenAsked(Asked):
    """A token to mint."""

    kind: Literal["id_token", "access_token", "refresh_token", "code", "logout_token"]
    account: str
    client_id: str
    claims: dict[str, Any] = Field(default_factory=dict, description="Claims to replace; null takes one away.")
    header: dict[str, Any] = Field(default_factory=dict)
    nonce: str | None = None
    redirect_uri: str | None = None
    scope: str | None = None
    code_challenge: str | None = None


class LogoutAsked(Asked):
    """A logout to tell a client of."""

    account: str
    client_id: str
    kind: Literal["backchannel", "frontchannel"] = "backchannel"


class RotationAsked(Asked):
    """A key to replace: it signs at once unless told to wait as in production."""

    alg: str = "RS256"
    at_once: bool = True


class FaultAsked(Asked):
    """A fault to switch on."""

    name: str
    client_id: str | None = None
    account: str | None = None
    endpoint: str | None = None
    times: int | None = Field(None, ge=1)
    options: dict[str, Any] = Field(default_factory=dict)


class WaitAsked(Asked):
    """A condition on the journal to wait for."""

    endpoint: str | None = None
    client_id: str | None = None
    status: int | None = None
    count: int = Field(1, ge=1)
    after: int = 0
    timeout_in: float = Field(5, ge=0, le=120)


class AssertionsAsked(Asked):
    """What the journal shall show."""

    assertions: list[str | dict[str, Any]] = Field(min_length=1)
    client_id: str | None = None
    after: int = 0


class CasePlayed(BaseModel):
    """One case of a run."""

    model_config = ConfigDict(extra="allow")

    id: str
    verdict: Literal["passed", "failed", "skipped"]


class ResultAsked(BaseModel):
    """The result of an acceptance run (docs/recette.md)."""

    model_config = ConfigDict(extra="allow")

    client_id: str
    verdict: Literal["passed", "failed"]
    cases: list[CasePlayed]
