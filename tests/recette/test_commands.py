"""`glc recette run`: usage, choices, reports, both drivers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from testkit.recette.commands import recette


def run(*options: str) -> Result:
    """`glc recette run`."""
    return CliRunner().invoke(recette, ["run", *options], catch_exceptions=False)


def test_cases_and_duties_are_listed_and_nothing_is_played(testkit: str) -> None:
    """Without a site."""
    result = run("--glc-url", testkit, "--list", "--only", "nonce")
    assert result.exit_code == 0
    assert "id_token_nonce_absent" in result.output
    assert "The ID Token's nonce is the one that was sent." in result.output
    assert "id_token_iss_wrong" not in result.output


def test_what_answers_without_test_powers_is_told_from_a_testkit(target: Callable[..., Any]) -> None:
    """`glc serve` without `--testkit`, or the site itself: no page of it is quoted."""
    with target() as site:
        result = run("--glc-url", site.home, "--list")
    assert result.exit_code == 2
    assert "(404 to GET" in result.output
    assert "start one with « glc serve --testkit »" in result.output
    assert "<" not in result.output


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"--glc-url": "http://localhost:9/"}, "start one with « glc serve --testkit »"),
        ({"--control-key": "wrong"}, "--control-key is the control_key"),
        ({"--space": "nowhere"}, "there is no space 'nowhere'"),
        ({"--client-id": "nobody"}, "there is no client 'nobody'"),
        ({"--account": "personne"}, "personne"),
        ({"--login-url": "localhost:3000/login"}, "--login-url is an http or https address"),
        ({"--logged-in-selector": "p", "--logged-out-selector": "main"}, "looks logged in"),
        ({"--logged-in-selector": "p["}, "is no CSS selector"),
        ({"--home-url": "http://localhost:9/"}, "no answer"),
        ({"--only": "nonsense"}, "no case or duty is named 'nonsense'"),
        ({"--only": "login", "--signed": "/dev/null"}, "--signed is for the whole run"),
    ],
)
def test_what_cannot_be_played_is_told_at_once_with_exit_code_2(
    changes: dict[str, str], says: str, target: Callable[..., Any]
) -> None:
    """And one sentence that says what to change."""
    with target() as site:
        options = dict(zip(site.options[::2], site.options[1::2], strict=True)) | changes
        if changes.get("--logged-out-selector") == "main":
            del options["--logged-out-selector"]
        result = run(*(part for pair in options.items() for part in pair))
    assert result.exit_code == 2, result.output
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_site_that_is_away_is_not_judged(target: Callable[..., Any]) -> None:
    """Nothing is told to be wrong with it."""
    with target() as site:
        away = [part.replace(site.home, "http://localhost:9/") for part in site.options]
        result = run(*away)
    assert result.exit_code == 2
    assert "no answer (ConnectionError)" in result.output


def test_some_cases_are_played_with_those_they_need_and_reported(target: Callable[..., Any], tmp_path: Path) -> None:
    """JUnit for CI, a page for people."""
    with target("no_nonce_check") as site:
        files = ("--junit", str(tmp_path / "r.xml"), "--html", str(tmp_path / "r.html"))
        result = run(*site.options, "--only", "id_token_nonce_absent", "--only", "iss", *files, "-v")
    assert result.exit_code == 1
    assert "nonce: The ID Token's nonce is the one that was sent." in result.output
    assert "POST token → 200 (id_token_nonce_absent)" in result.output, "the requests of that very case are shown"
    assert result.output.count("GET authorize") == 1
    suites = {suite.get("name"): suite for suite in ElementTree.parse(tmp_path / "r.xml").getroot()}
    assert {name: suite.get("failures") for name, suite in suites.items()} == {"login": "0", "nonce": "1", "iss": "0"}
    assert "GET authorize" in (tmp_path / "r.html").read_text()


def test_as_the_real_service_does_it_what_it_does_not_have_is_skipped_with_the_reason(
    target: Callable[..., Any], tmp_path: Path
) -> None:
    """Dialect grandlyonconnect: no back-channel logout; and a client whose secret signs has no key to look for."""
    wanted = ["--only", "login", "--only", "logout", "--only", "key_rotation", "--only", "backchannel"]
    with target(dialect="grandlyonconnect", id_token_alg="HS256") as site:
        result = run(*site.options, *wanted, "--only", "frontchannel", "--json", str(tmp_path / "r.json"))
    assert result.exit_code == 0, result.output
    told = {
        case["id"]: (case["verdict"], case["seen"]) for case in json.loads((tmp_path / "r.json").read_text())["cases"]
    }
    assert told["login"][0] == told["logout"][0] == told["frontchannel_logout"][0] == "passed"
    assert told["backchannel_logout"][0] == told["key_rotation"][0] == "skipped"
    assert "tells nobody by back-channel" in told["backchannel_logout"][1]
    assert "signed with its secret (HS256)" in told["key_rotation"][1]
