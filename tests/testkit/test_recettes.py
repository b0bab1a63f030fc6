"""A run's result is signed with what the space saw itself, and not when it tells of more. (Issue « Testkit », 7.)"""

from __future__ import annotations

from typing import Any

import pytest
from kit import Registered, Room
from werkzeug.test import Client

from glc.entropy import SystemEntropy
from glc.settings import DEVELOPMENT_MASTER_KEY
from keys.documents import acceptance_signer
from keys.encryption import MasterKey
from testkit.recette import evidence
from testkit.recette.cases import all_cases


@pytest.fixture
def result(monkeypatch: pytest.MonkeyPatch, room: Room, site: Registered) -> dict[str, Any]:
    """A whole run of the site, of which the login alone was played, which is enough here."""
    monkeypatch.setattr(evidence, "LEAST_PLAYED", 0)
    cases = all_cases(Client(room.kit).get("/_testkit/faults").json["faults"])
    verdicts = {case.id: "passed" if case.id == "login" else "skipped" for case in cases}
    played = [{"id": name, "verdict": verdict, "title": name} for name, verdict in verdicts.items()]
    room.call("PUT", "/logins/auto", {"account": "camille"})
    return {"client_id": site.client_id, "verdict": "passed", "cases": played}


def passed(result: dict[str, Any], name: str) -> dict[str, Any]:
    """The same with one more case that passed."""
    cases = [each | {"verdict": "passed"} if each["id"] == name else each for each in result["cases"]]
    return result | {"cases": cases}


def test_a_result_is_signed_as_the_registry_reads_it_with_what_was_seen(
    room: Room, site: Registered, result: dict[str, Any]
) -> None:
    """House: the registry's evidence comes from the simulator, not from whoever asks for a signature."""
    room.call("POST", "/faults", {"name": "id_token_nonce_wrong", "times": 1})
    site.tokens()
    told = passed(result, "id_token_nonce_wrong")
    signature = room.call("POST", "/recettes", told | {"evidence": {"logins": 1000}})["signature"]
    read = acceptance_signer(MasterKey(DEVELOPMENT_MASTER_KEY, SystemEntropy(), [])).read(signature)
    assert read == told | {"evidence": {"exchanges": 2, "logins": 1, "faults_acted": 1}}


def test_a_run_that_was_not_played_here_is_not_signed(room: Room, result: dict[str, Any]) -> None:
    """Nobody logged in."""
    refused = room.call("POST", "/recettes", result, expected=409)
    assert "no login" in refused["detail"]


def test_a_fault_that_never_acted_on_the_client_passed_nothing(
    room: Room, site: Registered, result: dict[str, Any]
) -> None:
    """Nor does one that acted on another client."""
    site.tokens()
    room.call("POST", "/faults", {"name": "id_token_nonce_wrong", "times": 1})
    room.client().tokens()
    refused = room.call("POST", "/recettes", passed(result, "id_token_nonce_wrong"), expected=409)
    assert "id_token_nonce_wrong never acted" in refused["detail"]


def test_a_part_of_a_run_is_not_signed(room: Room, site: Registered, result: dict[str, Any]) -> None:
    """Leaving out what fails is no way to pass."""
    site.tokens()
    refused = room.call("POST", "/recettes", result | {"cases": result["cases"][:1]}, expected=409)
    assert "only a whole run" in refused["detail"]


def test_a_run_that_skipped_nearly_everything_is_not_signed(
    monkeypatch: pytest.MonkeyPatch, room: Room, site: Registered, result: dict[str, Any]
) -> None:
    """Nor is skipping what would fail."""
    monkeypatch.undo()
    site.tokens()
    refused = room.call("POST", "/recettes", result, expected=409)
    assert refused["detail"].startswith("1 of ")


def test_what_was_before_a_reset_is_evidence_of_nothing(room: Room, site: Registered, result: dict[str, Any]) -> None:
    """It is not of this run."""
    room.call("POST", "/faults", {"name": "id_token_nonce_wrong", "times": 1})
    site.tokens()
    room.call("POST", "/snapshots", {"name": "connue"})
    room.call("POST", "/snapshots/connue/restore")
    room.call("PUT", "/logins/auto", {"account": "camille"})
    site.tokens()
    assert room.call("POST", "/recettes", passed(result, "id_token_nonce_wrong"), expected=409)
