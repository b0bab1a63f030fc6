"""The profile: the nineteen attributes, read, completed and corrected by their holder."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import Conflict
from glc.i18n import gettext as _
from glc.services import services
from idp.accounts import mailed_links
from idp.accounts.confirmation import confirmed
from idp.accounts.forms import GENDERS, LABELS, SCOPES, ChangeEmailForm, PlainForm, profile_form
from idp.accounts.rules import change_address, find_by_email
from idp.accounts.web import accounts, link_expired, logged_in, mail_sent, now, onwards, page, target, to
from idp.authorization import pending
from idp.claims import day_shown
from idp.models import MANDATORY_ATTRIBUTES, PROFILE_ATTRIBUTES, Account, missing_attributes


@accounts.get("/accounts/")
@accounts.get("/accounts/profile/")
@logged_in
def profile(account: Account) -> Response:
    """Everything the account holds."""
    groups = {scope: [_shown(account, name) for name in names] for scope, names in SCOPES.items()}
    return page("accounts/profile.html", groups=groups)


@accounts.route("/accounts/edit/", methods=["GET", "POST"], defaults={"scope": None})
@accounts.route("/accounts/edit/<scope>/", methods=["GET", "POST"])
@logged_in
def edit(account: Account, scope: str | None) -> Response:
    """Correct the profile, or one part of it. What an authority vouched for cannot be changed here."""
    if scope is not None and scope not in SCOPES:
        raise NotFound
    names = [name for name in SCOPES.get(scope or "", PROFILE_ATTRIBUTES) if name not in account.verified_attributes]
    return _edit(account, names, frozenset(MANDATORY_ATTRIBUTES), "accounts/edit.html")


@accounts.route("/accounts/edit/required/", methods=["GET", "POST"])
@logged_in
def edit_required(account: Account) -> Response:
    """Ask for what a service needs and the profile lacks, then go back to the service."""
    terms = pending.terms_behind(db.session(), target(), now())
    missing = missing_attributes(account, terms.required_attributes if terms else ())
    if not missing:
        return onwards(target())
    return _edit(account, missing, frozenset(missing), "accounts/edit_required.html")


def _edit(account: Account, names: list[str], required: frozenset[str], template: str) -> Response:
    form = profile_form(names, required)(obj=account)
    if not form.validate_on_submit():
        waiting = pending.named_in(target())
        cancel = f"{pending.resume_path(waiting)}&cancel=1" if waiting else f"{request.script_root}/accounts/"
        return page(template, form=form, cancel_url=cancel)
    for name in names:
        setattr(account, name, form[name].data or "")
    account.changed_at = now()
    db.session.commit()
    if target() is None:
        flash(_("Votre profil est enregistré."), "success")
    return onwards(target())


@accounts.route("/accounts/change-email/", methods=["GET", "POST"])
@logged_in
def change_email(account: Account) -> Response:
    """Write to the new address; nothing changes before its link is opened."""
    form = ChangeEmailForm()
    if not form.validate_on_submit() or not confirmed(account, form.password):
        return page("accounts/change_email.html", form=form)
    session, new = db.session(), form.email.data
    existing = find_by_email(session, new)
    if existing is not None:
        mailed_links.write(session, "already", to=existing.email, at=now(), account=existing)
    else:
        mailed_links.send_link(session, mailed_links.CHANGE_EMAIL, to=new, at=now(), account=account)
    session.commit()
    return mail_sent(new)


@accounts.route("/accounts/change-email/confirm/<token>/", methods=["GET", "POST"])
def confirm_email(token: str) -> Response:
    """Take the new address, and tell the old one. The link asks once more: a mail program may open it by itself, and
    would give its owner's address to whoever typed it."""
    session = db.session()
    link = mailed_links.open_link(session, mailed_links.CHANGE_EMAIL, token, now())
    if link is None:
        return link_expired("/accounts/change-email/")
    form = PlainForm()
    if not form.validate_on_submit():
        return page("accounts/change_email_confirm.html", form=form, email=link.email)
    if not mailed_links.use_up(session, link, now()):
        return link_expired("/accounts/change-email/")
    account = session.get_one(Account, link.account_id)
    former = account.email
    try:
        change_address(session, account, link.email)
    except Conflict:
        return link_expired("/accounts/change-email/")
    mailed_links.tell(
        session, "email-changed", to=former, at=now(), account=account, support_url=services().settings.support_url
    )
    session.commit()
    flash(_("Votre adresse est changée."), "success")
    return to("/accounts/")


def _shown(account: Account, name: str) -> dict[str, Any]:
    value = getattr(account, name)
    if name == "gender":
        value = _(dict(GENDERS).get(value, value)) if value else ""
    if name == "birthdate":
        value = day_shown(value)
    return {"label": LABELS[name], "value": value, "verified": name in account.verified_attributes}
