"""Which faults act now: each within its client, account and endpoint, for the next so many times or until cleared.

Several act together, in the order in which they were switched on.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from glc.errors import InputError, NotFound
from idp.provider import Provider
from idp.subjects import subject
from idp.tokens.signing import header_of
from partner_registry.terms import ReleaseTerms
from testkit.faults.catalogue import CATALOGUE
from testkit.faults.fault import Answer, Answered, Asked, FaultSpec, Signing

BACKCHANNEL = "backchannel_logout"
_NUMBERS = {int, float}
BOUNDS = {"seconds": (0, 600), "mib": (0, 1024), "status": (200, 599)}
"""From where to where options go that are numbers: whoever waits holds a thread of the simulator."""
ANYBODYS = frozenset({"discovery", "jwks"})
"""Endpoints that are asked without saying for whom."""


@dataclass(slots=True)
class ActiveFault:
    """A fault that is switched on."""

    id: int
    spec: FaultSpec
    client_id: str | None = None
    account: str | None = None
    """An account's uuid."""
    endpoint: str | None = None
    remaining: int | None = None
    """How often it acts yet; None: until it is cleared."""
    applied: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """As the control interface tells it."""
        names = ("id", "client_id", "account", "endpoint", "remaining", "applied")
        return {"name": self.spec.name} | {name: getattr(self, name) for name in names} | {"options": {**self.options}}


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something happens, and whose it is: looked up only when a fault's scope asks."""

    endpoint: str
    whose: Callable[[], tuple[str | None, str | None]]
    """The client_id and the account's uuid."""


class Faults:
    """The faults of a space."""

    def __init__(self) -> None:
        self._active: list[ActiveFault] = []
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()
        self._acted: set[tuple[str, str | None]] = set()

    def add(self, name: str, **scope: Any) -> ActiveFault:
        """Switch a fault on. Raises `InputError` when there is no such fault, or it has no such option or endpoint."""
        spec = CATALOGUE.get(name)
        if spec is None:
            raise InputError(f"there is no fault {name!r}{_alike(name)}; GET /_testkit/faults lists them")
        times = scope.pop("times", None)
        options = {**spec.options, **(scope.pop("options", None) or {})}
        unknown = sorted(options.keys() - spec.options.keys())
        if unknown:
            known = ", ".join(spec.options) or "none"
            raise InputError(f"the fault {name} has no option {unknown[0]!r}; it has: {known}")
        for option, default in spec.options.items():
            if type(options[option]) is not type(default) and not {type(options[option]), type(default)} <= _NUMBERS:
                raise InputError(
                    f"the option {option} of the fault {name} is of another kind; unless told: {default!r}"
                )
            least, most = BOUNDS.get(option, (None, None))
            if least is not None and not least <= options[option] <= most:
                raise InputError(f"the option {option} of the fault {name} goes from {least} to {most}")
        endpoint = scope.get("endpoint")
        if endpoint is not None and endpoint not in spec.endpoints:
            raise InputError(f"the fault {name} never acts at {endpoint!r}, but at: {', '.join(spec.endpoints)}")
        where = {endpoint} if endpoint is not None else {*spec.endpoints}
        if where <= ANYBODYS and (scope.get("client_id") or scope.get("account")):
            raise InputError(f"nobody says who they are at {' and '.join(sorted(where))}: leave client and account out")
        made = ActiveFault(next(self._numbers), spec, remaining=times, options=options, **scope)
        with self._turn:
            self._active = [*self._active, made]
        return made

    def all(self) -> list[ActiveFault]:
        """Those switched on, spent ones included, in their order."""
        return list(self._active)

    def clear(self, number: int | None = None) -> None:
        """Switch one off, or all. Raises `NotFound`."""
        with self._turn:
            kept = [each for each in self._active if number is not None and each.id != number]
            if number is not None and len(kept) == len(self._active):
                raise NotFound(f"no fault {number} is switched on")
            self._active = kept

    def begin_again(self) -> None:
        """As when the space was made: none is switched on, and none ever acted."""
        self.clear()
        self._acted.clear()

    def acted(self, client_id: str) -> set[str]:
        """The faults that acted on a client, or on what is asked without saying who asks, since the space began."""
        return {name for name, whose in [*self._acted] if whose in {None, client_id}}

    def did(self, fault: ActiveFault, scene: Scene) -> str:
        """Note that a fault acted; its name."""
        self._acted.add((fault.spec.name, scene.whose()[0]))
        return fault.spec.name

    def acting(self, scene: Scene, place: str) -> Iterator[ActiveFault]:
        """Those that act in a place (`signed`, `answer`…) there and now. Each is counted unless it is given back."""
        for fault in self._active:
            if getattr(fault.spec, place) is None or fault.remaining == 0:
                continue
            if scene.endpoint not in ((fault.endpoint,) if fault.endpoint else fault.spec.endpoints):
                continue
            if not _is_about(fault, scene) or not self._taken(fault):
                continue
            yield fault

    def give_back(self, fault: ActiveFault) -> None:
        """It could not apply after all."""
        with self._turn:
            fault.applied -= 1
            if fault.remaining is not None:
                fault.remaining += 1

    def _taken(self, fault: ActiveFault) -> bool:
        with self._turn:
            if fault.remaining == 0:
                return False
            fault.applied += 1
            if fault.remaining is not None:
                fault.remaining -= 1
            return True

    # ── The places ─────────────────────────────────────────────────────────────────────────────────────────────────

    def sign(self, scene: Scene, signing: Signing) -> tuple[Signing, list[str]]:
        """What is signed, changed; and the names of the faults that did it."""
        names = []
        for fault in self.acting(scene, "signed"):
            made = fault.spec.signed(_with_options(signing, fault))  # type: ignore[misc]
            if made == _with_options(signing, fault):
                self.give_back(fault)
                continue
            signing = made
            names.append(self.did(fault, scene))
        return signing, names

    def instead(self, scene: Scene, asked: Asked) -> tuple[Answer | None, list[str]]:
        """An answer without the provider, if there is to be one."""
        names = []
        for fault in self.acting(scene, "instead"):
            answer = fault.spec.instead(_with_options(asked, fault))  # type: ignore[misc]
            if answer is None and not fault.spec.prepares:
                self.give_back(fault)
                continue
            names.append(self.did(fault, scene))
            if answer is not None:
                return answer, names
        return None, names

    def change(self, scene: Scene, asked: Asked, answer: Answer) -> tuple[Answer, list[str]]:
        """The provider's answer, changed."""
        names = []
        for fault in self.acting(scene, "answer"):
            made = fault.spec.answer(Answered(_with_options(asked, fault), answer))  # type: ignore[misc]
            if made == answer:
                self.give_back(fault)
                continue
            answer = made
            names.append(self.did(fault, scene))
        return answer, names


def _with_options(value: Any, fault: ActiveFault) -> Any:
    return dataclasses.replace(value, options=fault.options) if fault.options else value


def _is_about(fault: ActiveFault, scene: Scene) -> bool:
    if fault.client_id is None and fault.account is None:
        return True
    client_id, account = scene.whose()
    return fault.client_id in {None, client_id} and fault.account in {None, account}


def _alike(name: str) -> str:
    close = difflib.get_close_matches(name, CATALOGUE, 3, 0.5)
    return f" (did you mean {', '.join(close)}?)" if close else ""


def is_subject_of(signing: Signing, uuid: str, email: str) -> bool:
    """Whether what is signed is about an account."""
    told = signing.claims.get("sub")
    return bool(told == subject(signing.house.ring, signing.terms, uuid, email))


def signing_of(
    house: Provider, terms: ReleaseTerms, alg: str, payload: bytes, at: dt.datetime, typ: str, endpoint: str
) -> Signing:
    """What the provider is about to sign."""
    kind = "logout_token" if typ == "logout+jwt" else "userinfo" if endpoint == "userinfo" else "id_token"
    header = header_of(house, alg, typ)
    return Signing(kind=kind, claims=json.loads(payload), header=header, alg=alg, house=house, terms=terms, at=at)
