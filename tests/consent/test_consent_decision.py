"""Whether to ask: every combination (reference, 1.8; issue, « Consent »)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from consent.decision import Decision, decide

SKIP, ASK, REFUSE = Decision.SKIP, Decision.ASK, Decision.REFUSE

NARROW, WANTED, WIDE = frozenset({"openid"}), frozenset({"openid", "email"}), frozenset({"openid", "email", "profile"})


def _decide(**changes: Any) -> Decision:
    """A question about `WANTED`: nothing remembered, a page may be shown; unless told otherwise."""
    usual: dict[str, Any] = {
        "remembered": [],
        "asked_of_nobody": False,
        "asked_anew": False,
        "may_interact": True,
    }
    return decide(WANTED, **usual | changes)


@pytest.mark.parametrize(
    ("situation", "decision"),
    [
        ({}, ASK),
        ({"may_interact": False}, REFUSE),
        ({"remembered": [WANTED]}, SKIP),
        ({"remembered": [WIDE]}, SKIP),
        ({"remembered": [NARROW]}, ASK),
        ({"remembered": [NARROW, frozenset({"email"})]}, ASK),
        ({"remembered": [NARROW, WIDE]}, SKIP),
        ({"remembered": [WANTED], "asked_anew": True}, ASK),
        ({"remembered": [WANTED], "asked_anew": True, "may_interact": False}, REFUSE),
        ({"asked_of_nobody": True}, SKIP),
        ({"asked_of_nobody": True, "may_interact": False}, SKIP),
        ({"asked_of_nobody": True, "asked_anew": True}, ASK),
    ],
)
def test_the_table(situation: dict[str, Any], decision: Decision) -> None:
    """Checklist 18, 19, 20; two narrow answers do not make a wide one."""
    assert _decide(**situation) is decision


def test_no_page_is_ever_asked_for_where_none_may_be_shown() -> None:
    """OpenID Connect Core 1.0, 3.1.2.1, prompt=none, whatever else is the case."""
    flags = ("asked_of_nobody", "asked_anew")
    for values in itertools.product([False, True], repeat=2):
        for remembered in ([], [NARROW], [WIDE]):
            situation = dict(zip(flags, values, strict=True))
            assert _decide(remembered=remembered, may_interact=False, **situation) is not ASK
