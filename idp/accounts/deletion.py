"""Deleting an account."""

from __future__ import annotations

from flask import flash
from werkzeug.wrappers import Response

from glc.database import db
from glc.i18n import gettext as _
from glc.logs import logger
from idp.accounts import mailed_links
from idp.accounts.confirmation import confirmed
from idp.accounts.forms import ConfirmForm, PlainForm
from idp.accounts.rules import erase
from idp.accounts.web import accounts, link_expired, logged_in, mail_sent, now, page, to
from idp.models import Account


@accounts.route("/accounts/delete/", methods=["GET", "POST"])
@logged_in
def delete(account: Account) -> Response:
    """Confirm by a link sent to the verified address, or by the password when no address is verified."""
    if not account.email_verified:
        return _delete_at_once(account)
    form, session, email = PlainForm(), db.session(), account.email
    if not form.validate_on_submit():
        return page("accounts/delete.html", form=form, by_mail=True)
    mailed_links.send_link(session, mailed_links.DELETION, to=email, at=now(), account=account)
    session.commit()
    return mail_sent(email)


def _delete_at_once(account: Account) -> Response:
    form = ConfirmForm()
    if not form.validate_on_submit() or not confirmed(account, form.password):
        return page("accounts/delete.html", form=form, by_mail=False)
    return _erase(account)


@accounts.route("/accounts/validate-deletion/<token>/", methods=["GET", "POST"])
def validate_deletion(token: str) -> Response:
    """The link asks once more: a mail program may open it by itself."""
    session = db.session()
    link = mailed_links.open_link(session, mailed_links.DELETION, token, now())
    if link is None:
        return link_expired("/accounts/delete/")
    form = PlainForm()
    if not form.validate_on_submit():
        return page("accounts/delete_confirm.html", form=form, email=link.email)
    return _erase(session.get_one(Account, link.account_id))


def _erase(account: Account) -> Response:
    logger().info("account.erased", account=account.uuid[:8])
    erase(db.session(), account, now())
    db.session.commit()
    flash(_("Votre compte est supprimé."), "success")
    return to("/")
