"""Playing the cases, and judging what was seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from glc.clock import Clock
from glc.urls import origin
from testkit.recette import scenarios
from testkit.recette.cases import Case, Expected
from testkit.recette.errors import NotApplicable, RunError, VisitError
from testkit.recette.signs import State
from testkit.recette.stage import Seen, Stage
from testkit.recette.words import Words, joined

TOOL = "glc recette 1"
LEEWAY = dt.timedelta(milliseconds=3)
"""By how much the space's clock, read over HTTP, may be told wrongly."""


class Verdict(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Played:
    """A case and what came of it, in words."""

    case: Case
    verdict: Verdict
    seen: Words
    page: Words | None = None
    """The page that was seen, and its first words."""
    hops: tuple[str, ...] = ()
    """The visitor's requests."""
    requests: tuple[Words, ...] = ()
    """What the provider was asked meanwhile, by the visitor and by the site."""
    duration_in: float = 0


@dataclass(frozen=True, slots=True)
class Result:
    """A whole run."""

    client_id: str
    issuer: str
    site: str
    driver: str
    started_at: dt.datetime
    finished_at: dt.datetime
    played: tuple[Played, ...] = field(repr=False)

    @property
    def verdict(self) -> Verdict:
        """Passed when something was played and nothing failed."""
        failed = self.count(Verdict.FAILED) or not self.count(Verdict.PASSED)
        return Verdict.FAILED if failed else Verdict.PASSED

    def count(self, verdict: Verdict) -> int:
        """How many cases have a verdict."""
        return sum(each.verdict is verdict for each in self.played)

    @property
    def failed_duties(self) -> dict[str, list[Played]]:
        """What the site does wrong: each duty that it fails, and the cases that show it."""
        found: dict[str, list[Played]] = {}
        for each in self.played:
            if each.verdict is Verdict.FAILED:
                found.setdefault(each.case.duty, []).append(each)
        return found

    def document(self) -> dict[str, Any]:
        """What the testkit signs and the registry keeps."""
        return {
            "client_id": self.client_id,
            "issuer": self.issuer,
            "site": self.site,
            "tool": TOOL,
            "started_at": _written(self.started_at),
            "finished_at": _written(self.finished_at),
            "driver": self.driver,
            "verdict": self.verdict.value,
            "counts": {verdict.value: self.count(verdict) for verdict in Verdict},
            "cases": [
                {
                    "id": each.case.id,
                    "verdict": each.verdict.value,
                    "title": each.case.title.english,
                    "title_fr": each.case.title.french,
                }
                for each in self.played
            ],
        }


def chosen(cases: Sequence[Case], patterns: Sequence[str], without: Sequence[str] = ()) -> list[Case]:
    """The cases whose id or duty matches a pattern, and those that these need; without those that match another one.
    Raises `RunError` when a pattern matches none."""
    cases = [case for case in cases if not any(_matches(case, pattern) for pattern in without)]
    if not patterns:
        return cases
    wanted: set[str] = set()
    for pattern in patterns:
        found = {case.id for case in cases if _matches(case, pattern)}
        if not found:
            raise RunError(f"no case or duty is named {pattern!r}; « glc recette run --list » shows them all")
        wanted |= found
    needed = {case.id: case.needs for case in cases}
    asked = list(wanted)
    while asked:
        new = set(needed.get(asked.pop(), ())) - wanted
        wanted |= new
        asked += new
    return [case for case in cases if case.id in wanted]


def _matches(case: Case, pattern: str) -> bool:
    return fnmatchcase(case.id, pattern) or case.duty == pattern


def play(
    stage: Stage, cases: Sequence[Case], *, clock: Clock, driver: str, tell: Callable[[Played], None] = lambda _: None
) -> Result:
    """Play the cases in order; `tell` hears of each. Raises `RunError` when the site cannot be judged at all."""
    started_at = clock.now()
    stage.control.clear_faults()
    stage.control.clear_logins()
    stage.control.log_in_as(stage.account)
    played: dict[str, Played] = {}
    seen_until, distance = 0, _distance(stage, clock)
    try:
        _check_signs(stage)
        for case in cases:
            began = clock.now()
            verdict, words, seen = _outcome(stage, case, played)
            exchanges = []
            if verdict is Verdict.FAILED:  # a journal is read with some effort
                since = began + distance - LEEWAY
                exchanges = [each for each in stage.control.journal(seen_until) if _at(each) >= since]
                seen_until = max([seen_until, *(int(each["id"]) for each in exchanges)])
            one = Played(
                case,
                verdict,
                words,
                page=seen.page.told() if seen.page else None,
                hops=seen.page.hops if seen.page else (),
                requests=tuple(map(_request, exchanges)),
                duration_in=(clock.now() - began).total_seconds(),
            )
            played[case.id] = one
            tell(one)
    finally:
        stage.control.clear_faults()
        stage.control.clear_logins()
        stage.control.log_in_as(None)
    site = origin(stage.site.login_url)
    return Result(stage.site.client_id, stage.issuer, site, driver, started_at, clock.now(), tuple(played.values()))


def _distance(stage: Stage, clock: Clock) -> dt.timedelta:
    """How far the space's clock is from ours."""
    before = clock.now()
    there = stage.control.now()
    return there - (before + (clock.now() - before) / 2)


def _check_signs(stage: Stage) -> None:
    """Somebody who was never here must not look logged in."""
    if stage.site.home_url is None:
        return
    with stage.visitor() as visitor:
        page = visitor.open(stage.site.home_url)
    if stage.site.signs.state(page) is State.LOGGED_IN:
        raise RunError(
            f"a visitor who never logged in looks logged in ({stage.site.signs}): choose another sign. "
            f"Seen: {page.told().english}"
        )


def _outcome(stage: Stage, case: Case, played: dict[str, Played]) -> tuple[Verdict, Words, Seen]:
    nothing = Seen(None)
    for needed in case.needs:
        if needed in played and played[needed].verdict is not Verdict.PASSED:
            unless = Words(
                f"not played: it says nothing unless « {needed} » passes",
                f"non joué : il ne dit rien si « {needed} » n’est pas réussi",
            )
            return Verdict.SKIPPED, unless, nothing
    try:
        seen = case.play(stage)
        if seen.applied and case.expected is Expected.STILL_WORKS:
            seen = scenarios.still_works(stage)
    except NotApplicable as reason:
        why = Words(f"does not apply: {reason.words.english}", f"sans objet : {reason.words.french}")
        return Verdict.SKIPPED, why, nothing
    except VisitError as error:
        return Verdict.FAILED, error.words, nothing
    if not seen.applied:
        idle = Words(
            f"the site made no request on which « {case.fault} » could act",
            f"le site n’a fait aucune demande sur laquelle « {case.fault} » pouvait agir",
        )
        return Verdict.SKIPPED, idle, seen
    passed, words = judge(case.expected, seen)
    return (Verdict.PASSED if passed else Verdict.FAILED), words, seen


_WORDS = {
    State.LOGGED_IN: Words("somebody is logged in", "quelqu’un est connecté"),
    State.LOGGED_OUT: Words("nobody is logged in", "personne n’est connecté"),
    State.UNCLEAR: Words(
        "neither sign is seen: nobody is logged in", "aucun des signes n’est vu : personne n’est connecté"
    ),
}


def judge(expected: Expected, seen: Seen) -> tuple[bool, Words]:
    """Whether what was seen is what was expected, and what was seen in words."""
    words = joined(_WORDS[seen.state] if seen.state else None, seen.broke, seen.note)
    inside = seen.state is State.LOGGED_IN
    passed = {
        Expected.LOGGED_IN: inside,
        Expected.STILL_WORKS: inside,
        Expected.NOT_LOGGED_IN: not inside,
        Expected.LOGGED_OUT: not inside and not seen.broke,
        Expected.FAILS_CLEANLY: not inside and not seen.broke,
        Expected.DOES_NOT_BREAK: not seen.broke,
        Expected.HOLDS: seen.holds,
    }[expected]
    return passed, words or (HOLDS if passed else Words("it does not hold", "cela n’est pas le cas"))


HOLDS = Words("it holds", "cela est le cas")
EXPECTED_WORDS = {
    Expected.LOGGED_IN: _WORDS[State.LOGGED_IN],
    Expected.NOT_LOGGED_IN: _WORDS[State.LOGGED_OUT],
    Expected.LOGGED_OUT: Words("nobody is logged in any more", "plus personne n’est connecté"),
    Expected.FAILS_CLEANLY: Words(
        "nobody is logged in, and the site does not break", "personne n’est connecté, et le site ne tombe pas"
    ),
    Expected.DOES_NOT_BREAK: Words(
        "logged in or not, the site does not break", "connecté ou non, le site ne tombe pas"
    ),
    Expected.STILL_WORKS: Words(
        "once it is over, a login works again", "une fois l’incident passé, une connexion fonctionne de nouveau"
    ),
    Expected.HOLDS: HOLDS,
}


def _request(exchange: dict[str, Any]) -> Words:
    faults = f" ({', '.join(exchange['faults'])})" if exchange.get("faults") else ""
    asked = f"{exchange['method']} {exchange['endpoint']} → {exchange['status']}{faults}"
    if exchange["outgoing"]:
        return Words(f"the provider called the site: {asked}", f"le fournisseur a appelé le site : {asked}")
    return Words(asked, asked)


def _at(exchange: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(exchange["at"])


def _written(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
