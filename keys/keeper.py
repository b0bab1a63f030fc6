"""The acts on keys: rotate, promote, retire, compromise, bring in, take out, each with its entry in the trail.

The command line, the registry's pages and the schedule all come through here. Acts take their turns (the revision's row
is locked), so that two at once never make two successors; callers commit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import Session

from glc import audit, revision
from glc.audit import Actor
from glc.errors import Conflict, InputError, NotFound
from glc.i18n import N_
from keys import material
from keys.models import KeyAlgorithm, KeyOrigin, SigningKey
from keys.ring import KeyRing
from keys.rotation import (
    KeyStatus,
    due_at,
    may_leave_at,
    may_sign_at,
    next_change,
    signer_at,
    status_at,
)

if TYPE_CHECKING:
    from keys.material import Private

SCHEDULE = Actor(name="glc", via="job")
"""What rotates by itself."""
_INSTANTS = ("activates_at", "retires_at", "withdrawn_at", "compromised_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """A key as people are shown it."""

    kid: str
    alg: str
    use: str
    origin: str
    status: str
    signs: bool
    """Whether it is the one that signs, or that clients encrypt for."""
    created_at: dt.datetime
    activates_at: dt.datetime
    retires_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    compromised_at: dt.datetime | None
    next_status: str | None
    next_at: dt.datetime | None
    due_at: dt.datetime | None
    """When the schedule makes it a successor."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps the ring's keys. One per application."""

    ring: KeyRing
    cached_in: dt.timedelta
    """How long sites may keep the JWK Set."""
    every_in: dt.timedelta
    """How long a key signs before the schedule makes it a successor; zero: there is no schedule."""
    lived_in: Callable[[Session], dt.timedelta]
    """The longest life of anything that keys sign."""

    def facts(self, session: Session, at: dt.datetime) -> list[KeyFacts]:
        """Every key of the ring, those that sign first, then the newest first."""
        rows = self._rows(session)
        facts = [self._facts(row, rows, at) for row in reversed(rows)]
        order = [each.value for each in KeyAlgorithm]
        return sorted(facts, key=lambda each: (order.index(each.alg), _STAGES.index(each.status)))

    def rotate(
        self,
        session: Session,
        by: Actor,
        alg: str,
        *,
        at: dt.datetime,
        reason: str = "",
        wait_in: dt.timedelta | None = None,
        at_once: bool = False,
    ) -> KeyFacts:
        """Make a key that takes over by itself once every site can know it, or after the longer wait given, or at once.

        Raises `Conflict` when one waits already, `InputError` for a wait that is too short.
        """
        algorithm = self._served(alg)
        made = material.generate(algorithm)  # before the lock: it takes its time
        rows = self._locked(session)
        successor = self._adopt(session, rows, made, algorithm, KeyOrigin.GENERATED, at, wait_in, at_once)
        after = _planned(successor) | _replaced(rows, successor)
        self._note(session, by, "key.rotated", successor, at, after=after, reason=reason)
        return self._facts(successor, [*rows, successor], at)

    def bring_in(
        self,
        session: Session,
        by: Actor,
        content: bytes,
        alg: str | None,
        *,
        at: dt.datetime,
        reason: str = "",
        at_once: bool = False,
    ) -> KeyFacts:
        """Take a private key made elsewhere (PKCS#8 or JWK) as the next one. Raises `InputError`, `Conflict`."""
        made, algorithm = material.read(content, self._served(alg) if alg else None)
        self._served(algorithm.value)
        rows = self._locked(session)
        if session.get(SigningKey, made.thumbprint()) is not None:
            raise Conflict(N_("cette clé est déjà dans le trousseau ; une clé ne revient pas"))
        successor = self._adopt(session, rows, made, algorithm, KeyOrigin.IMPORTED, at, None, at_once)
        after = _planned(successor) | _replaced(rows, successor)
        self._note(session, by, "key.imported", successor, at, after=after, reason=reason)
        return self._facts(successor, [*rows, successor], at)

    def promote(self, session: Session, by: Actor, kid: str, *, at: dt.datetime, reason: str = "") -> KeyFacts:
        """Have a pending key take over now: sites that keep an older JWK Set must fetch it anew. Raises `Conflict`."""
        rows = self._locked(session)
        key = _named(rows, kid)
        if status_at(key, at) is not KeyStatus.PENDING:
            raise Conflict(N_("seule une clé en attente peut être promue"))
        before = _planned(key)
        self._promote(session, rows, key, at)
        after = _planned(key) | _replaced(rows, key)
        self._note(session, by, "key.promoted", key, at, before=before, after=after, reason=reason)
        return self._facts(key, rows, at)

    def retire(self, session: Session, by: Actor, kid: str, *, at: dt.datetime, reason: str) -> KeyFacts:
        """Bring a key one step further: a pending one never signs, an active one leaves its place to the pending one, a
        retiring one is published no more. Raises `Conflict` when nobody would sign, `InputError` without reason."""
        reason = _required(reason)
        rows = self._locked(session)
        key = _named(rows, kid)
        before, status = _planned(key), status_at(key, at)
        if status in {KeyStatus.RETIRED, KeyStatus.COMPROMISED}:
            raise Conflict(N_("cette clé est déjà hors d’usage"))
        other = signer_at([each for each in rows if each is not key], key.algorithm, at)
        if other is None and status is not KeyStatus.RETIRING:
            raise Conflict(N_("aucune autre clé ne signerait : faites d’abord une rotation"))
        if status is KeyStatus.PENDING:
            _give_back(rows, key, at)
            key.retires_at = key.withdrawn_at = at
        elif status is KeyStatus.RETIRING:
            key.withdrawn_at = at
        elif other is not None and status_at(other, at) is KeyStatus.PENDING:
            self._promote(session, rows, other, at)
        else:
            self._end(session, key, at)
        self._note(session, by, "key.retired", key, at, before=before, after=_planned(key), reason=reason)
        return self._facts(key, rows, at)

    def compromise(self, session: Session, by: Actor, kid: str, *, at: dt.datetime, reason: str) -> KeyFacts:
        """Take a key out at once: it neither signs nor is published, and nothing that it signed is believed. The next
        one takes the place of the one that signs now, and is made if there is none. Raises `InputError`, `Conflict`."""
        reason = _required(reason)
        rows = self._locked(session)
        key = _named(rows, kid)
        status, before, spare = status_at(key, at), _planned(key), None
        if status is KeyStatus.COMPROMISED:
            raise Conflict(N_("cette clé est déjà hors d’usage"))
        if status is KeyStatus.PENDING:
            _give_back(rows, key, at)
        key.compromised_at = at
        if status in {KeyStatus.PENDING, KeyStatus.ACTIVE} and key.algorithm in self.ring.algorithms:
            spare = self._fill_in(session, rows, key.algorithm, at)
        after = _planned(key) | ({"followed_by": spare.kid} if spare else {})
        self._note(session, by, "key.compromised", key, at, before=before, after=after, reason=reason)
        return self._facts(key, rows, at)

    def private_pem(self, session: Session, by: Actor, kid: str, *, at: dt.datetime, reason: str) -> bytes:
        """A private key in clear, as PKCS#8 PEM; that it was taken out is in the trail. Raises `InputError`."""
        reason = _required(reason)
        rows = self._locked(session)
        key = _named(rows, kid)
        self._note(session, by, "key.exported", key, at, reason=reason)
        return material.pem(
            material.unsealed(self.ring.master.box(material.BOX), key.sealed_private_key, key.algorithm)
        )

    def has_to_tend(self, session: Session, at: dt.datetime) -> bool:
        """Whether `tend` would do anything."""
        rows = self._rows(session)
        return bool(self._due(rows, at) or self._kept_longer(session, rows, at))

    def tend(self, session: Session, at: dt.datetime) -> list[KeyFacts]:
        """Do what the schedule asks, and leave keys published longer where what they signed now lives longer.

        Several processes may: whoever comes second finds it done.
        """
        rows = self._locked(session)
        for key, until in self._kept_longer(session, rows, at):
            before, key.withdrawn_at = _planned(key), until
            self._note(session, SCHEDULE, "key.kept", key, at, before=before, after=_planned(key))
        return [self.rotate(session, SCHEDULE, each.value, at=at) for each in self._due(rows, at)]

    def _due(self, rows: list[SigningKey], at: dt.datetime) -> list[KeyAlgorithm]:
        """The algorithms whose key is to be followed by a new one."""
        pending = {key.algorithm for key in rows if status_at(key, at) is KeyStatus.PENDING}
        due = []
        for algorithm in self.ring.algorithms:
            signer = signer_at(rows, algorithm, at)
            when = due_at(signer, self.every_in) if signer else None
            if when is not None and when <= at and algorithm not in pending:
                due.append(algorithm)
        return due

    def _kept_longer(
        self, session: Session, rows: list[SigningKey], at: dt.datetime
    ) -> list[tuple[SigningKey, dt.datetime]]:
        """The keys that are to leave too soon, and until when they stay."""
        found = []
        for key in rows:
            # one that somebody took out before its time stays out
            if key.retires_at and key.withdrawn_at and not key.compromised_at and at < key.withdrawn_at:
                until = may_leave_at(key.retires_at, self.lived_in(session), self.cached_in)
                if until > key.withdrawn_at:
                    found.append((key, until))
        return found

    def _adopt(
        self,
        session: Session,
        rows: list[SigningKey],
        made: Private,
        algorithm: KeyAlgorithm,
        origin: KeyOrigin,
        at: dt.datetime,
        wait_in: dt.timedelta | None,
        at_once: bool,
    ) -> SigningKey:
        if any(key.algorithm is algorithm and status_at(key, at) is KeyStatus.PENDING for key in rows):
            raise Conflict(N_("une clé %(alg)s est déjà en attente : promouvez-la ou retirez-la"), alg=algorithm.value)
        least = may_sign_at(at, self.cached_in)
        begins_at = at + wait_in if wait_in is not None else least
        if begins_at < least:
            raise InputError(N_("c’est trop tôt : les sites ne connaîtraient pas encore cette clé ; ou promouvez-la"))
        # What others encrypt with may serve as soon as they see it; so may what nothing comes before.
        if at_once or not algorithm.signs or signer_at(rows, algorithm, at) is None:
            begins_at = at
        successor = SigningKey(
            kid=made.thumbprint(),
            algorithm=algorithm,
            origin=origin,
            public_jwk=material.public_jwk(made, algorithm),
            sealed_private_key=material.sealed(self.ring.master.box(material.BOX), made),
            created_at=at,
            activates_at=begins_at,
        )
        session.add(successor)
        self._take_over(session, rows, successor)
        session.flush()
        return successor

    def _promote(self, session: Session, rows: list[SigningKey], key: SigningKey, at: dt.datetime) -> None:
        key.activates_at = at
        self._take_over(session, rows, key)

    def _take_over(self, session: Session, rows: Iterable[SigningKey], successor: SigningKey) -> None:
        """Those that would sign beside the successor end where it begins."""
        begins_at = successor.activates_at
        for key in rows:
            others = key.algorithm is successor.algorithm and key is not successor and key.compromised_at is None
            if others and (key.retires_at is None or key.retires_at > begins_at):
                self._end(session, key, begins_at)

    def _end(self, session: Session, key: SigningKey, at: dt.datetime) -> None:
        key.retires_at = at
        key.withdrawn_at = may_leave_at(at, self.lived_in(session), self.cached_in)

    def _fill_in(
        self, session: Session, rows: list[SigningKey], algorithm: KeyAlgorithm, at: dt.datetime
    ) -> SigningKey | None:
        """See to it that some key signs at this very instant; the one that had to be put there, if any."""
        signer = signer_at(rows, algorithm, at)
        if signer is None:
            made = material.generate(algorithm)
            signer = self._adopt(session, rows, made, algorithm, KeyOrigin.GENERATED, at, None, at_once=True)
            rows.append(signer)
            return signer
        if status_at(signer, at) is KeyStatus.PENDING:
            self._promote(session, rows, signer, at)
            return signer
        return None

    def _served(self, alg: str) -> KeyAlgorithm:
        found = [each for each in self.ring.algorithms if each.value == alg]
        if not found:
            raise InputError(N_("ce fournisseur n’a pas de clés %(alg)s"), alg=alg)
        return found[0]

    def _rows(self, session: Session) -> list[SigningKey]:
        query = sa.select(SigningKey).order_by(SigningKey.created_at, SigningKey.kid)
        return list(session.scalars(query.execution_options(populate_existing=True)))

    def _locked(self, session: Session) -> list[SigningKey]:
        """The keys, which nobody else changes until the end of the transaction."""
        session.flush()
        revision.move(session)
        return self._rows(session)

    def _note(
        self,
        session: Session,
        by: Actor,
        action: str,
        key: SigningKey,
        at: dt.datetime,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        session.flush()
        told = {"alg": key.algorithm.value} | (after or {})
        audit.record(session, by, action, f"key:{key.kid}", at=at, before=before, after=told, reason=reason)

    def _facts(self, key: SigningKey, rows: list[SigningKey], at: dt.datetime) -> KeyFacts:
        signs = signer_at(rows, key.algorithm, at) is key and key.algorithm in self.ring.algorithms
        following = next_change(key, at)
        waited_for = any(each.algorithm is key.algorithm and each.activates_at > at for each in rows)
        return KeyFacts(
            kid=key.kid,
            alg=key.algorithm.value,
            use=key.algorithm.use.value,
            origin=key.origin.value,
            status=status_at(key, at).value,
            signs=signs,
            created_at=key.created_at,
            activates_at=key.activates_at,
            retires_at=key.retires_at,
            withdrawn_at=key.withdrawn_at,
            compromised_at=key.compromised_at,
            next_status=following[0].value if following else None,
            next_at=following[1] if following else None,
            due_at=due_at(key, self.every_in) if signs and not waited_for else None,
        )


_STAGES = [each.value for each in (KeyStatus.ACTIVE, KeyStatus.PENDING, KeyStatus.RETIRING)] + [
    each.value for each in (KeyStatus.RETIRED, KeyStatus.COMPROMISED)
]


def _named(rows: list[SigningKey], kid: str) -> SigningKey:
    found = [key for key in rows if key.kid == kid]
    if not found:
        raise NotFound(N_("aucune clé n’a l’identifiant %(kid)s"), kid=kid)
    return found[0]


def _give_back(rows: list[SigningKey], successor: SigningKey, at: dt.datetime) -> None:
    """Those that were to end where the successor would have begun go on."""
    for key in rows:
        same = key.algorithm is successor.algorithm and key is not successor
        if same and key.retires_at == successor.activates_at and key.retires_at > at:
            key.retires_at = key.withdrawn_at = None


def _replaced(rows: list[SigningKey], successor: SigningKey) -> dict[str, Any]:
    """Which keys end where another one begins."""
    same = [key for key in rows if key.algorithm is successor.algorithm and key.retires_at == successor.activates_at]
    return {"replaces": [key.kid for key in same]} if same else {}


def _planned(key: SigningKey) -> dict[str, Any]:
    instants = {name: getattr(key, name) for name in _INSTANTS}
    return {name: value.isoformat() for name, value in instants.items() if value is not None}


def _required(reason: str) -> str:
    if not reason.strip():
        raise InputError(N_("donnez un motif : il reste au journal"), field="reason")
    return reason.strip()


def install(app: Flask, keeper: Keeper) -> None:
    """Give an application whoever keeps its keys."""
    app.extensions["keys"] = keeper


def keeper() -> Keeper:
    """The current application's."""
    return cast(Keeper, current_app.extensions["keys"])
