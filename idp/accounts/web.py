"""The account holder's pages."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField

from glc.database import db
from glc.services import services
from glc.web import local_path
from idp import consent_page, pending, sessions
from idp.accounts.rules import find_by_email
from idp.passwords import verify_password

accounts = Blueprint("accounts", __name__, template_folder="../templates")


class LoginForm(FlaskForm):
    """User name and password."""

    username = StringField("Courriel")
    password = PasswordField("Mot de passe")


@accounts.route("/login/", methods=["GET", "POST"])
def login() -> Response:
    """Log in, then go on where the user was going."""
    at = services().clock.now()
    target = local_path(request.args.get("next")) or f"{request.script_root}/accounts/"
    form = LoginForm()
    if form.validate_on_submit():
        account = find_by_email(db.session(), form.username.data or "")
        stored = account.password_hash if account else ""
        db.session.rollback()
        if verify_password(services().settings, stored, form.password.data or "") and account is not None:
            value = sessions.start(db.session(), account, at)
            pending.note_login(db.session(), target, at)
            db.session.commit()
            response = redirect(target)
            sessions.set_cookie(response, value)
            return response
        form.form_errors.append("Courriel ou mot de passe incorrect.")
    waiting = pending.named_in(target)
    terms = pending.terms_behind(db.session(), target, at)
    page = render_template(
        "idp/login.html",
        form=form,
        action=request.full_path,
        cancel_url=f"{pending.resume_path(waiting)}&cancel=1" if waiting else None,
        register_url="/register/",
        reset_url="/password/reset/",
        service=consent_page.service(terms) if terms else None,
        account=None,
    )
    return Response(page, mimetype="text/html")
