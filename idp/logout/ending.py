"""Ending a session: as the real service does at a client's request (`rp_initiated.py` as the standard does), from this
site, and at every visited client: in the browser (Front-Channel Logout 1.0) and by `backchannel.py`."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from glc.database import db
from glc.i18n import gettext as _
from glc.logs import logger
from glc.urls import origin
from glc.web import CONTENT_SECURITY_POLICY, csrf, local_path
from idp import sessions
from idp.authorization import answers
from idp.clients.redirect_uris import is_registered
from idp.logout import backchannel
from idp.models import Account, BrowserSession
from idp.provider import Provider, provider
from partner_registry.clients.life import published_versions
from partner_registry.models import ClientVersion

JUST_LOGGED_OUT = "a2_just_logged_out"
OTHER_SITES = {"cross-site", "same-site"}
FRONTCHANNEL_TIMEOUT_IN = 300
"""Milliseconds a client is given in its iframe, unless it has its own."""


def end_session() -> AnyResponse:
    """`/idp/oidc/logout` of the real service: end the session and go where a client registered to go, with its `state`.

    Any registered address will do, and no `id_token_hint` is needed: the real service asks for none. An address that
    nobody registered leaves the user logged in.
    """
    house = provider()
    target = request.args.get("post_logout_redirect_uri")
    if not target:
        return end(house, f"{request.script_root}/")
    registered = [uri for version in published_versions(db.session()) for uri in version.post_logout_redirect_uris]
    if not is_registered(target, registered, flexible=house.dialect.redirect_uri_is_flexible):
        logger().info("logout.refused", reason="post_logout_redirect_uri is not registered")
        flash(_("URI de retour après déconnexion invalide"), "error")
        return redirect(f"{request.script_root}/")
    target = answers.with_parameters(target, state=request.args.get("state"))
    return end(house, target)


def site_logout() -> AnyResponse:
    """`/logout/?next=`: the site's own logout, which connected sites link to as well. A request that comes from
    another site asks for confirmation first."""
    house = provider()
    target = _allowed_target(house, request.values.get("next")) or f"{request.script_root}/"
    if request.method == "POST":
        csrf.protect()
        return end(house, target)
    return _ask(target) if _comes_from_elsewhere(house) else end(house, target)


def _ask(target: str) -> AnyResponse:
    """Ask whoever is logged in whether to log out everywhere."""
    house = provider()
    current = sessions.of_browser(db.session(), house.clock.now())
    if current is None:
        return end(house, target)
    page = render_template(
        "idp/logout_confirm.html",
        action=answers.with_parameters(f"{request.script_root}/logout/", next=target),
        cancel_url=target,
        account=db.session.get(Account, current.account_id),
    )
    return AnyResponse(page, mimetype="text/html")


def end(house: Provider, target: str) -> AnyResponse:
    """End this browser's session, if there is one, have every visited client told, and go on to an address."""
    session, at = db.session(), house.clock.now()
    current = sessions.of_browser(session, at)
    told: list[dict[str, str]] = []
    if current is not None:
        told, uid = _iframes(house, current), current.uid
        queued = sessions.end(session, BrowserSession.id == current.id, at)
        session.commit()
        logger().info("logout", session=uid[:8], told=len(told))
        backchannel.send(house, queued, house.settings.backchannel_wait_in)
    response = _tell(told, target) if told else redirect(target)
    sessions.drop_cookie(response)
    response.headers["Cache-Control"] = "no-store"
    settings = house.settings
    response.set_cookie(
        JUST_LOGGED_OUT,
        "1",
        max_age=60,
        path=f"{settings.path}/",
        samesite="Lax",
        httponly=True,
        secure=settings.secure,
    )
    return response


def _iframes(house: Provider, current: BrowserSession) -> list[dict[str, str]]:
    """The front-channel logout address of each client that this session visited."""
    visited = sessions.visited_clients(db.session(), current.id)
    return [
        {
            "name": version.name,
            "timeout": str(version.frontchannel_timeout_in or FRONTCHANNEL_TIMEOUT_IN),
            "iframe_url": answers.with_parameters(
                version.frontchannel_logout_uri,
                iss=house.settings.issuer,
                sid=sessions.sid(house, current.uid, version.client.client_id),
            ),
        }
        for version in published_versions(db.session(), visited)
        if version.frontchannel_logout_uri
    ]


def _tell(told: list[dict[str, str]], target: str) -> AnyResponse:
    page = render_template("idp/logging_out.html", services=told, next_url=target)
    response = AnyResponse(page, mimetype="text/html")
    origins = " ".join(sorted({origin(each["iframe_url"]) for each in told}))
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; script-src 'self'; frame-src {origins}"
    return response


def _allowed_target(house: Provider, target: str | None) -> str | None:
    """The target if it is on this site, or on the origin of an address that some client registered."""
    local = local_path(target)
    if local or not target:
        return local
    asked = origin(target)
    if not asked.startswith(("http://", "https://")) or "\\" in target or not target.isprintable():
        return None
    known = {origin(uri) for version in published_versions(db.session()) for uri in _addresses(version)}
    return target if asked in known | {house.settings.origin} else None


def _addresses(version: ClientVersion) -> list[str]:
    return [*version.redirect_uris, *version.post_logout_redirect_uris, *filter(None, [version.home_url])]


def _comes_from_elsewhere(house: Provider) -> bool:
    """By what the browser says of the page that led here; where not any request is trusted, also when that page keeps
    its address to itself (Fetch Metadata)."""
    if not house.dialect.logout_trusts_any_request and request.headers.get("Sec-Fetch-Site") in OTHER_SITES:
        return True
    referrer = request.headers.get("Referer")
    return bool(referrer) and origin(str(referrer)) != house.settings.origin
