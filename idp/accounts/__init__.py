"""The account holder's pages: login, registration, password, profile, consents, deletion.

Importing this package registers every page on the blueprint `accounts`.
"""

from idp.accounts import consents, deletion, login, outbox, password, profile, registration
from idp.accounts.web import accounts

__all__ = ["accounts", "consents", "deletion", "login", "outbox", "password", "profile", "registration"]
