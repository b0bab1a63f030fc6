"""Deleting an account."""

from __future__ import annotations

from flask import flash, request
from werkzeug.wrappers import Response

from glc.database import db
from glc.i18n import gettext as _
from glc.logs import logger
from glc.services import services
from idp import sessions
from idp.accounts import mailed_links
from idp.accounts.forms import ConfirmForm, PlainForm
from idp.accounts.rules import erase
from idp.accounts.web import accounts, logged_in, mail_sent, now, page, to
from idp.models import Account, MailedLink
from idp.passwords import verify_password


@accounts.route("/accounts/delete/", methods=["GET", "POST"])
@logged_in
def delete(account: Account) -> Response:
    """Confirm by a link sent to the verified address, or by the password when no address is verified."""
    session = db.session()
    if account.email_verified:
        form = PlainForm()
        if not form.validate_on_submit():
            return page("accounts/delete.html", form=form, by_mail=True)
        mailed_links.send_link(session, mailed_links.DELETION, to=account.email, at=now(), account=account)
        email = account.email
        session.commit()
        return mail_sent(email)
    form = ConfirmForm()
    if not form.validate_on_submit():
        return page("accounts/delete.html", form=form, by_mail=False)
    stored, account_id = account.password_hash, account.id
    session.rollback()  # verifying takes long: hold no lock meanwhile
    if not verify_password(services().settings, stored, form.password.data):
        form.password.errors = [_("Ce n’est pas votre mot de passe actuel.")]
        return page("accounts/delete.html", form=form, by_mail=False)
    return _erase(session.get_one(Account, account_id))


@accounts.route("/accounts/validate-deletion/<token>/", methods=["GET", "POST"])
def validate_deletion(token: str) -> Response:
    """The link asks once more: a mail program may open it by itself."""
    session = db.session()
    link = mailed_links.open_link(session, mailed_links.DELETION, token, now())
    if link is None:
        return page("accounts/link_expired.html", 410, retry_url=f"{request.script_root}/accounts/delete/")
    form = PlainForm()
    if not form.validate_on_submit():
        return page("accounts/delete_confirm.html", form=form, email=link.email)
    session.get_one(MailedLink, link.digest).used_at = now()
    return _erase(session.get_one(Account, link.account_id))


def _erase(account: Account) -> Response:
    logger().info("account.erased", account=account.uuid[:8])
    erase(db.session(), account, now())
    db.session.commit()
    flash(_("Votre compte est supprimé."), "success")
    response = to("/")
    sessions.drop_cookie(response)
    return response
