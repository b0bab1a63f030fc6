"""The tree of errors. Domain code raises; one place (`glc.web`, or the command line) writes the answer.

GlcError                    anything we refuse on purpose
├── SettingsError           a setting is missing or wrong: names its key           (start-up only)
├── DatabaseError           the database is not usable as it is: names the remedy  (start-up only)
├── InputError              what a person or a script sent cannot be accepted      400
│   └── Conflict            … because something already stands in its place        409
└── NotFound                                                                       404
idp.errors.ProtocolError    what a Relying Party is answered; see there
"""

from __future__ import annotations


class GlcError(Exception):
    """A refusal with a reason that may be shown to whoever caused it.

    `message` says what to change; `detail` is for the operator's log only.
    """

    status = 500

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class SettingsError(GlcError):
    """A setting is missing, unknown or has a value that cannot be used."""


class DatabaseError(GlcError):
    """The database cannot be used as it stands."""


class InputError(GlcError):
    """What was sent cannot be accepted."""

    status = 400


class Conflict(InputError):
    """What was sent clashes with what is already there."""

    status = 409


class NotFound(GlcError):
    """There is no such thing."""

    status = 404
