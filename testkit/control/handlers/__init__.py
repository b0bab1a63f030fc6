"""What each operation does, one file a noun; importing them fills the table."""

from testkit.control.handlers import (
    accounts,
    agreements,
    clients,
    consents,
    faults,
    journal,
    keys,
    logins,
    recettes,
    registry,
    sessions,
    spaces,
    time,
    tokens,
)

__all__ = [
    "accounts",
    "agreements",
    "clients",
    "consents",
    "faults",
    "journal",
    "keys",
    "logins",
    "recettes",
    "registry",
    "sessions",
    "spaces",
    "time",
    "tokens",
]
