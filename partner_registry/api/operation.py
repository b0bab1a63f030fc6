"""What one operation of the interface is: a row of the table from which routes and description are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from glc.web import SHORT_BODY

if TYPE_CHECKING:
    from pydantic import BaseModel

    from partner_registry.api.call import Call

JSON, CSV, PDF = "application/json", "text/csv", "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row. Handlers, resources and schemas are named `module:name`, in the folders of those names."""

    method: str
    path: str
    summary: str
    handler: str = ""
    """What does it; empty: the resource it is `on` is shown."""
    on: str = ""
    """The resource that the path names."""
    creates: str = ""
    """The resource it makes: answered 201 with its address, and once for one Idempotency-Key."""
    may: tuple[str, ...] = ()
    """Permissions of `agents.PERMISSIONS`, one of which it takes at least; the rules look closer."""
    metropole: bool = False
    """Whether only the Métropole's agents may ask."""
    query: str = ""
    body: str = ""
    answer: str = ""
    """Schema of what is told; empty: the resource's own."""
    listed: bool = False
    """Whether a page of those is told."""
    tells: tuple[str, ...] = (JSON,)
    takes: tuple[str, ...] = (JSON,)
    longest: int = SHORT_BODY
    """Longest body in bytes."""
    public: bool = False

    @property
    def changes(self) -> bool:
        """Whether it changes something."""
        return self.method not in {"GET", "HEAD"}

    @property
    def matches(self) -> bool:
        """Whether it changes what is there already: If-Match must say from which state."""
        return self.changes and bool(self.on) and not self.creates

    @property
    def name(self) -> str:
        """Its operationId: `post_agreements_agreement_approve`."""
        return "_".join([self.method.lower(), *self.path.translate(_PLAIN).split()])


_PLAIN = str.maketrans({"/": " ", "{": "", "}": "", ".": "_", "-": "_"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something with an address: how it is found (`NotFound` when it is not there, or not theirs to see), what is told
    of it, and where it is. Its entity tag is made of what is told, which is the same for everybody who may see it."""

    schema: str
    find: Callable[[Call], Any]
    show: Callable[[Any, Call], object]
    path: Callable[[Any, Call], str]


@cache
def handler(name: str) -> Any:
    """The function or resource of that name."""
    return _named("handlers", name)


@cache
def schema(name: str) -> type[BaseModel]:
    """The schema of that name."""
    found: type[BaseModel] = _named("schemas", name)
    return found


def _named(folder: str, name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(f"partner_registry.api.{folder}.{module}"), attribute)


def answered(operation: Operation) -> str:
    """The name of the schema of what an operation tells; empty when it tells no JSON of its own."""
    if operation.answer or not (operation.creates or operation.on):
        return operation.answer
    resource: Resource = handler(operation.creates or operation.on)
    return resource.schema
