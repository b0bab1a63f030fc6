"""`glc client register` and `glc client update`, as the developer of a site meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from glc.cli import glc

URI = "https://site.example/retour"


@pytest.fixture
def run(prepared_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `glc` on a database of the test's own."""
    path = tmp_path / "glc.sqlite3"
    path.write_bytes(prepared_database.read_bytes())
    monkeypatch.setenv("GLC_DATABASE_URL", f"sqlite:///{path}")
    return lambda *arguments: CliRunner().invoke(glc, arguments)


@pytest.fixture
def registered(run: Callable[..., Result]) -> dict[str, Any]:
    """A site with the defaults."""
    return json.loads(
        run("client", "register", "--partner", "lyon", "--name", "Site", "--redirect-uri", URI, "--json").stdout
    )


def test_an_update_changes_what_is_given_and_nothing_else(
    run: Callable[..., Result], registered: dict[str, Any]
) -> None:
    """A new version of the configuration; the identifier and the secret stay."""
    client_id = registered["client_id"]
    new = "https://site.example/nouveau"
    answer = run("client", "update", client_id, "--redirect-uri", new, "--id-token-alg", "RS256", "--json")
    expected = {name: value for name, value in registered.items() if name != "client_secret"}
    assert json.loads(answer.stdout) == expected | {"redirect_uris": [new], "id_token_alg": "RS256"}
    assert json.loads(run("client", "show", client_id, "--json").stdout) == json.loads(answer.stdout)


def test_an_update_that_cannot_work_is_refused_and_changes_nothing(
    run: Callable[..., Result], registered: dict[str, Any]
) -> None:
    """The same rules as at registration."""
    client_id = registered["client_id"]
    before = run("client", "show", client_id, "--json").stdout
    with pytest.raises(Exception, match="pas complète") as refused:
        raise run("client", "update", client_id, "--redirect-uri", "localhost:3000/retour").exception
    assert type(refused.value).__name__ == "InputError"
    assert run("client", "show", client_id, "--json").stdout == before


def test_a_claim_that_no_purpose_declares_is_told_at_once(run: Callable[..., Result]) -> None:
    """No declared purpose, no claim: said when it is registered, not found out at the first login."""
    options = ["client", "register", "--partner", "bron", "--name", "Site", "--redirect-uri", URI]
    assert "no purpose of the partner declares ville" in run(*options, "--claim", "ville=city@profile").stderr
    assert run(*options, "--claim", "ville=city@profile", "--declare").stderr == ""


@pytest.mark.parametrize("policy", ["uuid", "pairwise", "pairwise-reversible", "email"])
def test_every_subject_policy_can_be_chosen(run: Callable[..., Result], policy: str) -> None:
    """By the names that the documentation uses."""
    options = ["client", "register", "--partner", "lyon", "--name", "Site", "--redirect-uri", URI, "--json"]
    assert json.loads(run(*options, "--subject-policy", policy).stdout)["subject_policy"] == policy
