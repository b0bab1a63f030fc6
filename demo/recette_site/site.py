"""The site: a home page that says who is logged in, and the addresses that speak OpenID Connect."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, current_app, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from demo.recette_site.browsers import Attempt, Browser, Browsers, Login
from demo.recette_site.config import SiteConfig
from demo.recette_site.provider import Provider
from demo.recette_site.tokens import (
    LEEWAY_IN,
    Refused,
    Unavailable,
    id_token_claims,
    logout_token_claims,
    refreshed_claims,
)

__all__ = ["SiteConfig", "create_site"]

SCOPE = "openid profile email"
ANSWER = ("state", "iss", "code", "error")

pages = Blueprint("pages", __name__)


@dataclass
class Site:
    """What the pages work with."""

    config: SiteConfig
    provider: Provider
    browsers: Browsers = field(default_factory=Browsers)
    logouts_seen: dict[str, float] = field(default_factory=dict)
    """`jti` of each logout token that was taken, and until when it could be sent again."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookie(self) -> str:
        """A name of its own: cookies ignore ports, so on localhost several sites share one jar."""
        return f"recette_site_{urlsplit(self.config.base_url).port or 0}"


def create_site(config: SiteConfig) -> Flask:
    """Make the site; it first needs the provider when somebody logs in."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions["recette_site"] = Site(config, Provider(config))
    app.register_blueprint(pages)
    app.register_error_handler(Refused, _show_refusal)
    app.after_request(_finish)
    return app


def _site() -> Site:
    return cast(Site, current_app.extensions["recette_site"])


# -- Logging in --------------------------------------------------------------------------------------------------------


@pages.get("/login")
def login() -> Response:
    """Send the browser to the provider with a new state, nonce and PKCE challenge; `next` is where to go afterwards."""
    site = _site()
    config, metadata = site.config, site.provider.metadata(begins=True)
    attempt = Attempt(
        state=secrets.token_urlsafe(24) if config.checks("state_always_the_same") else "recette",
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48) if config.checks("pkce_missing") else "",
        next=_local(request.args.get("next", "/")),
    )
    asked = {
        "response_type": "code",
        "client_id": config.client_id,
        "redirect_uri": config.redirect_uri,
        "scope": SCOPE,
        "state": attempt.state,
        "nonce": attempt.nonce,
    }
    if attempt.verifier:
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        asked["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        asked["code_challenge_method"] = "S256"
    if not config.checks("secret_in_url"):
        asked["client_secret"] = config.client_secret
    _browser().begin(attempt)
    return redirect(_with_query(metadata["authorization_endpoint"], asked))


@pages.get("/callback")
def callback() -> Response:
    """Receive the provider's answer: is it the answer to a question of this browser, from the provider we asked?"""
    site = _site()
    config, browser = site.config, _browser()
    if any(len(request.args.getlist(name)) > 1 for name in ANSWER):
        raise Refused("a parameter of the answer comes twice")
    attempt = browser.take(request.args.get("state", ""))
    if attempt is None:
        if config.checks("no_state_check"):
            raise Refused("no login under way in this browser has this state")
        attempt = browser.attempts.pop() if browser.attempts else Attempt("", "", "", "/")
    _check_answer_iss(site)
    if "error" in request.args:
        if not config.checks("errors_not_handled"):
            raise KeyError("code")
        raise Refused(f"the provider answered: {ascii(request.args['error'])[:60]}")
    code = request.args.get("code")
    if not code:
        raise Refused("the answer holds no code")
    opened = _opened(site, code, attempt)
    # Under a new name: whoever planted a cookie in this browser before does not share the login.
    site.browsers.drop(request.cookies.get(site.cookie, ""))
    g.browser, g.new = Browser(login=opened), True
    return redirect(attempt.next)


def _check_answer_iss(site: Site) -> None:
    """Whether the answer comes from the provider that was asked (RFC 9207)."""
    if not site.config.checks("answer_iss_not_checked"):
        return
    announced = site.provider.metadata().get("authorization_response_iss_parameter_supported") is True
    if request.args.get("iss", None if announced else site.config.issuer) != site.config.issuer:
        raise Refused("the answer comes from another provider than the one that was asked")


def _opened(site: Site, code: str, attempt: Attempt) -> Login:
    """A login, once the tokens and userinfo hold."""
    tokens = site.provider.redeem(code, attempt.verifier)
    id_token = str(tokens.id_token)
    claims = id_token_claims(
        id_token,
        site.config,
        site.provider.keys_for,
        nonce=attempt.nonce,
        access_token=tokens.access_token,
        code=code,
        now=time.time(),
    )
    site.provider.userinfo(tokens.access_token, claims["sub"])
    if not site.config.checks("code_sent_twice"):
        site.provider.redeem_again(code, attempt.verifier)
    ends_at = time.monotonic() + tokens.expires_in
    return Login(claims["sub"], claims.get("sid"), id_token, claims, tokens.refresh_token, ends_at)


def _renewed(site: Site, login: Login) -> Login | None:
    """A login whose access token's life is over, with new tokens; None when the provider says that it is no more."""
    if login.refresh_token is None or time.monotonic() < login.ends_at:
        return login
    try:
        tokens = site.provider.refresh(login.refresh_token)
        if tokens.id_token is not None:
            refreshed_claims(tokens.id_token, site.config, site.provider.keys_for, first=login.claims, now=time.time())
    except Unavailable:  # the token still serves: the next page tries again
        return login
    except Refused:
        return None if site.config.checks("dead_grant_kept") else login
    ends_at = time.monotonic() + tokens.expires_in
    return replace(login, refresh_token=tokens.refresh_token or login.refresh_token, ends_at=ends_at)


def _local(target: str) -> str:
    """A path of this site, whatever was asked: browsers read `//host`, `/\\host` and tabs as other sites."""
    if not _site().config.checks("open_redirect"):
        return target
    local = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if local else "/"


# -- Logging out -------------------------------------------------------------------------------------------------------


@pages.get("/logout")
def logout() -> Response:
    """Log out here, then at the provider (RP-Initiated Logout 1.0)."""
    site, browser = _site(), _browser()
    ended, browser.login = browser.login, None
    address = site.provider.metadata().get("end_session_endpoint")
    if ended is None or address is None or not site.config.checks("logout_only_here"):
        return redirect("/")
    browser.logout_state = secrets.token_urlsafe(24)
    asked = {
        "id_token_hint": ended.id_token,
        "client_id": site.config.client_id,
        "post_logout_redirect_uri": site.config.post_logout_redirect_uri,
        "state": browser.logout_state,
    }
    return redirect(_with_query(address, asked))


@pages.get("/logged-out")
def logged_out() -> Response:
    """Come back from the provider; a state that is not ours only means that nothing is confirmed."""
    browser = _browser()
    expected, browser.logout_state = browser.logout_state, None
    if not expected or not secrets.compare_digest(request.args.get("state", "").encode(), expected.encode()):
        raise Refused("this logout was not begun here")
    return _page("Vous êtes déconnecté de ce site et de GrandLyonConnect.")


@pages.post("/backchannel-logout")
def backchannel_logout() -> Response:
    """End the session that the provider says has ended (Back-Channel Logout 1.0)."""
    site, now = _site(), time.time()
    try:
        claims = logout_token_claims(request.form.get("logout_token", ""), site.config, site.provider.keys_for, now=now)
        if site.config.checks("logout_token_replayed") and "jti" in claims:
            _take_once(site, claims, now)
    except Refused as refusal:
        return make_response({"error": "invalid_request", "error_description": str(refusal)}, 400)
    site.browsers.end(sid=claims.get("sid"), sub=claims.get("sub"))
    return make_response("", 200)


def _take_once(site: Site, claims: dict[str, object], now: float) -> None:
    with site.lock:
        for jti, until in list(site.logouts_seen.items()):
            if until < now:
                del site.logouts_seen[jti]
        jti = str(claims["jti"])
        if jti in site.logouts_seen:
            raise Refused("this logout token was taken already")
        site.logouts_seen[jti] = float(cast(float, claims.get("exp", now))) + LEEWAY_IN


@pages.get("/frontchannel-logout")
def frontchannel_logout() -> Response:
    """End a session that ended at the provider, whose page frames this address (Front-Channel Logout 1.0)."""
    site, sid = _site(), request.args.get("sid")
    if not sid or (
        site.config.checks("frontchannel_iss_not_checked") and request.args.get("iss") != site.config.issuer
    ):
        return make_response("iss and sid are not those of a session here", 400)
    site.browsers.end(sid=sid, sub=None)
    return make_response("ok", 200)


# -- Pages and what is around them -------------------------------------------------------------------------------------


@pages.get("/")
def home() -> Response:
    """Say who is logged in."""
    site, browser = _site(), _browser()
    if browser.login is not None:
        browser.login = _renewed(site, browser.login)
    return _page()


@pages.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return make_response({"status": "ok"})


def _page(problem: str = "", status: int = 200) -> Response:
    login = _browser().login
    return make_response(render_template("recette_site.html", login=login, message=problem), status)


def _show_refusal(refusal: Refused) -> Response:
    """Say that nobody was logged in, and why in words for whoever helps."""
    return _page(f"Vous n’avez pas été connecté : {refusal}.", 400)


def _browser() -> Browser:
    """The browser that asks; one that has no name yet is given one."""
    if "browser" not in g:
        known = _site().browsers.get(request.cookies.get(_site().cookie, ""))
        g.browser, g.new = known or Browser(), known is None
    return cast(Browser, g.browser)


def _finish(response: Response) -> Response:
    site = _site()
    if g.get("new"):
        response.set_cookie(
            site.cookie,
            site.browsers.add(g.browser),
            httponly=True,
            samesite="Lax",  # not Strict: the way back from the provider comes from another site
            secure=site.config.base_url.startswith("https:"),
        )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _with_query(address: str, values: dict[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(values)}"
