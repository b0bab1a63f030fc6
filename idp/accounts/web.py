"""The account holder's pages: the blueprint, who is logged in, and what every page is given."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import unquote_to_bytes, urlencode

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response

from glc.clock import PARIS
from glc.database import db
from glc.i18n import gettext as _
from glc.services import services
from glc.web import local_path
from idp import sessions
from idp.authorization import consent_page, pending
from idp.models import Account, BrowserSession
from idp.parameters import FORM

accounts = Blueprint("accounts", __name__)
P = ParamSpec("P")


@accounts.url_value_preprocessor
def keep_body(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Keep the bytes of a form for `refuse_unreadable_forms`: the check of its CSRF token reads them before."""
    with suppress(HTTPException):  # too long: whoever reads it next says so
        request.get_data()


@accounts.before_request
def refuse_unreadable_forms() -> None:
    """Every field of our forms is one line of text, sent once; anything else comes from no page of ours."""
    texts = [text for name, values in request.form.lists() for text in (name, *values)]
    if (request.mimetype == FORM and not _is_utf_8(request.get_data())) or not all(map(_is_one_line, texts)):
        raise BadRequest(_("Le formulaire contient un caractère qui ne peut pas être lu."))
    if any(len(values) > 1 for _name, values in request.form.lists()):
        raise BadRequest(_("Un champ du formulaire a été envoyé deux fois."))


def _is_utf_8(encoded: bytes) -> bool:
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_one_line(text: str) -> bool:
    return not any(letter == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(letter) == "Cc" for letter in text)


def now() -> dt.datetime:
    """The instant of this request."""
    return services().clock.now()


def current_session() -> BrowserSession | None:
    """This browser's session, read once a request."""
    if "login" not in g:
        g.login = sessions.of_browser(db.session(), now())
    return g.login  # type: ignore[no-any-return]


def current_account() -> Account | None:
    """Who is logged in."""
    login = current_session()
    return db.session.get(Account, login.account_id) if login else None


def logged_in(view: Callable[Concatenate[Account, P], Response]) -> Callable[P, Response]:
    """Give a page the account that is logged in, or send the visitor to log in and back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        account = current_account()
        if account is None:
            here = request.full_path if request.query_string else request.path
            back = here if request.method == "GET" else "/accounts/"  # an address that is posted to may answer no GET
            return to("/login/", next=request.script_root + back)
        return view(account, *args, **kwargs)

    return guarded


def page(template: str, status: int = 200, *, going_on: str | None = None, **context: Any) -> Response:
    """A page, with the account in its header and the service that its visitor comes from: the one behind `going_on`,
    or else behind `next`."""
    terms = pending.terms_behind(db.session(), going_on or target(), now())
    context.setdefault("paris", PARIS)
    context.setdefault("account", current_account())
    context.setdefault("service", consent_page.service(terms) if terms else None)
    return Response(render_template(template, **context), status, mimetype="text/html")


def to(path: str, **query: str) -> Response:
    """A redirect within this site."""
    return redirect(f"{request.script_root}{path}" + (f"?{urlencode(query)}" if query else ""))


def target() -> str | None:
    """Where the visitor goes on afterwards (`next`), if that is within this site."""
    return local_path(request.args.get("next"))


def carrying_next(path: str) -> str:
    """The address of another page, to which `next` is handed on."""
    going_on = target()
    return f"{request.script_root}{path}" + (f"?{urlencode({'next': going_on})}" if going_on else "")


def onwards(going_on: str | None) -> Response:
    """A redirect to where the visitor was going, else to their account."""
    return redirect(going_on) if going_on else to("/accounts/")


def within_reach(going_on: str) -> str | None:
    """Where a mailed link goes on to, unless that resumes a request which another browser began, or which is over."""
    path = local_path(going_on)
    waiting = pending.named_in(path)
    return None if waiting and pending.find(db.session(), waiting, now()) is None else path


def enter(account: Account, going_on: str | None) -> Response:
    """Log the account in, in this browser, and go on. Commits."""
    value = sessions.start(db.session(), account, now())
    pending.note_login(db.session(), going_on, account.id, now())
    db.session.commit()
    response = onwards(going_on)
    sessions.set_cookie(response, value)
    return response


def mail_sent(email: str) -> Response:
    """The page that says a mail is on its way, the same whether or not the address is known."""
    outbox = f"{request.script_root}/outbox/" if services().settings.outbox_page else None
    return page("accounts/mail_sent.html", email=email, outbox_url=outbox)


def link_expired(retry: str) -> Response:
    """The page of a link that was used, replaced or sent too long ago."""
    return page("accounts/link_expired.html", 410, retry_url=f"{request.script_root}{retry}")
