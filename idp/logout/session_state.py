"""How a client learns, without asking the provider, that its user's session there changed (OpenID Connect Session
Management 1.0).

The browser keeps a value that scripts of this origin may read, the *browser state*. Each authorization response carries
`session_state`, a hash over it. The client frames the page of `check_session`, posts it that value from time to time,
and the page's script (`check_session.js`) makes the hash again.
"""

from __future__ import annotations

import hashlib

from flask import Response, render_template
from werkzeug.wrappers import Response as AnyResponse

from glc.entropy import random_token
from glc.urls import origin
from glc.web import CONTENT_SECURITY_POLICY, UNFRAMED
from idp.provider import Provider

COOKIE = "glc_browser_state"
"""Also written in check_session.js."""
SALT_SIZE = 9


def session_state(client_id: str, redirect_uri: str, browser_state: str, salt: str) -> str:
    """What the authorization response says (section 3.2); the script says the same of the origin that asks it."""
    hashed = " ".join((client_id, origin(redirect_uri), browser_state, salt))
    return f"{hashlib.sha256(hashed.encode()).hexdigest()}.{salt}"


def new_session_state(house: Provider, client_id: str, redirect_uri: str, session_cookie: str) -> str:
    """The `session_state` of an answer to the browser with that session cookie."""
    state = browser_state(house, session_cookie)
    return session_state(client_id, redirect_uri, state, random_token(house.entropy, SALT_SIZE))


def browser_state(house: Provider, session_cookie: str) -> str:
    """The state of a browser: another one at each login, and nothing that leads back to its session."""
    return house.ring.session_identifier("browser-state", session_cookie)


def set_cookie(house: Provider, response: AnyResponse, session_cookie: str) -> None:
    """Give the browser the state that goes with its session. Frames of other sites read it, so it must not be held
    back from them; browsers allow that by https only (and among the ports of one host)."""
    settings = house.settings
    response.set_cookie(
        COOKIE,
        browser_state(house, session_cookie),
        path=f"{settings.path}/",
        samesite="None" if settings.secure else "Lax",
        secure=settings.secure,
    )


def drop_cookie(house: Provider, response: AnyResponse) -> None:
    """Make the browser's state that of nobody."""
    settings = house.settings
    response.delete_cookie(
        COOKIE,
        path=f"{settings.path}/",
        samesite="None" if settings.secure else "Lax",
        secure=settings.secure,
    )


def check_session() -> AnyResponse:
    """`/idp/oidc/check_session`: the page that clients frame (section 3.3). It is the same for everybody."""
    response = Response(render_template("idp/check_session.html"), mimetype="text/html")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(UNFRAMED, "script-src 'self'")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
