"""The whole registry as YAML: what is exported can be imported, and nothing that was decided on is overwritten."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from conftest import CHEAP, NOON, add_account, register_site
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from onboarding import PDF, SETTINGS, conclude, examine, new_file, new_partner, new_processing
from registry.test_state_machine import Registry as Machine
from results import CASES, FAILED, document
from sqlalchemy.orm import Session

from glc.app import create_app
from glc.audit import AuditEntry
from glc.cli import glc as command
from glc.clock import ManualClock
from glc.commands import migrate, prepare
from glc.database import Base, db
from glc.entropy import SystemEntropy
from glc.errors import Forbidden
from glc.settings import Settings
from partner_registry import models as m
from partner_registry.agents import OPERATOR, grant_role
from partner_registry.agreements.amendments import open_amendment
from partner_registry.agreements.documents import add_document
from partner_registry.agreements.interruptions import grant_derogation, suspend
from partner_registry.agreements.years import set_budget_voted
from partner_registry.billing.runs import counter_line, issue_run, prepare_run, validate_run
from partner_registry.clients.acceptances import store_run
from partner_registry.clients.life import find_client, switch
from partner_registry.clients.secrets import rotate_secret
from partner_registry.clients.transfers import transfer
from partner_registry.data_protection.incidents import record_incident
from partner_registry.data_protection.processings import give_opinion, replace_processing, validate_processing
from partner_registry.events.webhooks import disable, subscribe
from partner_registry.exchange.export import export
from partner_registry.exchange.import_ import FileError, Outcome, import_registry
from partner_registry.exchange.nodes import TOP, Node
from partner_registry.models import Environment, Role
from partner_registry.partners.contacts import add_contact, end_contact
from partner_registry.partners.life import find_partner, rename_partner
from partner_registry.ports import ports
from partner_registry.terms import Access, terms_for

PAGE = Path(__file__).resolve().parents[2] / "docs" / "registry-yaml.md"
URIS = ("https://www.villeurbanne.example/retour",)

LEFT_OUT = {"api_token", "idempotent_answer", "initial_access_token", "webhook_delivery"}
"""What programs hold, what they were answered or sent: it stays where it is, as the trail does."""


def write(app: Flask, session: Session, **options: bool) -> str:
    """Export."""
    with app.app_context():
        return export(session, ports().person, **options)


def read(app: Flask, session: Session, text: str, by: Any = OPERATOR, **options: Any) -> Outcome:
    """Import, at noon."""
    with app.app_context():
        values = {"file": "registre.yaml", "at": NOON, "ports": ports(), "entropy": SystemEntropy(), **options}
        return import_registry(session, by, text, **values)


@contextmanager
def opened(app: Flask) -> Iterator[Session]:
    """The registry of a provider; nothing is kept that is not committed."""
    with app.app_context(), Session(db.engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture(scope="module")
def bare_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was migrated, and nothing else."""
    path = tmp_path_factory.mktemp("bare") / "glc.sqlite3"
    migrate(Settings(database_url=f"sqlite:///{path}", **CHEAP))
    prepare(Settings(database_url=f"sqlite:///{path}", **CHEAP))
    return path


@pytest.fixture
def elsewhere(bare_database: Path, tmp_path: Path) -> Iterator[Flask]:
    """Another provider, under the same master key, whose registry is empty."""
    path = tmp_path / "elsewhere.sqlite3"
    path.write_bytes(bare_database.read_bytes())
    app = create_app(Settings(database_url=f"sqlite:///{path}", **CHEAP), clock=ManualClock(NOON))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def full(app: Flask, registry: Any, people: Any, clock: ManualClock) -> None:
    """A registry with a bit of everything."""
    register_site(app, clock, partner="lyon")
    with registry() as session:
        _villeurbanne(session, people, clock)
        _bron(session, people, clock)
    site = register_site(app, clock, partner="villeurbanne", environment=Environment.PRODUCTION, redirect_uris=URIS)
    with app.app_context(), registry() as session:
        _life(session, people, clock, site.client_id)
        _money_and_troubles(session, people, clock, site.client_id)


def _villeurbanne(session: Session, people: Any, clock: ManualClock) -> None:
    at, today = clock.now(), NOON.date()
    partner = new_partner(session, people.reviewer, clock)
    for _ in range(2):  # the same person again on the same day: two contacts of the same name
        made = add_contact(
            session, people.reviewer, partner, role=m.ContactRole.BILLING, name="A", email="a@x.example", at=at
        )
    end_contact(session, people.reviewer, made, at=at)
    processing = new_processing(session, people.admin, partner, clock)
    file = new_file(session, people.admin, partner, clock, starts_on=today + dt.timedelta(days=30))
    examine(session, people.admin, people.reviewer, people.dpo, file, clock)
    grant_derogation(session, people.admin, file, from_on=today, until_on=today, reason="continuité", at=at)
    conclude(session, people.reviewer, file, clock)
    copy = replace_processing(session, people.admin, processing, at=at)
    give_opinion(session, people.dpo, copy, favourable=True, text="Bien", at=at)
    validate_processing(session, people.reviewer, copy, at=at)
    add_document(session, people.admin, copy, kind=m.DocumentKind.DPIA, name="aipd.pdf", content=PDF * 20, at=at)
    soon = today + dt.timedelta(days=1)
    rename_partner(
        session, people.admin, partner, from_on=soon, name="Villeurbanne 2", legal_name="Ville", at=at, reason="voté"
    )


def _bron(session: Session, people: Any, clock: ManualClock) -> None:
    at = clock.now()
    file = session.scalars(sa.select(m.Agreement).where(m.Agreement.number == "SIMULATEUR-2024-bron")).one()
    changes = {"offer": "RESTRICTED", "hard_end_on": "2028-12-31"}
    open_amendment(
        session, people.reviewer, file, purpose="Moins", changes=changes, effective_on=dt.date(2027, 1, 1), at=at
    )
    set_budget_voted(session, people.reviewer, file, 2026, True, at=at)
    soon = at + dt.timedelta(days=2)
    suspend(session, people.admin, file, reason="incident", confirmation="bron", settings=SETTINGS, at=at, ends_at=soon)


def _life(session: Session, people: Any, clock: ManualClock, client_id: str) -> None:
    client = find_client(session, client_id)
    seal, at = ports().client_secrets.seal, clock.now() + dt.timedelta(hours=1)
    rotate_secret(session, people.admin, client, at=at, entropy=SystemEntropy(), seal=seal)
    switch(session, people.admin, client, on=False, at=at, reason="essai")
    for cases in (CASES, FAILED):
        text = ports().acceptances.sign(document(client_id, cases=cases))
        store_run(session, people.admin, client.latest, text, at=at, read=ports().acceptances.read)
    lyon, bron = find_partner(session, "lyon").clients[0], find_partner(session, "bron")
    soon = NOON.date() + dt.timedelta(days=9)
    transfer(session, people.admin, lyon, bron, on=soon, at=at, reason="regroupement")
    for slug in ("villeurbanne", "bron"):  # one person, one instant, two roles
        partner = find_partner(session, slug)
        grant_role(session, people.admin, people.citizen.account_id, Role.APPLICANT, at=at, partner=partner)


def _money_and_troubles(session: Session, people: Any, clock: ManualClock, client_id: str) -> None:
    at = clock.now()
    run = prepare_run(session, people.reviewer, 2019, at=at)
    validate_run(session, people.other_reviewer, run, at=at)
    issue_run(session, people.reviewer, run, at=at)
    counter_line(session, people.reviewer, run.lines[0], at=at, reason="erreur de débiteur")
    prepare_run(session, people.reviewer, 2020, at=at)
    record_incident(
        session, people.dpo, at=at, aware_at=at, nature="Perte\nd’un poste", clients=[find_client(session, client_id)]
    )
    endpoint, _ = subscribe(
        session,
        people.admin,
        url="https://outil.example/evenements",
        events=["agreement.*"],
        partner=find_partner(session, "lyon"),
        at=at,
        entropy=SystemEntropy(),
        box=ports().webhook_secrets,
    )
    disable(session, people.admin, endpoint, at=at, reason="panne")


def test_the_import_of_an_export_changes_nothing(app: Flask, full: None) -> None:
    """Issue, point 8: a no-op; the trail gets no entry."""
    with opened(app) as session:
        for sealed in (False, True):
            text = write(app, session, with_sealed_secrets=sealed)
            before = session.scalar(sa.select(sa.func.count(AuditEntry.id)))
            assert read(app, session, text) == Outcome({}, 0, [])
            assert session.scalar(sa.select(sa.func.count(AuditEntry.id))) == before
            assert write(app, session, with_sealed_secrets=sealed) == text


@pytest.mark.parametrize("sealed", [False, True])
def test_an_empty_registry_becomes_the_same_one(app: Flask, full: None, elsewhere: Flask, sealed: bool) -> None:
    """Export, import elsewhere, export: the same bytes. What has no secret there is given one, shown once."""
    with opened(app) as session:
        text = write(app, session, with_sealed_secrets=sealed)
    with opened(elsewhere) as session:
        done = read(elsewhere, session, text, make_accounts=True)
        session.commit()
        session.expire_all()
        assert write(elsewhere, session, with_sealed_secrets=sealed) == text
        assert len(done.secrets) == (0 if sealed else 3)
        assert done.added["billing_line"] == 6
        undone = session.scalars(sa.select(m.BillingLine).where(m.BillingLine.counters_id.is_not(None))).one()
        assert undone.counters.due_cents == -undone.due_cents
        replaced = [each.replaces for each in find_partner(session, "villeurbanne").processings]
        assert [bool(each) for each in replaced] == [False, True]


def test_everything_of_the_registry_is_in_a_file() -> None:
    """A table is there, or among those that are left out on purpose: none is forgotten."""

    def models(node: Node) -> Iterator[type[Base]]:
        yield node.model
        for below in node.below.values():
            yield from models(below)

    written = {model.__tablename__ for node in TOP.values() for model in models(node)}
    classes = [mapper.class_ for mapper in Base.registry.mappers]
    own = {each.__tablename__ for each in classes if each.__module__.startswith("partner_registry.")}
    assert own - written == LEFT_OUT


def test_what_agents_do_at_random_comes_back_the_same(prepared_database: Path, bare_database: Path) -> None:
    """Property: an export imported elsewhere and exported again is itself, whatever happened before."""

    class There(Machine):
        prepared = prepared_database
        opened = 0

        def teardown(self) -> None:
            self.session.commit()
            text = write(self.app, self.session, with_sealed_secrets=True)
            assert read(self.app, self.session, text) == Outcome({}, 0, [])
            path = Path(self.folder.name) / "elsewhere.sqlite3"
            path.write_bytes(bare_database.read_bytes())
            other = create_app(Settings(database_url=f"sqlite:///{path}", **CHEAP), clock=self.clock)
            with opened(other) as session:
                read(other, session, text, make_accounts=True)
                session.commit()
                session.expire_all()
                assert write(other, session, with_sealed_secrets=True) == text
            with other.app_context():
                db.engine.dispose()
            super().teardown()

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        There,
        settings=settings(
            max_examples=4, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.fixture
def example() -> str:
    """The file written by hand of the documentation."""
    return re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL).group(1)


def test_twenty_lines_take_a_commune_on_board(elsewhere: Flask, example: str) -> None:
    """docs/registry-yaml.md: what is left out has its usual value, and the sites work at once."""
    assert len(example.splitlines()) <= 25
    with opened(elsewhere) as session:
        done = read(elsewhere, session, example)
        session.commit()
        assert {each["client_id"] for each in done.secrets} == {"venissieux-essai", "venissieux"}
        partner = find_partner(session, "venissieux")
        assert (partner.identities[0].name, partner.identities[0].siren) == ("Vénissieux", "216902593")
        for client_id in ("venissieux-essai", "venissieux"):
            terms = terms_for(session, client_id, NOON)
            assert terms is not None
            assert terms.access is Access.OPEN
            assert "email" in {rule.name for rule in terms.claims}
        assert read(elsewhere, session, example, at=NOON + dt.timedelta(days=40)) == Outcome({}, 0, [])


START = "starts_on: 2026-01-01"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("offer: RESTRICTED", "offer: GLOBALE", "agreements[0].offer: 'GLOBALE' is not one of GLOBAL, RESTRICTED"),
        ("slug: venissieux", "slug: venissieux\n  couleur: bleu", "partners[0].couleur: unknown key; known: agree"),
        ("partners:", "partenaires:", "partenaires: unknown key; known: "),
        (START, "starts_on: 2026-02-30", "starts_on: '2026-02-30' is not a day"),
        (START, "number: AUTRE", "not valid YAML (the key 'number' is there twice)"),
        (START, "", "partners[0].agreements[0].starts_on: missing"),
        (START, "starts_on: 2030-01-01", "agreements[0]: the end comes before the beginning"),
        ("notified_on:", "signed_on: 2026-02-01\n    notified_on:", "notified_on precedes signed_on"),
        (START, f"{START}\n    predecessor: CUT", "predecessor: nothing is called 'CUT'"),
        (START, f"{START}\n    predecessor: CONV-venissieux", "predecessor: 'CONV-venissieux' cannot stand for itself"),
        (START, f"{START}\n    founding_partner: true", "partners[0].agreements[0]: venissieux"),
        ("insee_code: 69259", "insee_code: 69381", "partners[0]: 69381 "),
        ("insee_code: 69259", "insee_code: 38185", "partners[0]: 38185 "),
        ("dpo@", "jean.dupont@", "partners[0].contacts[0]: "),
        ('redirect_uris: ["http', 'redirect_uris: [3, "http', "clients[0].versions[0]: "),
        ("PRODUCTION", "PRODUCTION\n    bindings: [{agreement: X}]", "valid_from_on: missing"),
        ("claims: {email", "claims: {x: [1], email", "claims.x: ['1']: input should be a valid string"),
        ("partners:", "- partners:", "(top): a mapping is expected"),
        ("partners:", "tariffs: &a []\nroles: *a\npartners:", "line 2: not valid YAML (aliases are not read)"),
        ("partners:", "\tpartners:", "line 1: not valid YAML"),
    ],
)
def test_an_error_names_the_file_and_the_key(elsewhere: Flask, example: str, old: str, new: str, says: str) -> None:
    """Issue, point 8; the rules hold whatever the door."""
    assert old in example
    with opened(elsewhere) as session, pytest.raises(FileError) as caught:
        read(elsewhere, session, example.replace(old, new, 1))
    assert caught.value.message.startswith("registre.yaml: ")
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("notified_on: 2018-12-31", "notified_on: 2018-12-30", "the registry has '2018-12-31', the file '2018-12-30'"),
        ("offer: GLOBAL\n    founding", "offer: RESTRICTED\n    founding", "the registry has 'GLOBAL', the file 'RES"),
        ("municipal: 41060", "municipal: 41061", "municipal: the registry has 41060, the file '41061'"),
        ("dpo_favourable: true", "dpo_favourable: false", "dpo_favourable: the registry has True, the file False"),
        ("partner_name: Ville de Lyon", "partner_name: Bron", "the registry has 'Ville de Lyon', the file 'Bron'"),
    ],
)
def test_what_was_signed_validated_or_billed_is_never_overwritten(
    app: Flask, full: None, old: str, new: str, says: str
) -> None:
    """Issue, point 8: a differing fact is an error that names both values."""
    with opened(app) as session:
        text = write(app, session)
        assert old in text
        with pytest.raises(FileError, match=re.escape(says)):
            read(app, session, text.replace(old, new, 1))


def test_what_nobody_decided_on_yet_may_be_changed_by_a_file(
    app: Flask, registry: Any, people: Any, clock: ManualClock
) -> None:
    """A draft: with before and after in the trail; once submitted the same change is refused."""
    with registry() as session:
        partner = new_partner(session, people.reviewer, clock)
        file = new_file(session, people.reviewer, partner, clock)
        text = write(app, session)
        changed = text.replace("starts_on: 2026-03-02", "starts_on: 2026-04-01", 1)
        assert changed != text
        done = read(app, session, changed)
        assert (done.added, done.changed, file.starts_on) == ({}, 1, dt.date(2026, 4, 1))
        entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (entry.action, entry.subject) == ("registry.imported", "partner:villeurbanne")
        assert list(entry.before.values()) == ["2026-03-02"]
        file.steps.append(m.Step(kind=m.StepKind.SUBMITTED, at=NOON))
        with pytest.raises(FileError, match="starts_on: the registry has '2026-04-01', the file '2026-03-02'"):
            read(app, session, text)
        session.rollback()


def test_a_document_that_was_altered_is_refused(app: Flask, full: None, elsewhere: Flask) -> None:
    """By its SHA-256 (R36)."""
    with opened(app) as session:
        text = write(app, session)
    kept = re.search("sha256: ([0-9a-f]{64})", text).group(1)
    with opened(elsewhere) as session, pytest.raises(FileError, match=r"documents\[0\]: the content's SHA-256 is"):
        read(elsewhere, session, text.replace(kept, "0" * 64), make_accounts=True)


def test_people_without_an_account_are_told_all_at_once(app: Flask, full: None, elsewhere: Flask) -> None:
    """Whoever decided is named by their address; --make-accounts makes accounts that their holders open by mail."""
    with opened(app) as session:
        text = write(app, session)
    add_account(elsewhere, ManualClock(NOON), email="Admin@agents.example")
    with opened(elsewhere) as session:
        with pytest.raises(FileError, match=r"no account has the address '.*@agents\.example', nor [0-9] more"):
            read(elsewhere, session, text)
        session.rollback()
        read(elsewhere, session, text, make_accounts=True)
        hashes = dict(session.execute(sa.text("SELECT email, password_hash FROM account")).all())
        assert hashes.pop("Admin@agents.example")
        assert set(hashes.values()) == {""}


def test_secrets_leave_when_asked_for_only(app: Flask, full: None) -> None:
    """Sealed under the master key all the same."""
    with opened(app) as session:
        assert "sealed" not in write(app, session)
        assert "sealed" in write(app, session, with_sealed_secrets=True)


def test_secrets_of_another_master_key_are_refused(app: Flask, full: None, elsewhere: Flask) -> None:
    """Rather than clients that cannot log in."""
    with opened(app) as session:
        text = write(app, session, with_sealed_secrets=True)
    broken = re.sub(r"sealed: .{10}", "sealed: AAAAAAAAAA", text, count=1)
    with opened(elsewhere) as session, pytest.raises(FileError, match=r"secrets\[0\]: "):
        read(elsewhere, session, broken, make_accounts=True)


def test_acceptance_runs_and_waivers_come_along(app: Flask, full: None, elsewhere: Flask) -> None:
    """Issue 5, point 7: as they were signed, and who waived, when and why."""
    with opened(app) as session:
        text = write(app, session)
    with opened(elsewhere) as session:
        read(elsewhere, session, text, make_accounts=True)
        version = find_partner(session, "villeurbanne").clients[0].latest
        assert [each.verdict for each in version.acceptances] == [m.Verdict.PASSED, m.Verdict.FAILED]
        assert version.acceptances[0].stored_by_id is not None
        assert (version.waived_at, version.waived_by_id) == (NOON, None)
        assert version.waiver_reason == "mise en service par l’exploitant, sans recette"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("verdict: failed", "verdict: passed", "the signed result says verdict: failed"),
        (
            "finished_at: 2026-03-01T10",
            "finished_at: 2026-03-02T10",
            "the signed result says finished_at: 2026-03-01T09",
        ),
        ("signed_text: ey", "signed_text: fy", r"versions\[0\]\.acceptances\[0\]: "),
        ("waiver_reason: mise en service par l’exploitant, sans recette", "waiver_reason: ''", "go together"),
    ],
)
def test_what_a_run_says_and_what_the_file_says_of_it_agree(
    app: Flask, full: None, elsewhere: Flask, old: str, new: str, says: str
) -> None:
    """The rules refuse from anybody what this provider did not sign."""
    with opened(app) as session:
        text = write(app, session)
    assert old in text
    with opened(elsewhere) as session, pytest.raises(FileError, match=says):
        read(elsewhere, session, text.replace(old, new), make_accounts=True)


def test_a_stored_run_is_overwritten_by_no_file(app: Flask, full: None) -> None:
    """House: what was signed stays."""
    with opened(app) as session:
        text = write(app, session)
        with pytest.raises(FileError, match=r"versions\[0\].acceptances\[0\].stored_at: the registry has"):
            read(app, session, re.sub("stored_at: 2026-03-02T13", "stored_at: 2026-03-02T14", text))


def test_only_an_administrator_imports(app: Flask, people: Any) -> None:
    """PERMISSIONS."""
    with opened(app) as session, pytest.raises(Forbidden):
        read(app, session, "partners: []", people.reviewer)


def test_a_dash_writes_the_export_to_standard_output(
    prepared_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for every command that writes a file."""
    path = tmp_path / "glc.sqlite3"
    path.write_bytes(prepared_database.read_bytes())
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(command, ["registry", "export", "-", "--database", f"sqlite:///{path}"])
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.startswith(("agents:", "communes:", "#", "partners:", "tariffs:"))
    assert not (tmp_path / "-").exists()


def test_an_import_says_what_it_adds_in_words(tmp_path: Path) -> None:
    """Nobody reads names of tables."""
    target = ["--database", f"sqlite:///{tmp_path}/new.sqlite3"]
    assert CliRunner().invoke(command, ["database", "upgrade", *target]).exit_code == 0
    (tmp_path / "empty.yaml").write_text("{}", encoding="utf-8")
    answer = CliRunner().invoke(command, ["registry", "import", str(tmp_path / "empty.yaml"), *target])
    assert answer.stdout == "Added: 60 communes, those that merged included.\n", answer.output
