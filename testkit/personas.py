"""Ready-made people: each shows something that sites get wrong."""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from glc.services import services
from idp.accounts import throttling
from idp.accounts.rules import create_account
from idp.models import Account

PASSWORD = "un mot de passe d'essai"  # noqa: S105 — everybody is told
"""Every ready-made person's."""
WRONG_PASSWORDS = 12
FILE = Path(__file__).parent / "data" / "personas.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Somebody invented: a name to call them by, what is peculiar about them, and the attributes of their account."""

    name: str
    about: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    locked: bool = False
    """Whether wrong passwords came just before: the login page makes them wait. Seeded spaces have no such person."""
    no_email: bool = False
    """Whether they have no address at all: they log in by script alone."""

    @property
    def uuid(self) -> str:
        """Their account's identifier, the same in every space."""
        return hashlib.blake2s(self.name.encode(), digest_size=16).hexdigest()

    @property
    def email(self) -> str:
        """Their address."""
        return str(self.attributes["email"])


@cache
def personas() -> dict[str, Persona]:
    """All of them by name."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Persona(
            name=name,
            about=row.pop("about"),
            locked=row.pop("locked", False),
            no_email=row.pop("no_email", False),
            attributes={"email": f"{name}@citoyen.example", "email_verified": True, **row},
        )
        for name, row in rows.items()
    }


def add_persona(session: Session, persona: Persona, at: dt.datetime, **changes: Any) -> Account:
    """Make a persona's account, with other attributes where given. Raises `Conflict` when it is there already."""
    values = {"password": PASSWORD, **persona.attributes, **changes}
    account = create_account(session, at=at, **values)
    if not changes.get("email"):
        account.uuid = persona.uuid
    if persona.no_email and "email" not in changes:
        account.email, account.email_key = "", None
    if persona.locked:
        lock(session, account, at)
    session.flush()
    return account


def lock(session: Session, account: Account, at: dt.datetime) -> None:
    """Count wrong passwords for an account from this machine, in a request's context: the next attempt has to wait."""
    where = throttling.places(account.email, account)
    for _ in range(WRONG_PASSWORDS):
        throttling.count_failure(session, services().settings, where[:1], at)
