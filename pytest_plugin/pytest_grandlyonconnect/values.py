"""What the control API tells, as values. Each keeps all that was told in `told`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

__tracebackhide__ = True


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
    """A fault that was switched on. As a context manager it is cleared at the end of the block, where it has acted."""

    id: str
    name: str
    told: dict[str, Any] = field(repr=False)
    _read: Callable[[], dict[str, Any] | None] = field(repr=False)
    _clear: Callable[[], None] = field(repr=False)
    _must_act: bool = field(default=True, repr=False)

    @property
    def applied(self) -> int:
        """How many times it has acted so far."""
        self.told = self._read() or self.told
        return int(self.told["applied"])

    def clear(self) -> None:
        """Switch it off."""
        self._clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        now = self._read() if kind is None and self._must_act else None  # None too when it was cleared meanwhile
        self.clear()
        if now is not None and not now["applied"]:
            scope = ", ".join(f"{name} {now[name]}" for name in ("client_id", "account", "endpoint") if now.get(name))
            raise AssertionError(
                f"the fault {self.name} never acted: nothing was asked on which it could"
                f"{f' ({scope})' if scope else ''}. Where that is meant, say must_act=False."
            )
