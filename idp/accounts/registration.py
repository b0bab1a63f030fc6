"""Registration by a link sent by e-mail."""

from __future__ import annotations

from flask import redirect
from flask import session as browser
from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import Conflict
from glc.logs import logger
from idp.accounts import mailed_links
from idp.accounts.forms import AddressForm, RegistrationForm, is_not_the_address
from idp.accounts.rules import create_account, find_by_email
from idp.accounts.web import (
    accounts,
    carrying_next,
    enter,
    link_expired,
    mail_sent,
    now,
    page,
    target,
    to,
    within_reach,
)
from idp.authorization import pending
from idp.models import MailedLink
from partner_registry.models import Environment


@accounts.route("/register/", methods=["GET", "POST"])
def register() -> Response:
    """Ask for an address and write to it. The page says the same whether or not an account exists.

    Whoever comes from a production service registers as themselves; anybody else as a test identity.
    """
    form = AddressForm()
    if not form.validate_on_submit():
        return page("accounts/register.html", form=form, login_url=carrying_next("/login/"))
    email, session = form.email.data, db.session()
    existing = find_by_email(session, email)
    if existing is not None:
        mailed_links.write(session, "already", to=existing.email, at=now(), account=existing)
    else:
        terms = pending.terms_behind(session, target(), now())
        mailed_links.send_link(
            session,
            mailed_links.REGISTRATION,
            to=email,
            at=now(),
            next_url=target() or "",
            test_identity=terms is None or terms.environment is Environment.SANDBOX,
        )
    session.commit()
    browser["registering"] = email
    return redirect(carrying_next("/register/complete/"))


@accounts.get("/register/complete/")
def registration_mailed() -> Response:
    """What to do now: open the mail."""
    email = browser.get("registering")
    return mail_sent(email) if email else to("/register/")


@accounts.route("/accounts/activate/<token>/", methods=["GET", "POST"])
def activate(token: str) -> Response:
    """Name and password, then logged in and back where the visitor came from."""
    link = mailed_links.open_link(db.session(), mailed_links.REGISTRATION, token, now())
    if link is None:
        return link_expired("/register/")
    form = RegistrationForm()
    if not form.validate_on_submit() or not is_not_the_address(form.password1, link.email):
        going_on = within_reach(link.next_url)
        return page("accounts/register_complete.html", form=form, email=link.email, going_on=going_on)
    return _create(form, link)


def _create(form: RegistrationForm, link: MailedLink) -> Response:
    session = db.session()
    email, test_identity, going_on = link.email, link.test_identity, within_reach(link.next_url)
    session.rollback()  # hashing takes long: hold no lock meanwhile
    try:
        account = create_account(
            session,
            email=email,
            password=form.password1.data,
            at=now(),
            email_verified=True,
            test_identity=test_identity,
            first_name=form.first_name.data,
            last_name=form.last_name.data,
        )
    except Conflict:
        return link_expired("/register/")
    if not mailed_links.use_up(session, link, now()):
        session.rollback()
        return link_expired("/register/")
    browser.pop("registering", None)
    logger().info("account.created", account=account.uuid[:8])
    return enter(account, going_on)
