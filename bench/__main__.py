"""`python -m bench`: run, then print a table or JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

from bench.figures import LONGEST_SECONDS, Figures, run
from bench.load import CONNECTIONS, Wrong
from glc.settings import Settings


def main() -> int:
    """Run the benchmark; 1 when the server answered wrongly."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the provider on this machine.")
    parser.add_argument("--seconds", type=float, default=1.0, help=f"for each rate (at most {LONGEST_SECONDS:g})")
    parser.add_argument("--rounds", type=int, default=3, help="how often each rate is measured")
    parser.add_argument("--starts", type=int, default=5, help="how often the server is started")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.seconds <= 0 or options.rounds < 1 or options.starts < 1:
        parser.error("each number must be positive")
    try:
        figures = run(seconds=options.seconds, rounds=options.rounds, starts=options.starts)
    except Wrong as wrong:
        print(f"bench: {wrong}", file=sys.stderr)
        return 1
    print(json.dumps(dataclasses.asdict(figures), indent=2) if options.json else table(figures))
    return 0


def table(figures: Figures) -> str:
    """The figures as text for people."""
    password = Settings()
    where = "one core" if figures.pinned else "every core (this system pins no process)"
    rows: list[tuple[str, str] | None] = [
        ("full flows (authorize, code, token)", _rate(figures.flows)),
        ("  as a share of the signing limit", _share(figures.flows_per_signature)),
        ("  the same, from processor times", _share(figures.cost_share)),
        ("RS256 signatures, the limit", _rate(figures.signatures)),
        None,
        ("first logins (password, consent, token)", _rate(figures.first_logins)),
        ("authorize alone", _rate(figures.authorizations)),
        ("token alone", _rate(figures.tokens)),
        ("userinfo", _rate(figures.userinfo)),
        ("discovery", _rate(figures.discovery)),
        None,
        ("cold start to the first answer", f"{figures.cold_start:.2f} s"),
        ("  importing Flask and SQLAlchemy alone", f"{figures.imports:.2f} s"),
        None,
        ("a ready, seeded space of the test kit", f"{figures.space_made:.1f} ms"),
        ("  its reset", f"{figures.space_reset:.1f} ms"),
        ("  one scripted login in it", f"{figures.scripted_login:.1f} ms"),
        None,
        ("memory at start", _memory(figures.memory_at_start)),
        ("memory after load", _memory(figures.memory_after_load)),
    ]
    lines = [f"{row[0]:<42}{row[1]:>12}" if row else "" for row in rows]
    return "\n".join(
        [
            f"glc serve on SQLite, {where}, {CONNECTIONS} connections; medians",
            f"password cost: argon2id, {password.argon2_memory} KiB, {password.argon2_passes} passes",
            "",
            *lines,
        ]
    )


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f} /s".replace(",", " ")


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.3f}"


def _memory(mebibytes: float | None) -> str:
    return "unknown" if mebibytes is None else f"{mebibytes:.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
