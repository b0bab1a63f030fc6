"""The authorization endpoint: entry and exit of every login (OpenID Connect Core 1.0, section 3.1.2).

Each visit runs the checks, then asks in order what is still missing: `STEPS`. A missing thing stores the request and
sends the user to the page that provides it; that page comes back here, and the same questions are asked again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import after_this_request, redirect, render_template, request
from sqlalchemy.engine import Connection, Row
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from consent.decision import Decision, decide
from consent.models import Answer
from consent.receipts import ASKED_ANEW, active, end, remembered_scopes
from glc.database import db, reading, reading_session
from glc.i18n import prefer
from glc.logs import logger
from glc.web import csrf
from idp import sessions
from idp.authorization import answers, consent_page, pending, pushed_requests
from idp.authorization.checks import FRONT_CHANNEL, AuthorizationRequest, refers, run_checks
from idp.authorization.request_objects import take_up
from idp.errors import ProtocolError
from idp.grants import code, implicit
from idp.models import Account, PendingAuthorization, missing_attributes
from idp.parameters import Parameters
from idp.provider import Provider, provider
from idp.subjects import subject
from idp.tokens import id_token_hints
from partner_registry.models import ConsentMode, Environment

ANEW = frozenset({"login", "select_account", "create"})
"""Prompts that a login made before the request does not answer. Accounts are selected by logging in to one."""
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
    cookie: str = field(default_factory=lambda: request.cookies.get(sessions.COOKIE, ""))
    """The browser's session, in clear."""
    page: str = ""
    """Which page its user is shown: the path of one, or `consent`."""

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
            if self.house.dialect.ui_locales_are_heard:
                prefer(self.asked.parameters.get("ui_locales", "").split())
            session = db.session()
            session.expire_on_commit = False  # nobody else changes what this visit writes
            self.waiting = pending.store(session, self.asked.parameters.pairs, self.at)
            session.commit()
        return self.waiting.id

    def is_answered(self) -> bool:
        """Whether somebody stands in for the user, and answered the page that is to be shown: another may follow."""
        return bool(self.page and self.house.stand_in and self.house.stand_in(self))

    def enter(self, account: Account) -> None:
        """Log somebody in in the middle of the visit, as the login page does."""
        session = db.session()
        value = sessions.start(session, account, self.at)
        if self.waiting is not None:
            self.waiting.account_id, self.waiting.authenticated_at = account.id, self.at
        session.commit()
        self.login, self.cookie = sessions.by_value(self.connection, value, self.at), value
        after_this_request(partial(sessions.with_cookie, value=value))

    def answer_consent(self, *, accepted: bool, remember: bool = False) -> bool:
        """Take the answer to the consent page, once, and keep its receipt; False when it was answered before. Raises
        `ProtocolError`, for the client, when it is a refusal."""
        if self.waiting is None or not pending.close(db.session(), self.waiting.id):
            db.session.rollback()
            return False
        self.closed = True
        assert self.login is not None
        answer = Answer.ACCEPTED if accepted else Answer.REFUSED
        consent_page.keep_answer(self.house, self.asked, self.login, answer, self.at, remember=remember)
        db.session.commit()
        if not accepted:
            raise ProtocolError("access_denied", "User did not consent")
        return True

    def cancel(self) -> None:
        """Give up, as who presses « Annuler » does. Raises `ProtocolError`, for the client."""
        if self.waiting is not None:
            _close(self.waiting)
        raise ProtocolError("access_denied", "Authentication cancelled by user")


def authorize() -> AnyResponse:
    """GET begins or resumes an authorization; POST is the answer of the consent page, or begins one too where the
    dialect says so."""
    house = provider()
    at = house.clock.now()
    name = request.args.get("pending") if b"pending=" in request.query_string else None
    waiting = None
    if name is not None:
        with reading_session(house.engine) as session:
            waiting = pending.find(session, name, at)
        if waiting is None:
            return _lost()
        if request.method == "POST":
            csrf.protect()
    elif request.method == "POST" and not house.dialect.authorization_by_post:
        raise MethodNotAllowed(["GET"])
    asked = None
    try:
        parameters = _parameters(waiting)
        if house.dialect.empty_parameters_are_omitted:
            parameters = parameters.without_empty()
        asked = AuthorizationRequest(parameters, house.dialect, resumed=waiting is not None)
        asked.taken_up = lambda asked: take_up(house, asked, at)
        if waiting is None and request.method == "POST":
            return _fetched_again(house, asked, at)
        return _answer(house, at, asked, waiting)
    except ProtocolError as error:
        if waiting is not None:
            _close(waiting)
        return answers.failure(house, asked, error)


def _parameters(waiting: PendingAuthorization | None) -> Parameters:
    if waiting is not None:
        return Parameters((name, value) for name, value in waiting.parameters)
    return Parameters.of_body(request) if request.method == "POST" else Parameters.of_query(request)


def _fetched_again(house: Provider, asked: AuthorizationRequest, at: dt.datetime) -> AnyResponse:
    """Have the browser come back by GET: a form posted from another site comes without our cookies."""
    asked.terms_of = lambda client_id: house.terms(client_id, at)
    run_checks(asked)
    reference = pushed_requests.keep(house, asked, at)
    query = urlencode({"client_id": asked.terms.client_id, "request_uri": reference})
    response = redirect(f"{request.script_root}{pending.AUTHORIZE_PATH}?{query}", 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer(
    house: Provider, at: dt.datetime, asked: AuthorizationRequest, waiting: PendingAuthorization | None
) -> AnyResponse:
    if refers(asked):  # what a site is asked for is had before a connection is taken
        asked.terms_of = lambda client_id: house.terms(client_id, at)
        run_checks(asked)
        asked.resumed = True
    with reading(house.engine) as connection:
        login = sessions.by_cookie(connection, at)
        version = login.registry_version if login is not None else None
        asked.terms_of = lambda client_id: house.terms(client_id, at, version)
        run_checks(asked)
        visit = Visit(house, at, asked, login, connection, waiting)
        try:
            page = _what_is_missing(visit)
            while page is not None and visit.is_answered():
                page = _what_is_missing(visit)
            if page is not None:
                return page
        except ProtocolError as error:
            error.may_redirect = True
            raise
    try:
        return _grant(visit)
    except ProtocolError as error:
        error.may_redirect = True
        raise


def _what_is_missing(visit: Visit) -> AnyResponse | None:
    return next((page for step in STEPS if (page := step(visit)) is not None), None)


def _grant(visit: Visit) -> AnyResponse:
    asked, login = visit.asked, visit.login
    assert login is not None
    if visit.waiting is not None and not visit.closed and not _close(visit.waiting):
        return _lost()
    answer: dict[str, str] = {}
    if "code" in asked.response_types:
        answer |= code.issue(visit.house, asked, login, visit.at, fresh=visit.fresh)
    if asked.response_types & FRONT_CHANNEL:
        answer |= implicit.issue(visit.house, asked, login, visit.at, fresh=visit.fresh, code=answer.get("code"))
    logger().info("authorize.granted", client_id=asked.terms.client_id, session=login.session_uid[:8])
    return answers.success(visit.house, asked, answer, visit.cookie)


# ── What may still be missing, in order ────────────────────────────────────────────────────────────────────────────


def _cancelled(visit: Visit) -> AnyResponse | None:
    ours = visit.waiting is not None and "cancel" in request.args
    if ours or ("cancel" in visit.asked.parameters and not visit.house.dialect.unknown_parameters_are_ignored):
        visit.cancel()
    return None


def _logged_in(visit: Visit) -> AnyResponse | None:
    if visit.login is not None and (visit.fresh or not visit.asked.prompts & ANEW):
        return None
    if visit.silent:
        raise ProtocolError("login_required", 'Login is required but prompt parameter is "none"')
    return _to_page(visit, "/register/" if "create" in visit.asked.prompts else "/login/")


def _expected_user(visit: Visit) -> AnyResponse | None:
    """The one that the request is about, if it names one (OpenID Connect Core 1.0, 3.1.2.1 and 5.5.1)."""
    asked, login, house = visit.asked, visit.login, visit.house
    hint = asked.parameters.get("id_token_hint") if house.dialect.id_token_hint_is_read else None
    wanted = {asked.claims.subject} - {None}
    if hint is not None:
        wanted.add(id_token_hints.read(house, asked.terms, hint, visit.at).subject)
    if wanted <= {subject(house.ring, asked.terms, login.uuid, login.email)}:  # type: ignore[union-attr]
        return None
    if visit.silent or visit.fresh:
        raise ProtocolError("login_required", "Another user is logged in than the one that is asked for")
    return _to_page(visit, "/login/")


def _level_reached(visit: Visit) -> AnyResponse | None:
    """A login here reaches the levels of the setting `acr_values`; the answer tells the one asked for, or the first."""
    asked, house = visit.asked, visit.house
    if house.dialect.acr_tells_freshness:
        return None
    reached = house.settings.acr_values.split()
    asked.acr = next((each for each in asked.acr_values if each in reached), None)
    if asked.acr is None and asked.claims.acr_is_essential:
        raise ProtocolError(
            "unmet_authentication_requirements",
            "None of the requested acr values can be reached",
            hint=f"Une connexion atteint ici : {', '.join(reached)} (réglage acr_values).",
        )
    asked.acr = asked.acr or next(iter(reached), None)
    return None


def _identity_admitted(visit: Visit) -> AnyResponse | None:
    """A trial is for invented people (registry reference, 6.2)."""
    if visit.asked.terms.environment is Environment.SANDBOX and not visit.login.test_identity:  # type: ignore[union-attr]
        raise ProtocolError(
            "access_denied",
            "Only test identities may use a sandbox client",
            hint="Ce client est de bac à sable, et ce compte n’est pas d’essai : « glc account create --test ».",
            detail="real_identity_in_sandbox",
        )
    return None


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
    if visit.closed:
        return None
    if request.method == "POST" and visit.waiting is not None and visit.waiting.account_id == login.account_id:
        accepted = "accept" in request.form and "refuse" not in request.form
        taken = visit.answer_consent(accepted=accepted, remember="do_not_ask_again" in request.form)
        return None if taken else _lost()
    asked_of_nobody = terms.consent_mode is ConsentMode.NONE
    decision = decide(
        asked.permissions,
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
    visit.page = "consent"
    if visit.is_answered():
        return None
    return AnyResponse(
        consent_page.render(visit.house, asked, login, pending.resume_path(waiting)), mimetype="text/html"
    )


STEPS: tuple[Callable[[Visit], AnyResponse | None], ...] = (
    _cancelled,
    _logged_in,
    _expected_user,
    _level_reached,
    _identity_admitted,
    _profile_complete,
    _role_held,
    _login_recent,
    _consented,
)


def _forget_consents(visit: Visit, account_id: int) -> None:
    for receipt in active(
        db.session(),
        account_id,
        visit.at,
        audience=consent_page.audience_of(visit.asked.terms),
    ):
        end(db.session(), receipt, visit.at, ASKED_ANEW)


def _to_page(visit: Visit, path: str) -> AnyResponse:
    visit.page = path
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
