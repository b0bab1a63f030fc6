"""`/idp/oidc/logout` as the standard has it (OpenID Connect RP-Initiated Logout 1.0): nobody is logged out, or sent
anywhere, on the word of whoever could write a link.

What a request says is verified first, then kept sealed: a form that another site posts comes without our cookies, so
the browser comes back by GET with what was sealed; so does the answer of whoever must be asked.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import astuple, dataclass
from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from glc.database import db
from glc.i18n import prefer
from glc.logs import logger
from glc.web import csrf
from idp import sessions
from idp.authorization import answers
from idp.clients.redirect_uris import is_registered
from idp.errors import ProtocolError, invalid_request
from idp.logout import ending
from idp.models import Account, BrowserSession
from idp.parameters import Parameters
from idp.provider import Provider, provider
from idp.subjects import subject
from idp.tokens import id_token_hints
from keys import jose
from keys.encryption import SealBroken
from partner_registry.terms import ReleaseTerms

ASKED = "asked"
"""The parameter that carries a sealed request."""


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What a client asks, verified: in which languages, where to go afterwards (its `state` included), and whose ID
    Token it showed."""

    locales: str = ""
    target: str | None = None
    client_id: str | None = None
    subject: str | None = None
    sid: str | None = None


def end_session() -> AnyResponse:
    """End the session of the ID Token that is shown, and go where its client registered to go; ask first whoever is
    logged in when it is another's, or none is shown. Anything wrong is told on a page, and ends nothing."""
    house, sealed = provider(), request.args.get(ASKED)
    at = house.clock.now()
    if request.method == "POST" and sealed is not None:
        csrf.protect()
    try:
        asked = _read(house, at) if sealed is None else _opened(house, sealed)
    except ProtocolError as error:
        return _refused(error)
    if request.method == "POST":
        return _again(house, asked) if sealed is None else _leave(house, asked)
    prefer(asked.locales.split())
    current = sessions.of_browser(db.session(), at)
    if current is None or _is_of(house, asked, current, at):
        return _leave(house, asked)
    page = render_template(
        "idp/logout_confirm.html",
        action=_here(house, asked),
        cancel_url=f"{request.script_root}/",
        account=db.session.get(Account, current.account_id),
    )
    return AnyResponse(page, mimetype="text/html")


def logged_out() -> AnyResponse:
    """`/logged-out/`: where those end who are sent nowhere."""
    return AnyResponse(render_template("idp/logged_out.html"), mimetype="text/html")


def _read(house: Provider, at: dt.datetime) -> LogoutRequest:
    """Read and verify a request (section 2). Raises `ProtocolError`."""
    sent = Parameters.of_body(request) if request.method == "POST" else Parameters.of_query(request)
    sent.require_single()
    hint, uri = sent.get("id_token_hint"), sent.get("post_logout_redirect_uri")
    terms = _terms(house, sent.get("client_id") or (_audience(hint) if hint else None), at)
    shown = _shown(house, terms, hint, at) if hint and terms else None
    if (
        uri
        and terms
        and not is_registered(uri, terms.post_logout_redirect_uris, flexible=house.dialect.redirect_uri_is_flexible)
    ):
        raise invalid_request(
            "post_logout_redirect_uri is not registered",
            "Envoyez une adresse de retour après déconnexion enregistrée, à l’identique (« glc client show » les "
            "liste), ou enregistrez celle-ci.",
        )
    locales = sent.get("ui_locales", "")
    if shown is None or terms is None:
        return LogoutRequest(locales)
    return LogoutRequest(locales, _target(uri, sent.get("state")), terms.client_id, shown.subject, shown.sid)


def _terms(house: Provider, client_id: str | None, at: dt.datetime) -> ReleaseTerms | None:
    if not client_id:
        return None
    terms = house.terms(client_id, at)
    if terms is None:
        raise invalid_request("Unknown client identifier", "Le client nommé par la demande n’est pas enregistré ici.")
    return terms


def _audience(hint: str) -> str:
    """The client that an ID Token, still to be verified, says it is for."""
    try:
        found = jose.claims_of(hint).get("aud")
    except jose.JoseError:
        found = None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, str):
        raise invalid_request("The id_token_hint cannot be read", _SEND_OURS)
    return found


def _shown(house: Provider, terms: ReleaseTerms, hint: str, at: dt.datetime) -> id_token_hints.Hint:
    try:
        return id_token_hints.read(house, terms, hint, at)
    except ProtocolError as error:
        error.detail, error.hint = error.hint, _SEND_OURS
        raise


_SEND_OURS = (
    "Envoyez dans id_token_hint un ID Token reçu ici par ce client, signé et tel quel (déchiffré s’il était chiffré). "
    "Il peut avoir expiré."
)


def _target(uri: str | None, state: str | None) -> str | None:
    """Where to go: the address as it was registered, and the client's `state` if it sent one (section 3)."""
    return answers.address(uri, {"state": state}, "query") if uri and state is not None else uri or None


def _is_of(house: Provider, asked: LogoutRequest, current: BrowserSession, at: dt.datetime) -> bool:
    """Whether the ID Token that was shown is of this session: of its user, and of itself if it says (section 2)."""
    terms = house.terms(asked.client_id, at) if asked.client_id else None
    account = db.session.get_one(Account, current.account_id)
    return (
        terms is not None
        and asked.subject == subject(house.ring, terms, account.uuid, account.email)
        and asked.sid in {None, sessions.sid(house, current.uid, terms.client_id)}
    )


def _leave(house: Provider, asked: LogoutRequest) -> AnyResponse:
    return ending.end(house, asked.target or f"{request.script_root}/logged-out/")


def _again(house: Provider, asked: LogoutRequest) -> AnyResponse:
    response = redirect(_here(house, asked), 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def _here(house: Provider, asked: LogoutRequest) -> str:
    return f"{request.script_root}/idp/oidc/logout?{urlencode({ASKED: _sealed(house, asked)})}"


def _sealed(house: Provider, asked: LogoutRequest) -> str:
    return house.ring.logouts.seal(json.dumps(astuple(asked)).encode())


def _opened(house: Provider, sealed: str) -> LogoutRequest:
    try:
        values: list[Any] = json.loads(house.ring.logouts.open(sealed))
    except SealBroken:
        raise invalid_request("This logout request was not made here", "Reprenez la déconnexion sur le site.") from None
    return LogoutRequest(*values)


def _refused(error: ProtocolError) -> AnyResponse:
    logger().info("logout.refused", reason=error.description, hint=error.hint, detail=error.detail)
    page = render_template("idp/logout_refused.html", message=f"{error.error}: {error.description}", hint=error.hint)
    return AnyResponse(page, error.status_code, mimetype="text/html")
