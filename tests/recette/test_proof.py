"""The proof of the acceptance run: the strict site passes whole; each planted mistake is found under its own duty, and
nothing else is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from demo.recette_site.mistakes import MISTAKES
from partner_registry.clients.acceptances import read_result
from partner_registry.ports import ports
from testkit.recette.commands import recette

FOUND = {
    "no_state_check": "state",
    "state_always_the_same": "state_unguessable",
    "no_nonce_check": "nonce",
    "pkce_missing": "pkce",
    "answer_iss_not_checked": "answer_iss",
    "signature_ignored": "signature",
    "alg_none_accepted": "alg_none",
    "iss_not_checked": "iss",
    "aud_not_checked": "aud",
    "expired_accepted": "expiry",
    "key_rotation_not_followed": "key_rotation",
    "userinfo_sub_not_compared": "userinfo_sub",
    "code_sent_twice": "code_once",
    "secret_in_url": "secret",
    "open_redirect": "open_redirect",
    "errors_not_handled": "errors",
    "dead_grant_kept": "refresh",
    "logout_only_here": "logout_at_provider",
    "logout_token_not_checked": "logout_token",
    "logout_token_replayed": "logout_replay",
    "frontchannel_iss_not_checked": "frontchannel_checked",
}
"""The duty under which each planted mistake is found."""
PLAYED_AT_LEAST = 100
SKIPPED = (
    "userinfo_jwt_",
    "userinfo_not_signed",
    "id_token_bad_signature_",
    "id_token_at_hash_",
    "id_token_c_hash_",
)
"""What cannot be asked of this client: it has plain userinfo, RS256, and tokens come from the token endpoint."""


WHOLE = "GLC_WHOLE_PROOF" in os.environ
QUICK = () if WHOLE else ("transport", "discovery", "jwks", "token_answer", "userinfo", "refresh")
"""How a site reads broken answers, and refreshes, which take a second each: played where the mistake is about that, and
by `make nightly` always."""


def play(target: Any, *options: str) -> Result:
    """`glc recette run` with what the target needs."""
    return CliRunner().invoke(recette, ["run", *target.options, *options], catch_exceptions=False)


def test_the_strict_site_passes_whole_and_the_registry_takes_the_result(
    target: Callable[..., Any], app: Flask, tmp_path: Path
) -> None:
    """Nothing that it does right is told to be wrong, and hardly anything goes unplayed."""
    with target() as site:
        result = play(site, "--json", str(tmp_path / "r.json"), "--signed", str(tmp_path / "r.jws"))
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["counts"]["passed"] >= PLAYED_AT_LEAST
    skipped = {case["id"]: case["seen"] for case in told["cases"] if case["verdict"] == "skipped"}
    assert {name: why for name, why in skipped.items() if not name.startswith(SKIPPED)} == {}
    with app.app_context():
        kept = read_result((tmp_path / "r.jws").read_text(), ports().acceptances.read)
    assert kept.client_id == site.client_id


def test_each_mistake_that_can_be_planted_is_looked_for() -> None:
    """At least twelve."""
    assert FOUND.keys() == MISTAKES.keys()
    assert len(MISTAKES) >= 12


@pytest.mark.parametrize("mistake", FOUND)
def test_a_planted_mistake_is_found_and_named_and_nothing_else_is(
    mistake: str, target: Callable[..., Any], tmp_path: Path
) -> None:
    """One mistake, one duty that does not hold."""
    with target(mistake) as site:
        skipped = [f"--skip={duty}" for duty in QUICK if duty != FOUND[mistake]]
        result = play(site, "--json", str(tmp_path / "r.json"), *skipped)
    told = json.loads((tmp_path / "r.json").read_text())
    failed = {(case["duty"], case["id"]) for case in told["cases"] if case["verdict"] == "failed"}
    assert {duty for duty, _ in failed} == {FOUND[mistake]}, (failed, result.output[-3000:])
    assert result.exit_code == 1


def test_all_mistakes_at_once_are_all_found_where_one_does_not_hide_another(
    target: Callable[..., Any], tmp_path: Path
) -> None:
    """A site with every mistake: a login whose errors crash, whose tokens are never checked."""
    with target(*MISTAKES) as site:
        result = play(site, "--json", str(tmp_path / "r.json"), *(f"--skip={duty}" for duty in QUICK))
    told = json.loads((tmp_path / "r.json").read_text())
    assert result.exit_code == 1
    assert {*FOUND.values()} - {"key_rotation", "logout_at_provider", *QUICK} <= told["failed_duties"].keys()
