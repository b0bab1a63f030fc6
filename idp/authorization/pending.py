"""Pending authorizations: the request waits in the database while its user logs in, completes a profile, consents.

The browser carries the pending authorization's name in the address and, in a signed cookie, the mark of the browser
that began: one without the other resumes nothing. Every page on the way ends by going back to `resume_path`.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from flask import request
from flask import session as browser
from sqlalchemy.orm import Session

from glc.entropy import random_token
from idp.models import PendingAuthorization
from idp.provider import digest, provider
from partner_registry.terms import ReleaseTerms

AUTHORIZE_PATH = "/idp/oidc/authorize"


def store(session: Session, parameters: list[tuple[str, str]], at: dt.datetime) -> PendingAuthorization:
    """Keep a request until its user is ready; forget those whose users never were."""
    session.execute(sa.delete(PendingAuthorization).where(PendingAuthorization.expires_at <= at))
    pending = PendingAuthorization(
        id=random_token(provider().entropy, 16),
        browser=digest(_mark_browser()),
        parameters=[list(pair) for pair in parameters],
        created_at=at,
        expires_at=at + dt.timedelta(seconds=provider().settings.pending_lifetime_in),
    )
    session.add(pending)
    session.flush()
    return pending


def find(session: Session, name: str, at: dt.datetime) -> PendingAuthorization | None:
    """The living pending authorization of that name, if this browser began it."""
    pending = session.get(PendingAuthorization, name)
    if pending is None or pending.expires_at <= at:
        return None
    return pending if pending.browser == digest(browser.get("browser", "")) else None


def resume_path(name: str) -> str:
    """Where a page sends its user back to: the authorization endpoint, which decides what comes next."""
    return f"{request.script_root}{AUTHORIZE_PATH}?pending={name}"


def named_in(target: str | None) -> str | None:
    """The pending authorization that a `next` path leads back to, if any."""
    if not target:
        return None
    parts = urlsplit(target)
    if not parts.path.rstrip("/").endswith(AUTHORIZE_PATH):
        return None
    return parse_qs(parts.query).get("pending", [""])[0] or None


def note_login(session: Session, target: str | None, account_id: int, at: dt.datetime) -> None:
    """Remember who logged in for the very request that `target` resumes (prompt=login, max_age, acr)."""
    name = named_in(target)
    pending = find(session, name, at) if name else None
    if pending is not None:
        pending.account_id, pending.authenticated_at = account_id, at


def show_to(session: Session, name: str, account_id: int) -> None:
    """Remember whom the consent page is shown to; that somebody else logged in for the request counts no more."""
    pending = session.get(PendingAuthorization, name)
    if pending is not None and pending.account_id != account_id:
        pending.account_id, pending.authenticated_at = account_id, None


def close(session: Session, name: str) -> bool:
    """Answer a pending authorization, once: False when it was answered already."""
    closed = session.execute(sa.delete(PendingAuthorization).where(PendingAuthorization.id == name))
    return bool(closed.rowcount)  # type: ignore[attr-defined]


def terms_behind(session: Session, target: str | None, at: dt.datetime) -> ReleaseTerms | None:
    """The terms of the client whose request `target` resumes: login and registration pages show its name."""
    name = named_in(target)
    pending = find(session, name, at) if name else None
    if pending is None:
        return None
    client_id = dict(pending.parameters).get("client_id", "")
    return provider().terms(client_id, at)


def parameter_behind(session: Session, target: str | None, name: str, at: dt.datetime) -> str:
    """A parameter of the request that `target` resumes, or an empty text."""
    waiting = named_in(target)
    pending = find(session, waiting, at) if waiting else None
    return str(dict(pending.parameters).get(name, "")) if pending else ""


def _mark_browser() -> str:
    mark = browser.get("browser")
    if not mark:
        mark = browser["browser"] = random_token(provider().entropy, 16)
    return str(mark)
