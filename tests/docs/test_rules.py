"""Every rule of the agreement has a test that names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_index import BACKGROUND, MISTAKES, RULES, cited, index, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "registry-rules.md"


@pytest.mark.parametrize("rule", [*RULES, *MISTAKES])
def test_each_rule_reading_and_mistake_is_cited_by_a_test(rule: str) -> None:
    """Issue, « Proof »: R1–R36, A1–A18, the twenty mistakes."""
    assert rule in index() or rule in BACKGROUND


def test_the_page_of_the_rules_is_up_to_date() -> None:
    """`python tests/rule_index.py > docs/registry-rules.md`."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_citations_are_read_as_they_are_written() -> None:
    """A span names each of its rules; a number alone names none."""
    assert cited("R17 to R19, reading A2 and mistakes 4, 5") == {"R17", "R18", "R19", "A2", "mistake 4", "mistake 5"}
    assert cited("GDPR 28 and RFC 6749, 4.1") == set()
