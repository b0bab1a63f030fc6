"""A space: a provider of its own, seen from the wire, where every exchange is noted and faults act."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import itertools
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from flask import Flask

from glc.database import db, reading, reading_session
from glc.entropy import Entropy
from glc.errors import InputError, NotFound
from glc.settings import Settings
from idp.models import Account
from idp.provider import Provider
from idp.tokens.signing import signed
from partner_registry.terms import ReleaseTerms
from testkit.calls import Calls
from testkit.clock import SpaceClock
from testkit.faults.engine import BACKCHANNEL, Faults, Scene, is_subject_of, signing_of
from testkit.faults.fault import Answer, Asked
from testkit.journal.recorder import Journal, Raw
from testkit.prepared import Prepared
from testkit.request import ASKED, Request
from testkit.scripts import Scripts, find_account
from testkit.transport import Begun, disturb
from testkit.who import Found, who

APPLIED = "glc.testkit.faults"
MOST_SNAPSHOTS = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """What a space can go back to."""

    database: Path
    clock: Any


class Space:
    """One isolated provider. A WSGI application, mounted under its issuer's path."""

    def __init__(
        self,
        prepared: Prepared,
        settings: Settings,
        *,
        id: str,  # noqa: A002 — its name in addresses
        control_key: str,
        folder: Path,
        clock: SpaceClock,
        entropy: Entropy,
        seeded: bool,
        fresh_keys: bool,
        created_at: dt.datetime,
        expires_at: dt.datetime | None,
        login: str | None = None,
    ) -> None:
        self.id, self.control_key, self.seeded = id, control_key, seeded
        self.created_at, self.expires_at = created_at, expires_at
        self.clock, self.faults, self.scripts = clock, Faults(), Scripts(login)
        self.used = False
        self._prepared, self._settings, self._folder, self._entropy = prepared, settings, folder, entropy
        self._snapshots: dict[str, Snapshot] = {}
        self._files = itertools.count(1)
        self._live = folder / "glc.sqlite3"
        self._turn = threading.RLock()
        self.journal = Journal(entropy.bytes(16), self._whose)
        self.app = self._open(prepared.database(seeded=seeded))
        self._began = clock.state
        self._seed = prepared.database(seeded=seeded)
        if fresh_keys:
            self._make_keys()
            self._seed = self._copy("seed")

    @property
    def issuer(self) -> str:
        """Its issuer identifier."""
        return self._settings.issuer

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return self._settings

    @property
    def house(self) -> Provider:
        """The provider."""
        found: Provider = self.app.extensions["idp"]
        return found

    def client_name(self, client_id: str) -> str | None:
        """What a client is called; None when there is none of that identifier."""
        terms = self.house.terms(client_id, self.clock.now())
        return None if terms is None else terms.name

    def account_name(self, uuid: str) -> str | None:
        """What the holder of an account is called, or their address; None when there is no such account."""
        with reading(self.house.engine) as connection:
            query = sa.select(Account.first_name, Account.last_name, Account.email).where(Account.uuid == uuid)
            found = connection.execute(query).first()
        return None if found is None else " ".join(filter(None, found[:2])) or found.email

    @contextmanager
    def inside(self, *, request: bool = False) -> Iterator[Flask]:
        """Its application's context, or that of a request from this machine; what is done is committed at the end."""
        app = self.app
        context = app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}) if request else app.app_context()
        with context:
            try:
                yield app
                db.session.commit()
            finally:
                db.session.remove()

    # ── From one state to another ──────────────────────────────────────────────────────────────────────────────────

    def reset(self) -> None:
        """Back to how it was made: data, keys, time; no fault, no script, an empty journal."""
        with self._turn:
            self.clock.recall(self._began)
            self._clear()
            self._replace(self._seed)

    def snapshot(self, name: str) -> None:
        """Remember data, keys and time under a name, in the place of what was remembered under it. Raises `InputError`
        when there are too many."""
        with self._turn:
            before = self._snapshots.get(name)
            if before is None and len(self._snapshots) >= MOST_SNAPSHOTS:
                raise InputError(f"a space remembers {MOST_SNAPSHOTS} states at most: give one a name used before")
            self._snapshots[name] = Snapshot(self._copy(f"snapshot-{next(self._files)}"), self.clock.state)
            if before is not None:
                before.database.unlink(missing_ok=True)

    def restore(self, name: str) -> None:
        """Go back to what was remembered; faults, scripts and journal go. Raises `NotFound`."""
        with self._turn:
            kept = self._snapshots.get(name)
            if kept is None:
                known = ", ".join(sorted(self._snapshots)) or "none"
                raise NotFound(f"no snapshot is called {name!r}; there are: {known}")
            self.clock.recall(kept.clock)
            self._clear()
            self._replace(kept.database)

    def rest(self) -> None:
        """Close its database, which whoever asks it something opens again."""
        self.house.engine.dispose()

    def close(self) -> None:
        """Give everything back; whoever asks it something from now on is refused."""
        self.house.engine.dispose()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _clear(self) -> None:
        self.faults.begin_again()
        self.scripts.begin_again()
        self.journal.clear()

    def _replace(self, database: Path) -> None:
        """Have the database be a copy of another one, in one transaction: whoever is connected, or connects meanwhile,
        sees one or the other."""
        with closing(self.house.engine.raw_connection()) as pooled, self._prepared.opened(database) as source:
            source.backup(cast(sqlite3.Connection, pooled.driver_connection), sleep=0.001)
        self.house.forget()

    def _open(self, database: Path) -> Flask:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._live
        shutil.copyfile(database, path)
        self._settings = dataclasses.replace(self._settings, database_url=f"sqlite:///{path}")
        model = self._prepared.model(self._settings.dialect)
        app = self._prepared.workshop.create_app(self._settings, clock=self.clock, entropy=self._entropy, like=model)
        house: Provider = app.extensions["idp"]
        house.stand_in = self.scripts.play
        house.signer = self._sign
        self._calls = Calls(house, self.journal, self.faults, lambda: self._prepared.fetcher)
        house.__dict__["fetcher"] = self._calls
        return app

    def _copy(self, name: str) -> Path:
        """The database as it is now, in a file of its own."""
        path = self._folder / f"{name}.sqlite3"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._live)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
        return path

    def _make_keys(self) -> None:
        from glc.database import writing
        from keys.models import SigningKey

        with writing(self.house.engine) as connection:
            connection.execute(SigningKey.__table__.delete())  # type: ignore[attr-defined]
        self._prepared.workshop.prepare(self._settings, clock=self.clock)
        self.house.forget()

    # ── On the wire ────────────────────────────────────────────────────────────────────────────────────────────────

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.used = True
        body = _read(environ)
        asked = Request.of(environ, body)
        app, at, began = self.app, self.clock.now(), self.journal.elapsed()
        house: Provider = app.extensions["idp"]
        applied: list[str] = []
        environ[ASKED], environ[APPLIED] = asked, applied
        if not self.faults.all():
            answer = _called(app, environ)
        else:
            answer, begun = self._disturbed(app, house, asked, environ, applied)
            if begun is not None:
                noted = begun.answer or Answer(0, (), b"")
                self._note(asked, at, began, noted, applied)
                return begun.start(start_response)
        self._note(asked, at, began, answer, applied)
        start_response(_line(answer.status), list(answer.headers))
        return [answer.body]

    def _note(self, asked: Request, at: dt.datetime, began: float, answer: Answer, applied: list[str]) -> None:
        status = answer.status or None
        self.journal.add(
            asked, at, began, status=status, headers=answer.headers, body=answer.body, faults=tuple(applied)
        )

    def _disturbed(
        self, app: Flask, house: Provider, asked: Request, environ: dict[str, Any], applied: list[str]
    ) -> tuple[Answer, Begun | None]:
        scene = Scene(asked.endpoint, _Once(lambda: who(house, asked)))
        seen = Asked(
            endpoint=asked.endpoint,
            method=asked.method,
            url=asked.url,
            query=asked.query,
            form=asked.form,
            client_id=asked.parameters.get("client_id"),
            house=house,
        )
        with app.app_context():
            given, names = self.faults.instead(scene, seen)
        applied += names
        answer = given if given is not None else _called(app, environ)
        location = next((value for name, value in answer.headers if name.lower() == "location"), "")
        after = Scene(asked.endpoint, _Once(lambda: who(house, asked, location)))
        if given is None:
            with app.app_context():
                answer, names = self.faults.change(after, seen, answer)
            applied += names
        for fault in self.faults.acting(after, "transport"):
            applied.append(self.faults.did(fault, after))
            begun = disturb(fault, answer)
            if begun is not None:
                return answer, begun
        return answer, None

    def _sign(self, house: Provider, terms: ReleaseTerms, alg: str, payload: bytes, at: dt.datetime, typ: str) -> str:
        if not any(fault.spec.signed for fault in self.faults.all()):
            return signed(house, terms, alg, payload, at, typ)
        from flask import has_request_context, request

        asked: Request | None = request.environ.get(ASKED) if has_request_context() else None
        endpoint = BACKCHANNEL if typ == "logout+jwt" or asked is None else asked.endpoint
        if endpoint == "consent":
            endpoint = "authorize"
        signing = signing_of(house, terms, alg, payload, at, typ, endpoint)
        scene = Scene(endpoint, lambda: (terms.client_id, self._account_of(signing)))
        signing, names = self.faults.sign(scene, signing)
        token = signing.compact()
        if endpoint == BACKCHANNEL:
            self._calls.will_send(token, names)
        else:
            request.environ[APPLIED] += names
        return token

    def _account_of(self, signing: Any) -> str | None:
        """The account that a scope names, if it is the one that something is signed about."""
        for fault in self.faults.all():
            if fault.account is not None:
                try:
                    with reading_session(self.house.engine) as session:  # whoever signs has yet to write
                        account = find_account(session, fault.account)
                except NotFound:  # erased since
                    continue
                if is_subject_of(signing, account.uuid, account.email):
                    return fault.account
        return None

    def _whose(self, raw: Raw) -> Found:
        return who(self.house, raw.asked, raw.header("location"))


class _Once:
    """Asks once, and remembers."""

    def __init__(self, ask: Callable[[], Found]) -> None:
        self._ask = ask

    @cached_property
    def _found(self) -> Found:
        return self._ask()

    def __call__(self) -> Found:
        return self._found


def _called(app: Flask, environ: dict[str, Any]) -> Answer:
    """The application's whole answer."""
    began: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        began[:] = [(status, headers)]
        return lambda _part: None

    parts = app(environ, start)
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    status, headers = began[0]
    return Answer(int(status[:3]), tuple(headers), body)


def _read(environ: dict[str, Any]) -> bytes:
    """The body, which the application reads again."""
    length = environ.get("CONTENT_LENGTH") or "0"
    body: bytes = environ["wsgi.input"].read(int(length)) if length.isdigit() and length != "0" else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"
