"""Links sent by e-mail: made once, used once, for one purpose, for a limited time."""

from __future__ import annotations

import datetime as dt

from flask import render_template
from sqlalchemy.orm import Session

from glc.entropy import random_token
from glc.i18n import gettext
from glc.mail import send_mail
from glc.services import services
from idp.models import Account, MailedLink
from idp.provider import digest

REGISTRATION, RESET, CHANGE_EMAIL, DELETION = "registration", "reset", "change-email", "deletion"
PATHS = {
    REGISTRATION: "accounts/activate",
    RESET: "password/reset/confirm",
    CHANGE_EMAIL: "accounts/change-email/confirm",
    DELETION: "accounts/validate-deletion",
}
SUBJECTS = {
    REGISTRATION: "Créez votre compte",
    RESET: "Choisissez un nouveau mot de passe",
    CHANGE_EMAIL: "Confirmez votre nouvelle adresse",
    DELETION: "Confirmez la suppression de votre compte",
}


def send_link(
    session: Session, use: str, *, to: str, at: dt.datetime, account: Account | None = None, next_url: str = ""
) -> None:
    """Send a link to an address; only its digest is kept."""
    token = random_token(services().entropy)
    settings = services().settings
    session.add(
        MailedLink(
            digest=digest(token),
            use=use,
            account_id=account.id if account else None,
            email=to,
            next_url=next_url,
            expires_at=at + dt.timedelta(seconds=settings.mail_link_lifetime_in),
        )
    )
    link = f"{settings.issuer.rstrip('/')}/{PATHS[use]}/{token}/"
    write(session, use, to=to, subject=SUBJECTS[use], at=at, account=account, link=link)


def write(
    session: Session,
    template: str,
    *,
    to: str,
    subject: str,
    at: dt.datetime,
    account: Account | None = None,
    link: str = "",
) -> None:
    """Send the mail of a template."""
    settings = services().settings
    hours = settings.mail_link_lifetime_in // 3600
    text = render_template(
        f"accounts/mail/{template}.txt", link=link, holder=account, hours=hours, issuer=settings.issuer
    )
    send_mail(session, settings, to=to, subject=f"{gettext(subject)} — GrandLyonConnect (simulateur)", text=text, at=at)


def open_link(session: Session, use: str, token: str, at: dt.datetime) -> MailedLink | None:
    """The link behind a token if it still works for that use; it is not used up yet."""
    link = session.get(MailedLink, digest(token))
    if link is None or link.use != use or link.used_at is not None or link.expires_at <= at:
        return None
    return link
