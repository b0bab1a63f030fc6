"""Registration by a link sent by e-mail."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from glc.database import db
from glc.i18n import gettext as _
from glc.logs import logger
from glc.web import local_path
from idp.accounts import mailed_links
from idp.accounts.forms import AddressForm, RegistrationForm
from idp.accounts.rules import check_password, create_account, find_by_email
from idp.accounts.web import accounts, carrying_next, enter, mail_sent, now, page, target
from idp.models import MailedLink


@accounts.route("/register/", methods=["GET", "POST"])
def register() -> Response:
    """Ask for an address and write to it. The page says the same whether or not an account exists."""
    form = AddressForm()
    if not form.validate_on_submit():
        return page("accounts/register.html", form=form, login_url=carrying_next("/login/"))
    email, session = form.email.data, db.session()
    existing = find_by_email(session, email)
    if existing is not None:
        mailed_links.write(
            session, "already", to=existing.email, subject=_("Vous avez déjà un compte"), at=now(), account=existing
        )
    else:
        mailed_links.send_link(session, mailed_links.REGISTRATION, to=email, at=now(), next_url=target() or "")
    session.commit()
    return mail_sent(email)


@accounts.route("/accounts/activate/<token>/", methods=["GET", "POST"])
@accounts.route("/register/complete/<token>/", methods=["GET", "POST"])
def complete(token: str) -> Response:
    """Name and password, then logged in and back where the visitor came from."""
    session = db.session()
    link = mailed_links.open_link(session, mailed_links.REGISTRATION, token, now())
    if link is None or find_by_email(session, link.email) is not None:
        return page("accounts/link_expired.html", 410, retry_url=f"{request.script_root}/register/")
    form = RegistrationForm()
    if not form.validate_on_submit() or not check_password(form.password1, link.email):
        return page("accounts/register_complete.html", form=form, email=link.email)
    return _create(form, link)


def _create(form: RegistrationForm, link: MailedLink) -> Response:
    session = db.session()
    email, going_on, key = link.email, local_path(link.next_url), link.digest
    session.rollback()  # hashing takes long: hold no lock meanwhile
    account = create_account(
        session,
        email=email,
        password=form.password1.data,
        at=now(),
        email_verified=True,
        first_name=form.first_name.data,
        last_name=form.last_name.data,
    )
    session.get_one(MailedLink, key).used_at = now()
    logger().info("account.created", account=account.uuid[:8])
    return enter(account, going_on)
