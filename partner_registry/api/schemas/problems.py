"""What refusals look like (RFC 9457)."""

from __future__ import annotations

from pydantic import Field

from partner_registry.api.schemas.agreements import MissingThing
from partner_registry.api.schemas.base import Told


class ErrorTold(Told):
    """One thing that is wrong with what was sent."""

    pointer: str = Field(default="", description="Where in the body (RFC 6901)")
    parameter: str = Field(default="", description="Or which parameter of the query")
    code: str = Field(description="What is wrong, for programs")
    detail: str = Field(description="What is wrong, for people")


class ProblemTold(Told):
    """Why a request was refused, and what to do about it."""

    type: str = Field(description="Which type of problem: an address that explains it")
    title: str
    status: int
    detail: str = Field(description="What to do, in the language asked for")
    instance: str = Field(description="The path that was asked for")
    request_id: str = Field(description="Identifier of the request, for whoever looks into it")
    errors: list[ErrorTold] = Field(default=[], description="Everything that does not follow the schema")
    missing: list[MissingThing] = Field(default=[], description="Everything that is missing for this step")


class KindTold(Told):
    """A type of problem."""

    type: str
    title: str
    status: int
    detail: str


class Me(Told):
    """Whom a token stands for."""

    name: str
    roles: list[str] = Field(description="Roles held now")
    partners: list[str] = Field(description="Short names of the partners that an applicant acts for")
    permissions: list[str] = Field(description="What these roles allow, on their own partners for an applicant")
