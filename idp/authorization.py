"""The authorization endpoint: entry and exit of every login (OpenID Connect Core 1.0, section 3.1.2).

Each visit runs the checks, then asks in order what is still missing: `STEPS`. A missing thing stores the request and
sends the user to the page that provides it; that page comes back here, and the same questions are asked again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request
from sqlalchemy.engine import Connection, Row
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from consent.decision import Decision, decide
from consent.models import Answer
from consent.receipts import ASKED_ANEW, active, end, remembered_scopes
from glc.database import db, reading, reading_session
from glc.logs import logger
from glc.web import csrf
from idp import answers, consent_page, pending, sessions
from idp.checks import AuthorizationRequest, run_checks
from idp.errors import ProtocolError
from idp.grants import code, implicit
from idp.models import MANDATORY_ATTRIBUTES, PendingAuthorization
from idp.parameters import Parameters
from idp.provider import Provider, provider
from partner_registry.models import ConsentMode, Flow


@dataclass(slots=True)
class Visit:
    """One visit to the endpoint: the request, who is logged in, and what was already done for this request."""

    house: Provider
    at: dt.datetime
    asked: AuthorizationRequest
    login: Row[Any] | None
    connection: Connection
    waiting: PendingAuthorization | None = None
    answered: bool = False

    @property
    def silent(self) -> bool:
        """Whether no page may be shown (prompt=none)."""
        return "none" in self.asked.prompts

    @property
    def fresh(self) -> bool:
        """Whether the user logged in for this very request."""
        return self.waiting is not None and self.waiting.authenticated_at is not None

    def wait(self) -> str:
        """Store the request, if it is not yet; return where to resume it."""
        if self.waiting is None:
            self.waiting = pending.store(db.session(), self.asked.parameters.pairs, self.at)
            db.session.commit()
        return pending.resume_path(self.waiting.id)


def authorize() -> AnyResponse:
    """GET begins or resumes an authorization; POST is the answer of the consent page."""
    house = provider()
    at = house.clock.now()
    name = request.args.get("pending")
    waiting = None
    if name is not None:
        with reading_session(house.engine) as session:
            waiting = pending.find(session, name, at)
        if waiting is None:
            return _lost()
    elif request.method == "POST":
        raise MethodNotAllowed(["GET"])
    if request.method == "POST":
        csrf.protect()
    asked = None
    try:
        parameters = (
            Parameters((name, value) for name, value in waiting.parameters) if waiting else Parameters.of_query(request)
        )
        asked = AuthorizationRequest(parameters, house.dialect)
        return _answer(house, at, asked, waiting)
    except ProtocolError as error:
        _close(waiting)
        return answers.failure(house, asked, error)


def _answer(
    house: Provider, at: dt.datetime, asked: AuthorizationRequest, waiting: PendingAuthorization | None
) -> AnyResponse:
    with reading(house.engine) as connection:
        login = sessions.by_cookie(connection, at)
        version = login.registry_version if login is not None else None
        asked.terms_of = lambda client_id: house.terms(client_id, at, version)
        run_checks(asked)
        visit = Visit(house, at, asked, login, connection, waiting)
        if request.method == "POST" and login is not None:
            _take_answer(visit)
        for step in STEPS:
            try:
                page = step(visit)
            except ProtocolError as error:
                error.may_redirect = True
                raise
            if page is not None:
                return page
    return _grant(visit)


def _grant(visit: Visit) -> AnyResponse:
    asked, login = visit.asked, visit.login
    assert login is not None
    issue = code.issue if asked.terms.flow is Flow.CODE else implicit.issue
    answer = issue(visit.house, asked, login, visit.at, fresh=visit.fresh)
    _close(visit.waiting)
    logger().info("authorize.granted", client_id=asked.terms.client_id, session=login.session_uid[:8])
    return answers.success(visit.house, asked, answer)


# ── What may still be missing, in order ────────────────────────────────────────────────────────────────────────────


def _cancelled(visit: Visit) -> AnyResponse | None:
    if "cancel" in visit.asked.parameters or (visit.waiting is not None and "cancel" in request.args):
        raise ProtocolError("access_denied", "Authentication cancelled by user")
    return None


def _logged_in(visit: Visit) -> AnyResponse | None:
    if visit.login is not None and (visit.fresh or "login" not in visit.asked.prompts):
        return None
    if visit.silent:
        raise ProtocolError("login_required", 'Login is required but prompt parameter is "none"')
    return _to_page(visit, "/login/")


def _profile_complete(visit: Visit) -> AnyResponse | None:
    required = (*MANDATORY_ATTRIBUTES, *visit.asked.terms.required_attributes)
    if all(getattr(visit.login, name, None) for name in required):
        return None
    if visit.silent:
        raise ProtocolError("interaction_required", 'User profile is not complete but prompt parameter is "none"')
    return _to_page(visit, "/accounts/edit/required/")


def _role_held(visit: Visit) -> AnyResponse | None:
    admitted = visit.asked.terms.authorised_roles
    if not admitted or admitted & set(visit.login.roles):  # type: ignore[union-attr]
        return None
    _close(visit.waiting)
    logger().info("authorize.refused", error="role", client_id=visit.asked.terms.client_id)
    terms = visit.asked.terms
    page = render_template(
        "idp/unauthorized.html",
        service=consent_page.service(terms),
        unauthorized_url=terms.unauthorized_url,
        account=consent_page.holder(visit.login),
    )
    return AnyResponse(page, 403, mimetype="text/html")


def _login_recent(visit: Visit) -> AnyResponse | None:
    limit = visit.asked.max_age
    if limit is None or visit.fresh or (visit.at - visit.login.authenticated_at <= limit and limit):  # type: ignore[union-attr]
        return None
    if visit.silent:
        raise ProtocolError("login_required", 'Login is required because of max_age, but prompt parameter is "none"')
    return _to_page(visit, "/login/")


def _consented(visit: Visit) -> AnyResponse | None:
    terms, login, asked = visit.asked.terms, visit.login, visit.asked
    assert login is not None
    asked_of_nobody = terms.consent_mode is ConsentMode.NONE
    decision = decide(
        asked.scopes,
        ()
        if asked_of_nobody
        else remembered_scopes(visit.connection, login.account_id, consent_page.audience_of(terms), visit.at),
        asked_of_nobody=asked_of_nobody,
        asked_anew="consent" in asked.prompts,
        answered=visit.answered,
        may_interact=not visit.silent or visit.house.dialect.prompt_none_shows_consent,
    )
    if decision is Decision.SKIP:
        return None
    if decision is Decision.REFUSE:
        raise ProtocolError("consent_required", 'Consent is required but prompt parameter is "none"')
    action = visit.wait()
    if "consent" in asked.prompts:
        _forget_consents(visit, login.account_id)
    return AnyResponse(consent_page.render(visit.house, asked, login, action), mimetype="text/html")


STEPS: tuple[Callable[[Visit], AnyResponse | None], ...] = (
    _cancelled,
    _logged_in,
    _profile_complete,
    _role_held,
    _login_recent,
    _consented,
)


def _take_answer(visit: Visit) -> None:
    """Keep the receipt of what the user answered; a refusal is an error for the client."""
    login = visit.login
    assert login is not None
    accepted = "accept" in request.form and "refuse" not in request.form
    consent_page.keep_answer(
        visit.house,
        visit.asked,
        login,
        Answer.ACCEPTED if accepted else Answer.REFUSED,
        visit.at,
        remember="do_not_ask_again" in request.form,
    )
    db.session.commit()
    if not accepted:
        error = ProtocolError("access_denied", "User did not consent")
        error.may_redirect = True
        raise error
    visit.answered = True


def _forget_consents(visit: Visit, account_id: int) -> None:
    for receipt in active(
        db.session(),
        account_id,
        visit.at,
        audience=consent_page.audience_of(visit.asked.terms),
    ):
        end(db.session(), receipt, visit.at, ASKED_ANEW)
    db.session.commit()


def _to_page(visit: Visit, path: str) -> AnyResponse:
    response = redirect(f"{request.script_root}{path}?{urlencode({'next': visit.wait()})}")
    response.headers["Cache-Control"] = "no-store"
    return response


def _close(waiting: PendingAuthorization | None) -> None:
    if waiting is not None:
        stored = db.session.get(PendingAuthorization, waiting.id)
        if stored is not None:
            db.session.delete(stored)
        db.session.commit()


def _lost() -> AnyResponse:
    reason = "expired" if request.cookies else "cookies"
    return AnyResponse(render_template("idp/session_lost.html", reason=reason), 400, mimetype="text/html")
