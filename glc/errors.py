"""The tree of errors. Domain code raises; one place (`glc.web`, or the command line) writes the answer.

GlcError                    anything we refuse on purpose
├── SettingsError           a setting is missing or wrong: names its key           (start-up only)
├── DatabaseError           the database is not usable as it is: names the remedy  (start-up only)
├── FetchError              an address may not be called, or gave no usable answer 502
├── InputError              what a person or a script sent cannot be accepted      400
│   └── Conflict            … because something already stands in its place        409
├── Forbidden               whoever asks may not do that                           403
└── NotFound                                                                       404
idp.errors.ProtocolError    what a Relying Party is answered; see there
"""

from __future__ import annotations

from glc.sentences import Translate, fill


class GlcError(Exception):
    """A refusal with a reason that may be shown to whoever caused it.

    `message` says what to change; `detail` is for the operator's log only. A message for screens is a French
    template, marked for translation where it is written, whose `%(name)s` are given as `values` (`glc.sentences`).
    """

    status = 500

    def __init__(self, message: str, *, detail: str = "", **values: object) -> None:
        self.template = message
        self.values = values
        self.message = self.told(str)
        self.detail = detail
        super().__init__(self.message)

    def begins_with_words(self, translate: Translate) -> bool:
        """Whether the message begins with words of ours, which take a capital letter, not with what somebody typed."""
        return not translate(self.template).startswith(("%(", "«"))

    def told(self, translate: Translate) -> str:
        """The message in another language: `translate` is that language's gettext."""
        return fill(self.template, self.values, translate)


class SettingsError(GlcError):
    """A setting is missing, unknown or has a value that cannot be used."""


class DatabaseError(GlcError):
    """The database cannot be used as it stands."""


class FetchError(GlcError):
    """An address may not be called, or gave no usable answer. The message names its origin and says why."""

    status = 502


class InputError(GlcError):
    """What was sent cannot be accepted."""

    status = 400


class Conflict(InputError):
    """What was sent clashes with what is already there."""

    status = 409


class Forbidden(GlcError):
    """Whoever asks may not do that."""

    status = 403


class NotFound(GlcError):
    """There is no such thing."""

    status = 404
