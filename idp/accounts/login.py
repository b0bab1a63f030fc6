"""Home and login."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from glc.database import db
from glc.i18n import gettext as _
from glc.logs import logger
from glc.services import services
from idp.accounts import throttling
from idp.accounts.forms import LoginForm
from idp.accounts.hashing import hash_password, needs_rehash, verify_password
from idp.accounts.rules import find_by_email
from idp.accounts.web import accounts, carrying_next, current_account, enter, now, onwards, page, target
from idp.authorization import pending
from partner_registry.agents import agent_of


@accounts.get("/")
def home() -> Response:
    """The provider's own home page; agents of the partner registry find its door there."""
    account = current_account()
    agent = agent_of(db.session(), account.id, account.email, now(), via="web") if account is not None else None
    return page("idp/home.html", is_agent=agent is not None and bool(agent.roles))


@accounts.route("/login/", methods=["GET", "POST"])
def login() -> Response:
    """Log in, then go on. Whoever is logged in is asked again only for a request that demands it."""
    going_on = target()
    if request.method == "GET" and pending.named_in(going_on) is None and current_account() is not None:
        return onwards(going_on)
    form = LoginForm()
    if request.method == "GET":
        form.username.data = _expected(going_on)
    if not form.validate_on_submit():
        return _page(form)
    return _attempt(form, going_on)


def _attempt(form: LoginForm, going_on: str | None) -> Response:
    settings, session = services().settings, db.session()
    email, password = form.username.data.strip(), form.password.data
    account = find_by_email(session, email)
    where = throttling.places(email, account)
    wait = throttling.must_wait(session, settings, where, now())
    if wait:
        logger().info("login.slowed", wait=wait)
        response = _page(form, 429, retry_after=wait)
        response.headers["Retry-After"] = str(wait)
        return response
    stored = account.password_hash if account else ""
    session.rollback()  # a password takes long to verify: hold no lock meanwhile
    if not verify_password(settings, stored, password) or account is None:
        throttling.count_failure(session, settings, where, now())
        session.commit()
        logger().info("login.refused")
        form.form_errors.append(_("Courriel ou mot de passe incorrect."))
        return _page(form)
    fresh_hash = hash_password(settings, password) if needs_rehash(settings, stored) else None
    if fresh_hash:
        account.password_hash = fresh_hash
    throttling.forget_failures(session, where)
    response = enter(account, going_on)
    throttling.know_device(response, account)
    logger().info("login", account=account.uuid[:8])
    return response


def _page(form: LoginForm, status: int = 200, retry_after: int | None = None) -> Response:
    waiting = pending.named_in(target())
    return page(
        "idp/login.html",
        status,
        form=form,
        action=carrying_next("/login/"),
        cancel_url=f"{pending.resume_path(waiting)}&cancel=1" if waiting else None,
        register_url=carrying_next("/register/"),
        reset_url=carrying_next("/password/reset/"),
        retry_after=retry_after,
        account=None,
    )


def _expected(going_on: str | None) -> str:
    """Who is likely to log in: the address among the words of `login_hint`, else whoever is logged in already."""
    words = pending.parameter_behind(db.session(), going_on, "login_hint", now()).split()
    current = current_account()
    return next((word for word in words if "@" in word), current.email if current else "")
