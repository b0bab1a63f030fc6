"""Scripted logins: who answers the provider's pages in the user's place, and how."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import request
from sqlalchemy.orm import Session

from consent import receipts
from glc.database import db
from glc.errors import InputError, NotFound
from glc.services import services
from idp.accounts import throttling
from idp.accounts.rules import create_account, find_by_email
from idp.authorization.consent_page import audience_of
from idp.authorization.endpoint import Visit
from idp.models import Account
from partner_registry.models import ConsentMode
from testkit.personas import add_persona, personas

DOES = ("accepts", "refuses", "cancels", "abandons", "registers", "fails_then_accepts")
"""accepts: logs in and consents · refuses: logs in and does not · cancels: on the login page · abandons: is never heard
of again · registers: makes an account first · fails_then_accepts: mistakes the password first."""
HEADER = "X-GLC-Login"
MOST_BEGUN = 1_000
LOGIN_PAGES = frozenset({"/login/", "/register/"})


@dataclass(slots=True)
class Script:
    """What the next visitor does."""

    id: int
    account: str
    does: str = "accepts"
    failures: int = 2
    remember: bool = False
    client_id: str | None = None
    times: int | None = 1
    """For how many logins yet; None: for all."""

    def told(self) -> dict[str, Any]:
        """As the control interface tells it."""
        return {name: getattr(self, name) for name in Script.__slots__}


class Scripts:
    """The scripts of a space, the first that fits first; then the automatic login, if there is one."""

    def __init__(self, login: str | None = None) -> None:
        self._login = login
        self._scripts: list[Script] = []
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()
        self._begun: dict[str, Script] = {}
        self.auto = login
        self.by_login_hint = False

    def add(self, account: str, **said: Any) -> Script:
        """Have somebody come. Raises `InputError`."""
        _known(said.get("does", "accepts"))
        made = Script(next(self._numbers), account, **said)
        with self._turn:
            self._scripts.append(made)
        return made

    def all(self) -> list[Script]:
        """Those that are still to be played."""
        return list(self._scripts)

    def clear(self) -> None:
        """Nobody comes any more by script, nor by themselves."""
        with self._turn:
            self._scripts.clear()
            self._begun.clear()
            self.auto, self.by_login_hint = None, False

    def begin_again(self) -> None:
        """As when the space was made: only who logged in by themselves then."""
        self.clear()
        self.auto = self._login

    # ── Playing them ───────────────────────────────────────────────────────────────────────────────────────────────

    def play(self, visit: Visit) -> bool:
        """Answer the page that a visit came to; False when a person has to (`Provider.stand_in`)."""
        if visit.page in LOGIN_PAGES:
            script = self._next(visit)
            return script is not None and self._log_in(visit, script)
        if visit.page == "consent":
            return self._consent(visit)
        return False

    def _next(self, visit: Visit) -> Script | None:
        if visit.fresh:  # logged in for this very request, and that was not enough
            return None
        said = request.headers.get(HEADER)
        if said:
            account, _, rest = said.partition(";")
            does = rest.strip().removeprefix("does=").strip() or "accepts"
            return Script(0, account.strip(), _known(does), times=None)
        hint = visit.asked.parameters.get("login_hint")
        if hint and self.by_login_hint:
            return Script(0, hint, times=None)
        with self._turn:
            for script in self._scripts:
                if script.client_id in {None, visit.asked.terms.client_id}:
                    if script.times is not None:
                        script.times -= 1
                        if script.times <= 0:
                            self._scripts.remove(script)
                    return script
        return Script(0, self.auto, times=None) if self.auto else None

    def _log_in(self, visit: Visit, script: Script) -> bool:
        if script.does == "abandons":
            return False
        if script.does == "cancels":
            visit.cancel()
        session = db.session()
        if script.does == "registers":
            account = _registered(session, script.account, visit)
        else:
            account = find_account(session, script.account)
        if script.does == "fails_then_accepts":
            where = throttling.places(account.email, account)
            for _ in range(script.failures):
                throttling.count_failure(session, services().settings, where, visit.at)
        if script.does == "refuses":
            _have_asked(session, account, visit)
        visit.enter(account)
        if visit.waiting is not None:
            with self._turn:
                self._begun[visit.waiting.id] = script
                if len(self._begun) > MOST_BEGUN:  # not every login comes to the consent page
                    del self._begun[next(iter(self._begun))]
        return True

    def _consent(self, visit: Visit) -> bool:
        script = self._begun.pop(visit.waiting.id, None) if visit.waiting is not None else None
        script = script or self._next(visit)  # somebody who was logged in already
        if script is None or script.does == "abandons":
            return False
        if script.does == "cancels":
            visit.cancel()
        return visit.answer_consent(accepted=script.does != "refuses", remember=script.remember)


def _have_asked(session: Session, account: Account, visit: Visit) -> None:
    """Forget that somebody consented before, so that they are asked. Raises `InputError` where nobody is."""
    terms = visit.asked.terms
    if terms.consent_mode is ConsentMode.NONE:
        raise InputError(f"the client {terms.client_id} asks nobody for consent: nobody can refuse it")
    for each in receipts.active(session, account.id, visit.at, audience=audience_of(terms)):
        receipts.end(session, each, visit.at, receipts.ASKED_ANEW)


def _known(does: str) -> str:
    if does not in DOES:
        raise InputError(f"nobody {does!r}: does is one of {', '.join(DOES)}")
    return does


def find_account(session: Session, name: str) -> Account:
    """A living account by its persona's name, its address or its uuid. Raises `NotFound`."""
    persona = personas().get(name)
    uuid = persona.uuid if persona else name
    found = session.scalar(sa.select(Account).where(Account.uuid == uuid, Account.erased_at.is_(None)))
    found = found or find_by_email(session, persona.email if persona else name)
    if found is None:
        raise NotFound(f"nobody is called {name!r} here: give a persona's name, an e-mail address or a uuid")
    return found


def _registered(session: Session, name: str, visit: Visit) -> Account:
    """Somebody who makes an account on the way."""
    persona = personas().get(name)
    if persona is not None:
        address = f"{services().entropy.bytes(4).hex()}.{persona.email}"
        made = add_persona(session, persona, visit.at, email=address)
        if persona.no_email:
            made.email, made.email_key = "", None
        return made
    account = create_account(
        session,
        email=name,
        password="",
        at=visit.at,
        email_verified=True,
        first_name="Nouvelle",
        last_name="Venue",
    )
    session.flush()
    return account
