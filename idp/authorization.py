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
from idp.models import PendingAuthorization, missing_attributes
from idp.parameters import Parameters
from idp.provider import Provider, provider
from partner_registry.models import ConsentMode, Flow

JUST_NOW = dt.timedelta(minutes=5)
"""How long a login made for a request answers its max_age, however short: time to read the consent page."""


@dataclass(slots=True)
class Visit:
    """One visit to the endpoint: the request, who is logged in, and what was already done for this request."""

    house: Provider
    at: dt.datetime
    asked: AuthorizationRequest
    login: Row[Any] | None
    connection: Connection
    waiting: PendingAuthorization | None = None
    closed: bool = False

    @property
    def silent(self) -> bool:
        """Whether no page may be shown (prompt=none)."""
        return "none" in self.asked.prompts

    @property
    def fresh(self) -> bool:
        """Whether whoever is logged in logged in for this very request."""
        waiting, login = self.waiting, self.login
        if waiting is None or waiting.authenticated_at is None or login is None:
            return False
        return bool(waiting.account_id == login.account_id)

    def wait(self) -> str:
        """Store the request, if it is not yet; return its name."""
        if self.waiting is None:
            self.waiting = pending.store(db.session(), self.asked.parameters.pairs, self.at)
            db.session.commit()
        return self.waiting.id


def authorize() -> AnyResponse:
    """GET begins or resumes an authorization; POST is the answer of the consent page."""
    house = provider()
    at = house.clock.now()
    name = request.args.get("pending") if b"pending=" in request.query_string else None
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
        if waiting is not None:
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
    if visit.waiting is not None and not visit.closed and not _close(visit.waiting):
        return _lost()
    issue = code.issue if asked.terms.flow is Flow.CODE else implicit.issue
    answer = issue(visit.house, asked, login, visit.at, fresh=visit.fresh)
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
    if not missing_attributes(visit.login, visit.asked.terms.required_attributes):
        return None
    if visit.silent:
        raise ProtocolError("interaction_required", 'User profile is not complete but prompt parameter is "none"')
    return _to_page(visit, "/accounts/edit/required/")


def _role_held(visit: Visit) -> AnyResponse | None:
    admitted = visit.asked.terms.authorised_roles
    if not admitted or admitted & set(visit.login.roles):  # type: ignore[union-attr]
        return None
    if visit.waiting is not None:
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
    age = visit.at - visit.login.authenticated_at  # type: ignore[union-attr]
    if limit is None or (limit and age <= limit) or (visit.fresh and age <= JUST_NOW):
        return None
    if visit.silent:
        raise ProtocolError("login_required", 'Login is required because of max_age, but prompt parameter is "none"')
    return _to_page(visit, "/login/")


def _consented(visit: Visit) -> AnyResponse | None:
    terms, login, asked = visit.asked.terms, visit.login, visit.asked
    assert login is not None
    if request.method == "POST" and visit.waiting is not None and visit.waiting.account_id == login.account_id:
        return _take_answer(visit, login)
    asked_of_nobody = terms.consent_mode is ConsentMode.NONE
    decision = decide(
        asked.scopes,
        ()
        if asked_of_nobody
        else remembered_scopes(visit.connection, login.account_id, consent_page.audience_of(terms), visit.at),
        asked_of_nobody=asked_of_nobody,
        asked_anew="consent" in asked.prompts,
        may_interact=not visit.silent or visit.house.dialect.prompt_none_shows_consent,
    )
    if decision is Decision.SKIP:
        return None
    if decision is Decision.REFUSE:
        raise ProtocolError("consent_required", 'Consent is required but prompt parameter is "none"')
    waiting = visit.wait()
    pending.show_to(db.session(), waiting, login.account_id)
    if "consent" in asked.prompts:
        _forget_consents(visit, login.account_id)
    db.session.commit()
    return AnyResponse(
        consent_page.render(visit.house, asked, login, pending.resume_path(waiting)), mimetype="text/html"
    )


STEPS: tuple[Callable[[Visit], AnyResponse | None], ...] = (
    _cancelled,
    _logged_in,
    _profile_complete,
    _role_held,
    _login_recent,
    _consented,
)


def _take_answer(visit: Visit, login: Row[Any]) -> AnyResponse | None:
    """Take the answer to the page that was shown, once, and keep its receipt; a refusal is an error for the client."""
    accepted = "accept" in request.form and "refuse" not in request.form
    if visit.waiting is None or not pending.close(db.session(), visit.waiting.id):
        db.session.rollback()
        return _lost()
    visit.closed = True
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
        raise ProtocolError("access_denied", "User did not consent")
    return None


def _forget_consents(visit: Visit, account_id: int) -> None:
    for receipt in active(
        db.session(),
        account_id,
        visit.at,
        audience=consent_page.audience_of(visit.asked.terms),
    ):
        end(db.session(), receipt, visit.at, ASKED_ANEW)


def _to_page(visit: Visit, path: str) -> AnyResponse:
    response = redirect(f"{request.script_root}{path}?{urlencode({'next': pending.resume_path(visit.wait())})}")
    response.headers["Cache-Control"] = "no-store"
    return response


def _close(waiting: PendingAuthorization) -> bool:
    closed = pending.close(db.session(), waiting.id)
    db.session.commit()
    return closed


def _lost() -> AnyResponse:
    reason = "expired" if request.cookies else "cookies"
    return AnyResponse(render_template("idp/session_lost.html", reason=reason), 400, mimetype="text/html")
