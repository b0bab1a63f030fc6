"""Forgotten and changed passwords."""

from __future__ import annotations

from flask import flash
from werkzeug.wrappers import Response

from glc.database import db
from glc.i18n import gettext as _
from glc.services import services
from idp import sessions
from idp.accounts import mailed_links
from idp.accounts.confirmation import confirmed
from idp.accounts.forms import AddressForm, ChangePasswordForm, NewPasswordForm, is_not_the_address
from idp.accounts.hashing import hash_password
from idp.accounts.rules import find_by_email
from idp.accounts.web import (
    accounts,
    carrying_next,
    current_session,
    enter,
    link_expired,
    logged_in,
    mail_sent,
    now,
    page,
    target,
    to,
    within_reach,
)
from idp.models import Account


@accounts.route("/password/reset/", methods=["GET", "POST"])
def reset_password() -> Response:
    """Ask for an address and write to it; the page says the same whether or not an account exists, the mail knows."""
    form = AddressForm()
    if not form.validate_on_submit():
        return page("accounts/password_reset.html", form=form, login_url=carrying_next("/login/"))
    session, email = db.session(), form.email.data
    account = find_by_email(session, email)
    if account is None:
        mailed_links.write(session, "no-account", to=email, at=now())
    else:
        mailed_links.send_link(
            session, mailed_links.RESET, to=account.email, at=now(), account=account, next_url=target() or ""
        )
    session.commit()
    return mail_sent(email)


@accounts.route("/password/reset/confirm/<token>/", methods=["GET", "POST"])
def confirm_reset(token: str) -> Response:
    """Choose a new password. Every session of the account ends, and this browser is logged in."""
    session = db.session()
    link = mailed_links.open_link(session, mailed_links.RESET, token, now())
    if link is None:
        return link_expired("/password/reset/")
    going_on = within_reach(link.next_url)
    form = NewPasswordForm()
    if not form.validate_on_submit() or not is_not_the_address(form.password1, link.email):
        return page("accounts/password_new.html", form=form, going_on=going_on)
    session.rollback()  # hashing takes long: hold no lock meanwhile
    hashed = hash_password(services().settings, form.password1.data)
    if not mailed_links.use_up(session, link, now()):
        return link_expired("/password/reset/")
    account = session.get_one(Account, link.account_id)
    account.password_hash, account.email_verified = hashed, True
    sessions.end_all(session, account, now())
    flash(_("Votre mot de passe est changé."), "success")
    return enter(account, going_on)


@accounts.get("/.well-known/change-password")
def well_known_change_password() -> Response:
    """Where password managers look (W3C, A Well-Known URL for Changing Passwords)."""
    return to("/accounts/password/change/")


@accounts.route("/accounts/password/change/", methods=["GET", "POST"])
@logged_in
def change_password(account: Account) -> Response:
    """Replace the password; the other sessions of the account end."""
    form = ChangePasswordForm()
    if (
        not form.validate_on_submit()
        or not is_not_the_address(form.password1, account.email)
        or not confirmed(account, form.old_password)
    ):
        return page("accounts/password_change.html", form=form)
    account.password_hash = hash_password(services().settings, form.password1.data)
    session = db.session()
    sessions.end_all(session, account, now(), but=current_session())
    mailed_links.void(session, account.id, now())
    session.commit()
    flash(_("Votre mot de passe est changé."), "success")
    return to("/accounts/")
