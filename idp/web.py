"""The provider's addresses. Each protocol path answers with and without its final slash, directly."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template, request
from flask import session as browser
from werkzeug.wrappers import Response as AnyResponse

from glc.services import services
from glc.web import csrf
from glc.worker import add_job
from idp import discovery, userinfo
from idp.accounts import accounts
from idp.authorization import consent_page, par
from idp.authorization.endpoint import authorize
from idp.clients import registration
from idp.dialects import Dialect
from idp.logout import backchannel, ending, rp_initiated, session_state
from idp.provider import Provider, digest, provider
from idp.tokens import introspection, revocation
from idp.tokens.endpoint import build_server, token
from keys.ring import KeyRing

ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def install(app: Flask, ring: KeyRing, dialect: Dialect) -> None:
    """Give an application its provider."""
    with app.app_context():
        common = services()
    app.extensions["idp"] = Provider(
        settings=common.settings,
        dialect=dialect,
        clock=common.clock,
        entropy=common.entropy,
        engine=common.engine,
        ring=ring,
        token_server=build_server(dialect),
        discovery=discovery.encoded(common.settings, dialect),
    )
    if dialect.backchannel_logout:
        add_job(app, "backchannel_logout", backchannel.EVERY_IN, backchannel.send_due)


def add_addresses(app: Flask, dialect: Dialect) -> None:
    """Give an application the provider's addresses."""
    protocol = _protocol(dialect)
    csrf.exempt(protocol)
    app.register_blueprint(protocol)
    app.register_blueprint(accounts)


def _protocol(dialect: Dialect) -> Blueprint:
    blueprint = Blueprint("idp", __name__, template_folder="templates")
    add = blueprint.add_url_rule
    add("/.well-known/openid-configuration", view_func=discovery.configuration, strict_slashes=True)
    add("/idp/oidc/certs", view_func=discovery.certs)
    add("/idp/oidc/authorize", view_func=authorize, methods=["GET", "POST"])
    add("/idp/oidc/token", view_func=token, methods=["POST", "OPTIONS"])
    add("/idp/oidc/user_info", view_func=userinfo.userinfo, methods=ANY_METHOD)
    if dialect.revocation:
        add("/idp/oidc/revoke", view_func=revocation.revoke, methods=["POST"])
    if dialect.introspection:
        add("/idp/oidc/introspect", view_func=introspection.introspect, methods=["POST"])
    if dialect.metadata_is_complete:
        add("/.well-known/oauth-authorization-server", view_func=discovery.configuration, strict_slashes=True)
    if dialect.pushed_requests:
        add("/idp/oidc/par", view_func=par.push, methods=["POST"])
    if dialect.client_registration:
        add("/idp/oidc/register", view_func=registration.register, methods=["POST"])
        add("/idp/oidc/register/<client_id>", view_func=registration.manage, methods=["GET", "PUT", "DELETE"])
    if dialect.logout_trusts_any_request:
        add("/idp/oidc/logout", view_func=ending.end_session)
    else:
        add("/idp/oidc/logout", view_func=rp_initiated.end_session, methods=["GET", "POST"])
        add("/logged-out/", view_func=rp_initiated.logged_out)
    if dialect.session_management:
        add("/idp/oidc/check_session", view_func=session_state.check_session)
    add("/logout/", view_func=ending.site_logout, methods=["GET", "POST"])
    add("/continue/", "continue", _continue)
    return blueprint


def _continue() -> AnyResponse:
    """The page on which an error stops. It links on only to an address that this browser was given here."""
    stopped = browser.get("stopped") or {}
    next_url = request.args.get("next")
    told = stopped.get("next") == digest(next_url or "")
    terms = provider().terms(stopped.get("client_id", ""), provider().clock.now()) if told else None
    if told and stopped.get("kind") == "unavailable" and terms is not None:
        page = render_template(
            "idp/service_unavailable.html",
            partner_name=terms.partner_name,
            service=consent_page.service(terms),
            portal_url=terms.portal_url,
            support_url=terms.support_url or provider().settings.support_url,
            next_url=next_url,
        )
        return AnyResponse(page, 403, mimetype="text/html")
    page = render_template(
        "idp/continue.html",
        message=stopped.get("message", "") if told else "",
        hint=stopped.get("hint", "") if told else "",
        next_url=next_url if told else None,
        service=consent_page.service(terms) if terms else None,
    )
    return AnyResponse(page, 400, mimetype="text/html")
