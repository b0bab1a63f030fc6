"""What a Relying Party is answered when it is refused.

OAuth2Error (Authlib)
└── ProtocolError        one refusal, for three readers: `description` for the client's program, `hint` for its
                         developer, in plain words, `detail` for this provider's operator only
"""

from __future__ import annotations

from authlib.common.errors import AuthlibHTTPError
from authlib.oauth2 import OAuth2Error


class ProtocolError(OAuth2Error):
    """A registered error code (RFC 6749, 4.1.2.1 and 5.2; OpenID Connect Core 1.0, 3.1.2.6) and why.

    `error` may be None where a dialect answers null. `notice` is a sentence for the citizen, where one is due;
    `logged` stands for the description in the log, where that repeats what may be a secret.
    """

    def __init__(
        self,
        error: str | None,
        description: str,
        *,
        hint: str = "",
        detail: str = "",
        status: int = 400,
        notice: str = "",
        logged: str = "",
    ) -> None:
        # Not OAuth2Error's own: it refuses the double quotes that the real service writes in its descriptions.
        AuthlibHTTPError.__init__(self, error, description.encode("ascii", "backslashreplace").decode(), None, status)
        self.hint = hint
        self.detail = detail
        self.notice = notice
        self.logged = logged or self.description
        self.may_redirect = False
        self.redirect_uri = None
        self.state = None


def described(error: OAuth2Error, *, plain: bool) -> str:
    """The description as it is sent: `plain` as RFC 6749 has it (4.1.2.1 and 5.2), else with its quotes."""
    text = str(error.description or "")
    return text.translate(_PLAIN) if plain else text


_PLAIN = {ord('"'): "'", ord("\\"): "/", **dict.fromkeys(range(32), " ")}


def invalid_request(description: str, hint: str = "") -> ProtocolError:
    """The request lacks something or is malformed."""
    return ProtocolError("invalid_request", description, hint=hint)
