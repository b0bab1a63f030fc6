"""What one operation of the control interface is: a row of the table from which routes and description are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import BaseModel

    from testkit.space import Space
    from testkit.spaces import Spaces

Key = Literal["space", "spaces", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: whom it is about, and what was sent."""

    spaces: Spaces
    found: Space | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    raw: bytes
    media_type: str
    base_url: str
    """Where the control interface is, without final slash."""

    @property
    def space(self) -> Space:
        """The space that the call is about."""
        assert self.found is not None
        return self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A row of the table."""

    method: str
    path: str
    """Below `/_testkit`, with `{name}` for parts."""
    summary: str
    handler: Callable[[Call], Any]
    body: type[BaseModel] | None = None
    status: int = 200
    key: Key = "space"
    """Whose key it takes: the space's, the one for making spaces, nobody's."""
    query: tuple[str, ...] = ()
    takes: tuple[str, ...] = ("application/json",)
    tells: str = "application/json"


OPERATIONS: list[Operation] = []
SPACE = "/spaces/{space}"


def operation(method: str, path: str, summary: str, **options: Any) -> Callable[[Callable[[Call], Any]], Any]:
    """Put a handler in the table; `path` is below the space's unless it says whose key it takes."""

    def kept(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
        whole = path if "key" in options else f"{SPACE}{path}"
        OPERATIONS.append(Operation(method=method, path=whole, summary=summary, handler=handler, **options))
        return handler

    return kept
