"""Acceptance runs ("recettes"): their signed results are read, held to what they must say, and kept on a version.

The document is described in docs/acceptance.md. Whoever ran it signed it with a key that only this provider derives.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import Conflict, GlcError, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require
from partner_registry.clients.holder import holder_of
from partner_registry.clients.versions import subject_of
from partner_registry.models import AcceptanceRun, Client, ClientVersion, Verdict, VersionState
from partner_registry.trail import note

Read = Callable[[str], Mapping[str, Any]]
"""What reads a signed text; raises `GlcError` unless this provider signed it."""

MAX_RESULT = 128 * 1024
"""Longest signed text, in characters."""
CASE_VERDICTS = frozenset({"passed", "failed", "skipped"})


@dataclass(frozen=True, slots=True)
class Case:
    """One situation that was played against a site."""

    id: str
    verdict: str
    title: str
    """In English."""
    title_fr: str = ""

    def told(self, language: str) -> str:
        """What was played, in a language; older results speak English only."""
        return self.title_fr or self.title if language == "fr" else self.title


@dataclass(frozen=True, slots=True)
class Result:
    """What a signed result says."""

    client_id: str
    verdict: Verdict
    finished_at: dt.datetime
    cases: tuple[Case, ...]

    def counted(self, verdict: str) -> int:
        """How many cases ended so."""
        return sum(each.verdict == verdict for each in self.cases)


def read_result(text: str, read: Read) -> Result:
    """What a signed text says. Raises `InputError`: not signed by this provider, not of the expected form, no case
    that was played, a verdict that its cases belie."""
    if len(text) > MAX_RESULT:
        raise InputError(N_("ce résultat est trop long : 128 Kio au plus"))
    try:
        document = read(text)
    except GlcError as error:
        raise InputError(
            N_(
                "ce texte n’est pas un résultat de recette signé par ce fournisseur, ou il a été modifié : "
                "déposez le fichier tel que glc recette run l’a écrit"
            ),
            detail=error.message,
        ) from error
    try:
        result = _result(document)
        sound = dt.datetime.fromisoformat(document["started_at"]) <= result.finished_at
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            N_("ce résultat de recette n’a pas la forme attendue (%(what)s)"), what=str(error)[:100]
        ) from error
    failed = result.counted("failed")
    if result.counted("passed") + failed == 0:
        raise InputError(N_("cette recette est trop courte : aucun cas n’a été joué"))
    if not sound or (result.verdict is Verdict.PASSED) is not (failed == 0):
        raise InputError(N_("ce résultat de recette se contredit : son verdict n’est pas celui de ses cas"))
    return result


def _result(document: Mapping[str, Any]) -> Result:
    finished_at = dt.datetime.fromisoformat(document["finished_at"])
    if finished_at.tzinfo is None:
        raise ValueError("finished_at")
    cases = tuple(
        Case(str(each["id"]), each["verdict"], str(each["title"]), str(each.get("title_fr", "")))
        for each in document["cases"]
    )
    unknown = {each.verdict for each in cases} - CASE_VERDICTS
    if unknown:
        raise ValueError(f"verdict {min(map(str, unknown))}")
    return Result(str(document["client_id"]), Verdict(document["verdict"]), finished_at.astimezone(dt.UTC), cases)


def cases_of(run: AcceptanceRun) -> tuple[Case, ...]:
    """What was played in a run that is kept: it was verified when it came in, whatever became of the key since."""
    return _result(_document(run)).cases


def evidence_of(run: AcceptanceRun) -> Mapping[str, int]:
    """What the simulator that signed a run saw itself: counts by name, none where it did not say."""
    found = _document(run).get("evidence")
    return {name: count for name, count in found.items() if type(count) is int} if isinstance(found, dict) else {}


def _document(run: AcceptanceRun) -> dict[str, Any]:
    payload = run.signed_text.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def store_run(
    session: Session, by: Agent, version: ClientVersion, text: str, *, at: dt.datetime, read: Read
) -> AcceptanceRun:
    """Keep the signed result of a run on a version.

    Raises `Forbidden`; `InputError` for a result that `read_result` refuses, of another partner's client, or finished
    in the future; `Conflict` for a version set aside or replaced, or a result it has already.
    """
    client = version.client
    require(by, "client.draft", holder_of(client, at))
    result, text = read_result(text.strip(), read), text.strip()
    if version.state is VersionState.ARCHIVED:
        raise Conflict(N_("la version %(number)s est archivée : une recette n’y sert plus"), number=version.number)
    _check_whose(session, client, result, at)
    if result.finished_at > at:
        raise InputError(N_("cette recette finit dans l’avenir : mettez à l’heure la machine qui l’a jouée"))
    if any(each.signed_text == text for each in version.acceptances):
        raise Conflict(N_("la version %(number)s a déjà ce résultat de recette"), number=version.number)
    run = AcceptanceRun(
        signed_text=text,
        verdict=result.verdict,
        finished_at=result.finished_at,
        stored_at=at,
        stored_by_id=by.account_id,
    )
    version.acceptances.append(run)
    note(
        session,
        by,
        at,
        "client.acceptance_stored",
        subject_of(version),
        partner=holder_of(client, at),
        after={
            "client_id": result.client_id,
            "verdict": result.verdict.value,
            "finished_at": result.finished_at.isoformat(),
            "cases": {each: result.counted(each) for each in sorted(CASE_VERDICTS)},
        },
    )
    return run


def _check_whose(session: Session, client: Client, result: Result, at: dt.datetime) -> None:
    """Raise `InputError` unless a result is of that client, or of another one of whoever holds it, as a rule its
    sandbox client."""
    holder = holder_of(client, at)
    found = session.scalar(sa.select(Client).where(Client.client_id == result.client_id))
    if found is None or holder_of(found, at) is not holder:
        raise InputError(
            N_(
                "cette recette est celle du client %(other)s, qui n’est ni %(client)s ni un autre client de %(partner)s"
            ),
            other=result.client_id[:100],
            client=client.client_id,
            partner=holder.slug,
        )
