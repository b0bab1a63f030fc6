"""Links sent by e-mail: made once, used once, for one purpose, for a limited time."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from glc.clock import PARIS
from glc.entropy import random_token
from glc.logs import logger
from glc.mail import send_mail
from glc.services import services
from idp.accounts import throttling
from idp.models import Account, MailedLink
from idp.provider import digest

REGISTRATION, RESET, CHANGE_EMAIL, DELETION = "registration", "reset", "change-email", "deletion"
PATHS = {
    REGISTRATION: "accounts/activate",
    RESET: "password/reset/confirm",
    CHANGE_EMAIL: "accounts/change-email/confirm",
    DELETION: "accounts/validate-deletion",
}


def send_link(
    session: Session,
    use: str,
    *,
    to: str,
    at: dt.datetime,
    account: Account | None = None,
    next_url: str = "",
    test_identity: bool = True,
) -> None:
    """Send a link to an address, by the mail named after its use. Only the link's digest is kept, until it expires.
    Commits: see `tell`. Does nothing when too many mails were asked for: see `throttling.may_send`.

    The mail's text is given the link, when it expires, and the account's holder, if there is one.
    """
    settings = services().settings
    if _too_many(session, use, to, at):
        return
    token = random_token(services().entropy)
    expires_at = at + dt.timedelta(seconds=settings.mail_link_lifetime_in)
    session.execute(sa.delete(MailedLink).where(MailedLink.expires_at <= at))
    session.add(
        MailedLink(
            digest=digest(token),
            use=use,
            account_id=account.id if account else None,
            email=to,
            next_url=next_url,
            test_identity=test_identity,
            expires_at=expires_at,
        )
    )
    until = expires_at.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M")
    tell(session, use, to=to, at=at, account=account, link=f"{settings.base_url}{PATHS[use]}/{token}/", until=until)


def write(session: Session, template: str, *, to: str, at: dt.datetime, account: Account | None = None) -> None:
    """Send a mail without a link of its own in a visitor's place; nothing when too many were asked for."""
    if not _too_many(session, template, to, at):
        tell(session, template, to=to, at=at, account=account)


def _too_many(session: Session, template: str, to: str, at: dt.datetime) -> bool:
    """The page says the same all the same: its visitor learns nothing, only the log does."""
    if throttling.may_send(session, services().settings, to, at):
        return False
    logger().warning("mail.held_back", mail=template, remedy="wait, or raise mail_free_sends")
    return True


def tell(
    session: Session, template: str, *, to: str, at: dt.datetime, account: Account | None = None, **context: str
) -> None:
    """Send the mail of a template, whose first line is the subject, however many there were."""
    settings = services().settings
    text = render_template(f"accounts/mail/{template}.txt", holder=account, issuer=settings.base_url, **context)
    subject, _blank, body = text.partition("\n\n")
    send_mail(session, settings, to=to, subject=f"{subject} — GrandLyonConnect (simulateur)", text=body, at=at)


def open_link(session: Session, use: str, token: str, at: dt.datetime) -> MailedLink | None:
    """The link behind a token if it still works for that use; it is not used up yet."""
    link = session.get(MailedLink, digest(token))
    if link is None or link.use != use or link.used_at is not None or link.expires_at <= at:
        return None
    return link


def use_up(session: Session, link: MailedLink, at: dt.datetime) -> bool:
    """Use a link; False when somebody was faster. The other links of its account stop working too."""
    mine = sa.and_(MailedLink.digest == link.digest, MailedLink.used_at.is_(None))
    used = session.execute(
        sa.update(MailedLink).where(mine).values(used_at=at).returning(MailedLink.account_id)
    ).first()
    if used is not None and used.account_id is not None:
        void(session, used.account_id, at)
    return used is not None


def void(session: Session, account_id: int, at: dt.datetime) -> None:
    """End the links of an account: its password or address is no longer what it was when they were sent."""
    living = sa.and_(MailedLink.account_id == account_id, MailedLink.used_at.is_(None))
    session.execute(sa.update(MailedLink).where(living).values(used_at=at))
