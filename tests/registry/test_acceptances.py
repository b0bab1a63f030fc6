"""Acceptance runs kept on a version, and what publishing in production takes: a recent one that passed, or a waiver."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flows import Site
from registry.conftest import WAIVED, People, for_partner
from results import CASES, FAILED, document, signed
from sqlalchemy.orm import Session

from glc.audit import AuditEntry
from glc.clock import ManualClock
from glc.database import db
from glc.errors import Conflict, Forbidden, InputError
from glc.settings import DEVELOPMENT_MASTER_KEY
from keys.documents import DocumentSigner, acceptance_signer
from keys.encryption import MasterKey, new_master_key
from partner_registry.clients.acceptances import store_run
from partner_registry.clients.life import find_client
from partner_registry.clients.registration import registration_of
from partner_registry.clients.versions import draft_version, publish_version, roll_back, submit_version
from partner_registry.models import AcceptanceRun, ClientVersion, Environment, Verdict, VersionState
from partner_registry.partners.life import find_partner
from partner_registry.ports import ports

PAGE = Path(__file__).resolve().parents[2] / "docs" / "acceptance.md"
WITHIN: dict[str, Any] = {"acceptance_within": dt.timedelta(days=90)}


@pytest.fixture
def session(app: Flask) -> Any:
    """The registry, within the application."""
    with app.app_context(), Session(db.engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def production(register: Callable[..., Site]) -> str:
    """Lyon's production client, put in use by the operator."""
    return register(environment=Environment.PRODUCTION, redirect_uris=("https://lyon.example/retour",)).client_id


@pytest.fixture
def pending(session: Session, people: People, clock: ManualClock, production: str) -> ClientVersion:
    """Its second version, which waits for publication."""
    client = find_client(session, production)
    changed = dataclasses.replace(registration_of(client.latest), name="Ville de Lyon")
    version = draft_version(session, people.admin, client, changed, at=clock.now())
    submit_version(session, people.admin, version, at=clock.now())
    session.commit()
    return version


@pytest.fixture
def store(app: Flask, session: Session, people: People, clock: ManualClock, pending: ClientVersion) -> Any:
    """Keep the result of a run on that version, of its client unless told otherwise."""

    def kept(client_id: str | None = None, *, text: str | None = None, by: Any = None, **changes: Any) -> AcceptanceRun:
        text = text if text is not None else signed(app, client_id or pending.client.client_id, **changes)
        by = by or people.admin
        return store_run(session, by, pending, text, at=clock.now(), read=ports().acceptances.read)

    return kept


def trail(session: Session, action: str) -> list[AuditEntry]:
    """The entries of an act."""
    return list(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))


def test_a_version_whose_acceptance_run_passed_is_published_without_a_word(
    store: Any, session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """Issue 5, point 7: a passing, recent one; a reason given all the same waives nothing."""
    run = store()
    publish_version(session, people.reviewer, pending, at=clock.now(), **WAIVED)
    assert (run.verdict, run.stored_by_id) == (Verdict.PASSED, people.admin.account_id)
    assert (pending.state, pending.waived_at, pending.waiver_reason) == (VersionState.PUBLISHED, None, "")
    (entry,) = trail(session, "client.acceptance_stored")
    assert entry.after["cases"] == {"failed": 0, "passed": 2, "skipped": 1}
    assert entry.subject == f"client:{pending.client.client_id}/version:2"


def test_without_one_the_refusal_names_what_is_missing_and_both_remedies(
    session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """Issue 5, point 7; a blank reason is none."""
    for reason in ("", "  \n"):
        with pytest.raises(
            InputError, match=r"recette réussie, finie depuis 90 jours .* déposez .* dispense"
        ) as refused:
            publish_version(session, people.reviewer, pending, at=clock.now(), **WITHIN, waiver_reason=reason)
        assert refused.value.values["field"] == "waiver_reason"
    assert pending.state is VersionState.PENDING


def test_a_run_that_failed_does_not_do(
    store: Any, session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """It is kept all the same: what was seen stays."""
    assert store(cases=FAILED).verdict is Verdict.FAILED
    with pytest.raises(InputError, match="il manque à cette version une recette réussie"):
        publish_version(session, people.reviewer, pending, at=clock.now(), **WITHIN)
    store()
    publish_version(session, people.reviewer, pending, at=clock.now(), **WITHIN)


def test_a_run_counts_for_ninety_days_to_the_second(
    store: Any, session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """Setting `acceptance_valid_in`."""
    finished = clock.now() - dt.timedelta(days=90)
    store(started_at="2025-11-01T00:00:00Z", finished_at=finished.isoformat())
    clock.advance(seconds=1)
    with pytest.raises(InputError, match="recette"):
        publish_version(session, people.reviewer, pending, at=clock.now(), **WITHIN)
    clock.set(clock.now() - dt.timedelta(seconds=1))
    publish_version(session, people.reviewer, pending, at=clock.now(), **WITHIN)


def test_a_run_vouches_for_the_version_it_is_kept_on(
    store: Any, session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """Another configuration is another site."""
    store()
    client = pending.client
    again = draft_version(session, people.admin, client, registration_of(pending), at=clock.now())
    submit_version(session, people.admin, again, at=clock.now())
    with pytest.raises(InputError, match="recette"):
        publish_version(session, people.reviewer, again, at=clock.now(), **WITHIN)


def test_a_waiver_says_who_when_and_why_on_the_version_and_in_the_trail(
    session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """Issue 5, point 7."""
    publish_version(session, people.reviewer, pending, at=clock.now(), **WITHIN, waiver_reason=" seul le nom change ")
    recorded = (pending.waived_at, pending.waived_by_id, pending.waiver_reason)
    assert recorded == (clock.now(), people.reviewer.account_id, "seul le nom change")
    entry = trail(session, "client.acceptance_waived")[-1]
    assert (entry.reason, entry.subject) == ("seul le nom change", f"client:{pending.client.client_id}/version:2")
    assert entry.actor == people.reviewer.name


@pytest.mark.parametrize("who", ["admin", "auditor", "applicant"])
def test_only_whoever_may_publish_waives(
    session: Session, people: People, pending: ClientVersion, clock: ManualClock, who: str
) -> None:
    """6.3, mistake 9: nor does the author, whatever their role."""
    by = for_partner(getattr(people, who), find_partner(session, "lyon"))
    with pytest.raises(Forbidden):
        publish_version(session, by, pending, at=clock.now(), **WAIVED)
    assert pending.waived_at is None


def test_nothing_is_asked_for_where_the_setting_says_so(
    session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """Setting `acceptance_required`."""
    publish_version(session, people.reviewer, pending, at=clock.now(), acceptance_within=None)
    assert (pending.state, pending.waived_at) == (VersionState.PUBLISHED, None)


def test_the_operator_and_whoever_rolls_back_are_known_to_have_waived(
    session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """What goes round the publication leaves its reason."""
    client = pending.client
    assert client.versions[0].waiver_reason == "mise en service par l’exploitant, sans recette"
    publish_version(session, people.reviewer, pending, at=clock.now(), **WAIVED)
    again = roll_back(session, people.reviewer, client, 1, at=clock.now(), reason="nom trompeur")
    assert again.waiver_reason == "retour à la version 1, déjà publiée : nom trompeur"
    assert again.waived_by_id == people.reviewer.account_id


def test_a_sandbox_version_needs_none(register: Callable[..., Site], session: Session) -> None:
    """Whoever drafts publishes there."""
    version = find_client(session, register().client_id).latest
    assert (version.state, version.waived_at) == (VersionState.PUBLISHED, None)


def test_the_page_s_document_is_one_that_is_accepted(store: Any, app: Flask, pending: ClientVersion) -> None:
    """docs/acceptance.md, but for its client."""
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with app.app_context():
        text = ports().acceptances.sign(json.loads(shown) | {"client_id": pending.client.client_id})
    assert store(text=text).verdict is Verdict.PASSED


def test_a_run_of_another_client_of_the_same_partner_does(store: Any, register: Callable[..., Site]) -> None:
    """The sandbox client's, most often: it is the site that is looked at."""
    assert store(register().client_id).verdict is Verdict.PASSED


def test_a_run_of_another_partner_s_client_is_refused(store: Any, register: Callable[..., Site]) -> None:
    """Nor that of a client that nobody has."""
    other = register(partner="bron").client_id
    for client_id in (other, "nobody"):
        with pytest.raises(InputError, match=rf"celle du client {client_id}, qui n’est ni .* client de lyon"):
            store(client_id)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"finished_at": "2026-03-02T11:00:01Z"}, "finit dans l’avenir"),
        ({"cases": []}, "trop courte"),
        ({"cases": [CASES[2]]}, "trop courte"),
        ({"cases": [CASES[2]], "verdict": "failed"}, "trop courte"),
        ({"verdict": "passed", "cases": FAILED}, "se contredit"),
        ({"verdict": "failed"}, "se contredit"),
        ({"started_at": "2026-03-01T10:00:00Z"}, "se contredit"),
        ({"verdict": "excellent"}, "n’a pas la forme attendue"),
        ({"finished_at": "2026-03-01T09:02:30"}, "n’a pas la forme attendue"),
        ({"finished_at": None}, "n’a pas la forme attendue"),
        ({"cases": ["login"]}, "n’a pas la forme attendue"),
        ({"cases": [CASES[0] | {"verdict": ["passed"]}]}, "n’a pas la forme attendue"),
        ({"cases": None}, "n’a pas la forme attendue"),
    ],
)
def test_a_result_that_says_something_else_is_refused_with_the_reason(
    store: Any, session: Session, changes: dict[str, Any], says: str
) -> None:
    """The clock stands at noon of 2 March; nothing is kept."""
    with pytest.raises(InputError, match=says):
        store(**changes)
    assert session.scalars(sa.select(AcceptanceRun)).all() == []


def test_only_what_this_provider_signed_as_such_is_read(
    store: Any, app: Flask, production: str, session: Session
) -> None:
    """RFC 7515, section 5.2; RFC 8725, sections 3.1 and 3.11: neither altered, nor another's, nor another kind's."""
    master = MasterKey(DEVELOPMENT_MASTER_KEY, None)  # type: ignore[arg-type]
    stranger = MasterKey(new_master_key(b"\x07" * 32), None)  # type: ignore[arg-type]
    good = signed(app, production, cases=FAILED)
    head, _, tail = good.split(".")
    altered = signed(app, production).split(".")[1]
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiZ2xjLXJlY2V0dGUrand0In0." + altered + "."
    for text in (
        f"{head}.{altered}.{tail}",
        unsigned,
        acceptance_signer(stranger).sign(document(production)),
        DocumentSigner(master, "acceptance", "JWT").sign(document(production)),
        DocumentSigner(master, "another", "glc-recette+jwt").sign(document(production)),
        json.dumps(document(production)),
        "",
        "a" * 140_000,
    ):
        with pytest.raises(InputError, match=r"signé par ce fournisseur|trop long"):
            store(text=text)
    assert store(text=f"{good}\n").signed_text == good


def test_what_was_signed_under_a_previous_master_key_is_read(app: Flask, production: str) -> None:
    """Changing the master key takes no run away (docs/keys.md)."""
    newer = MasterKey(new_master_key(b"\x07" * 32), None, [DEVELOPMENT_MASTER_KEY])  # type: ignore[arg-type]
    assert acceptance_signer(newer).read(signed(app, production)) == document(production)


def test_the_same_result_is_kept_once_and_on_no_archived_version(
    store: Any, session: Session, people: People, pending: ClientVersion, clock: ManualClock
) -> None:
    """What is archived is published no more."""
    store()
    with pytest.raises(Conflict, match="a déjà ce résultat"):
        store()
    draft_version(session, people.admin, pending.client, registration_of(pending), at=clock.now())
    with pytest.raises(Conflict, match="archivée"):
        store(cases=FAILED)


def test_whoever_drafts_for_the_partner_stores_and_nobody_else(store: Any, session: Session, people: People) -> None:
    """The partner's own people run the tests."""
    for by in (people.auditor, for_partner(people.applicant, find_partner(session, "bron"))):
        with pytest.raises(Forbidden):
            store(by=by)
    assert store(by=for_partner(people.applicant, find_partner(session, "lyon"))).verdict is Verdict.PASSED


@pytest.mark.parametrize("statement", ["UPDATE acceptance_run SET verdict = 'passed'", "DELETE FROM acceptance_run"])
def test_nobody_changes_or_deletes_a_run(store: Any, session: Session, statement: str) -> None:
    """House: nothing signed is deleted or overwritten; neither by code, nor by the database."""
    run = store(cases=FAILED)
    session.commit()
    run.verdict = Verdict.PASSED
    with pytest.raises(Conflict, match="ne se modifie ni ne s’efface"):
        session.flush()
    session.rollback()
    session.delete(run)
    with pytest.raises(Conflict, match="ne se modifie ni ne s’efface"):
        session.flush()
    session.rollback()
    with pytest.raises(Conflict, match="ne se modifie ni ne s’efface"):
        session.execute(sa.delete(AcceptanceRun))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text(statement))
