"""What the control API tells, as values. Each keeps all that was told in `told`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Client:
    """The site's registration with the provider."""

    client_id: str
    client_secret: str | None
    issuer: str
    redirect_uris: tuple[str, ...]
    told: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return self.client_id


@dataclass(frozen=True)
class Account:
    """Somebody who can log in."""

    uuid: str
    email: str | None
    told: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return self.uuid

    def __getitem__(self, attribute: str) -> Any:
        """An attribute, by the name the control API gives it (`first_name`, `birthdate`…)."""
        return self.told[attribute]


@dataclass
class Fault:
    """A fault that was switched on. As a context manager it is cleared at the end of the block."""

    id: str
    name: str
    told: dict[str, Any] = field(repr=False)
    _read: Callable[[], dict[str, Any]] = field(repr=False)
    _clear: Callable[[], None] = field(repr=False)

    @property
    def applied(self) -> int:
        """How many times it has acted so far."""
        self.told = self._read()
        return int(self.told["applied"])

    def clear(self) -> None:
        """Switch it off."""
        self._clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()
