"""E-mails: sent by SMTP when configured, else kept in an outbox that developers can read."""

from __future__ import annotations

import datetime as dt
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from glc.database import Base, column, key_column
from glc.logs import logger
from glc.settings import Settings

TIMEOUT_IN = 10
"""Seconds a mail server may take to answer."""


class OutboxMail(Base):
    """An e-mail that was kept instead of sent."""

    __tablename__ = "outbox_mail"

    id: Mapped[int] = key_column()
    recipient: Mapped[str] = column("Address", sa.String(255), personal=True, index=True)
    subject: Mapped[str] = column("Subject", sa.String(255))
    text: Mapped[str] = column("Body, plain text", sa.Text(), personal=True)
    kept_at: Mapped[dt.datetime] = column("When")


def send_mail(session: Session, settings: Settings, *, to: str, subject: str, text: str, at: dt.datetime) -> None:
    """Send a plain-text e-mail, or keep it in the outbox when no SMTP server is configured.

    A mail that the server does not take is kept in the outbox too, with an error in the log: the page that asked for
    it tells its visitor nothing, so as not to reveal which addresses exist.
    """
    if settings.smtp_url:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = settings.mail_from, to, subject
        message.set_content(text)
        try:
            _deliver(settings.smtp_url, message)
        except (OSError, ValueError, smtplib.SMTPException) as error:  # ValueError: an address or port that is none
            server = urlsplit(settings.smtp_url).netloc.rpartition("@")[2]
            logger().error("mail.not_sent", subject=subject, server=server, reason=type(error).__name__)
        else:
            return
    session.add(OutboxMail(recipient=to, subject=subject, text=text, kept_at=at))
    session.flush()
    if settings.outbox_page:
        print(f"\n── Courriel pour {to} : {subject}\n{text}\n──", flush=True)  # noqa: T201 — the demo's outbox


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
