"""One run of the benchmark: every figure measured in several rounds, of which the median is told."""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import journeys
from bench.journeys import Browser
from bench.load import Journey, Pace, drive, once
from bench.server import ACCOUNT, Cores, Prepared, prepare, two_cores

LONGEST_SECONDS = 5.0
"""A code lives 30 seconds: those collected in this time are redeemed well before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Operations per second, all measured within a few seconds of one another."""

    signatures: float
    flows: float
    first_logins: float
    authorizations: float
    tokens: float
    userinfo: float
    discovery: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run found. Rates are operations per second, times seconds, memory MiB (None: cannot be told here)."""

    signatures: float
    flows: float
    flows_per_signature: float
    """Flow rate as a share of the signing rate, the median of the rounds' own shares."""
    first_logins: float
    authorizations: float
    tokens: float
    userinfo: float
    discovery: float
    cold_start: float
    imports: float
    """How long Python takes to import Flask and SQLAlchemy's ORM alone: no start can be shorter."""
    memory_at_start: float | None
    memory_after_load: float | None
    pinned: bool
    """Whether the server had one core for itself."""


def run(*, seconds: float, rounds: int = 1, starts: int = 1) -> Figures:
    """Prepare a server of its own and measure it: each rate in each round for `seconds`, at most `LONGEST_SECONDS`.

    Raises `bench.load.Wrong` when the server answers anything but what it should.
    """
    seconds = min(seconds, LONGEST_SECONDS)
    with two_cores() as cores, tempfile.TemporaryDirectory(prefix="glc-bench-") as folder:
        prepared = prepare(Path(folder), cores)
        imports, cold_starts = [], []
        for _ in range(starts - 1):
            with prepared.serving() as running:
                cold_starts.append(running.started_in)
            imports.append(_imports(cores))
        with prepared.serving() as running:
            cold_starts.append(running.started_in)
            imports.append(_imports(cores))
            memory_at_start = running.memory()
            measured = _rounds(prepared, seconds, rounds)
            memory_after_load = running.memory()
    medians = {
        spec.name: statistics.median(getattr(each, spec.name) for each in measured)
        for spec in dataclasses.fields(Round)
    }
    return Figures(
        **medians,
        flows_per_signature=statistics.median(each.flows / each.signatures for each in measured),
        cold_start=statistics.median(cold_starts),
        imports=statistics.median(imports),
        memory_at_start=memory_at_start,
        memory_after_load=memory_after_load,
        pinned=cores.server is not None,
    )


def _imports(cores: Cores) -> float:
    return cores.seconds_to_run("import flask, sqlalchemy.orm")


def _rounds(prepared: Prepared, seconds: float, rounds: int) -> list[Round]:
    browser = Browser()
    once(prepared.address, journeys.first_login(prepared.trusted, browser, ACCOUNT, remember=True))
    return [_round(prepared, browser, seconds) for _ in range(rounds)]


def _round(prepared: Prepared, browser: Browser, seconds: float) -> Round:
    site, signing = prepared.trusted, partial(prepared.cores.signatures_per_second, seconds / 4)
    codes: list[str] = []
    access_tokens: list[str] = []

    def pace(next_journey: Callable[[], Journey | None]) -> Pace:
        return drive(prepared.address, next_journey, seconds=seconds)

    def next_redemption() -> Journey | None:
        return journeys.redemption(site, codes.pop(), access_tokens.append) if codes else None

    signatures_before = signing()
    flows = pace(lambda: journeys.flow(site, browser))
    signatures_after = signing()
    authorizations = pace(lambda: journeys.authorization(site, browser, codes.append))
    tokens = pace(next_redemption)
    userinfo = pace(lambda: journeys.userinfo(access_tokens[-1]))
    discovery = pace(journeys.discovery)
    first_logins = pace(lambda: journeys.first_login(prepared.asking, Browser(), ACCOUNT))
    return Round(
        signatures=(signatures_before + signatures_after) / 2,
        flows=flows.per_second,
        first_logins=first_logins.per_second,
        authorizations=authorizations.per_second,
        tokens=tokens.per_second,
        userinfo=userinfo.per_second,
        discovery=discovery.per_second,
    )
