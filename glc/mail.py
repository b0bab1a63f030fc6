"""E-mails: written to an outbox that developers can read, and sent from there where SMTP is configured."""

from __future__ import annotations

import datetime as dt
import smtplib
import ssl
from email.message import EmailMessage
from typing import cast
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from glc.database import Base, column, key_column, reading, writing
from glc.logs import logger
from glc.services import services
from glc.settings import Settings

TIMEOUT_IN = 10
"""Seconds a mail server may take to answer."""

EVERY_IN, AT_ONCE = 1, 20
"""Seconds from one look at what is due to the next, and the most mails that are sent at one."""

WAITS = tuple(dt.timedelta(minutes=each) for each in (1, 5, 30, 120))
"""How long a mail that was not taken waits each time; after the last it is kept, and no more is tried."""


class OutboxMail(Base):
    """An e-mail that has not left: kept for developers to read, or waiting for the mail server."""

    __tablename__ = "outbox_mail"

    id: Mapped[int] = key_column()
    recipient: Mapped[str] = column("Address", sa.String(255), personal=True, index=True)
    subject: Mapped[str] = column("Subject", sa.String(255))
    text: Mapped[str] = column("Body, plain text", sa.Text(), personal=True)
    kept_at: Mapped[dt.datetime] = column("When")
    next_attempt_at: Mapped[dt.datetime | None] = column("When to hand it to the mail server; empty: kept", index=True)
    attempts: Mapped[int] = column("How often that was tried", default=0, server_default="0")


def send_mail(session: Session, settings: Settings, *, to: str, subject: str, text: str, at: dt.datetime) -> None:
    """Write a plain-text e-mail, in the transaction that it tells of.

    `send_due` hands it to the SMTP server, where one is configured: a page waits for no mail server, which may take
    seconds to answer, and tells its visitor nothing of what becomes of it, so as not to reveal which addresses exist.
    """
    next_attempt_at = at if settings.smtp_url else None
    session.add(OutboxMail(recipient=to, subject=subject, text=text, kept_at=at, next_attempt_at=next_attempt_at))
    session.flush()
    if settings.outbox_page and not settings.smtp_url:
        print(f"\n── Courriel pour {to} : {subject}\n{text}\n──", flush=True)  # noqa: T201 — the demo's outbox


def send_due() -> None:
    """Hand the mails that are due to the SMTP server, the oldest first, each outside any transaction.

    A server that is away is left alone for a while; a mail that it does not take is tried again a few times, then kept.
    """
    common, mails = services(), cast(sa.Table, OutboxMail.__table__)
    at, server = common.clock.now(), urlsplit(common.settings.smtp_url).netloc.rpartition("@")[2]
    due = sa.select(mails).where(mails.c.next_attempt_at <= at).order_by(mails.c.id).limit(AT_ONCE)
    with reading(common.engine) as connection:
        found = connection.execute(due).all()
    for row in found:
        following = at + WAITS[row.attempts] if row.attempts < len(WAITS) else None
        claim = sa.update(mails).where(mails.c.id == row.id, mails.c.next_attempt_at == row.next_attempt_at)
        with writing(common.engine) as connection:
            mine = connection.execute(claim.values(next_attempt_at=following, attempts=row.attempts + 1)).rowcount
        if not mine:
            continue
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = common.settings.mail_from, row.recipient, row.subject
        message.set_content(row.text)
        try:
            _deliver(common.settings.smtp_url, message)
        except (OSError, ValueError, smtplib.SMTPException) as error:  # ValueError: an address or port that is none
            again = following.isoformat(timespec="seconds") if following else "never"
            reason = type(error).__name__
            logger().error("mail.not_sent", subject=row.subject, server=server, reason=reason, again=again)
            if not isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                with writing(common.engine) as connection:  # nobody there: the others need not find that out
                    waiting = sa.update(mails).where(mails.c.next_attempt_at <= at)
                    connection.execute(waiting.values(next_attempt_at=at + WAITS[0]))
                return
        else:
            with writing(common.engine) as connection:
                connection.execute(sa.delete(mails).where(mails.c.id == row.id))


def _deliver(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or 0
    with _connect(parts.scheme, host, port) as server:
        if parts.username:
            if parts.scheme == "smtp":
                server.starttls(context=ssl.create_default_context())
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _connect(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_IN, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=TIMEOUT_IN)
