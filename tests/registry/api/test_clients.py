"""The life of a client by programs: versions, secrets, processings, bindings, transfer, end."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from programs import Program
from results import signed

from glc.clock import ManualClock

SITE = {"name": "Site", "redirect_uris": ["https://bron.example/back"]}


@pytest.fixture
def client(applicant: Program) -> dict[str, Any]:
    """A sandbox client of Bron."""
    made: dict[str, Any] = applicant.create("/clients", partner="bron", **SITE)
    return made


@pytest.fixture
def path(client: dict[str, Any]) -> str:
    """Where it is."""
    return f"/clients/{client['client_id']}"


def test_a_version_is_drafted_compared_published_and_undone(applicant: Program, path: str) -> None:
    """Issue 3, point 5: what is left out is as in the version in use; one is published."""
    assert applicant.create(f"{path}/versions", name="Autre nom", scopes=["openid", "email"])["number"] == 2
    diff = applicant.get(f"{path}/versions/2/diff")
    assert (diff["older"], diff["newer"]) == (1, 2)
    assert {each["name"]: each["after"] for each in diff["differences"]} == {
        "name": "Autre nom",
        "scopes": ["openid", "email"],
    }
    applicant.act(f"{path}/versions/2", "/submit")
    assert applicant.act(f"{path}/versions/2", "/publish")["state"] == "PUBLISHED"
    assert applicant.get(path)["name"] == "Autre nom"
    assert applicant.act(path, "/rollback", version=1, reason="mauvais nom")["published"] == 3
    states = [each["state"] for each in applicant.get(f"{path}/versions")["items"]]
    assert states == ["ARCHIVED", "ARCHIVED", "PUBLISHED"]
    assert applicant.get(f"{path}/versions/3/diff?older=2")["differences"][0]["before"] == "Autre nom"


def test_a_pending_version_is_set_aside_with_a_reason(applicant: Program, reviewer: Program, path: str) -> None:
    """The author reads the reason in the trail."""
    applicant.create(f"{path}/versions", name="Autre nom")
    applicant.act(f"{path}/versions/2", "/submit")
    applicant.act(f"{path}/versions/2", "/reject", expected=403, reason="non")
    assert reviewer.act(f"{path}/versions/2", "/reject", reason="nom trompeur")["state"] == "ARCHIVED"


def test_two_secrets_overlap_and_one_is_revoked(applicant: Program, clock: ManualClock, path: str) -> None:
    """Registry reference, 6.3, mistake 11; the old one goes on for as long as it was said."""
    first = applicant.get(path)["secrets"][0]["id"]
    second = applicant.create(f"{path}/secrets", overlap_days=2)
    assert applicant.get(f"{path}/secrets/{first}")["valid_until"] == "2026-03-04T11:00:00Z"
    applicant.create(f"{path}/secrets", 409)
    applicant.act(f"{path}/secrets/{first}", "/revoke", reason="divulgué")
    assert applicant.create(f"{path}/secrets")["client_secret"] != second["client_secret"]


def test_a_client_serves_the_processings_of_its_partner_only(applicant: Program, reviewer: Program, path: str) -> None:
    """Claims come from these."""
    own = [each["id"] for each in reviewer.get("/processings?partner=bron")["items"]]
    other = reviewer.get("/processings?partner=lyon")["items"][0]["id"]
    assert applicant.act(path, "/processings", method="PUT", processings=own[:1])["processings"] == own[:1]
    applicant.act(path, "/processings", method="PUT", expected=422, processings=[other])
    applicant.act(path, "/processings", method="PUT", expected=422, processings=[999_999])


def test_the_terms_of_a_client_are_told_at_any_instant(applicant: Program, path: str) -> None:
    """The one question of the provider; before anything was recorded there is an answer too."""
    now = applicant.get(f"{path}/terms")
    assert (now["access"], now["reason"]) == ("open", "agreement_in_force")
    assert now["scopes"] == ["email", "openid", "profile"]
    for year, access in ((1900, "not_yet"), (2000, "not_yet"), (2021, "open"), (2199, "over")):
        assert applicant.get(f"{path}/terms?at={year}-07-01T00:00:00Z")["access"] == access


def test_a_production_client_is_bound_without_overlap(applicant: Program, reviewer: Program) -> None:
    """Registry reference, 6.3, mistakes 1 and 2."""
    made = applicant.create("/clients", partner="bron", environment="PRODUCTION", **SITE)
    path = f"/clients/{made['client_id']}"
    assert {each["agreement"] for each in made["bindings"]} == {"GNM-2019-bron", "SIMULATEUR-2024-bron"}
    reviewer.act(path, "/bindings", expected=422, agreement="GNM-2019-lyon", from_on="2040-01-01")
    reviewer.act(path, "/bindings", expected=422, agreement="nobody's", from_on="2040-01-01")
    reviewer.act(path, "/bindings", expected=409, agreement="SIMULATEUR-2024-bron", from_on="2020-01-01")
    applicant.act(path, "/bindings", expected=403, agreement="SIMULATEUR-2024-bron", from_on="2020-01-01")


def test_a_client_goes_to_another_partner_with_its_identifier(applicant: Program, admin: Program, path: str) -> None:
    """R34: `client_id` stays; whoever held it does not see it any more."""
    applicant.act(path, "/transfer", expected=403, to_partner="lyon", on="2026-03-02", reason="mutualisation")
    moved = admin.act(path, "/transfer", to_partner="lyon", on="2026-03-02", reason="mutualisation")
    assert (moved["partner"], moved["holder"]) == ("bron", "lyon")
    assert applicant.send("GET", path).status_code == 404
    assert [each["client_id"] for each in admin.get("/clients?partner=lyon")["items"]] == [moved["client_id"]]


def test_what_is_planned_for_a_client_is_taken_back_before_its_day(
    applicant: Program, reviewer: Program, admin: Program
) -> None:
    """6.3, mistake 2: a mistyped day; what ended for it goes on, and what has begun stays."""
    made = applicant.create("/clients", partner="bron", environment="PRODUCTION", **SITE)
    path = f"/clients/{made['client_id']}"
    as_it_was = made["bindings"]
    reviewer.act(path, "/bindings", agreement="SIMULATEUR-2024-bron", from_on="2029-06-01")
    applicant.act(path, "/unbind", expected=403, from_on="2029-06-01", reason="date fausse")
    reviewer.act(path, "/unbind", expected=422, from_on="2029-06-02", reason="date fausse")
    reviewer.act(path, "/unbind", expected=409, from_on=as_it_was[-1]["valid_from_on"], reason="date fausse")
    assert reviewer.act(path, "/unbind", from_on="2029-06-01", reason="date fausse")["bindings"] == as_it_was

    admin.act(path, "/transfer", to_partner="lyon", on="2027-01-01", reason="mutualisation")
    admin.act(path, "/cancel-transfer", expected=422, on="2027-01-02", reason="date fausse")
    told = admin.act(path, "/cancel-transfer", on="2027-01-01", reason="date fausse")
    assert (told["transfers"], told["bindings"]) == ([], as_it_was)
    admin.act(path, "/transfer", to_partner="lyon", on="2026-03-02", reason="mutualisation")
    admin.act(path, "/cancel-transfer", expected=409, on="2026-03-02", reason="trop tard")
    actions = [each["action"] for each in admin.get(f"/audit/entries?subject=client:{made['client_id']}")["items"]]
    assert actions.count("client.unbound") == actions.count("client.transfer_cancelled") == 1


def test_the_homologation_of_a_service_is_recorded(applicant: Program, path: str) -> None:
    """RGS: authority and last day, or neither."""
    told = applicant.act(path, "/security", method="PUT", approval="le maire", until_on="2028-12-31")
    assert (told["security_approval"], told["security_approved_until_on"]) == ("le maire", "2028-12-31")
    applicant.act(path, "/security", method="PUT", expected=422, approval="le maire")
    assert applicant.act(path, "/security", method="PUT", approval="")["security_approved_until_on"] is None


def test_a_client_is_switched_off_and_on_and_archived_never_deleted(app: Flask, admin: Program, path: str) -> None:
    """Registry reference, 6.3, mistake 13."""
    assert admin.act(path, "/disable", reason="incident")["access"] == "closed"
    assert admin.act(path, "/enable", reason="réglé")["access"] == "open"
    assert admin.act(path, "/archive", reason="fin")["archived_at"]
    admin.act(path, "/enable", expected=409, reason="trop tard")
    assert admin.send("DELETE", path).status_code == 405
    assert admin.get("/clients")["items"][0]["archived_at"]


def test_an_acceptance_run_is_stored_and_lets_a_version_be_published(
    app: Flask, applicant: Program, reviewer: Program
) -> None:
    """Issue 5, point 7."""
    uris = ["https://bron.example/back"]
    client = applicant.create("/clients", partner="bron", environment="PRODUCTION", name="Site", redirect_uris=uris)
    version = f"/clients/{client['client_id']}/versions/1"
    applicant.act(version, "/submit")
    refused = reviewer.act(version, "/publish", expected=422)
    assert refused["errors"][0]["pointer"] == "/waiver_reason"
    reviewer.act(version, "/publish", expected=422, waiver_reason="  ")

    text = signed(app, client["client_id"])
    run = applicant.create(f"{version}/acceptances", signed_text=text)
    assert (run["verdict"], run["signed_text"], run["version"]) == ("passed", text, 1)
    assert (run["finished_at"], run["stored_at"]) == ("2026-03-01T09:02:30Z", "2026-03-02T11:00:00Z")
    assert applicant.get(f"{version}/acceptances")["items"] == [run]
    applicant.create(f"{version}/acceptances", 409, signed_text=text)
    applicant.create(f"{version}/acceptances", 422, signed_text=text[:-4])

    published = reviewer.act(version, "/publish")
    assert (published["state"], published["waived_at"], published["waiver_reason"]) == ("PUBLISHED", None, "")


def test_the_result_of_a_long_run_fits(app: Flask, applicant: Program, path: str) -> None:
    """Three hundred cases: the bodies of other operations are shorter."""
    case = {"id": "id_token_signed_with_a_withdrawn_key", "verdict": "passed", "title": "Un jeton signé " + "é" * 30}
    text = signed(app, path.rpartition("/")[2], cases=[case] * 300)
    assert len(text) > 60_000
    assert applicant.create(f"{path}/versions/1/acceptances", signed_text=text)["verdict"] == "passed"
