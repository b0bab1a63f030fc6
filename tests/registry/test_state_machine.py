"""No sequence of allowed acts reaches a forbidden state: agents, dates, clients at random, checked after each act."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from conftest import CHEAP, NOON, add_account
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from onboarding import PDF, SETTINGS, conclude, examine, new_file, new_partner, new_processing
from registry.conftest import WAIVED
from sqlalchemy.orm import Session

from glc.app import create_app
from glc.clock import ManualClock, paris_date, start_of_day
from glc.database import db
from glc.entropy import SystemEntropy
from glc.errors import GlcError
from glc.settings import Settings
from partner_registry.agents import Agent
from partner_registry.agreements import acts, documents, drafting, interruptions
from partner_registry.agreements.instruction import take_step
from partner_registry.clients import versions
from partner_registry.clients.bindings import bind
from partner_registry.clients.life import register_client, switch
from partner_registry.clients.registration import ClientRegistration, registration_of
from partner_registry.data_protection.processings import give_opinion, validate_processing, withdraw_processing
from partner_registry.models import (
    Agreement,
    Client,
    CouncilBody,
    DocumentKind,
    Environment,
    Offer,
    Role,
    StepKind,
)
from partner_registry.partners.life import find_partner
from partner_registry.terms import Access, terms_for

DAYS = st.integers(min_value=-400, max_value=800)
WHO = st.sampled_from(["ann", "bob", "dan", "eve"])
STEPS = st.sampled_from(list(StepKind))
PICK = st.integers(min_value=0, max_value=5)


class Registry(RuleBasedStateMachine):
    """Agents who do whatever they like with Villeurbanne's files and clients; refusals are part of the game."""

    prepared: Path
    opened: int
    """How often a client was let in: a game in which none ever is would prove nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "glc.sqlite3"
        shutil.copy(self.prepared, path)
        self.clock = ManualClock(NOON)
        self.app = create_app(Settings(database_url=f"sqlite:///{path}", **CHEAP), clock=self.clock)
        self.seal = self.app.extensions["idp"].ring.secrets.seal
        with self.app.app_context():
            self.session = Session(db.engine, expire_on_commit=False)
        self.numbers = itertools.count(1)

    def teardown(self) -> None:
        """Close the database and forget it."""
        self.session.close()
        with self.app.app_context():
            db.engine.dispose()
        self.folder.cleanup()

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """An act that may be refused: then nothing of it stays."""
        try:
            with self.session.begin_nested():
                yield
        except GlcError:
            self.session.expire_all()

    @initialize()
    def join(self) -> None:
        """Four agents; a partner with a validated processing, an agreement in force and a client in production."""
        roles = {"ann": Role.ADMIN, "bob": Role.REVIEWER, "dan": Role.DPO, "eve": Role.AUDITOR}
        self.agents = {}
        for name, role in roles.items():
            uuid = add_account(self.app, self.clock, email=f"{name}@agents.example")
            number = self.session.execute(
                sa.text("SELECT id FROM account WHERE uuid = :uuid"), {"uuid": uuid}
            ).scalar_one()
            self.session.commit()
            self.agents[name] = Agent(name=name, account_id=number, roles=frozenset({role}))
        partner = new_partner(self.session, self.agents["ann"], self.clock)
        processing = new_processing(self.session, self.agents["ann"], partner, self.clock)
        give_opinion(self.session, self.agents["dan"], processing, favourable=True, text="Oui", at=self.clock.now())
        validate_processing(self.session, self.agents["bob"], processing, at=self.clock.now())
        self.bring_an_agreement_into_force(0, 500)
        self.register("ann")
        self.publish_the_newest_version(0)
        self.session.commit()

    # ── What agents do ─────────────────────────────────────────────────────────────────────────────────────────────

    @rule(days=st.integers(min_value=0, max_value=200))
    def time_passes(self, days: int) -> None:
        self.clock.advance(days=days)

    @rule(who=WHO, starts=DAYS, lasts=st.integers(min_value=1, max_value=900), offer=st.sampled_from(Offer))
    def draft(self, who: str, starts: int, lasts: int, offer: Offer) -> None:
        first = self._today() + dt.timedelta(days=starts)
        with self.allowed():
            drafting.draft_agreement(
                self.session,
                self.agents[who],
                find_partner(self.session, "villeurbanne"),
                number=f"N-{next(self.numbers)}",
                framework="Essai",
                offer=offer,
                starts_on=first,
                hard_end_on=first + dt.timedelta(days=lasts),
                at=self.clock.now(),
            )

    @rule(starts=st.integers(-30, 30), lasts=st.integers(30, 900))
    def bring_an_agreement_into_force(self, starts: int, lasts: int) -> None:
        """The whole way at once, by the right people: chance alone seldom finds it."""
        first = self._today() + dt.timedelta(days=starts)
        with self.allowed():
            file = new_file(
                self.session,
                self.agents["ann"],
                find_partner(self.session, "villeurbanne"),
                self.clock,
                number=f"N-{next(self.numbers)}",
                starts_on=first,
                hard_end_on=first + dt.timedelta(days=lasts),
            )
            examine(self.session, self.agents["ann"], self.agents["bob"], self.agents["dan"], file, self.clock)
            conclude(self.session, self.agents["bob"], file, self.clock)

    @rule(which=PICK)
    def publish_the_newest_version(self, which: int) -> None:
        """Submitted by its author, published by somebody else."""

        def do(client: Client) -> None:
            versions.submit_version(self.session, self.agents["ann"], client.versions[-1], at=self.clock.now())
            newest, at = client.versions[-1], self.clock.now()
            versions.publish_version(self.session, self.agents["bob"], newest, at=at, **WAIVED)

        self._on_client(which, do)

    @rule(who=WHO, which=PICK, step=STEPS)
    def step(self, who: str, which: int, step: StepKind) -> None:
        self._on_file(
            which,
            lambda file: take_step(self.session, self.agents[who], file, step, at=self.clock.now(), reason="essai"),
        )

    @rule(who=WHO, which=PICK)
    def vote_and_join_the_pdf(self, who: str, which: int) -> None:
        def decide(file: Agreement) -> None:
            for body in CouncilBody:
                acts.add_decision(
                    self.session,
                    self.agents[who],
                    file,
                    body=body,
                    number="1",
                    decided_on=self._today(),
                    at=self.clock.now(),
                )
            documents.add_document(
                self.session,
                self.agents[who],
                file,
                kind=DocumentKind.AGREEMENT,
                name="c.pdf",
                content=PDF,
                at=self.clock.now(),
            )

        self._on_file(which, decide)

    @rule(who=WHO, which=PICK, act=st.sampled_from(["sign", "transmit", "notify"]), days=st.integers(-3, 1))
    def conclude(self, who: str, which: int, act: str, days: int) -> None:
        more = {"transmit": {"receipt": "AR"}}.get(act, {})
        on = self._today() + dt.timedelta(days=days)
        self._on_file(
            which,
            lambda file: getattr(acts, act)(self.session, self.agents[who], file, on=on, at=self.clock.now(), **more),
        )

    @rule(who=WHO, which=PICK, days=st.one_of(st.none(), st.integers(0, 60)))
    def suspend(self, who: str, which: int, days: int | None) -> None:
        until = None if days is None else self.clock.now() + dt.timedelta(days=days)
        self._on_file(
            which,
            lambda file: interruptions.suspend(
                self.session,
                self.agents[who],
                file,
                reason="essai",
                confirmation="villeurbanne",
                settings=SETTINGS,
                at=self.clock.now(),
                ends_at=until,
            ),
        )

    @rule(who=WHO, which=PICK)
    def lift(self, who: str, which: int) -> None:
        self._on_file(
            which,
            lambda file: interruptions.lift_suspension(
                self.session, self.agents[who], file, reason="essai", settings=SETTINGS, at=self.clock.now()
            ),
        )

    @rule(who=WHO, which=PICK, days=st.integers(0, 90))
    def terminate(self, who: str, which: int, days: int) -> None:
        self._on_file(
            which,
            lambda file: interruptions.terminate(
                self.session,
                self.agents[who],
                file,
                last_on=self._today() + dt.timedelta(days=days),
                cause="essai",
                confirmation="villeurbanne",
                settings=SETTINGS,
                at=self.clock.now(),
            ),
        )

    @rule(who=WHO, which=PICK)
    def denounce(self, who: str, which: int) -> None:
        self._on_file(
            which,
            lambda file: interruptions.refuse_renewal(
                self.session,
                self.agents[who],
                file,
                received_on=self._today(),
                sender="la commune",
                settings=SETTINGS,
                at=self.clock.now(),
            ),
        )

    @rule(who=WHO)
    def register(self, who: str) -> None:
        with self.allowed():
            number = next(self.numbers)
            register_client(
                self.session,
                self.agents[who],
                "villeurbanne",
                ClientRegistration(name="Site", redirect_uris=(f"https://www.villeurbanne.example/{number}",)),
                at=self.clock.now(),
                entropy=SystemEntropy(),
                seal=self.seal,
                environment=Environment.PRODUCTION,
            )

    @rule(who=WHO, which=PICK, act=st.sampled_from(["draft", "submit", "publish", "reject", "roll back"]))
    def version(self, who: str, which: int, act: str) -> None:
        def do(client: Client) -> None:
            by, at = self.agents[who], self.clock.now()
            newest = client.versions[-1]
            if act == "draft":
                versions.draft_version(self.session, by, client, registration_of(newest), at=at)
            elif act == "submit":
                versions.submit_version(self.session, by, newest, at=at)
            elif act == "publish":
                versions.publish_version(self.session, by, newest, at=at, **WAIVED)
            elif act == "reject":
                versions.reject_version(self.session, by, newest, at=at, reason="essai")
            else:
                versions.roll_back(self.session, by, client, 1, at=at, reason="essai")

        self._on_client(which, do)

    @rule(who=WHO, which=PICK, file=PICK, starts=DAYS, lasts=st.one_of(st.none(), st.integers(0, 400)))
    def bind(self, who: str, which: int, file: int, starts: int, lasts: int | None) -> None:
        first = self._today() + dt.timedelta(days=starts)
        last = None if lasts is None else first + dt.timedelta(days=lasts)
        files = self._files()
        if files:
            chosen = files[file % len(files)]
            self._on_client(
                which,
                lambda client: bind(
                    self.session, self.agents[who], client, chosen, from_on=first, to_on=last, at=self.clock.now()
                ),
            )

    @rule(who=WHO, which=PICK, on=st.booleans())
    def switch(self, who: str, which: int, on: bool) -> None:
        self._on_client(
            which,
            lambda client: switch(self.session, self.agents[who], client, on=on, at=self.clock.now(), reason="essai"),
        )

    @rule(who=WHO)
    def withdraw_a_processing(self, who: str) -> None:
        with self.allowed():
            processing = find_partner(self.session, "villeurbanne").processings[0]
            withdraw_processing(self.session, self.agents[who], processing, at=self.clock.now(), reason="essai")

    # ── What is never true ─────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def one_version_is_published(self) -> None:
        """Point 5: at most one."""
        for client in self._clients():
            assert sum(1 for each in client.versions if each.published_at and not each.ended_at) <= 1

    @invariant()
    def publishing_took_two_people(self) -> None:
        """Mistake 9: in production the publisher is not the author, but in a rollback."""
        for client in self._clients():
            for each in client.versions:
                if each.published_at and not each.ended_at and each.submitted_at != each.published_at:
                    assert each.publisher_id != each.author_id

    @invariant()
    def bindings_do_not_overlap(self) -> None:
        """6.2: dated links without overlap."""
        for client in self._clients():
            spans = [(each.valid_from_on, each.valid_to_on or dt.date.max) for each in client.bindings]
            assert all(first <= last for first, last in spans)
            for (_, last), (first, _) in itertools.pairwise(sorted(spans)):
                assert last < first

    @invariant()
    def access_takes_a_running_agreement(self) -> None:
        """Promise 2: no agreement in force, no token. Said again from the facts, by the day."""
        at, today = self.clock.now(), self._today()
        for client in self._clients():
            terms = terms_for(self.session, client.client_id, at)
            if terms is None or terms.access is not Access.OPEN:
                continue
            type(self).opened += 1
            assert client.disabled_at is None
            assert client.published is not None
            (binding,) = [
                each
                for each in client.bindings
                if each.valid_from_on <= today and (each.valid_to_on is None or today <= each.valid_to_on)
            ]
            agreement = binding.agreement
            assert agreement.notified_on is not None
            assert max(agreement.notified_on, agreement.starts_on) <= today <= agreement.hard_end_on
            assert agreement.terminated_on is None or today <= agreement.terminated_on
            assert any(each.kind is StepKind.APPROVED for each in agreement.steps)
            assert not any(
                each.starts_at <= at and (each.ends_at is None or at < each.ends_at) for each in agreement.suspensions
            )

    @invariant()
    def claims_come_from_validated_purposes(self) -> None:
        """4.5: claims a client can get are those of its validated purposes."""
        at = self.clock.now()
        for client in self._clients():
            terms = terms_for(self.session, client.client_id, at)
            if terms is None:
                continue
            allowed = {
                claim
                for each in client.processings
                if each.validated_on
                and start_of_day(each.validated_on) <= at
                and not (each.withdrawn_on and start_of_day(each.withdrawn_on) <= at)
                for purpose in each.purposes
                for claim in purpose.claims
            }
            assert {rule.name for rule in terms.claims} <= allowed

    @invariant()
    def dates_follow_each_other(self) -> None:
        """Mistake 3."""
        for file in self._files():
            acted = [file.signed_on, file.transmitted_on, file.notified_on]
            known = [each for each in acted if each is not None]
            assert known == sorted(known)
            assert acted[: len(known)] == known, "no act is skipped"
            assert file.hard_end_on >= file.starts_on

    # ── ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _today(self) -> dt.date:
        return paris_date(self.clock.now())

    def _files(self) -> list[Agreement]:
        if not hasattr(self, "agents"):
            return []
        return find_partner(self.session, "villeurbanne").agreements

    def _clients(self) -> list[Client]:
        if not hasattr(self, "agents"):
            return []
        return find_partner(self.session, "villeurbanne").clients

    def _on_file(self, which: int, act: Callable[[Agreement], Any]) -> None:
        files = self._files()
        if files:
            with self.allowed():
                act(files[which % len(files)])

    def _on_client(self, which: int, act: Callable[[Client], Any]) -> None:
        found = self._clients()
        if found:
            with self.allowed():
                act(found[which % len(found)])


def test_no_sequence_of_acts_reaches_a_forbidden_state(prepared_database: Path) -> None:
    """Issue, « Proof »: two published versions, overlapping bindings, access without a running agreement."""

    class Here(Registry):
        prepared = prepared_database
        opened = 0

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Here,
        settings=settings(
            max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert Here.opened > 20
