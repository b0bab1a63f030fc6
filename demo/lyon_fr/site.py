"""The site: a home page, an account page, and the four addresses that speak OpenID Connect."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from authlib.integrations.flask_client import OAuthError
from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from demo.lyon_fr import claims, provider
from demo.lyon_fr.config import SiteConfig
from demo.lyon_fr.logins import LIFETIME_IN, Login, Logins
from demo.lyon_fr.problems import OURS, problem_of

__all__ = ["SiteConfig", "create_site"]

CLOCK_LEEWAY_IN = 10
"""Seconds by which the provider's clock and ours may differ: its ID Tokens live for 30 seconds only."""

ATTEMPTS_KEPT = 3
"""Logins that one browser may have under way at once, in several tabs."""

pages = Blueprint("pages", __name__)


@dataclass(frozen=True)
class Services:
    """What the pages work with."""

    config: SiteConfig
    glc: provider.GrandLyonConnect
    logins: Logins


def create_site(config: SiteConfig) -> Flask:
    """Make the site; it starts without the provider, which it first needs when somebody logs in."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=config.secret_key,
        # A name of its own: cookies ignore ports, so on localhost the provider and the site share one jar.
        SESSION_COOKIE_NAME=config.look.slug,
        SESSION_COOKIE_HTTPONLY=True,
        # Lax, not Strict: the way back from the provider comes from another site and needs the cookie.
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.base_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=LIFETIME_IN),
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=16 * 1024,
    )
    app.extensions["lyon_fr"] = Services(config, provider.register(app, config), Logins())
    CSRFProtect(app)
    app.register_blueprint(pages)
    app.register_error_handler(Exception, show_problem)
    app.before_request(choose_language)
    app.after_request(add_security_headers)
    app.context_processor(lambda: {"t": translated, "lang": language(), "login": current_login()})
    app.context_processor(lambda: {"config": config, "look": config.look})
    return app


def services() -> Services:
    """The services of the site that answers this request."""
    return cast(Services, current_app.extensions["lyon_fr"])


# -- The protocol ------------------------------------------------------------------------------------------------------


@pages.get("/login")
def login() -> ResponseReturnValue:
    """Send the browser to GrandLyonConnect, with a new state, nonce and PKCE verifier that Authlib puts in the cookie.

    While GrandLyonConnect's own session lasts, the browser comes straight back: no password is asked for.
    """
    forget_old_attempts()
    return cast(Response, services().glc.authorize_redirect(services().config.redirect_uri))


@pages.get("/auth/callback")
def callback() -> ResponseReturnValue:
    """Receive the answer of GrandLyonConnect and open a login."""
    site = services()

    # 1. An answer to a question asked from this browser? Before anything else, errors included: otherwise
    #    a link made by anyone could log people in to another account, or put words on our error page.
    state = request.args.get("state", "")
    if site.glc.framework.get_state_data(session, state) is None:
        raise OAuthError("mismatching_state", "no login under way in this browser has this state")

    # 2. From the provider we asked (RFC 9207)? Errors of GrandLyonConnect carry no `iss`, nor did its older version.
    if request.args.get("iss", site.config.issuer) != site.config.issuer:
        raise OAuthError("invalid_issuer", f"the answer's iss is not {site.config.issuer}")

    # 3. Code against tokens. Authlib raises the provider's error if there is one, checks PKCE's other half and
    #    the ID Token: signature, nonce, dates, and the claims below.
    expected = {
        "iss": {"essential": True, "value": site.config.issuer},
        "aud": {"essential": True, "value": site.config.client_id},
        "sub": {"essential": True},
    }
    try:
        token = site.glc.authorize_access_token(claims_options=expected, leeway=CLOCK_LEEWAY_IN)
    except ValueError as error:  # Not JSON, or not the expected shape.
        raise OAuthError("invalid_response", type(error).__name__) from error
    finally:
        site.glc.framework.clear_state_data(session, state)
    if not token.get("userinfo"):
        raise OAuthError("invalid_response", "the token answer holds no ID Token")
    id_token = dict(token["userinfo"])

    # 4. The ID Token is enough to log in; userinfo is read to show it. Its subject must be the same (OIDC Core 5.3.2).
    userinfo = dict(site.glc.userinfo(token=token))
    if userinfo.get("sub") != id_token["sub"]:
        raise OAuthError("invalid_subject", "userinfo and ID Token are about two different subjects")

    # 5. A new login under a new id. Tokens are not kept: this site has no further use for them.
    site.logins.end(session.get("login"))
    session["login"] = site.logins.open(id_token, userinfo)
    return redirect(url_for(".home"))


@pages.post("/logout")
def logout() -> ResponseReturnValue:
    """Log out everywhere: here first, then at GrandLyonConnect, which tells the other sites (RP-Initiated Logout 1.0).

    `client_id` says who asks; an `id_token_hint` would write the person's name and birth date into web server logs.
    """
    site = services()
    site.logins.end(session.get("login"))
    kept_language = language()
    session.clear()
    session["lang"] = kept_language
    home, client_id = site.config.base_url, site.config.client_id
    return cast(Response, site.glc.logout_redirect(post_logout_redirect_uri=home, client_id=client_id))


@pages.get("/auth/frontchannel-logout")
def frontchannel_logout() -> ResponseReturnValue:
    """End the logins of a session that was ended at GrandLyonConnect (Front-Channel Logout 1.0).

    GrandLyonConnect loads this address in an iframe of its own page. There, our SameSite=Lax cookie does not come
    along (nor would any other where third-party cookies are blocked), so the cookie cannot say which login to end:
    `sid`, which the ID Token gave us, does. It is hard to guess and known to the provider and this site only.
    """
    site = services()
    if request.args.get("iss") != site.config.issuer or not request.args.get("sid"):
        abort(400)
    site.logins.end_sid(request.args["sid"])
    response = make_response('<!doctype html><html lang="fr"><title>ok</title></html>')
    # The only page of the site that may be framed, and only by the provider.
    response.headers["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors {site.config.issuer_origin}"
    return response


def forget_old_attempts() -> None:
    """Keep the cookie small: abandoned logins would pile up until the browser refuses it (4 KB)."""
    attempts = [key for key in session if key.startswith("_state_glc_")]
    attempts.sort(key=lambda key: session[key]["exp"])
    for key in attempts[: -ATTEMPTS_KEPT + 1]:
        del session[key]


# -- The pages ---------------------------------------------------------------------------------------------------------


@pages.get("/")
def home() -> ResponseReturnValue:
    """The home page, which is also where GrandLyonConnect sends people back to after a logout, with our state."""
    if "state" in request.args:
        with contextlib.suppress(OAuthError):  # A state that is not ours: a plain visit.
            services().glc.validate_logout_response()
            flash(
                translated(
                    "Vous êtes déconnecté de ce site et de GrandLyonConnect.",
                    "You are logged out of this site and of GrandLyonConnect.",
                )
            )
        return redirect(url_for(".home"))
    return render_template("home.html")


@pages.get("/mon-compte")
def account() -> ResponseReturnValue:
    """What GrandLyonConnect shared with the site."""
    login = current_login()
    if login is None:
        return redirect(url_for(".home"))
    return render_template("account.html", rows=list(claims.rows(login)), technical=claims.technical(login))


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Say that the process answers; the provider may be away."""
    return {"status": "ok"}


def current_login() -> Login | None:
    """The login of the browser that asks, if it has one."""
    return services().logins.get(session.get("login"))


# -- Around every page -------------------------------------------------------------------------------------------------


def language() -> str:
    """`fr`, unless the visitor chose `en`."""
    return "en" if session.get("lang") == "en" else "fr"


def translated(french: str, english: str) -> str:
    """The words in the visitor's language."""
    return english if language() == "en" else french


def choose_language() -> None:
    """Remember the language asked for by `?lang=`."""
    if request.args.get("lang") in ("fr", "en"):
        session["lang"] = request.args["lang"]


def show_problem(error: Exception) -> ResponseReturnValue:
    """Say what happened and what to do; the technical error is on the page for whoever helps, a traceback never is."""
    problem = problem_of(error)
    if problem is OURS:
        current_app.logger.error("unexpected error on %s", request.path, exc_info=error)
    else:
        current_app.logger.warning("%s on %s: %s", problem.status, request.path, type(error).__name__)
    known = not isinstance(error, HTTPException) and problem is not OURS
    technical = str(error) if known else type(error).__name__
    status = error.code if isinstance(error, HTTPException) and error.code else problem.status
    return render_template("problem.html", problem=problem, technical=technical), status


def add_security_headers(response: Response) -> Response:
    """Headers of every answer; pages hold personal data and are not to be stored."""
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy",
        # Browsers apply form-action to the redirect that follows the logout form, which leads to the provider.
        f"default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {services().config.issuer_origin}",
    )
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    return response
