"""What the description says is what is answered, whatever is sent (schemathesis)."""

from __future__ import annotations

import base64
import datetime as dt
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
import schemathesis
from conftest import NOON
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from onboarding import COMPLETE, PDF
from programs import Hire, Program
from results import signed
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks
from sqlalchemy.engine import Engine

from partner_registry.api import BASE
from partner_registry.models import Role

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
REFUSED_UNREAD = {412, 413}
"""Statuses that say nothing of the schema: what was sent was not looked at."""
EXAMPLES = 5
"""Of each operation, once with what follows its schema and once with what does not."""


@pytest.fixture
def described(app: Flask) -> Any:
    """The description, as it is served."""
    return schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", app)


@pytest.fixture
def asker(hire: Hire) -> Program:
    """A program that may do everything."""
    return hire("everybody", Role.ADMIN, Role.REVIEWER, Role.DPO, Role.AUDITOR)


@pytest.fixture
def author(hire: Hire) -> Program:
    """The program of who drew up what `asker` decides on: two people must be two."""
    return hire("author", Role.ADMIN, Role.REVIEWER)


STAGES = ("draft", "submitted", "approved", "signed", "transmitted")
TERMS = {"framework": "Essai", "offer": "GLOBAL", "starts_on": "2026-01-01", "hard_end_on": "2029-12-31"}


def file_at(stage: str, author: Program, asker: Program) -> str:
    """An agreement of Bron at a stage of its life; return its number."""
    path = f"/agreements/{author.create('/agreements', partner='bron', number=stage, **TERMS)['number']}"
    for body in ("PARTNER", "METROPOLE"):
        author.act(path, "/decisions", body=body, number="2026/1", decided_on="2026-03-01")
    author.send("POST", f"{path}/documents?kind=AGREEMENT", data=PDF, content_type="application/pdf")
    acts: list[tuple[Program, str, dict[str, str]]] = [
        (author, "/submit", {}),
        (asker, "/approve", {}),
        (author, "/sign", {"on": "2026-03-02"}),
        (author, "/transmit", {"on": "2026-03-02", "receipt": "AR"}),
    ]
    for program, verb, content in acts[: STAGES.index(stage)]:
        program.act(path, verb, **content)
    return stage


@pytest.fixture
def known(app: Flask, asker: Program, author: Program) -> dict[str, list[Any]]:
    """Parts of paths that lead somewhere, in a registry with a little of everything at every stage."""
    running = "SIMULATEUR-2024-bron"
    sites = [author.create("/clients", partner="bron", name=name, **SITE)["client_id"] for name in ("Un", "Deux")]
    author.create(f"/clients/{sites[0]}/versions", name="Un autre nom")
    author.act(f"/clients/{sites[0]}/versions/2", "/submit")
    acceptance = author.create(f"/clients/{sites[0]}/versions/2/acceptances", signed_text=signed(app, sites[0]))["id"]
    author.act(f"/clients/{sites[1]}", "/disable", reason="panne")
    secrets = [each["id"] for site in sites for each in asker.get(f"/clients/{site}")["secrets"]]
    changes = {"offer": "RESTRICTED"}
    author.create(f"/agreements/{running}/amendments", purpose="Offre", changes=changes, effective_on="2027-01-01")
    kept = author.send("POST", f"/agreements/{running}/documents?kind=ANNEX", data=PDF, content_type="application/pdf")
    purpose = {"text": "Inscrire", "claims": {"email": "prévenir"}}
    draft, examined = (
        author.create("/processings", partner=partner, name="Sport", purposes=[purpose], **COMPLETE)["id"]
        for partner in ("lyon", "bron")
    )
    asker.act(f"/processings/{examined}", "/opinion", favourable=True, text="bien")
    runs = [author.create("/billing/runs", year=year)["id"] for year in (2020, 2021, 2022)]
    for run in runs[1:]:
        asker.act(f"/billing/runs/{run}", "/validate")
    asker.act(f"/billing/runs/{runs[2]}", "/issue")
    endpoint = asker.create("/webhooks", url="https://hooks.example/")["id"]
    incident = asker.create("/incidents", aware_at="2026-03-02T08:00:00Z", nature="Base copiée", clients=sites)["id"]
    return {
        "partner": ["bron", "lyon"],
        "commune": ["216901231"],
        "contact": [each["id"] for each in asker.get("/partners/bron/contacts")["items"]],
        "agreement": [running, *(file_at(stage, author, asker) for stage in STAGES)],
        "amendment": [1],
        "sha256": [kept.json["sha256"]],
        "processing": [draft, examined, 1],
        "client": sites,
        "version": [1, 2],
        "acceptance": [acceptance],
        "secret": secrets,
        "tariff": ["GNM 2019-2023"],
        "year": [2020, 2026],
        "run": runs,
        "line": [each["id"] for each in asker.get(f"/billing/runs/{runs[2]}/lines")["items"]],
        "endpoint": [endpoint],
        "delivery": [each["id"] for each in asker.get(f"/webhooks/{endpoint}/deliveries")["items"]],
        "incident": [incident],
        "token": [each["id"] for each in asker.get(f"/tokens?email={author.email}")["items"]],
        "role": [each["id"] for each in asker.get("/roles")["items"]],
        "problem": ["stale"],
    }


SITE = {"redirect_uris": ["https://bron.example/back"]}
LIKELY: dict[str, list[Any]] = {
    "partner": ["bron", "lyon"],
    "successor": ["lyon"],
    "to_partner": ["lyon"],
    "joint_controllers": [["lyon"], []],
    "agreement": ["SIMULATEUR-2024-bron"],
    "predecessor": ["GNM-2019-bron", None],
    "number": ["N1", "N2"],
    "framework": ["Essai", "GNM 2019-2023"],
    "confirmation": ["bron"],
    "code": ["69266", "69003"],
    "slug": ["autre", None],
    "siret": [None],
    "email": ["dpo@bron.example"],
    "url": ["https://hooks.example/"],
    "redirect_uris": [["https://bron.example/a"], ["https://bron.example/a", "https://www.bron.example/b"]],
    "post_logout_redirect_uris": [[], ["https://bron.example/"]],
    "sector_identifier_uri": [None, "https://bron.example/sector"],
    "scopes": [["openid", "email"], ["openid"]],
    "claims": [[], [{"name": "email", "source": "email", "scopes": ["email"]}]],
    "domains": [["bron.example"]],
    "events": [["agreement.*"], []],
    "processings": [[1], []],
    "clients": [[]],
    "version": [1, 2],
    "content": [base64.b64encode(PDF).decode()],
    "bracket": ["FROM_40000", "LT_5000"],
}
"""What a program that means well would send, where the schema alone leaves anything possible."""


def make_likely(sent: Any, random: Random) -> Any:
    """What was made up, with values that rules may accept in the place of most."""
    if not isinstance(sent, dict):
        return sent
    return {name: _likely(name, value, random) if random.random() < 0.8 else value for name, value in sent.items()}


def _likely(name: str, value: Any, random: Random) -> Any:
    if name in LIKELY:
        return random.choice(LIKELY[name])
    if name == "on" or name.endswith("_on"):
        return (dt.date(2026, 3, 2) + dt.timedelta(days=random.choice([-3000, -400, -1, 0, 1, 400, 2000]))).isoformat()
    if name.endswith("_at"):
        return (NOON + dt.timedelta(hours=random.choice([-9000, -50, -1, 0, 1, 50]))).isoformat()
    return make_likely(value, random)


@contextmanager
def undone(engine: Engine) -> Iterator[None]:
    """Put the database back afterwards, as it was."""
    with closing(sqlite3.connect(":memory:")) as kept, closing(sqlite3.connect(engine.url.database)) as living:
        living.backup(kept)
        yield
        kept.backup(living)


def test_whatever_is_sent_the_answer_is_one_that_the_description_announces(
    described: Any, engine: Engine, asker: Program, known: dict[str, list[Any]]
) -> None:
    """Issue 3, proof: no 5xx, no undocumented status, every answer follows its schema; what breaks it is refused."""
    failures, answered = [], 0
    for found in described.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:
            with suppress(Unsatisfiable):  # a few operations take nothing that could be wrong
                try:
                    answered += attempt(operation, mode, asker.token, known, lambda: undone(engine))
                except (BaseExceptionGroup, AssertionError) as error:
                    failures.append(f"{operation.label}, {mode.value}: {error}")
    assert not failures, "\n\n".join(failures)
    assert answered > 1_000


def attempt(
    operation: Any,
    mode: GenerationMode,
    token: str,
    known: dict[str, list[Any]],
    undone: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> int:
    """Ask for an operation some times, mostly of what is there; return how often."""
    bearer = {"Authorization": f"Bearer {token}"}
    names = [name for name in re.findall("{(.*?)}", operation.path) if name in known]
    places = st.fixed_dictionaries({name: st.sampled_from(known[name]) for name in names})
    there = places.flatmap(
        lambda picked: operation.as_strategy(
            generation_mode=mode, path_parameters=picked, headers={**bearer, "If-Match": "*"}
        )
    )
    asked = []

    @seed(3)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(operation.as_strategy(generation_mode=mode), there, there, there), random=st.randoms())
    def ask(case: Any, random: Random) -> None:
        case.headers.update(bearer)
        if mode is GenerationMode.POSITIVE and random.random() < 0.7:
            case.body = make_likely(case.body, random)
        with undone():
            response = case.call()
        asked.append(response.status_code)
        wrong = mode is GenerationMode.NEGATIVE and response.status_code not in REFUSED_UNREAD
        case.validate_response(response, checks=[*CHECKS, *([checks.negative_data_rejection] if wrong else [])])

    ask()
    return len(asked)


def test_the_probe_sees_an_answer_that_is_not_announced(
    described: Any, asker: Program, known: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe that could not fail would prove nothing."""
    from partner_registry.api.handlers import partners

    def broken(*_arguments: object) -> object:
        raise RuntimeError

    monkeypatch.setattr(partners, "page", broken)
    with pytest.raises((BaseExceptionGroup, AssertionError)):
        attempt(described["/partners"]["GET"], GenerationMode.POSITIVE, asker.token, known)


def test_every_kind_of_thing_is_probed(described: Any, known: dict[str, list[Any]]) -> None:
    """Each part of a path leads somewhere."""
    paths = " ".join(found.ok().path for found in described.get_all_operations())
    assert {*re.findall("{(.*?)}", paths)} == known.keys()
