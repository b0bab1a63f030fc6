"""Forgotten and changed passwords."""

from __future__ import annotations

from flask import flash, request
from werkzeug.wrappers import Response

from glc.database import db
from glc.i18n import gettext as _
from glc.services import services
from glc.web import local_path
from idp import sessions
from idp.accounts import mailed_links
from idp.accounts.forms import AddressForm, ChangePasswordForm, NewPasswordForm
from idp.accounts.rules import check_password, find_by_email
from idp.accounts.web import (
    accounts,
    carrying_next,
    current_session,
    enter,
    logged_in,
    mail_sent,
    now,
    page,
    target,
    to,
)
from idp.models import Account, MailedLink
from idp.passwords import hash_password, verify_password


@accounts.route("/password/reset/", methods=["GET", "POST"])
def reset_password() -> Response:
    """Ask for an address and write to it, if it has an account; the page says the same either way."""
    form = AddressForm()
    if not form.validate_on_submit():
        return page("accounts/password_reset.html", form=form, login_url=carrying_next("/login/"))
    session = db.session()
    account = find_by_email(session, form.email.data)
    if account is not None:
        mailed_links.send_link(
            session, mailed_links.RESET, to=account.email, at=now(), account=account, next_url=target() or ""
        )
    session.commit()
    return mail_sent(form.email.data)


@accounts.route("/password/reset/confirm/<token>/", methods=["GET", "POST"])
def confirm_reset(token: str) -> Response:
    """Choose a new password. Every session of the account ends, and this browser is logged in."""
    session = db.session()
    link = mailed_links.open_link(session, mailed_links.RESET, token, now())
    if link is None:
        return page("accounts/link_expired.html", 410, retry_url=f"{request.script_root}/password/reset/")
    form = NewPasswordForm()
    if not form.validate_on_submit() or not check_password(form.password1, link.email):
        return page("accounts/password_new.html", form=form)
    key, going_on, account_id = link.digest, local_path(link.next_url), link.account_id
    session.rollback()  # hashing takes long: hold no lock meanwhile
    hashed = hash_password(services().settings, form.password1.data)
    account = session.get_one(Account, account_id)
    account.password_hash = hashed
    account.email_verified = True
    session.get_one(MailedLink, key).used_at = now()
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
    if not form.validate_on_submit() or not check_password(form.password1, account.email):
        return page("accounts/password_change.html", form=form)
    settings, session = services().settings, db.session()
    stored, account_id = account.password_hash, account.id
    session.rollback()  # hashing takes long: hold no lock meanwhile
    if not verify_password(settings, stored, form.old_password.data):
        form.old_password.errors = [_("Ce n’est pas votre mot de passe actuel.")]
        return page("accounts/password_change.html", form=form)
    hashed = hash_password(settings, form.password1.data)
    account = session.get_one(Account, account_id)
    account.password_hash = hashed
    sessions.end_all(session, account, now(), but=current_session())
    session.commit()
    flash(_("Votre mot de passe est changé."), "success")
    return to("/accounts/")
