"""What the inspector asks of spaces: to be found, and to show their journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from testkit.journal.exchange import Exchange


class Journal(Protocol):
    """What was exchanged, so far."""

    def exchanges(self, after: int = 0) -> Sequence[Exchange]:
        """Every exchange after that number, in order."""


class Space(Protocol):
    """A provider of its own."""

    @property
    def id(self) -> str:
        """Its name in addresses."""

    @property
    def issuer(self) -> str:
        """Its issuer identifier."""

    @property
    def control_key(self) -> str:
        """What whoever made it holds."""

    @property
    def journal(self) -> Journal:
        """What was exchanged with it."""

    def client_name(self, client_id: str) -> str | None:
        """What a client is called; None when there is none of that identifier."""

    def account_name(self, uuid: str) -> str | None:
        """What the holder of an account is called; None when there is none of that identifier."""


class Spaces(Protocol):
    """Those there are."""

    def find(self, space_id: str) -> Space | None:
        """The space of that name, unless it is gone."""

    def all(self) -> Iterable[Space]:
        """Every one, in the order in which they were made."""
