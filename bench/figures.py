"""One run of the benchmark: every figure measured in several rounds, of which the median is told."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import journeys
from bench.journeys import Browser
from bench.load import Journey, Pace, drive, once
from bench.server import ACCOUNT, Cores, Prepared, Running, prepare, two_cores
from bench.spaces import measure

LONGEST_SECONDS = 5.0
"""A code lives 30 seconds: those collected in this time are redeemed well before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Operations per second, all measured within a few seconds of one another."""

    signatures: float
    flows: float
    signature_cost: float
    """Processor time of one signature, in seconds."""
    flow_cost: float | None
    """Processor time that the server took for one flow, in seconds; None where it cannot be told."""
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
    cost_share: float | None
    """The same from processor times, which other programs on the same core disturb less; None where unknown."""
    first_logins: float
    authorizations: float
    tokens: float
    userinfo: float
    discovery: float
    cold_start: float
    imports: float
    """How long Python takes to import Flask and SQLAlchemy's ORM alone: no start can be shorter."""
    space_made: float
    """Milliseconds, as for the next two: see `bench.spaces`."""
    space_reset: float
    scripted_login: float
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
            measured = _rounds(prepared, running, seconds, rounds)
            memory_after_load = running.memory()
        spaces = measure(cores)
    shares = [each.signature_cost / each.flow_cost for each in measured if each.flow_cost]
    return Figures(
        **{name: statistics.median(getattr(each, name) for each in measured) for name in _RATES},
        flows_per_signature=statistics.median(each.flows / each.signatures for each in measured),
        cost_share=statistics.median(shares) if shares else None,
        cold_start=statistics.median(cold_starts),
        imports=statistics.median(imports),
        space_made=spaces.made,
        space_reset=spaces.reset,
        scripted_login=spaces.login,
        memory_at_start=memory_at_start,
        memory_after_load=memory_after_load,
        pinned=cores.server is not None,
    )


_RATES = ("signatures", "flows", "first_logins", "authorizations", "tokens", "userinfo", "discovery")


def _imports(cores: Cores) -> float:
    return cores.seconds_to_run("import flask, sqlalchemy.orm")


def _rounds(prepared: Prepared, running: Running, seconds: float, rounds: int) -> list[Round]:
    browser = Browser()
    once(prepared.address, journeys.first_login(prepared.trusted, browser, ACCOUNT, remember=True))
    return [_round(prepared, running, browser, seconds) for _ in range(rounds)]


def _round(prepared: Prepared, running: Running, browser: Browser, seconds: float) -> Round:
    site, cores = prepared.trusted, prepared.cores
    codes: list[str] = []
    access_tokens: list[str] = []

    def pace(next_journey: Callable[[], Journey | None]) -> Pace:
        return drive(prepared.address, next_journey, seconds=seconds)

    def next_redemption() -> Journey | None:
        return journeys.redemption(site, codes.pop(), access_tokens.append) if codes else None

    rate_before, cost_before = cores.sign(seconds / 4)
    time_before = running.processor_time()
    flows = pace(lambda: journeys.flow(site, browser))
    time_after = running.processor_time()
    rate_after, cost_after = cores.sign(seconds / 4)
    spent = time_after - time_before if time_before is not None and time_after is not None else None
    return Round(
        signatures=(rate_before + rate_after) / 2,
        flows=flows.per_second,
        signature_cost=(cost_before + cost_after) / 2,
        flow_cost=spent / flows.operations if spent else None,
        authorizations=pace(lambda: journeys.authorization(site, browser, codes.append)).per_second,
        tokens=pace(next_redemption).per_second,
        userinfo=pace(lambda: journeys.userinfo(access_tokens[-1])).per_second,
        discovery=pace(journeys.discovery).per_second,
        first_logins=pace(lambda: journeys.first_login(prepared.asking, Browser(), ACCOUNT)).per_second,
    )
