"""Which test proves which rule: read from the tests' own docstrings. `python tests/rule_index.py` prints the page."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parent
BACKGROUND = {"R5": "background: the collaboration goes back to 2015; nothing to enforce"}
"""Rules that ask nothing of a program."""
RULES = [*(f"R{number}" for number in range(1, 37)), *(f"A{number}" for number in range(1, 19))]
MOST = 36
MISTAKES = [f"mistake {number}" for number in range(1, 21)]

_SPAN = re.compile(r"\b([RA])(\d+)(?:\s*(?:to|–|-)\s*\1?(\d+))?\b")
_MISTAKE = re.compile(r"\bmistakes?\s+((?:\d+(?:\s*(?:,|and|to)\s*)?)+)", re.IGNORECASE)


def cited(text: str) -> set[str]:
    """The rules, readings and mistakes that a docstring names: « R17 to R28 » names twelve."""
    found = set()
    for letter, first, last in _SPAN.findall(text):
        most = int(last or first)
        if most <= MOST:
            found |= {f"{letter}{number}" for number in range(int(first), most + 1)}
    for numbers in _MISTAKE.findall(text):
        found |= {f"mistake {number}" for number in re.findall(r"\d+", numbers)}
    return found


def index() -> dict[str, list[str]]:
    """For each rule, the tests whose docstrings name it, as `file::test`."""
    proofs: dict[str, list[str]] = defaultdict(list)
    for path in sorted({*TESTS.glob("registry/**/test_*.py"), *TESTS.glob("browser/test_registry*.py")}):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for rule in cited(ast.get_docstring(node) or ""):
                    proofs[rule].append(f"{path.relative_to(TESTS).as_posix()}::{node.name}")
    return dict(proofs)


def page() -> str:
    """docs/registry-rules.md."""
    proofs = index()
    rows = [_row(rule, proofs) for rule in RULES]
    mistakes = [_row(mistake, proofs) for mistake in MISTAKES]
    return "\n".join(
        [
            "# The agreement's rules, and the tests that prove them",
            "",
            "Made from the tests' docstrings by `python tests/rule_index.py`; do not edit. R: what deliberation",
            "2018/4385 says; A: how its open points are read; mistakes: what an administrator is kept from. Tests are",
            "under `tests/`.",
            "",
            "| rule | tests |",
            "|---|---|",
            *rows,
            "",
            "| mistake | tests |",
            "|---|---|",
            *mistakes,
            "",
        ]
    )


def _row(rule: str, proofs: dict[str, list[str]]) -> str:
    return f"| {rule} | {BACKGROUND.get(rule) or '<br>'.join(proofs.get(rule, []))} |"


if __name__ == "__main__":
    sys.stdout.write(page())
